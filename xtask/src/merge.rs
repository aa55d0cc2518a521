//! Brings a table up to date with the model's facts and keeps what people decided.

use ec2ql_catalog::{Column, Field, Filter, Parameter, Table, Type};

use crate::facts::{Facts, Listed};

/// The table as the model has it now, with the descriptions, names and pushdown decisions of `old`.
pub(crate) fn merge(old: &Table, facts: Facts) -> Table {
    let mut table = old.clone();
    table.columns = columns(old, facts.levels);
    table.parameters = facts.parameters.into_iter().map(|new| parameter(old, new)).collect();
    table.filters = filters(old, facts.filters);
    table.page_rows = facts.page_rows.or(table.page_rows);
    table
}

/// From the outermost list inwards; a position stands before the row's own columns.
fn columns(old: &Table, levels: Vec<Vec<Field>>) -> Vec<Column> {
    let row = levels.len().saturating_sub(1);
    let mut columns = Vec::new();
    for (level, fields) in levels.into_iter().enumerate() {
        if level == row {
            columns.extend(old.columns.iter().filter(|column| column.data_type == Type::Position).cloned());
        }
        let inner_list = old.rows.get(level + 1).map(|inner| inner.list.as_str());
        for field in fields {
            let known = old.columns.iter().find(|column| column.level == level && column.wire == field.wire);
            match known {
                Some(known) => columns.push(Column {
                    data_type: data_type(Some(&known.data_type), field.data_type),
                    sensitive: known.sensitive || field.sensitive,
                    ..known.clone()
                }),
                None if inner_list == Some(field.wire.as_str()) || omitted(old, level, row, &field.wire) => {}
                None => columns.push(new_column(level, field)),
            }
        }
    }
    rename_twins(old, &mut columns, row);
    columns
}

fn omitted(old: &Table, level: usize, row: usize, wire: &str) -> bool {
    let path = "../".repeat(row - level) + wire;
    old.omitted.iter().any(|omitted| *omitted == path || (level < row && omitted == "../*"))
}

fn new_column(level: usize, field: Field) -> Column {
    Column {
        name: field.wire.clone(),
        wire: field.wire,
        level,
        data_type: data_type(None, field.data_type),
        description: String::new(),
        sensitive: field.sensitive,
        id: None,
        listed: false,
        filter: None,
    }
}

/// The row's own column keeps its wire name; a parent's is prefixed with the parent's noun.
fn rename_twins(old: &Table, columns: &mut [Column], row: usize) {
    let own: Vec<String> = columns.iter().filter(|c| c.level == row).map(|c| c.name.to_ascii_lowercase()).collect();
    for column in columns.iter_mut().filter(|column| column.level < row) {
        let Some(level) = old.rows.get(column.level) else { continue };
        if own.contains(&column.name.to_ascii_lowercase()) {
            let noun = level.list.strip_suffix("Set").unwrap_or(&level.list);
            let mut letters = column.wire.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            column.name = noun.chars().chain(first).chain(letters).collect();
        }
    }
}

fn data_type(old: Option<&Type>, new: Type) -> Type {
    match new {
        Type::List(item) => {
            let old = if let Some(Type::List(old)) = old { Some(old.as_ref()) } else { None };
            Type::List(Box::new(data_type(old, *item)))
        }
        Type::Struct(fields) => {
            let old = old.and_then(Type::fields).unwrap_or_default();
            let field = |new: Field| match old.iter().find(|field| field.wire == new.wire) {
                Some(known) => Field {
                    data_type: data_type(Some(&known.data_type), new.data_type),
                    sensitive: known.sensitive || new.sensitive,
                    ..known.clone()
                },
                None => Field { data_type: data_type(None, new.data_type), ..new },
            };
            Type::Struct(fields.into_iter().map(field).collect())
        }
        scalar => scalar,
    }
}

fn parameter(old: &Table, new: Parameter) -> Parameter {
    let Some(known) = old.parameters.iter().find(|known| known.name == new.name) else { return new };
    Parameter { values_max: new.values_max.or(known.values_max), description: known.description.clone(), ..new }
}

/// The documented filters, then those that only people know of.
fn filters(old: &Table, listed: Vec<Listed>) -> Vec<Filter> {
    let known = |name: &str| old.filters.iter().find(|filter| filter.name == name).cloned();
    let mut filters: Vec<Filter> = listed
        .into_iter()
        .map(|listed| known(&listed.name).unwrap_or(Filter { name: listed.name, values: listed.values }))
        .collect();
    for filter in &old.filters {
        if !filters.iter().any(|listed| listed.name == filter.name) {
            filters.push(filter.clone());
        }
    }
    filters
}
