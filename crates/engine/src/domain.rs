//! Which values a predicate leaves for a column: the reading of filters that requests are made of.
//!
//! A pure function of expressions. What is not understood leaves every value, so that a domain never loses a row;
//! half of an `OR` is therefore never pushed.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_plan::ColumnarValue;

use crate::schema::{REGION, TAGS};

/// The values that a column may have in a row that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Domain {
    /// Any, NULL included.
    All,
    /// One of these; none at all when empty.
    Set(BTreeSet<String>),
}

/// What a predicate can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Term<'a> {
    /// A text column.
    Column(&'a str),
    /// `tags['key']`.
    Tag(&'a str),
}

impl Domain {
    pub(crate) fn none() -> Self {
        Self::Set(BTreeSet::new())
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, domain) | (domain, Self::All) => domain,
            (Self::Set(a), Self::Set(b)) => Self::Set(a.intersection(&b).cloned().collect()),
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Set(mut a), Self::Set(b)) => {
                a.extend(b);
                Self::Set(a)
            }
        }
    }
}

/// The regions that rows can come from under all of these filters.
pub(crate) fn regions(filters: &[Expr]) -> Result<Domain> {
    let domain = filters.iter().map(|filter| fold(filter, Term::Column(REGION), None)).try_fold(Domain::All, |all, one| Ok::<_, datafusion::error::DataFusionError>(all.and(one?)))?;
    let Domain::Set(regions) = domain else { return Ok(Domain::All) };
    // Whatever else is said about the region alone narrows the set: `region IN (...) AND region <> 'x'`.
    let mut left = BTreeSet::new();
    for region in regions {
        if !matches!(values(filters, Term::Column(REGION), &region)?, Domain::Set(set) if set.is_empty()) {
            left.insert(region);
        }
    }
    Ok(Domain::Set(left))
}

/// The values of `term` that rows of `region` can have under all of these filters.
pub(crate) fn values(filters: &[Expr], term: Term<'_>, region: &str) -> Result<Domain> {
    filters.iter().try_fold(Domain::All, |all, filter| Ok(all.and(fold(filter, term, Some(region))?)))
}

/// True for a predicate whose answer depends on the region alone: asking the right regions is all it needs.
pub(crate) fn is_about_region_alone(expr: &Expr) -> bool {
    let columns = expr.column_refs();
    !columns.is_empty() && columns.iter().all(|column| column.name == REGION) && !expr.is_volatile() && !has_subquery(expr)
}

/// The keys that the filters compare tags by.
pub(crate) fn tag_keys(filters: &[Expr]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut stack: Vec<&Expr> = filters.iter().collect();
    while let Some(expr) = stack.pop() {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or | Operator::Eq, right }) => {
                stack.extend([left.as_ref(), right.as_ref()]);
            }
            Expr::InList(list) if !list.negated => stack.push(&list.expr),
            _ => keys.extend(tag_key(expr).map(str::to_owned)),
        }
    }
    keys
}

fn fold(expr: &Expr, term: Term<'_>, region: Option<&str>) -> Result<Domain> {
    if let Some(region) = region
        && is_about_region_alone(expr)
    {
        return Ok(if holds(expr, region)? { Domain::All } else { Domain::none() });
    }
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            fold(left, term, region)?.and(fold(right, term, region)?)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            fold(left, term, region)?.or(fold(right, term, region)?)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            if is_term(left, term) {
                literals([right.as_ref()])
            } else if is_term(right, term) {
                literals([left.as_ref()])
            } else {
                Domain::All
            }
        }
        Expr::InList(list) if !list.negated && is_term(&list.expr, term) => literals(&list.list),
        Expr::Literal(ScalarValue::Boolean(Some(true)), _) => Domain::All,
        Expr::Literal(ScalarValue::Boolean(_), _) => Domain::none(),
        Expr::Alias(alias) => fold(&alias.expr, term, region)?,
        _ => Domain::All,
    })
}

fn is_term(expr: &Expr, term: Term<'_>) -> bool {
    match (expr, term) {
        (Expr::Column(column), Term::Column(name)) => column.name == name,
        // Text against text of another Arrow layout: the value is the same.
        (Expr::Cast(cast), _) if cast.field.data_type().is_string() => is_term(&cast.expr, term),
        (_, Term::Tag(key)) => tag_key(expr) == Some(key),
        _ => false,
    }
}

fn tag_key(expr: &Expr) -> Option<&str> {
    let Expr::ScalarFunction(call) = expr else { return None };
    match call.args.as_slice() {
        [Expr::Column(column), Expr::Literal(key, _)] if call.func.name() == "get_field" && column.name == TAGS => {
            key.try_as_str().flatten()
        }
        _ => None,
    }
}

/// NULL equals nothing; a literal that is no text is not understood.
fn literals<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> Domain {
    let mut set = BTreeSet::new();
    for expr in exprs {
        let Expr::Literal(value, _) = expr else { return Domain::All };
        match value.try_as_str() {
            Some(Some(text)) => {
                set.insert(text.to_owned());
            }
            _ if value.is_null() => {}
            _ => return Domain::All,
        }
    }
    Domain::Set(set)
}

/// Evaluates a predicate over the region alone for one region.
fn holds(expr: &Expr, region: &str) -> Result<bool> {
    let schema = Arc::new(Schema::new(vec![Field::new(REGION, DataType::Utf8, false)]));
    let unqualified = unqualify(expr.clone())?;
    let physical = create_physical_expr(&unqualified, &DFSchema::try_from(schema.clone())?, &ExecutionProps::new(), &PhysicalPlanningContext::default())?;
    let batch = RecordBatch::try_new(schema, vec![Arc::new(StringArray::from(vec![region]))])?;
    Ok(match physical.evaluate(&batch)? {
        ColumnarValue::Scalar(ScalarValue::Boolean(holds)) => holds.unwrap_or(false),
        ColumnarValue::Scalar(_) => false,
        ColumnarValue::Array(array) => array.as_boolean_opt().is_some_and(|answer| answer.iter().next().flatten().unwrap_or(false)),
    })
}

fn unqualify(expr: Expr) -> Result<Expr> {
    use datafusion::common::Column;
    use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
    expr.transform(|node| {
        Ok(match node {
            Expr::Column(column) if column.relation.is_some() => {
                Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))
            }
            other => Transformed::no(other),
        })
    })
    .data()
}

fn has_subquery(expr: &Expr) -> bool {
    use datafusion::common::tree_node::TreeNode;
    expr.exists(|node| Ok(matches!(node, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::OuterReferenceColumn(..)))).unwrap_or(true)
}
