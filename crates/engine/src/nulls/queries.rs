//! `x IN (SELECT y ...)` where false and NULL are not the same.
//!
//! DataFusion makes a mark join of it, whose answers are true and false: `NULL NOT IN (...) OR z` lets the row through,
//! and so does `x NOT IN (...) OR z` with a NULL among the values. For a correlated `NOT IN` it has no plan at all.
//! What such a test does not know is asked with `EXISTS`.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, ExprSchema, Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, Filter, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, lit,
};
use datafusion::optimizer::AnalyzerRule;

#[derive(Debug)]
pub(super) struct Queries;

impl AnalyzerRule for Queries {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| {
            let LogicalPlan::Filter(filter) = node else { return Ok(Transformed::no(node)) };
            if !filter.predicate.exists(|part| Ok(matches!(part, Expr::InSubquery(_))))? {
                return Ok(Transformed::no(LogicalPlan::Filter(filter)));
            }
            let schema = filter.input.schema();
            let predicate = filter.predicate.transform_up(projected).data()?;
            let conjuncts: Vec<Expr> = split_conjunction_owned(predicate)
                .into_iter()
                .map(|part| conjunct(part, schema))
                .collect::<Result<_>>()?;
            let predicate = conjunction(conjuncts).unwrap_or_else(|| lit(true));
            Ok(Transformed::yes(LogicalPlan::Filter(Filter::try_new(predicate, filter.input)?)))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ec2_null_in_queries"
    }
}

/// The planner looks for a SELECT in `x IN (VALUES ...)`.
fn projected(expr: Expr) -> Result<Transformed<Expr>> {
    let Expr::InSubquery(test) = expr else { return Ok(Transformed::no(expr)) };
    if !matches!(*test.subquery.subquery, LogicalPlan::Values(_)) {
        return Ok(Transformed::no(Expr::InSubquery(test)));
    }
    let values = LogicalPlanBuilder::from(test.subquery.subquery.as_ref().clone());
    let columns: Vec<Expr> = values.schema().columns().into_iter().map(Expr::Column).collect();
    let subquery = test.subquery.with_plan(Arc::new(values.project(columns)?.build()?));
    Ok(Transformed::yes(Expr::InSubquery(InSubquery { subquery, ..test })))
}

/// A part of a WHERE that has to be true by itself: DataFusion's joins answer it, but for one of several keys.
fn conjunct(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    match expr {
        Expr::Not(part) if matches!(*part, Expr::InSubquery(_)) => match *part {
            Expr::InSubquery(test) => conjunct(Expr::InSubquery(InSubquery { negated: !test.negated, ..test }), schema),
            part => Ok(!part),
        },
        Expr::InSubquery(test) if test.negated && !test.subquery.outer_ref_columns.is_empty() => {
            let unknown = unknown(&test, schema)?;
            Ok(match unknown {
                Some(unknown) => exists(matching(&test, schema)?, true).and(!unknown),
                None => Expr::InSubquery(test),
            })
        }
        Expr::InSubquery(_) => Ok(expr),
        expr => part(expr, schema, true),
    }
}

/// A part of something else; `false_is_null` while only AND and OR are around it.
fn part(expr: Expr, schema: &DFSchema, false_is_null: bool) -> Result<Expr> {
    match expr {
        Expr::InSubquery(test) if test.negated || !false_is_null => {
            let Some(unknown) = unknown(&test, schema)? else { return Ok(Expr::InSubquery(test)) };
            let negated = test.negated;
            let is_in = Expr::InSubquery(InSubquery { negated: false, ..test });
            let answer = is_in.or(Expr::Literal(ScalarValue::Boolean(None), None).and(unknown));
            Ok(if negated { !answer } else { answer })
        }
        Expr::InSubquery(_) => Ok(expr),
        expr => {
            let plain = matches!(&expr, Expr::BinaryExpr(BinaryExpr { op: Operator::And | Operator::Or, .. }));
            expr.map_children(|child| Ok(Transformed::yes(part(child, schema, false_is_null && plain)?))).data()
        }
    }
}

/// When the answer is not known unless a value matches: `x` is NULL and there is a value, or a value is NULL. None where
/// neither can be.
fn unknown(test: &InSubquery, schema: &DFSchema) -> Result<Option<Expr>> {
    let mut cases = vec![];
    if test.expr.nullable(schema)? {
        cases.push(test.expr.as_ref().clone().is_null().and(exists(test.subquery.clone(), false)));
    }
    let value = value(&test.subquery);
    if value.nullable(test.subquery.subquery.schema())? {
        cases.push(exists(with_filter(&test.subquery, value.is_null())?, false));
    }
    Ok(cases.into_iter().reduce(Expr::or))
}

/// The sub-query's rows with the value of `x`.
fn matching(test: &InSubquery, schema: &DFSchema) -> Result<Subquery> {
    let outer = test.expr.as_ref().clone().transform(|node| {
        Ok(match node {
            Expr::Column(column) => {
                let field = Arc::clone(schema.field_from_column(&column)?);
                Transformed::yes(Expr::OuterReferenceColumn(field, column))
            }
            node => Transformed::no(node),
        })
    });
    with_filter(&test.subquery, value(&test.subquery).eq(outer.data()?))
}

fn value(subquery: &Subquery) -> Expr {
    let (relation, field) = subquery.subquery.schema().qualified_field(0);
    Expr::Column(Column::new(relation.cloned(), field.name()))
}

fn with_filter(subquery: &Subquery, predicate: Expr) -> Result<Subquery> {
    let plan = LogicalPlanBuilder::from(subquery.subquery.as_ref().clone()).filter(predicate)?.build()?;
    Ok(Subquery { outer_ref_columns: plan.all_out_ref_exprs(), ..subquery.with_plan(Arc::new(plan)) })
}

fn exists(subquery: Subquery, negated: bool) -> Expr {
    Expr::Exists(Exists { subquery, negated })
}
