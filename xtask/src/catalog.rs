//! `cargo xtask catalog`: the table files, from the EC2 service model and what people wrote.

use std::path::Path;
use std::sync::Arc;

use ec2ql_catalog::{Level, Table, TableName};

use crate::comments::Comments;
use crate::facts::{Facts, only_list};
use crate::files::{TableFile, catalog, catalog_root, table_files, update};
use crate::merge::merge;
use crate::model::Model;
use crate::write::write;

#[cfg(test)]
mod tests;

/// Rewrites the table files, or with `new` (a table's name and its operation) starts one.
///
/// # Errors
/// A file is refused, the model lacks what a file names, a column has no description, or, with
/// `check`, a file would change.
pub(crate) fn run(
    model: Option<&Path>,
    check: bool,
    new: Option<&[String]>,
    rows: Option<String>,
) -> Result<String, String> {
    let model = Model::read(model)?;
    if let Some([name, operation]) = new {
        return start(&model, name, operation, rows);
    }
    let files = table_files()?;
    let mut faults = Vec::new();
    let mut changed = Vec::new();
    let tables = tables(&files)?;
    for (name, table) in &tables {
        let Some(file) = files.iter().find(|file| file.name == *name) else { continue };
        let (new, text) = regenerate(&model, &file.text, table).map_err(|fault| format!("{}: {fault}", file.name))?;
        if update(&file.path, &text, check)? {
            changed.push(file.name.as_str());
        }
        faults.extend(changes(table, &new).into_iter().map(|line| format!("{}: {line}", file.name)));
    }
    if check && !changed.is_empty() {
        faults.insert(0, format!("not what the model gives; run `cargo xtask catalog`: {}", changed.join(", ")));
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    Ok(format!("{} tables, {} changed", tables.len(), changed.len()))
}

/// The tables, each with the name of its file; a view is nothing that the model knows.
fn tables(files: &[TableFile]) -> Result<Vec<(String, Arc<Table>)>, String> {
    let catalog = catalog(files)?;
    let mut found = Vec::new();
    for name in catalog.names() {
        if let Some(table) = catalog.table(&name.schema, &name.table) {
            let file = format!("{}/{}/{}.toml", name.catalog, name.schema, name.table);
            found.push((file, table.map_err(|error| error.to_string())?));
        }
    }
    Ok(found)
}

/// The table as the model has it now, and the text of its file.
fn regenerate(model: &Model, text: &str, table: &Table) -> Result<(Table, String), String> {
    let new = merge(table, Facts::new(model, &table.operation, &table.rows)?);
    let text = write(&new, Comments::read(text)?)?;
    Ok((new, text))
}

/// What a person has to look at: columns to describe, and columns that went.
fn changes(old: &Table, new: &Table) -> Vec<String> {
    let undescribed = new.columns.iter().filter(|column| column.description.is_empty());
    let gone = old.columns.iter().filter(|column| !new.columns.iter().any(|other| other.name == column.name));
    undescribed
        .map(|column| format!("describe the new column {} ({})", column.name, column.data_type))
        .chain(gone.map(|column| format!("the column {} is no longer in the model", column.name)))
        .collect()
}

/// A new file with all facts; the texts stay empty, and the loader refuses it until a person has written them.
fn start(model: &Model, name: &str, operation: &str, rows: Option<String>) -> Result<String, String> {
    let &[catalog, schema, table] = name.split('.').collect::<Vec<_>>().as_slice() else {
        return Err(format!("{name} is not a name such as aws.ec2_api.images"));
    };
    let rows = match rows {
        Some(rows) => rows,
        None => only_list(model, operation)? + "/item",
    };
    let lists = rows.split('/').step_by(2);
    let table = Table {
        name: TableName { catalog: catalog.to_owned(), schema: schema.to_owned(), table: table.to_owned() },
        description: String::new(),
        notes: Vec::new(),
        source: format!("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_{operation}.html"),
        operation: operation.to_owned(),
        rows: lists.map(|list| Level { list: list.to_owned(), wrapper: None }).collect(),
        columns: Vec::new(),
        omitted: Vec::new(),
        any_region: false,
        parameters: Vec::new(),
        filters: Vec::new(),
        page_rows: None,
        not_found: Vec::new(),
        examples: Vec::new(),
    };
    let path = catalog_root().join(format!("{}.toml", name.replace('.', "/")));
    if path.exists() {
        return Err(format!("{} exists", path.display()));
    }
    let facts = Facts::new(model, operation, &table.rows)?;
    update(&path, &write(&merge(&table, facts), Comments::default())?, false)?;
    Ok(format!("{}: write the descriptions and an example, then run `cargo xtask catalog`", path.display()))
}
