//! `SHOW` and `DESCRIBE`.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::compute::kernels::comparison::ilike;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, ShowStatementFilter, ShowStatementFilterPosition, ShowStatementOptions,
};
use ec2ql_catalog::Table;

use crate::error::Error;
use crate::names::{NameError, NameErrorKind, Scope, nearest};
use crate::plan::TAG_FILTER;
use crate::provider::Ec2Table;
use crate::schema::{REGION, TAGS};
use crate::scope::{CATALOG, SessionScope};
use crate::session::Session;
use crate::statement::parts;

/// `SHOW TABLES [IN schema] [LIKE pattern]`.
pub(crate) fn tables(state: &SessionState, options: &ShowStatementOptions) -> Result<RecordBatch, Error> {
    let wanted = options.show_in.as_ref().and_then(|place| place.parent_name.as_ref()).map(|name| parts(name));
    let mut rows: [Vec<String>; 2] = Default::default();
    if let Some(catalog) = state.catalog_list().catalog(CATALOG) {
        for schema in catalog.schema_names() {
            let named = |parts: &[crate::names::Part]| parts.last().is_some_and(|part| part.value.eq_ignore_ascii_case(&schema));
            if wanted.as_deref().is_some_and(|parts| !named(parts)) {
                continue;
            }
            let Some(provider) = catalog.schema(&schema) else { continue };
            let mut tables = provider.table_names();
            tables.sort_unstable();
            for table in tables {
                rows[0].push(format!("{CATALOG}.{schema}"));
                rows[1].push(table);
            }
        }
    }
    let [schemas, tables] = rows;
    filtered(text_batch(["schema", "table"], [schemas, tables])?, 1, options)
}

/// `SHOW COLUMNS IN table [LIKE pattern]`.
pub(crate) fn columns(state: &SessionState, options: &ShowStatementOptions) -> Result<RecordBatch, Error> {
    let Some(name) = options.show_in.as_ref().and_then(|place| place.parent_name.as_ref()) else {
        return Err(Error::usage("SHOW COLUMNS needs a table", Some("SHOW COLUMNS IN aws.ec2_api.images")));
    };
    filtered(describe(state, name)?, 0, options)
}

/// `DESCRIBE table`: every column with its type, what a predicate on it does, and what it says.
pub(crate) fn describe(state: &SessionState, name: &ObjectName) -> Result<RecordBatch, Error> {
    let scope = SessionScope { state };
    let parts = parts(name);
    let Some((_, provider)) = scope.find(&parts) else {
        let written: Vec<String> = parts.into_iter().map(|part| part.value).collect();
        let name = written.join(".");
        return Err(NameError {
            kind: NameErrorKind::Relation,
            candidates: nearest(&name, scope.relations()),
            name,
            looked_at: vec![],
            position: None,
            advice: None,
        }
        .into());
    };
    let table = provider.downcast_ref::<Ec2Table>().map(|table| table.table.clone());
    let mut rows: [Vec<String>; 4] = Default::default();
    for field in provider.schema().fields() {
        let (pushed, description) = table.as_deref().map(|table| says(table, field.name())).unwrap_or_default();
        rows[0].push(field.name().clone());
        rows[1].push(type_text(field.data_type()));
        rows[2].push(pushed);
        rows[3].push(description);
    }
    text_batch(["column", "type", "pushed", "description"], rows)
}

/// `SHOW name`: one setting, or all of them.
pub(crate) fn variable(session: &Session, variable: &[Ident]) -> Result<RecordBatch, Error> {
    let name: Vec<&str> = variable.iter().map(|part| part.value.as_str()).collect();
    let name = name.join(".");
    let all = ["all", "settings"].iter().any(|word| name.eq_ignore_ascii_case(word));
    let mut rows: [Vec<String>; 3] = Default::default();
    for (known, value, description) in session.settings().rows() {
        if all || known.eq_ignore_ascii_case(&name) {
            rows[0].push(known);
            rows[1].push(value);
            rows[2].push(description.to_owned());
        }
    }
    if rows[0].is_empty() {
        return session.set(&name, "").and_then(|()| Err(Error::usage(format!("there is nothing called {name} to show"), None)));
    }
    text_batch(["name", "value", "description"], rows)
}

/// What goes into a request for a predicate on this column, and the column's description.
fn says(table: &Table, name: &str) -> (String, String) {
    if name == REGION {
        return ("region".into(), "The AWS region that the row was read from.".into());
    }
    if name == TAGS {
        let pushed = table.filters.iter().any(|filter| filter.name == TAG_FILTER);
        let pushed = if pushed { format!("filter {TAG_FILTER}") } else { String::new() };
        return (pushed, "The row's tags as a map: tags['Name'].".into());
    }
    let Some(column) = table.columns.iter().find(|column| column.name == name) else { return Default::default() };
    let pushed = match (&column.id, &column.filter) {
        (Some(parameter), _) => format!("id {parameter}"),
        (None, Some(filter)) => format!("filter {filter}"),
        (None, None) => String::new(),
    };
    (pushed, column.description.clone())
}

/// A type in SQL's words: `list<struct<key text, value text>>`.
fn type_text(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Int32 => "int32".into(),
        DataType::Int64 => "int64".into(),
        DataType::Float64 => "float64".into(),
        DataType::Timestamp(..) => "timestamp".into(),
        DataType::Binary => "binary".into(),
        DataType::List(item) => format!("list<{}>", type_text(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{} {}", field.name(), type_text(field.data_type()))).collect();
            format!("struct<{}>", fields.join(", "))
        }
        DataType::Map(..) => "map<text, text>".into(),
        other => other.to_string().to_lowercase(),
    }
}

fn filtered(batch: RecordBatch, column: usize, options: &ShowStatementOptions) -> Result<RecordBatch, Error> {
    let pattern = match &options.filter_position {
        None => return Ok(batch),
        Some(ShowStatementFilterPosition::Infix(filter) | ShowStatementFilterPosition::Suffix(filter)) => match filter {
            ShowStatementFilter::Like(pattern) | ShowStatementFilter::ILike(pattern) => pattern.clone(),
            ShowStatementFilter::Where(_) | ShowStatementFilter::NoKeyword(_) => {
                return Err(Error::usage("SHOW takes LIKE 'pattern'", None));
            }
        },
    };
    let keep = ilike(&batch.column(column), &StringArray::new_scalar(pattern)).map_err(datafusion::error::DataFusionError::from)?;
    Ok(datafusion::arrow::compute::filter_record_batch(&batch, &keep).map_err(datafusion::error::DataFusionError::from)?)
}

fn text_batch<const N: usize>(names: [&str; N], columns: [Vec<String>; N]) -> Result<RecordBatch, Error> {
    let schema = Schema::new(names.iter().map(|name| Field::new(*name, DataType::Utf8, false)).collect::<Vec<_>>());
    let columns = columns.into_iter().map(|column| Arc::new(StringArray::from(column)) as ArrayRef).collect();
    Ok(RecordBatch::try_new(Arc::new(schema), columns).map_err(datafusion::error::DataFusionError::from)?)
}
