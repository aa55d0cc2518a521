//! How a FROM clause calls its relations, and the columns of them.

use datafusion::sql::sqlparser::ast::{TableAlias, TableAliasColumnDef, TableFactor, TableWithJoins};

use super::expression::identifiers;
use super::scope::{Column, Shape, Source, ident, same};

/// The names by which a FROM clause calls its relations. What has none and stands beside others gets one, because
/// the planner can expand a `t.*` only by name, and so does UNNEST, whose columns the planner would call by the whole
/// expression: they are `unnest`, as in `PostgreSQL`.
pub(super) fn calls(tables: &mut [TableWithJoins]) -> Vec<String> {
    let mut calls = Vec::new();
    let mut count = 0;
    each(tables, &mut |factor| {
        count += 1;
        calls.extend(call(factor));
    });
    each(tables, &mut |factor| match factor {
        TableFactor::UNNEST { alias: alias @ None, array_exprs, .. } => {
            let columns =
                (1..=array_exprs.len()).map(|index| TableAliasColumnDef::from_name(numbered("unnest", index)));
            *alias = Some(made("unnest", &mut calls, columns.collect()));
        }
        TableFactor::Derived { alias: alias @ None, .. } if count > 1 => {
            *alias = Some(made("derived", &mut calls, Vec::new()));
        }
        _ => {}
    });
    calls
}

fn each(tables: &mut [TableWithJoins], visit: &mut dyn FnMut(&mut TableFactor)) {
    for table in tables {
        let joins = table.joins.iter_mut().map(|join| &mut join.relation);
        for factor in std::iter::once(&mut table.relation).chain(joins) {
            match factor {
                TableFactor::NestedJoin { table_with_joins, alias: None } => {
                    each(std::slice::from_mut(table_with_joins), visit);
                }
                factor => visit(factor),
            }
        }
    }
}

fn call(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Function { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::UNNEST { alias: Some(alias), .. }
        | TableFactor::NestedJoin { alias: Some(alias), .. } => Some(alias.name.value.clone()),
        TableFactor::Table { name, .. } | TableFactor::Function { name, .. } => {
            identifiers(name)?.pop().map(|last| last.value)
        }
        _ => None,
    }
}

/// An alias that no other relation of the FROM clause has.
fn made(name: &str, calls: &mut Vec<String>, columns: Vec<TableAliasColumnDef>) -> TableAlias {
    let is_free = |name: &String| !calls.iter().any(|call| same(call, name));
    // One more than there are names is enough to find a free one.
    let name = (1..=calls.len() + 1).map(|index| numbered(name, index)).find(is_free).unwrap_or_default();
    calls.push(name.clone());
    TableAlias { explicit: true, name: ident(&name), columns, at: None }
}

/// `name`, `name_2`, `name_3`.
pub(super) fn numbered(name: &str, index: usize) -> String {
    if index == 1 { name.to_owned() } else { format!("{name}_{index}") }
}

/// The last part of a full name as the planner's name for the relation, so that the headings it
/// makes up are short: `max(images.name)`. None where another relation has that name too.
pub(super) fn short_alias(source: &Source, calls: &[String]) -> Option<TableAlias> {
    let [_, .., last] = source.full_name.as_slice() else {
        return None;
    };
    let only = calls.iter().filter(|call| same(call, last)).count() == 1;
    let known = !source.shape.open;
    (only && known).then(|| TableAlias { explicit: true, name: ident(last), columns: Vec::new(), at: None })
}

pub(super) fn aliased(source: Source, alias: Option<&mut TableAlias>) -> Source {
    let Some(alias) = alias else {
        return source;
    };
    let name = alias.name.value.clone();
    let is_short = source.full_name.len() > 1 && source.full_name.last() == Some(&name);
    Source {
        shape: rename(source.shape, &mut alias.columns),
        // Under an alias that is its own name a relation can still be called by the full one.
        full_name: if is_short { source.full_name } else { vec![name.clone()] },
        qualifier: vec![name],
    }
}

/// Renames columns by an alias's column list, which counts visible columns only and may be
/// shorter than they are. The planner wants all, so the list is completed.
pub(super) fn rename(mut shape: Shape, names: &mut Vec<TableAliasColumnDef>) -> Shape {
    if names.is_empty() {
        return shape;
    }
    let whole = names.len() == shape.columns.len();
    let given: Vec<_> = names.iter().map(|column| column.name.value.clone()).collect();
    let mut given = given.into_iter();
    let mut count = 0;
    for column in &mut shape.columns {
        if (!column.hidden || whole)
            && let Some(name) = given.next()
        {
            column.name = Some(name);
            count += 1;
        }
    }
    if count == names.len() && shape.is_complete() && !whole {
        let complete = shape.names().map(TableAliasColumnDef::from_name);
        *names = complete.collect();
    }
    if shape.open {
        let rest = given.map(|name| Column::named(name, None));
        shape.columns.extend(rest);
        shape.open = false;
    }
    shape
}
