//! What is bound, and what is refused.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{NullEquality, Result};
use datafusion::config::ConfigOptions;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;

use crate::bind;
use crate::domain::Regions;
use crate::plan;
use crate::scan::{self, Ec2Scan};
use crate::schema::REGION;

/// The name of the plan of `WITH RECURSIVE`: its second input is run again and again.
pub(super) const RECURSIVE: &str = "RecursiveQueryExec";

/// Every scan keeps only the filters that somebody fills in before it runs, and a scan that nothing
/// binds is refused before a request is sent.
#[derive(Debug)]
pub(super) struct Bound;

impl PhysicalOptimizerRule for Bound {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let made = made(&plan)?;
        if let Some(unbound) = open(&plan, &made)?.first() {
            let joins = plan.exists(|node| Ok(node.name().ends_with("JoinExec")))?;
            return Err(scan::unbound(&unbound.spec, joins));
        }
        plan.transform_up(|node| {
            let Some(scan) = node.downcast_ref::<Ec2Scan>() else { return Ok(Transformed::no(node)) };
            let kept = filled(scan, &made);
            if kept.len() == scan.dynamic.len() {
                return Ok(Transformed::no(node));
            }
            let kept: Arc<dyn ExecutionPlan> = Arc::new(scan.with_dynamic(kept));
            Ok(Transformed::yes(kept))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ec2_bound"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The scans whose regions nothing says.
pub(super) fn unbound(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<Ec2Scan>> {
    open(plan, &made(plan)?)
}

fn open(plan: &Arc<dyn ExecutionPlan>, made: &[u64]) -> Result<Vec<Ec2Scan>> {
    let mut unbound = vec![];
    plan.apply(|node| {
        if let Some(scan) = node.downcast_ref::<Ec2Scan>()
            && !filled(scan, made).iter().any(|filter| bind::binds(filter, REGION))
            && plan::scope(&scan.spec.ask(&[]))? == Regions::Open
        {
            unbound.push(scan.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(unbound)
}

/// The filters of a scan whose values are there when it runs.
fn filled(scan: &Ec2Scan, made: &[u64]) -> Vec<Arc<dyn PhysicalExpr>> {
    let is_filled = |filter: &&Arc<dyn PhysicalExpr>| {
        filter.expression_id().is_some_and(|id| made.contains(&id)) || bind::has_subquery(filter)
    };
    scan.dynamic.iter().filter(is_filled).cloned().collect()
}

/// The filters that joins fill in. A `TopK`'s looks like a join's, but is filled in while the scan runs: it must not be
/// waited for.
fn made(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<u64>> {
    let mut made = vec![];
    plan.apply(|node| {
        // Each round of a recursive query has new joins, whose filters nobody holds.
        if let (true, [first, _]) = (node.name() == RECURSIVE, &node.children()[..]) {
            made.extend(self::made(first)?);
            return Ok(TreeNodeRecursion::Jump);
        }
        if let Some(join) = node.downcast_ref::<HashJoinExec>()
            // Where NULL equals NULL (INTERSECT), the values that are not NULL are not all that counts.
            && join.null_equality() == NullEquality::NullEqualsNothing
        {
            made.extend(node.dynamic_expressions_produced().iter().filter_map(|made| made.expression_id()));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(made)
}
