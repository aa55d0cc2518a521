//! Statements: which parts of each hold names of relations and columns.

use datafusion::sql::parser::{CopyToSource, Statement as DfStatement};
use datafusion::sql::sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, FromTable, Insert, ObjectName, ObjectType, Statement, TableObject, Update,
    UpdateTableFromKind,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::Scope;
use super::error::NameError;
use super::expression::{self, identifiers};
use super::frame::{Clause, Found, Frame};
use super::query::{self, Context, Ctes};
use super::relation;
use super::scope::{Shape, Source, object_name};

pub(super) fn resolve(statement: &mut DfStatement, scope: &dyn Scope) -> Result<(), NameError> {
    let ctes = Ctes::default();
    let context = Context { scope, ctes: &ctes, outer: None };
    match statement {
        DfStatement::Statement(statement) => sql(statement, context),
        DfStatement::Explain(explain) => resolve(&mut explain.statement, scope),
        DfStatement::CopyTo(copy) => copy_source(&mut copy.source, context),
        DfStatement::CreateExternalTable(_) | DfStatement::Reset(_) => Ok(()),
    }
}

pub(super) fn sql(statement: &mut Statement, context: Context<'_>) -> Result<(), NameError> {
    match statement {
        Statement::Query(query) => query::resolve(query, context).map(drop),
        Statement::Explain { statement, .. } | Statement::Prepare { statement, .. } => sql(statement, context),
        Statement::ExplainTable { table_name, .. } => existing(table_name, context),
        Statement::ShowCreate { obj_name, .. } => existing(obj_name, context),
        Statement::ShowColumns { show_options, .. } => {
            let name = show_options.show_in.as_mut().and_then(|scope| scope.parent_name.as_mut());
            name.map_or(Ok(()), |name| existing(name, context))
        }
        Statement::CreateView(view) => {
            query::resolve(&mut view.query, context)?;
            perhaps(&mut view.name, context);
            Ok(())
        }
        Statement::CreateTable(table) => match &mut table.query {
            Some(query) => {
                query::resolve(query, context)?;
                perhaps(&mut table.name, context);
                Ok(())
            }
            None => Ok(()),
        },
        Statement::Drop { object_type: ObjectType::Table | ObjectType::View, names, .. } => {
            for name in names.iter_mut() {
                perhaps(name, context);
            }
            Ok(())
        }
        Statement::Insert(insert) => self::insert(insert, context),
        Statement::Update(update) => self::update(update, context),
        Statement::Delete(delete) => self::delete(delete, context),
        _ => Ok(()),
    }
}

fn copy_source(source: &mut CopyToSource, context: Context<'_>) -> Result<(), NameError> {
    let name = match source {
        CopyToSource::Query(query) => return query::resolve(query, context).map(drop),
        CopyToSource::Relation(name) => name,
    };
    let Some(written) = identifiers(name) else {
        return Ok(());
    };
    let Some(relation) = relation::look_up(&written, context)? else {
        return Ok(());
    };
    *name = object_name(&relation.canonical);
    // A copy of a table is a copy of `SELECT * FROM` it: without hidden columns.
    if !relation.hidden.is_empty() {
        let text = format!("SELECT * FROM {name}");
        let parser = Parser::new(&GenericDialect {}).try_with_sql(&text);
        if let Ok(mut query) = parser.and_then(|mut parser| parser.parse_query()) {
            query::resolve(&mut query, context)?;
            *source = CopyToSource::Query(query);
        }
    }
    Ok(())
}

/// A relation that must exist.
fn existing(name: &mut ObjectName, context: Context<'_>) -> Result<(), NameError> {
    if let Some(written) = identifiers(name)
        && let Some(relation) = relation::look_up(&written, context)?
    {
        *name = object_name(&relation.canonical);
    }
    Ok(())
}

/// A relation that need not exist: one that is created, or dropped.
fn perhaps(name: &mut ObjectName, context: Context<'_>) {
    // What is missing keeps its name; the planner says whether that is an error.
    if existing(name, context).is_err() {}
}

fn insert(insert: &mut Insert, context: Context<'_>) -> Result<(), NameError> {
    if let TableObject::TableName(name) = &mut insert.table {
        let target = target(name, context)?;
        for column in &mut insert.columns {
            assigned(column, &target)?;
        }
        if insert.columns.is_empty() {
            insert.columns = visible(&target);
        }
    }
    match &mut insert.source {
        Some(query) => query::resolve(query, context).map(drop),
        None => Ok(()),
    }
}

fn update(update: &mut Update, context: Context<'_>) -> Result<(), NameError> {
    let target = relation::targets(std::slice::from_mut(&mut update.table), context)?;
    let mut frame = target.clone();
    if let Some(UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables)) = &mut update.from {
        frame.append(relation::from(tables, context)?);
    }
    for Assignment { target: name, value } in &mut update.assignments {
        expression::resolve(value, context, &frame, Clause::Input)?;
        match name {
            AssignmentTarget::ColumnName(column) => assigned(column, &target)?,
            AssignmentTarget::Tuple(columns) => {
                for column in columns {
                    assigned(column, &target)?;
                }
            }
        }
    }
    expression::resolve(&mut update.selection, context, &frame, Clause::Input)
}

fn delete(delete: &mut Delete, context: Context<'_>) -> Result<(), NameError> {
    let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &mut delete.from;
    let mut frame = relation::targets(tables, context)?;
    if let Some(using) = &mut delete.using {
        frame.append(relation::from(using, context)?);
    }
    expression::resolve(&mut delete.selection, context, &frame, Clause::Input)
}

/// The columns that values without a column list are for, where that is not all.
fn visible(target: &Frame<'_>) -> Vec<ObjectName> {
    let columns = || target.sources.iter().flat_map(|source| source.shape.columns.iter());
    if !columns().any(|column| column.hidden) {
        return Vec::new();
    }
    let names = columns().filter(|column| !column.hidden).filter_map(|column| column.name.clone());
    names.map(|name| object_name(&[name])).collect()
}

/// The relation that rows go to.
fn target<'a>(name: &mut ObjectName, context: Context<'a>) -> Result<Frame<'a>, NameError> {
    let mut frame = Frame::new(None);
    let written = identifiers(name).unwrap_or_default();
    let source = match relation::look_up(&written, context)? {
        Some(relation) => {
            *name = object_name(&relation.canonical);
            let shape = Shape::of_relation(&relation.fields, &relation.hidden);
            Source::new(relation.canonical, shape)
        }
        None => Source::new(Vec::new(), Shape::unknown()),
    };
    frame.sources.push(source);
    Ok(frame)
}

/// A column that a value is assigned to: its declared name alone.
fn assigned(column: &mut ObjectName, target: &Frame<'_>) -> Result<(), NameError> {
    let name = identifiers(column).unwrap_or_default();
    if name.is_empty() {
        return Ok(());
    }
    if let Found::Column { name: declared, used, .. } = target.find(&name, Clause::Input)?
        && used == name.len()
    {
        *column = object_name(&[declared]);
    }
    Ok(())
}
