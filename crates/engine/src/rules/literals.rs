//! Comparisons with a literal, in one form.

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

/// Writes `'x' = column` as `column = 'x'` in the conditions of a statement.
///
/// DataFusion 55 takes `column = 'x' AND 'x' = column` to be false where it has made one of them itself, of a condition
/// of a join: it compares them as they are written. An outer join then has no match.
#[derive(Debug)]
pub(super) struct LiteralsStandRight;

impl AnalyzerRule for LiteralsStandRight {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| match node {
            // Elsewhere a column would get another name.
            LogicalPlan::Filter(_) | LogicalPlan::Join(_) => {
                node.map_expressions(|condition| condition.transform_up(|part| Ok(turned(part))))
            }
            node => Ok(Transformed::no(node)),
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ec2_literals_stand_right"
    }
}

fn turned(part: Expr) -> Transformed<Expr> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = part else { return Transformed::no(part) };
    let is_left = matches!(*left, Expr::Literal(..)) && !matches!(*right, Expr::Literal(..));
    match op.swap().filter(|_| is_left) {
        Some(op) => Transformed::yes(Expr::BinaryExpr(BinaryExpr { left: right, op, right: left })),
        None => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
    }
}
