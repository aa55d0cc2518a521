//! `FROM t, UNNEST(t.list) AS x(item)`: a row per item beside the row that holds it.
//!
//! DataFusion parses it into a cross join whose right side refers to the left, and has no plan for that. It is the left
//! side with one more column, unnested.

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result, UnnestOptions};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::AnalyzerRule;

/// The name of the added column until it gets the one that the statement gave.
const ITEM: &str = "__unnested";

#[derive(Debug)]
pub(crate) struct LateralUnnest;

impl AnalyzerRule for LateralUnnest {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| {
            let LogicalPlan::Join(join) = &node else { return Ok(Transformed::no(node)) };
            match list(join)? {
                Some(list) => Ok(Transformed::yes(unnested(join, list)?)),
                None => Ok(Transformed::no(node)),
            }
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ec2_lateral_unnest"
    }
}

/// The list of the left side that the right side unnests, if that is all that the join does.
fn list(join: &Join) -> Result<Option<Expr>> {
    let every_pair = join.join_type == JoinType::Inner && join.on.is_empty() && join.filter.is_none();
    if !every_pair || join.right.schema().fields().len() != 1 {
        return Ok(None);
    }
    let mut unnests = 0;
    let mut lists = vec![];
    let mut plain = true;
    join.right.apply(|node| {
        match node {
            LogicalPlan::Unnest(_) => unnests += 1,
            LogicalPlan::Projection(projection) => {
                lists.extend(projection.expr.iter().filter(|expr| expr.contains_outer()).cloned());
            }
            LogicalPlan::SubqueryAlias(_) | LogicalPlan::Subquery(_) | LogicalPlan::EmptyRelation(_) => {}
            _ => plain = false,
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(match (plain, unnests, lists.as_slice()) {
        (true, 1, [list]) => Some(inner(list.clone())?),
        _ => None,
    })
}

/// The expression as the left side sees it.
fn inner(list: Expr) -> Result<Expr> {
    list.unalias()
        .transform(|expr| {
            Ok(match expr {
                Expr::OuterReferenceColumn(_, column) => Transformed::yes(Expr::Column(column)),
                other => Transformed::no(other),
            })
        })
        .data()
}

fn unnested(join: &Join, list: Expr) -> Result<LogicalPlan> {
    let left = || {
        join.left.schema().iter().map(|(relation, field)| Expr::Column(Column::new(relation.cloned(), field.name())))
    };
    let options = UnnestOptions::default().with_preserve_nulls(false);
    let rows = LogicalPlanBuilder::from(join.left.as_ref().clone())
        .project(left().chain([list.alias(ITEM)]))?
        .unnest_column_with_options(Column::new_unqualified(ITEM), options)?;
    let named = join.right.schema().iter().map(|(relation, field)| {
        Expr::Column(Column::new_unqualified(ITEM)).alias_qualified(relation.cloned(), field.name())
    });
    rows.project(left().chain(named))?.build()
}
