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

/// Which regions a predicate leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Regions {
    /// Nothing is said about the region.
    Open,
    /// Those that are named; and, when a predicate does not name them (`LIKE`, `<>`), whichever of the enabled ones it
    /// holds for.
    Bound { named: BTreeSet<String>, enabled: bool },
}

impl Regions {
    pub(crate) fn named(named: BTreeSet<String>) -> Self {
        Self::Bound { named, enabled: false }
    }

    /// A superset of what both leave: each region is tried against the whole predicate before it is asked.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open, regions) | (regions, Self::Open) => regions,
            (Self::Bound { named: a, enabled: false }, Self::Bound { named: b, enabled: false }) => {
                Self::named(a.intersection(&b).cloned().collect())
            }
            (Self::Bound { named, enabled: false }, Self::Bound { .. })
            | (Self::Bound { .. }, Self::Bound { named, enabled: false }) => Self::named(named),
            (Self::Bound { named: a, .. }, Self::Bound { named: b, .. }) => {
                Self::Bound { named: a.union(&b).cloned().collect(), enabled: true }
            }
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open, _) | (_, Self::Open) => Self::Open,
            (Self::Bound { named: a, enabled: x }, Self::Bound { named: b, enabled: y }) => {
                Self::Bound { named: a.union(&b).cloned().collect(), enabled: x || y }
            }
        }
    }
}

/// The regions that rows can come from under all of these filters.
pub(crate) fn regions(filters: &[Expr]) -> Regions {
    filters.iter().map(fold_regions).fold(Regions::Open, Regions::and)
}

/// Whether a row of this region can count under all of these filters.
pub(crate) fn may_hold(filters: &[Expr], region: &str) -> Result<bool> {
    Ok(values(filters, Term::Column(REGION), region)? != Domain::none())
}

fn fold_regions(expr: &Expr) -> Regions {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => fold_regions(left).and(fold_regions(right)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => fold_regions(left).or(fold_regions(right)),
        Expr::Alias(alias) => fold_regions(&alias.expr),
        Expr::Literal(ScalarValue::Boolean(Some(false) | None), _) => Regions::named(BTreeSet::new()),
        expr if is_about_region_alone(expr) => match compared(expr, Term::Column(REGION)) {
            Domain::Set(named) => Regions::named(named),
            Domain::All => Regions::Bound { named: BTreeSet::new(), enabled: true },
        },
        _ => Regions::Open,
    }
}

/// The values of `term` that rows of `region` can have under all of these filters.
pub(crate) fn values(filters: &[Expr], term: Term<'_>, region: &str) -> Result<Domain> {
    filters.iter().try_fold(Domain::All, |all, filter| Ok(all.and(fold(filter, term, region)?)))
}

/// True for a predicate whose answer depends on the region alone: asking the right regions is all it needs.
pub(crate) fn is_about_region_alone(expr: &Expr) -> bool {
    let columns = expr.column_refs();
    !columns.is_empty()
        && columns.iter().all(|column| column.name == REGION)
        && !expr.is_volatile()
        && !has_subquery(expr)
}

/// What a predicate gives a request parameter; None when it is anything but an equality or a list of values.
pub(crate) fn parameter(expr: &Expr, column: &str) -> Option<BTreeSet<String>> {
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(named) if named.name == column);
    match expr {
        // DataFusion writes `flag = true` as `flag`, and `flag = false` as `NOT flag`.
        Expr::Column(_) if is_column(expr) => Some(["true".to_owned()].into()),
        Expr::Not(inner) if is_column(inner) => Some(["false".to_owned()].into()),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (left.as_ref(), right.as_ref()) {
            (place, Expr::Literal(value, _)) | (Expr::Literal(value, _), place)
                if is_column(place) && !value.is_null() =>
            {
                Some([value.to_string()].into())
            }
            _ => None,
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut values = parameter(left, column)?;
            values.extend(parameter(right, column)?);
            Some(values)
        }
        Expr::InList(list) if !list.negated && is_column(&list.expr) => match literals(&list.list) {
            Domain::Set(values) => Some(values),
            Domain::All => None,
        },
        _ => None,
    }
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

fn fold(expr: &Expr, term: Term<'_>, region: &str) -> Result<Domain> {
    if is_about_region_alone(expr) {
        return Ok(if holds(expr, region)? { Domain::All } else { Domain::none() });
    }
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            fold(left, term, region)?.and(fold(right, term, region)?)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            fold(left, term, region)?.or(fold(right, term, region)?)
        }
        Expr::Literal(ScalarValue::Boolean(Some(true)), _) => Domain::All,
        Expr::Literal(ScalarValue::Boolean(_), _) => Domain::none(),
        Expr::Alias(alias) => fold(&alias.expr, term, region)?,
        expr => compared(expr, term),
    })
}

/// `term = 'x'` and `term IN ('x', ...)`.
fn compared(expr: &Expr, term: Term<'_>) -> Domain {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) if is_term(left, term) => {
            literals([right.as_ref()])
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) if is_term(right, term) => {
            literals([left.as_ref()])
        }
        Expr::InList(list) if !list.negated && is_term(&list.expr, term) => literals(&list.list),
        _ => Domain::All,
    }
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
    // The common forms, without planning an expression for each.
    let named = |expr: &Expr| match compared(expr, Term::Column(REGION)) {
        Domain::Set(values) => Some(values.contains(region)),
        Domain::All => None,
    };
    if let Some(named) = named(expr) {
        return Ok(named);
    }
    if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::NotEq, right }) = expr
        && let (Expr::Column(_), Expr::Literal(value, _)) | (Expr::Literal(value, _), Expr::Column(_)) =
            (left.as_ref(), right.as_ref())
        && let Some(Some(other)) = value.try_as_str()
    {
        return Ok(other != region);
    }
    let schema = Arc::new(Schema::new(vec![Field::new(REGION, DataType::Utf8, false)]));
    let unqualified = unqualify(expr.clone())?;
    let physical = create_physical_expr(
        &unqualified,
        &DFSchema::try_from(schema.clone())?,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )?;
    let batch = RecordBatch::try_new(schema, vec![Arc::new(StringArray::from(vec![region]))])?;
    Ok(match physical.evaluate(&batch)? {
        ColumnarValue::Scalar(ScalarValue::Boolean(holds)) => holds.unwrap_or(false),
        ColumnarValue::Scalar(_) => false,
        ColumnarValue::Array(array) => {
            array.as_boolean_opt().is_some_and(|answer| answer.iter().next().flatten().unwrap_or(false))
        }
    })
}

/// The same predicate over bare column names.
pub(crate) fn unqualify(expr: Expr) -> Result<Expr> {
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

pub(crate) fn has_subquery(expr: &Expr) -> bool {
    use datafusion::common::tree_node::TreeNode;
    expr.exists(|node| {
        Ok(matches!(
            node,
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::OuterReferenceColumn(..)
        ))
    })
    .unwrap_or(true)
}
