//! Files as tables: `FROM 'wave.csv'`.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{ObjectName, visit_relations};
use url::Url;

use crate::error::{Error, Reason};
use crate::export::Format;

/// The schema in which a statement finds the files that it names.
pub(crate) const FILES_SCHEMA: &str = "files";

/// The files that the session's statements have named, by their paths as written.
#[derive(Debug, Default)]
pub(crate) struct Files(RwLock<HashMap<String, Arc<dyn TableProvider>>>);

impl Files {
    /// Looks at the files that a statement names: what columns they have. What a file held for an earlier statement is
    /// forgotten.
    ///
    /// # Errors
    /// A file that cannot be read, or is not what its extension says.
    pub(crate) async fn open(&self, state: &SessionState, statement: &Parsed) -> Result<(), Error> {
        let mut named = vec![];
        each_relation(statement, &mut |relation| named.extend(path(relation)));
        for (path, format) in named {
            let table = Box::pin(table(state, &path, format)).await?;
            self.0.write().unwrap_or_else(PoisonError::into_inner).insert(path, table);
        }
        Ok(())
    }
}

#[async_trait]
impl SchemaProvider for Files {
    /// None: the files are not the session's.
    fn table_names(&self) -> Vec<String> {
        vec![]
    }

    async fn table(&self, path: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned())
    }

    fn table_exist(&self, path: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(path)
    }
}

fn each_relation(statement: &Parsed, visit: &mut dyn FnMut(&ObjectName)) {
    match statement {
        Parsed::Statement(sql) => {
            let ControlFlow::Continue(()) = visit_relations(sql, |relation| {
                visit(relation);
                ControlFlow::<std::convert::Infallible>::Continue(())
            });
        }
        Parsed::Explain(explain) => each_relation(&explain.statement, visit),
        // A COPY plans its query by itself.
        Parsed::CopyTo(_) | Parsed::CreateExternalTable(_) | Parsed::Reset(_) => {}
    }
}

/// A quoted name that ends like a file does.
fn path(relation: &ObjectName) -> Option<(String, Format)> {
    let [part] = relation.0.as_slice() else { return None };
    let name = part.as_ident().filter(|name| name.quote_style.is_some())?;
    let format = Format::from_extension(Path::new(&name.value))?;
    Some((name.value.clone(), format))
}

async fn table(state: &SessionState, path: &str, format: Format) -> Result<Arc<dyn TableProvider>, Error> {
    let unreadable = |source| Error::new(Reason::Input { path: path.to_owned(), source });
    let whole = std::fs::canonicalize(path).map_err(unreadable)?;
    if !whole.is_file() {
        return Err(unreadable(std::io::Error::other("it is not a file")));
    }
    let url = Url::from_file_path(&whole).map_err(|()| unreadable(std::io::Error::other("its path has no URL")))?;
    let url = ListingTableUrl::try_new(url, None)?;
    if whole.metadata().map_err(unreadable)?.len() == 0 {
        return Err(unreadable(std::io::Error::other("it is empty, so that it has no columns")));
    }
    // The extension has been looked at.
    let options = ListingOptions::new(reader(format)).with_file_extension("");
    let schema = options.infer_schema(state, &url).await?;
    let config = ListingTableConfig::new(url).with_listing_options(options).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config)?))
}

fn reader(format: Format) -> Arc<dyn FileFormat> {
    match format {
        // A value may have a line break in it, so that a line is not always a row.
        Format::Csv => Arc::new(CsvFormat::default().with_has_header(true).with_newlines_in_values(true)),
        Format::Json => Arc::new(JsonFormat::default().with_newline_delimited(false)),
        Format::Jsonl => Arc::new(JsonFormat::default()),
        Format::Parquet => Arc::new(ParquetFormat::default()),
        Format::Arrow => Arc::new(ArrowFormat),
    }
}
