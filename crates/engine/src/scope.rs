//! Where the names of a statement are looked up: the session's views, the catalog, `system`, `information_schema`.

use std::sync::Arc;

use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use futures::FutureExt;

use crate::files::FILES_SCHEMA;
use crate::names::{Lookup, Part, Relation, Scope};
use crate::provider::Ec2Table;

/// The catalog's name.
pub(crate) const CATALOG: &str = "aws";
/// The schema of bare names, until `USE` names another.
pub(crate) const SCHEMA: &str = "ec2_api";
/// The schema of the views that a person makes; bare names find them first.
pub(crate) const SESSION_SCHEMA: &str = "session";

/// The names of one session.
pub(crate) struct SessionScope<'a> {
    pub(crate) state: &'a SessionState,
}

/// A table and its full name.
pub(crate) type Found = (Vec<String>, Arc<dyn TableProvider>);

impl SessionScope<'_> {
    /// The table that the parts name, with its full name.
    ///
    /// # Errors
    /// There is such a table, but what its file says cannot be.
    pub(crate) fn find(&self, parts: &[Part]) -> Result<Option<Found>, DataFusionError> {
        let exact = |value: &str| Part { value: value.to_owned(), quoted: true };
        let place = match parts {
            [table] => {
                let bare = |schema: &str| self.locate(&exact(CATALOG), &exact(schema), table);
                bare(SESSION_SCHEMA).or_else(|| bare(self.schema_in_use())).or_else(|| self.file(&table.value))
            }
            [schema, table] => self.locate(&exact(CATALOG), schema, table),
            [catalog, schema, table] => self.locate(catalog, schema, table),
            _ => None,
        };
        let Some((schema, name)) = place else { return Ok(None) };
        let table = name.last().and_then(|table| schema.table(table).now_or_never()).transpose()?.flatten();
        Ok(table.map(|table| (name, table)))
    }

    /// The schema that has the table, and the table's full name.
    fn locate(&self, catalog: &Part, schema: &Part, table: &Part) -> Option<(Arc<dyn SchemaProvider>, Vec<String>)> {
        let catalog_name = pick(catalog, self.state.catalog_list().catalog_names())?;
        let provider = self.state.catalog_list().catalog(&catalog_name)?;
        let mut schemas = provider.schema_names();
        schemas.push("information_schema".into());
        let schema_name = pick(schema, schemas)?;
        let schema = self.schema(&catalog_name, &schema_name)?;
        let table_name = pick(table, schema.table_names())?;
        Some((schema, vec![catalog_name, schema_name, table_name]))
    }

    fn file(&self, path: &str) -> Option<(Arc<dyn SchemaProvider>, Vec<String>)> {
        let files = self.schema(CATALOG, FILES_SCHEMA).filter(|files| files.table_exist(path))?;
        Some((files, vec![CATALOG.to_owned(), FILES_SCHEMA.to_owned(), path.to_owned()]))
    }

    fn schema_in_use(&self) -> &str {
        &self.state.config_options().catalog.default_schema
    }

    fn schema(&self, catalog: &str, schema: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.state.schema_for_ref(TableReference::full(catalog, schema, "_")).ok()
    }
}

impl Scope for SessionScope<'_> {
    fn relation(&self, parts: &[Part]) -> Lookup {
        let (canonical, table) = match self.find(parts) {
            Ok(Some(found)) => found,
            Ok(None) => return Lookup::Missing,
            // The planner asks for it again, and says why.
            Err(_) => return Lookup::Unknown,
        };
        let hidden = table.downcast_ref::<Ec2Table>().map(Ec2Table::hidden).unwrap_or_default();
        Lookup::Relation(Relation { canonical, fields: table.schema().fields().clone(), hidden })
    }

    fn relations(&self) -> Vec<String> {
        let Some(catalog) = self.state.catalog_list().catalog(CATALOG) else { return vec![] };
        let mut names = vec![];
        for schema in catalog.schema_names() {
            let Some(provider) = catalog.schema(&schema) else { continue };
            for table in provider.table_names() {
                if schema == self.schema_in_use() || schema == SESSION_SCHEMA {
                    names.push(table.clone());
                }
                names.push(format!("{schema}.{table}"));
                names.push(format!("{CATALOG}.{schema}.{table}"));
            }
        }
        names
    }
}

/// The name that is meant: quoted ones exactly, others without regard to case.
fn pick(part: &Part, names: Vec<String>) -> Option<String> {
    names.into_iter().find(|name| part.matches(name))
}
