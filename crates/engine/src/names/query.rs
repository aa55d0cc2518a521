//! Queries: WITH, set operations, ORDER BY.

use datafusion::sql::sqlparser::ast::{
    Cte, Ident, OrderBy, OrderByKind, PipeOperator, Query, SetExpr, SetOperator, SetQuantifier, With,
};

use super::alias::rename;
use super::error::NameError;
use super::frame::{Clause, Frame};
use super::scope::{Column, Shape, Source, choose};
use super::{Scope, expression, select, statement};

/// What a query sees from where it stands.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) scope: &'a dyn Scope,
    /// Common table expressions declared so far.
    pub(super) ctes: &'a Ctes<'a>,
    /// The enclosing query's names, for a correlated sub-query.
    pub(super) outer: Option<&'a Frame<'a>>,
}

impl<'a> Context<'a> {
    /// The context of a sub-query that sees this frame.
    pub(super) fn inside<'b>(self, frame: &'b Frame<'b>) -> Context<'b>
    where
        'a: 'b,
    {
        Context { scope: self.scope, ctes: self.ctes, outer: Some(frame) }
    }
}

/// The common table expressions of one WITH clause, and those around it.
#[derive(Default)]
pub(super) struct Ctes<'a> {
    own: Vec<Declared>,
    outer: Option<&'a Ctes<'a>>,
}

/// A common table expression.
pub(super) struct Declared {
    /// As the statement had it.
    pub(super) name: String,
    /// As the planner gets it.
    pub(super) written: String,
    pub(super) shape: Shape,
}

impl Ctes<'_> {
    /// The innermost of this name.
    pub(super) fn find(&self, name: &Ident) -> Option<&Declared> {
        let found = choose(name, self.own.iter().rev(), |declared| &declared.name);
        found.first().copied().or_else(|| self.outer?.find(name))
    }

    pub(super) fn names(&self) -> Vec<String> {
        let own = self.own.iter().map(|declared| declared.name.clone());
        let outer = self.outer.map(Ctes::names).unwrap_or_default();
        own.chain(outer).collect()
    }
}

/// Resolves a query and tells its columns.
pub(super) fn resolve(query: &mut Query, context: Context<'_>) -> Result<Shape, NameError> {
    let mut ctes = Ctes { own: Vec::new(), outer: Some(context.ctes) };
    if let Some(with) = &mut query.with {
        declare(with, &mut ctes, context)?;
    }
    let context = Context { ctes: &ctes, ..context };
    let mut frame = match query.body.as_mut() {
        SetExpr::Select(select) => select::resolve(select, context)?,
        body => {
            let mut frame = Frame::new(context.outer);
            frame.outputs = set_expression(body, context)?;
            frame
        }
    };
    if let Some(order_by) = &mut query.order_by {
        order(order_by, context, &frame)?;
    }
    if let Some(limit) = &mut query.limit_clause {
        expression::resolve(limit, context, &anything(), Clause::Input)?;
    }
    for operator in &mut query.pipe_operators {
        frame = pipe(operator, context, frame)?;
    }
    Ok(frame.outputs)
}

fn declare<'a>(with: &mut With, ctes: &mut Ctes<'a>, context: Context<'a>) -> Result<(), NameError> {
    for cte in &mut with.cte_tables {
        let name = cte.alias.name.value.clone();
        let seen = Context { ctes: &*ctes, ..context };
        let shape = if with.recursive && is_union(&cte.query) {
            // The planner looks for the table of a recursive query's steps under the lower-case name.
            cte.alias.name.value = name.to_lowercase();
            recursive(cte, &name, seen)?
        } else {
            resolve(&mut cte.query, seen)?
        };
        let shape = rename(shape, &mut cte.alias.columns);
        ctes.own.push(Declared { name, written: cte.alias.name.value.clone(), shape });
    }
    Ok(())
}

fn is_union(query: &Query) -> bool {
    matches!(query.body.as_ref(), SetExpr::SetOperation { op: SetOperator::Union, .. })
}

/// The left side of the union makes the columns, the right side sees them under the CTE's name.
fn recursive(cte: &mut Cte, name: &str, context: Context<'_>) -> Result<Shape, NameError> {
    let mut ctes = Ctes { own: Vec::new(), outer: Some(context.ctes) };
    if let Some(with) = &mut cte.query.with {
        declare(with, &mut ctes, context)?;
    }
    let SetExpr::SetOperation { left, right, .. } = cte.query.body.as_mut() else {
        return Ok(Shape::unknown());
    };
    let shape = set_expression(left, Context { ctes: &ctes, ..context })?;
    ctes.own.push(Declared {
        name: name.to_owned(),
        written: cte.alias.name.value.clone(),
        shape: rename(shape.clone(), &mut cte.alias.columns),
    });
    let context = Context { ctes: &ctes, ..context };
    set_expression(right, context)?;
    if let Some(order_by) = &mut cte.query.order_by {
        let mut frame = Frame::new(context.outer);
        frame.outputs = shape.clone();
        order(order_by, context, &frame)?;
    }
    Ok(shape)
}

/// The left side names the columns. Chains of set operations lean to the left and may be long.
fn set_expression(body: &mut SetExpr, context: Context<'_>) -> Result<Shape, NameError> {
    let mut body = body;
    let mut rights = Vec::new();
    while let SetExpr::SetOperation { left, right, set_quantifier, .. } = body {
        rights.push((right.as_mut(), *set_quantifier));
        body = left.as_mut();
    }
    let mut shape = operand(body, context)?;
    for (right, quantifier) in rights.into_iter().rev() {
        let other = set_expression(right, context)?;
        if let SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName = quantifier {
            let known: Vec<_> = shape.names().map(str::to_owned).collect();
            let is_new = |column: &Column| column.name.as_ref().is_none_or(|name| !known.contains(name));
            shape.open |= other.open;
            shape.columns.extend(other.columns.into_iter().filter(is_new));
        }
    }
    Ok(shape)
}

fn operand(body: &mut SetExpr, context: Context<'_>) -> Result<Shape, NameError> {
    match body {
        SetExpr::Select(select) => Ok(select::resolve(select, context)?.outputs),
        SetExpr::Query(query) => resolve(query, context),
        SetExpr::Values(values) => {
            let frame = Frame::new(context.outer);
            expression::resolve(values, context, &frame, Clause::Input)?;
            let count = values.rows.first().map_or(0, |row| row.content.len());
            let columns = (1..=count).map(|index| Column::named(format!("column{index}"), None));
            Ok(Shape { columns: columns.collect(), open: false })
        }
        SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) | SetExpr::Merge(inner) => {
            statement::sql(inner, context)?;
            Ok(Shape::unknown())
        }
        SetExpr::Table(_) | SetExpr::SetOperation { .. } => Ok(Shape::unknown()),
    }
}

fn order(order_by: &mut OrderBy, context: Context<'_>, frame: &Frame<'_>) -> Result<(), NameError> {
    match &mut order_by.kind {
        OrderByKind::All(_) => Ok(()),
        OrderByKind::Expressions(terms) => expression::resolve(terms, context, frame, Clause::Output),
    }
}

/// A frame in which every name may mean something.
fn anything() -> Frame<'static> {
    let mut frame = Frame::new(None);
    frame.sources.push(Source::new(Vec::new(), Shape::unknown()));
    frame
}

/// `|> ...`: each operator reads what the one before makes. What the planner does with
/// qualifiers on the way is not followed in full here: an unknown name is left to it.
fn pipe<'a>(operator: &mut PipeOperator, context: Context<'a>, before: Frame<'a>) -> Result<Frame<'a>, NameError> {
    let mut frame = piped(before, context);
    match operator {
        PipeOperator::Where { expr } => expression::resolve(expr, context, &frame, Clause::Input)?,
        PipeOperator::OrderBy { exprs } => {
            expression::resolve(exprs, context, &frame, Clause::Input)?;
        }
        PipeOperator::Limit { .. } => {}
        PipeOperator::As { alias } => {
            let shape = frame.outputs.clone();
            frame.sources = vec![Source::new(vec![alias.value.clone()], shape)];
        }
        PipeOperator::Select { exprs } => {
            frame.outputs = select::projection(exprs, context, &frame)?;
            frame.sources.clear();
        }
        PipeOperator::Extend { exprs } => {
            let added = select::projection(exprs, context, &frame)?;
            frame.outputs.columns.extend(added.columns);
            frame.outputs.open |= added.open;
        }
        PipeOperator::Aggregate { full_table_exprs, group_by_expr } => {
            expression::resolve(full_table_exprs, context, &frame, Clause::Input)?;
            expression::resolve(group_by_expr, context, &frame, Clause::Input)?;
            let made = group_by_expr.iter().chain(full_table_exprs.iter());
            let aliases = made.filter_map(|term| term.expr.alias.as_ref());
            let aliases = aliases.map(|alias| Column::named(&alias.value, None));
            frame.outputs = Shape { columns: aliases.collect(), open: true };
            frame.sources.clear();
        }
        PipeOperator::Union { queries, .. }
        | PipeOperator::Intersect { queries, .. }
        | PipeOperator::Except { queries, .. } => {
            for query in queries {
                resolve(query, context)?;
            }
        }
        _ => frame.outputs = Shape::unknown(),
    }
    Ok(frame)
}

/// The names that an operator sees: the columns so far, bare, and by the relations that they
/// came from.
fn piped<'a>(before: Frame<'a>, context: Context<'a>) -> Frame<'a> {
    let mut frame = Frame::new(context.outer);
    frame.sources.push(Source::new(Vec::new(), before.outputs.clone()));
    for mut source in before.sources {
        if !source.qualifier.is_empty() {
            source.shape.columns.retain(|column| !column.hidden);
            frame.sources.push(source);
        }
    }
    frame.append(anything());
    frame.outputs = before.outputs;
    frame
}
