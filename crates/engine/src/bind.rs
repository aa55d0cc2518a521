//! Which values a join or a sub-query leaves for a column, read at run time from DataFusion's dynamic filters.
//!
//! A hash join hands the keys of its build side to the scan on its probe side as a `DynamicFilterPhysicalExpr`; a
//! scalar sub-query has its value when the scan is first polled. What is not understood leaves every value.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, StructArray};
use datafusion::arrow::datatypes::Schema;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, CastExpr, Column, DynamicFilterPhysicalExpr, InListExpr, Literal,
};
use datafusion::physical_expr::scalar_subquery::ScalarSubqueryExpr;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ColumnarValue;

use crate::domain::Domain;
use crate::schema::REGION;

type Expr = Arc<dyn PhysicalExpr>;

/// The values of a column that all of these filters leave, in rows of one region when that is given.
pub(crate) fn values(filters: &[Expr], column: &str, region: Option<&str>) -> Domain {
    filters.iter().map(|filter| fold(filter, column, region)).fold(Domain::All, Domain::and)
}

/// Waits until the joins that make these filters have read their build sides.
pub(crate) async fn complete(filters: &[Expr]) {
    for filter in filters {
        if let Some(dynamic) = filter.downcast_ref::<DynamicFilterPhysicalExpr>() {
            dynamic.wait_complete().await;
        }
    }
}

/// Whether a filter will leave values for a column: it is a key of the join, or equal to a sub-query.
pub(crate) fn binds(filter: &Expr, column: &str) -> bool {
    if filter.downcast_ref::<DynamicFilterPhysicalExpr>().is_some() {
        return filter.children().into_iter().any(|key| column_name(key) == Some(column));
    }
    let Some(binary) = filter.downcast_ref::<BinaryExpr>() else { return false };
    let (left, right) = (binary.left(), binary.right());
    match binary.op() {
        Operator::And => binds(left, column) || binds(right, column),
        Operator::Or => binds(left, column) && binds(right, column),
        Operator::Eq => [left, right].into_iter().any(|side| column_name(side) == Some(column)),
        _ => false,
    }
}

pub(crate) fn has_subquery(filter: &Expr) -> bool {
    holds_anywhere(filter, |node| node.downcast_ref::<ScalarSubqueryExpr>().is_some())
}

fn holds_anywhere(filter: &Expr, test: impl Fn(&Expr) -> bool) -> bool {
    let mut found = false;
    // The walk itself cannot fail: the visitor never does.
    let _ = filter.apply(|node| {
        found = found || test(node);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found
}

fn fold(expr: &Expr, column: &str, region: Option<&str>) -> Domain {
    if let Some(dynamic) = expr.downcast_ref::<DynamicFilterPhysicalExpr>() {
        return dynamic.current().map_or(Domain::All, |current| fold(&current, column, region));
    }
    if let Some(literal) = expr.downcast_ref::<Literal>() {
        return match literal.value() {
            ScalarValue::Boolean(Some(false) | None) => Domain::none(),
            _ => Domain::All,
        };
    }
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        return fold_binary(binary, column, region);
    }
    if let Some(list) = expr.downcast_ref::<InListExpr>() {
        return fold_list(list, column, region);
    }
    if let Some(case) = expr.downcast_ref::<CaseExpr>() {
        // A partitioned join routes by hash: CASE hash % n WHEN 0 THEN ... END. Any branch may be the one.
        let branches = case.when_then_expr().iter().map(|(_, then)| then).chain(case.else_expr());
        return branches.map(|branch| fold(branch, column, region)).fold(Domain::none(), Domain::or);
    }
    Domain::All
}

fn fold_binary(binary: &BinaryExpr, column: &str, region: Option<&str>) -> Domain {
    let (left, right) = (binary.left(), binary.right());
    match binary.op() {
        Operator::And => fold(left, column, region).and(fold(right, column, region)),
        Operator::Or => fold(left, column, region).or(fold(right, column, region)),
        Operator::Eq => {
            let (place, value) = if column_name(left).is_some() { (left, right) } else { (right, left) };
            match column_name(place) {
                Some(name) if name == column => one(value),
                // A predicate about another region leaves nothing for this one.
                Some(REGION) => match (one(value), region) {
                    (Domain::Set(regions), Some(region)) if !regions.contains(region) => Domain::none(),
                    _ => Domain::All,
                },
                _ => Domain::All,
            }
        }
        _ => Domain::All,
    }
}

fn fold_list(list: &InListExpr, column: &str, region: Option<&str>) -> Domain {
    if list.negated() {
        return Domain::All;
    }
    let literals = list.list().iter().map(|item| item.downcast_ref::<Literal>().map(Literal::value));
    let Some(literals) = literals.collect::<Option<Vec<_>>>() else { return Domain::All };
    if let Some(name) = column_name(list.expr()) {
        let values = texts(literals.into_iter().cloned());
        return match (name == column, values, region) {
            (true, values, _) => values,
            (false, Domain::Set(regions), Some(region)) if name == REGION && !regions.contains(region) => {
                Domain::none()
            }
            _ => Domain::All,
        };
    }
    // A join on several columns: struct(a, b) IN ({..}, ..).
    let Some(key) = list.expr().downcast_ref::<ScalarFunctionExpr>().filter(|call| call.name() == "struct") else {
        return Domain::All;
    };
    let place = |name: &str| key.args().iter().position(|part| column_name(part) == Some(name));
    let Some(wanted) = place(column) else { return Domain::All };
    let rows = literals.into_iter().filter_map(|literal| match literal {
        ScalarValue::Struct(row) => Some(row.as_ref()),
        _ => None,
    });
    let here = rows.filter(|row| match (place(REGION), region) {
        (Some(place), Some(region)) => part(row, place).is_none_or(|value| text(&value).as_deref() == Some(region)),
        _ => true,
    });
    texts(here.map(|row| part(row, wanted).unwrap_or(ScalarValue::Null)))
}

fn part(row: &StructArray, place: usize) -> Option<ScalarValue> {
    row.columns().get(place).and_then(|column| ScalarValue::try_from_array(column, 0).ok())
}

/// The name of a column, also under a cast from text to text, which joins put around their keys.
fn column_name(expr: &Expr) -> Option<&str> {
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return cast.cast_type().is_string().then(|| column_name(cast.expr())).flatten();
    }
    expr.downcast_ref::<Column>().map(Column::name)
}

fn one(value: &Expr) -> Domain {
    if let Some(literal) = value.downcast_ref::<Literal>() {
        return texts([literal.value().clone()]);
    }
    if value.downcast_ref::<ScalarSubqueryExpr>().is_some() {
        let nothing = RecordBatch::new_empty(Arc::new(Schema::empty()));
        return match value.evaluate(&nothing) {
            Ok(ColumnarValue::Scalar(value)) => texts([value]),
            _ => Domain::All,
        };
    }
    Domain::All
}

/// NULL equals nothing; a value that is no text is not understood.
fn texts(values: impl IntoIterator<Item = ScalarValue>) -> Domain {
    let values = values.into_iter().filter(|value| !value.is_null()).map(|value| text(&value));
    values.collect::<Option<BTreeSet<String>>>().map_or(Domain::All, Domain::Set)
}

fn text(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Dictionary(_, value) => text(value),
        value => value.try_as_str().flatten().map(str::to_owned),
    }
}
