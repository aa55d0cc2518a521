//! `x IN (...)` beside another test of the same `x`.
//!
//! DataFusion's simplifier makes one list of two: `x IN (1) AND x IN (2)` is false to it, and `x NOT IN (1) OR x NOT IN
//! (2)` true. For a NULL `x` both are NULL; and a list may hold a NULL, or what only a row knows. Where that makes a
//! difference, a test is wrapped in a function that answers what the test answers, through which no rule looks.

use std::collections::HashMap;
use std::sync::LazyLock;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;

#[derive(Debug)]
pub(super) struct Lists;

impl AnalyzerRule for Lists {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| {
            let is_predicate = matches!(node, LogicalPlan::Filter(_) | LogicalPlan::Join(_));
            let names = NamePreserver::new(&node);
            node.map_expressions(|expr| {
                if !expr.exists(|part| Ok(tested(part).is_some()))? {
                    return Ok(Transformed::no(expr));
                }
                let name = names.save(&expr);
                let rewritten = if is_predicate { conjunct(expr)? } else { tree(expr, false)? };
                Ok(Transformed::yes(name.restore(rewritten)))
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ec2_null_in_lists"
    }
}

/// Each conjunct of a predicate by itself: between two of them false and NULL are the same.
fn conjunct(expr: Expr) -> Result<Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => Ok(conjunct(*left)?.and(conjunct(*right)?)),
        expr => tree(expr, true),
    }
}

/// A tree of AND, OR and NOT, and what hangs on it.
fn tree(expr: Expr, is_predicate: bool) -> Result<Expr> {
    // Where nothing is negated, and NULL counts as false, it does no harm to take NULL for false.
    let lists_alone = is_predicate && !negates(&expr);
    let mut tests = HashMap::new();
    count(&expr, lists_alone, &mut tests);
    tests.retain(|_, times| *times > 1);
    let repeated: Vec<Expr> = tests.into_keys().cloned().collect();
    leaves(expr, &|test| {
        repeated.contains(test.expr) && (test.is_negated_list || !lists_alone) || test.list.is_some_and(is_uncertain)
    })
}

/// Wraps the tests that are to be.
fn leaves(expr: Expr, is_wrapped: &dyn Fn(&Test<'_>) -> bool) -> Result<Expr> {
    if connects(&expr) {
        return expr.map_children(|part| Ok(Transformed::yes(leaves(part, is_wrapped)?))).data();
    }
    let wraps = tested(&expr).is_some_and(|test| is_wrapped(&test));
    let leaf = expr.map_children(|part| Ok(Transformed::yes(tree(part, false)?))).data()?;
    Ok(if wraps { AS_GIVEN.call(vec![leaf]) } else { leaf })
}

fn count<'a>(expr: &'a Expr, lists_alone: bool, tests: &mut HashMap<&'a Expr, usize>) {
    match expr {
        expr if !connects(expr) => {
            if let Some(test) = tested(expr)
                && (test.is_negated_list || !lists_alone)
            {
                *tests.entry(test.expr).or_default() += 1;
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, right, .. }) => {
            count(left, lists_alone, tests);
            count(right, lists_alone, tests);
        }
        Expr::Not(part) => count(part, lists_alone, tests),
        _ => {}
    }
}

fn connects(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(BinaryExpr { op, .. }) => matches!(op, Operator::And | Operator::Or),
        Expr::Not(part) => connects(part) || tested(part).is_some(),
        _ => false,
    }
}

fn negates(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, right, .. }) if connects(expr) => negates(left) || negates(right),
        expr => matches!(expr, Expr::Not(_)) && connects(expr),
    }
}

/// A test of an expression against values.
struct Test<'a> {
    expr: &'a Expr,
    list: Option<&'a [Expr]>,
    is_negated_list: bool,
}

/// The simplifier makes lists of equalities with literals too.
fn tested(expr: &Expr) -> Option<Test<'_>> {
    match expr {
        Expr::InList(InList { expr, list, negated }) => {
            Some(Test { expr, list: Some(list), is_negated_list: *negated })
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq | Operator::NotEq, right }) => {
            let expr = match (is_literal(left), is_literal(right)) {
                (false, true) => left,
                (true, false) => right,
                _ => return None,
            };
            Some(Test { expr, list: None, is_negated_list: false })
        }
        _ => None,
    }
}

/// Whether the values of two such lists can be compared before there is a row.
fn is_uncertain(list: &[Expr]) -> bool {
    !list.iter().all(is_literal)
}

/// A value that is known and not NULL.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value, _) => !value.is_null(),
        Expr::Cast(cast) => is_literal(&cast.expr),
        _ => false,
    }
}

static AS_GIVEN: LazyLock<ScalarUDF> =
    LazyLock::new(|| ScalarUDF::new_from_impl(AsGiven(Signature::any(1, Volatility::Immutable))));

/// A filter without what hides its tests.
pub(crate) fn as_given(filter: &Expr) -> Result<Expr> {
    filter
        .clone()
        .transform_down(|node| {
            Ok(match node {
                Expr::ScalarFunction(call) if call.func.inner().is::<AsGiven>() => {
                    Transformed::yes(call.args.into_iter().next().unwrap_or_default())
                }
                node => Transformed::no(node),
            })
        })
        .data()
}

/// The function that gives what it is given.
#[derive(Debug, PartialEq, Eq, Hash)]
struct AsGiven(Signature);

impl ScalarUDFImpl for AsGiven {
    fn name(&self) -> &'static str {
        "as_given"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Field::new(self.name(), DataType::Boolean, nullable).into())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [test] = datafusion::common::utils::take_function_args(self.name(), args.args)?;
        Ok(test)
    }
}
