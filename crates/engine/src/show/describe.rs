//! `DESCRIBE [EXTENDED]`.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::ObjectName;
use ec2ql_catalog::{Field, ParameterKind, Table, Type};

use super::{dotted, name_error, push, pushed, text_batch};
use crate::error::Error;
use crate::names::{NameErrorKind, Part, Scope, nearest};
use crate::provider::Ec2Table;
use crate::schema::{REGION, TAGS};
use crate::scope::{Found, SESSION_SCHEMA, SessionScope};
use crate::statement::parts;
use crate::view::CatalogView;

/// Every column with its type, what a predicate on it sends, and what it says. Extended: also the table itself, the
/// fields of the columns, what a request takes, and how all of it is used.
pub(crate) fn describe(state: &SessionState, name: &ObjectName, extended: bool) -> Result<RecordBatch, Error> {
    let (full_name, provider) = find(state, &parts(name))?;
    if !extended {
        let mut rows: [Vec<String>; 4] = Default::default();
        for Said { name, data_type, pushed, description } in columns(provider.as_ref()) {
            push(&mut rows, [name, data_type, pushed, description]);
        }
        return text_batch(["column", "type", "pushed", "description"], rows);
    }
    let mut rows = Rows::default();
    if let Some(table) = provider.downcast_ref::<Ec2Table>() {
        rows.one(["table", &full_name.join("."), "", "", &table.table.description]);
        rows.columns(provider.as_ref(), Some(&table.table));
        rows.request(&table.table);
        rows.texts("note", &table.table.notes);
        rows.texts("example", &table.table.examples);
        rows.one([
            "operation",
            &table.table.operation,
            "",
            "",
            &format!("Needs the permission ec2:{}.", table.table.operation),
        ]);
        rows.one(["source", &table.table.source, "", "", "AWS's page about the operation."]);
    } else if let Some(view) = provider.downcast_ref::<CatalogView>() {
        rows.one(["view", &full_name.join("."), "", "", &view.view.description]);
        rows.columns(provider.as_ref(), None);
        rows.texts("note", &view.view.notes);
        rows.texts("example", &view.view.examples);
        rows.one(["query", "", "", "", &view.view.query]);
    } else {
        let is_view = full_name.get(1).is_some_and(|schema| schema == SESSION_SCHEMA);
        rows.one([if is_view { "view" } else { "table" }, &full_name.join("."), "", "", ""]);
        rows.columns(provider.as_ref(), None);
    }
    text_batch(["kind", "name", "type", "pushed", "description"], rows.0)
}

/// The relation, with its full name.
pub(super) fn find(state: &SessionState, parts: &[Part]) -> Result<Found, Error> {
    let scope = SessionScope { state };
    scope.find(parts)?.ok_or_else(|| {
        let name = dotted(parts);
        // Every relation once, by its longest name.
        let full = scope.relations().into_iter().filter(|known| known.matches('.').count() == 2);
        name_error(NameErrorKind::Relation, nearest(&name, full), name)
    })
}

#[derive(Default)]
struct Rows([Vec<String>; 5]);

impl Rows {
    /// Kind, name, type, what is pushed, description.
    fn one(&mut self, row: [&str; 5]) {
        push(&mut self.0, row.map(str::to_owned));
    }

    fn texts(&mut self, kind: &str, texts: &[String]) {
        for text in texts {
            self.one([kind, "", "", "", text]);
        }
    }

    fn columns(&mut self, provider: &dyn TableProvider, table: Option<&Table>) {
        for Said { name, data_type, pushed, description } in columns(provider) {
            let kind = if pushed.starts_with("parameter ") { "parameter" } else { "column" };
            self.one([kind, &name, &data_type, &pushed, &description]);
            if let Some(column) = table.and_then(|table| table.columns.iter().find(|column| column.name == name)) {
                self.fields(&name, &column.data_type);
            }
        }
    }

    fn fields(&mut self, parent: &str, data_type: &Type) {
        for Field { name, data_type, sensitive, description, .. } in data_type.fields().unwrap_or_default() {
            let path = format!("{parent}.{name}");
            let mut says = description.clone().unwrap_or_default();
            if *sensitive {
                says.push_str(if says.is_empty() { "AWS calls it sensitive." } else { " AWS calls it sensitive." });
            }
            self.one(["field", &path, &data_type.to_string(), "", &says]);
            self.fields(&path, data_type);
        }
    }

    /// What a request may say: the filters, and the parameters that are no columns.
    fn request(&mut self, table: &Table) {
        for filter in &table.filters {
            self.one(["filter", &filter.name, "", "", &filter.values.join(", ")]);
        }
        if let Some(range) = &table.page_rows {
            let says = format!("{} to {} rows on a page: SET ec2ql.page_rows.", range.start(), range.end());
            let parameter = table.parameters.iter().find(|parameter| parameter.kind == ParameterKind::PageRows);
            self.one(["setting", parameter.map_or("", |parameter| &parameter.name), "integer", "", &says]);
        }
    }
}

/// A column, as `DESCRIBE` says it.
struct Said {
    name: String,
    data_type: String,
    pushed: String,
    description: String,
}

fn columns(provider: &dyn TableProvider) -> Vec<Said> {
    let table = provider.downcast_ref::<Ec2Table>().map(|table| &table.table);
    let view = provider.downcast_ref::<CatalogView>();
    let plan = provider.get_logical_plan();
    let says = |(place, field): (usize, &Arc<datafusion::arrow::datatypes::Field>)| {
        let name = field.name().clone();
        let (pushed, description) = match (table, view, &plan) {
            (Some(table), ..) => (pushed::by_table(table, &name), said(table, &name)),
            (None, view, Some(plan)) => {
                let column = view.and_then(|view| view.view.columns.iter().find(|column| column.name == name));
                (pushed::by_plan(plan, place), column.map(|column| column.description.clone()).unwrap_or_default())
            }
            (None, _, None) => Default::default(),
        };
        Said { name, data_type: type_text(field.data_type()), pushed, description }
    };
    provider.schema().fields().iter().enumerate().map(says).collect()
}

/// What a table says about a column.
fn said(table: &Table, name: &str) -> String {
    match name {
        REGION => return "The AWS region that the row was read from.".into(),
        TAGS => return "The row's tags as a map: tags['Name'].".into(),
        _ => {}
    }
    if let Some(column) = table.columns.iter().find(|column| column.name == name) {
        return column.description.clone();
    }
    let says = table.predicates().find(|(_, known)| known == name);
    let says = says.and_then(|(parameter, _)| parameter.description.clone());
    says.unwrap_or_else(|| "A parameter of the request: only for =.".into())
}

/// A type in SQL's words: `list<struct<key text, value text>>`.
pub(crate) fn type_text(data_type: &DataType) -> String {
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
