//! `SHOW PROVIDERS | SERVICES | RESOURCES | METHODS | TABLES`.

use datafusion::arrow::array::RecordBatch;
use datafusion::execution::SessionState;
use ec2ql_catalog::{Catalog, Relation, Table};

use super::describe::find;
use super::{catalog, push, schemas, text_batch};
use crate::error::Error;
use crate::files::FILES_SCHEMA;
use crate::names::Part;
use crate::provider::{Ec2Catalog, Ec2Table};
use crate::schema::REGION;
use crate::scope::{CATALOG, SESSION_SCHEMA};

/// The catalogs: there is one.
pub(super) fn providers() -> Result<RecordBatch, Error> {
    let description = "Amazon Web Services: the EC2 API, and what is made of it.";
    text_batch(["name", "description"], [vec![CATALOG.into()], vec![description.into()]])
}

/// The schemas.
pub(super) fn services(state: &SessionState, place: Option<&[Part]>) -> Result<RecordBatch, Error> {
    let files = files(state);
    let mut rows: [Vec<String>; 2] = Default::default();
    for schema in schemas(state, place)? {
        let description = match schema.as_str() {
            SESSION_SCHEMA => "The views of this session: CREATE VIEW name AS SELECT ...".into(),
            FILES_SCHEMA => {
                "Files under their paths: SELECT * FROM 'wave.csv'; also json, jsonl, parquet, arrow.".into()
            }
            "system" => "This session: the requests that it has sent, its settings.".into(),
            _ => files.as_ref().and_then(|files| files.schema_description(&schema)).transpose()?.unwrap_or_default(),
        };
        push(&mut rows, [schema, description]);
    }
    text_batch(["name", "description"], rows)
}

/// The tables and views of one schema.
pub(super) fn resources(state: &SessionState, place: Option<&[Part]>, extended: bool) -> Result<RecordBatch, Error> {
    let Some(place) = place else {
        return Err(Error::usage("SHOW RESOURCES needs a service", Some("SHOW RESOURCES IN aws.ec2_api")));
    };
    if !extended {
        let mut rows: [Vec<String>; 2] = Default::default();
        for (_, table, relation) in relations(state, Some(place))? {
            push(&mut rows, [table, description(relation.as_ref())]);
        }
        return text_batch(["name", "description"], rows);
    }
    let mut rows: [Vec<String>; 5] = Default::default();
    for (schema, name, relation) in relations(state, Some(place))? {
        let table = relation.as_ref().and_then(table);
        let operation = table.map(|table| table.operation.clone()).unwrap_or_default();
        let source = table.map(|table| table.source.clone()).unwrap_or_default();
        push(
            &mut rows,
            [name, kind(&schema, relation.as_ref()).into(), operation, description(relation.as_ref()), source],
        );
    }
    text_batch(["name", "kind", "operation", "description", "source"], rows)
}

/// The tables and views of every schema, or of one.
pub(super) fn tables(state: &SessionState, place: Option<&[Part]>, extended: bool) -> Result<RecordBatch, Error> {
    let full = |schema: &str| format!("{CATALOG}.{schema}");
    if !extended {
        let mut rows: [Vec<String>; 2] = Default::default();
        for (schema, table, _) in relations(state, place)? {
            push(&mut rows, [full(&schema), table]);
        }
        return text_batch(["schema", "table"], rows);
    }
    let mut rows: [Vec<String>; 4] = Default::default();
    for (schema, table, relation) in relations(state, place)? {
        push(
            &mut rows,
            [full(&schema), table, kind(&schema, relation.as_ref()).into(), description(relation.as_ref())],
        );
    }
    text_batch(["schema", "table", "kind", "description"], rows)
}

/// What can be done with a table, and what that takes.
pub(super) fn methods(state: &SessionState, place: Option<&[Part]>, extended: bool) -> Result<RecordBatch, Error> {
    let Some(place) = place else {
        return Err(Error::usage("SHOW METHODS needs a resource", Some("SHOW METHODS IN aws.ec2_api.images")));
    };
    let (_, provider) = find(state, place)?;
    let table = provider.downcast_ref::<Ec2Table>().map(|table| table.table.as_ref());
    // A view over such tables needs what they need.
    let has_region = provider.schema().column_with_name(REGION).is_some();
    let required = table.map_or_else(|| if has_region { REGION.to_owned() } else { String::new() }, required);
    let operation = table.map(|table| table.operation.clone()).unwrap_or_default();
    if !extended {
        let rows = ["select", "SELECT", &operation, &required].map(|value| vec![value.to_owned()]);
        return text_batch(["name", "sql", "operation", "required"], rows);
    }
    let optional: Vec<String> = table.map(optional).unwrap_or_default();
    let rows = ["select", "SELECT", &operation, &required, &optional.join(", ")].map(|value| vec![value.to_owned()]);
    text_batch(["name", "sql", "operation", "required", "optional"], rows)
}

/// What a statement has to say about the table.
fn required(table: &Table) -> String {
    let named = table.parameters.iter().filter(|parameter| parameter.required).map(|parameter| parameter.name.as_str());
    let all: Vec<&str> = [REGION].into_iter().chain(named).collect();
    all.join(", ")
}

fn optional(table: &Table) -> Vec<String> {
    let parameters = table.parameters.iter().filter(|parameter| !parameter.required);
    parameters
        .map(|parameter| {
            let suffix = if parameter.kind.is_list() { ".N" } else { "" };
            format!("{}{suffix} {}", parameter.name, parameter.kind)
        })
        .collect()
}

/// Schema, name, and the catalog's word on it, where it has one.
fn relations(state: &SessionState, place: Option<&[Part]>) -> Result<Vec<(String, String, Option<Relation>)>, Error> {
    let files = files(state);
    let Some(catalog) = catalog(state) else { return Ok(vec![]) };
    let mut found = vec![];
    for schema in schemas(state, place)? {
        let Some(provider) = catalog.schema(&schema) else { continue };
        let mut names = provider.table_names();
        names.sort_unstable();
        for name in names {
            let relation = files.as_ref().and_then(|files| files.relation(&schema, &name)).transpose()?;
            found.push((schema.clone(), name, relation));
        }
    }
    Ok(found)
}

fn files(state: &SessionState) -> Option<Catalog> {
    let catalog = catalog(state)?;
    catalog.downcast_ref::<Ec2Catalog>().map(|catalog| catalog.catalog.as_ref().clone())
}

fn table(relation: &Relation) -> Option<&Table> {
    match relation {
        Relation::Table(table) => Some(table),
        Relation::View(_) => None,
    }
}

fn kind(schema: &str, relation: Option<&Relation>) -> &'static str {
    match relation {
        Some(Relation::View(_)) => "view",
        None if schema == SESSION_SCHEMA => "view",
        _ => "table",
    }
}

fn description(relation: Option<&Relation>) -> String {
    relation.map(|relation| relation.description().to_owned()).unwrap_or_default()
}
