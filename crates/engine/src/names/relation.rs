//! FROM: tables, derived tables and their aliases.

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, TableAlias, TableAliasColumnDef, TableFactor, TableWithJoins,
};

use super::alias::{aliased, short_alias};
use super::error::{CANDIDATES_MAX, NameError, NameErrorKind, by_distance};
use super::expression::{self, identifiers};
use super::frame::{Clause, Frame};
use super::join::joined;
use super::query::{self, Context};
use super::scope::{Column, Shape, Source, object_name};
use super::types::type_of;
use super::{Lookup, Part, Relation, Scope, alias, path};

/// Resolves a FROM clause and tells its sources.
pub(super) fn from<'a>(tables: &mut [TableWithJoins], context: Context<'a>) -> Result<Frame<'a>, NameError> {
    let mut frame = Frame::new(context.outer);
    frame.calls = alias::calls(tables);
    items(tables, context, frame)
}

/// Resolves the tables that a statement changes, which cannot be given an alias.
pub(super) fn targets<'a>(tables: &mut [TableWithJoins], context: Context<'a>) -> Result<Frame<'a>, NameError> {
    items(tables, context, Frame::new(context.outer))
}

fn items<'a>(
    tables: &mut [TableWithJoins],
    context: Context<'a>,
    mut frame: Frame<'a>,
) -> Result<Frame<'a>, NameError> {
    for table in tables {
        let joined = with_joins(table, context, &frame)?;
        frame.append(joined);
    }
    Ok(frame)
}

/// One FROM item with its joins; `before` are the items to its left, which LATERAL sees.
fn with_joins<'a>(
    table: &mut TableWithJoins,
    context: Context<'a>,
    before: &Frame<'a>,
) -> Result<Frame<'a>, NameError> {
    let mut chain = factor(&mut table.relation, context, before)?;
    for join in &mut table.joins {
        let right = if is_lateral(&join.relation) {
            let mut visible = before.clone();
            visible.append(chain.clone());
            factor(&mut join.relation, context, &visible)?
        } else {
            factor(&mut join.relation, context, before)?
        };
        chain = joined(join, context, chain, right)?;
    }
    Ok(chain)
}

fn is_lateral(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Derived { lateral, .. } => *lateral,
        TableFactor::UNNEST { .. } | TableFactor::NestedJoin { .. } => true,
        _ => false,
    }
}

fn factor<'a>(factor: &mut TableFactor, context: Context<'a>, before: &Frame<'a>) -> Result<Frame<'a>, NameError> {
    let mut frame = Frame::new(context.outer);
    let source = match factor {
        TableFactor::Table { name, alias, args, .. } => match args {
            None => {
                let source = table(name, context)?;
                if alias.is_none() {
                    *alias = short_alias(&source, &before.calls);
                }
                aliased(source, alias.as_mut())
            }
            Some(_) => function(name, alias.as_mut()),
        },
        TableFactor::Function { name, alias, .. } => function(name, alias.as_mut()),
        TableFactor::Derived { lateral, subquery, alias, .. } => {
            let shape = if *lateral {
                query::resolve(subquery, context.inside(before))?
            } else {
                query::resolve(subquery, context)?
            };
            aliased(Source::new(Vec::new(), shape), alias.as_mut())
        }
        TableFactor::UNNEST { alias, array_exprs, .. } => unnest(array_exprs, alias.as_mut(), context, before)?,
        TableFactor::NestedJoin { table_with_joins, alias } => {
            let inner = with_joins(table_with_joins, context, before)?;
            let Some(alias) = alias else {
                return Ok(inner);
            };
            let sources = inner.sources.into_iter().map(|source| source.shape);
            let shape = sources.fold(Shape::default(), |mut all, shape| {
                all.columns.extend(shape.columns);
                all.open |= shape.open;
                all
            });
            aliased(Source::new(Vec::new(), shape), Some(alias))
        }
        // The planner refuses the others.
        _ => Source::new(Vec::new(), Shape::unknown()),
    };
    frame.sources.push(source);
    Ok(frame)
}

/// A table, view or common table expression.
fn table(name: &mut ObjectName, context: Context<'_>) -> Result<Source, NameError> {
    let Some(written) = identifiers(name) else {
        return Ok(Source::new(Vec::new(), Shape::unknown()));
    };
    if let [only] = written.as_slice()
        && let Some(declared) = context.ctes.find(only)
    {
        *name = object_name(std::slice::from_ref(&declared.written));
        return Ok(Source {
            qualifier: vec![declared.written.clone()],
            full_name: vec![declared.name.clone()],
            shape: declared.shape.clone(),
        });
    }
    let Some(relation) = look_up(&written, context)? else {
        let qualifier = written.iter().map(|part| part.value.clone()).collect();
        return Ok(Source::new(qualifier, Shape::unknown()));
    };
    *name = object_name(&relation.canonical);
    let shape = Shape::of_relation(&relation.fields, &relation.hidden);
    Ok(Source::new(relation.canonical, shape))
}

/// The relation of this name; None where the scope does not know.
pub(super) fn look_up(written: &[Ident], context: Context<'_>) -> Result<Option<Relation>, NameError> {
    let parts: Vec<_> = written.iter().map(part).collect();
    match context.scope.relation(&parts) {
        Lookup::Relation(relation) => Ok(Some(relation)),
        Lookup::Unknown => Ok(None),
        Lookup::Missing => {
            let error = NameError::new(NameErrorKind::Relation, written);
            let names = context.ctes.names().into_iter().chain(context.scope.relations());
            let mut candidates = Vec::new();
            for name in by_distance(&error.name, names) {
                let name = shortest(name, context.scope);
                if !candidates.contains(&name) {
                    candidates.push(name);
                }
            }
            candidates.truncate(CANDIDATES_MAX);
            Err(error.candidates(candidates))
        }
    }
}

/// The fewest last parts of a relation's full name that mean it; else the name as it is.
fn shortest(name: String, scope: &dyn Scope) -> String {
    let canonical = |parts: &[&str]| {
        let parts: Vec<_> = parts.iter().map(|part| Part { value: (*part).to_owned(), quoted: true }).collect();
        match scope.relation(&parts) {
            Lookup::Relation(relation) => Some(relation.canonical),
            Lookup::Missing | Lookup::Unknown => None,
        }
    };
    let Some(full) = canonical(&name.split('.').collect::<Vec<_>>()) else {
        return name;
    };
    let whole: Vec<_> = full.iter().map(String::as_str).collect();
    let mut ends = (0..whole.len()).rev().filter_map(|start| whole.get(start..));
    ends.find(|end| canonical(end).as_ref() == Some(&full)).map_or(name, |end| end.join("."))
}

fn part(ident: &Ident) -> Part {
    Part { value: ident.value.clone(), quoted: ident.quote_style.is_some() }
}

/// A table function: its columns are the planner's.
fn function(name: &ObjectName, alias: Option<&mut TableAlias>) -> Source {
    let qualifier = identifiers(name).unwrap_or_default();
    let qualifier = qualifier.into_iter().map(|part| part.value).collect();
    let mut source = Source::new(qualifier, Shape::unknown());
    if let Some(alias) = alias {
        source = Source::new(vec![alias.name.value.clone()], Shape::unknown());
        if !alias.columns.is_empty() {
            let columns = alias.columns.iter();
            let columns = columns.map(|column| Column::named(&column.name.value, None));
            source.shape = Shape { columns: columns.collect(), open: false };
        }
    }
    source
}

/// `UNNEST(list) AS d`: a list's elements; without a column list the column is called as the
/// alias, as in `PostgreSQL`.
fn unnest<'a>(
    arrays: &mut Vec<Expr>,
    alias: Option<&mut TableAlias>,
    context: Context<'a>,
    before: &Frame<'a>,
) -> Result<Source, NameError> {
    expression::resolve(arrays, context, before, Clause::Input)?;
    let columns = arrays.iter().map(|array| {
        let list = type_of(array, before, Clause::Input);
        Column::unnamed(list.as_ref().and_then(path::element))
    });
    let shape = Shape { columns: columns.collect(), open: false };
    let Some(alias) = alias else {
        return Ok(Source::new(Vec::new(), shape));
    };
    if alias.columns.is_empty() && arrays.len() == 1 {
        alias.columns.push(TableAliasColumnDef { name: alias.name.clone(), data_type: None });
    }
    Ok(aliased(Source::new(Vec::new(), shape), Some(alias)))
}
