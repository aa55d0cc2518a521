//! Which side of a join waits for the values of the other.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};

use super::bound;
use super::unambiguous::Unambiguous;
use ec2ql_catalog::ParameterKind;

use crate::domain::Regions;
use crate::plan;
use crate::scan::Ec2Scan;
use crate::schema::REGION;

/// Puts the scan that needs the other side's values on the probe side of a hash join, and lets the join read its build
/// side whole first.
#[derive(Debug)]
pub(super) struct ProbeSide;

impl PhysicalOptimizerRule for ProbeSide {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let mut plan = by_need(plan)?;
        let mut unbound = unbound(&plan, options)?;
        // Regions may come through several joins, from above or below: what a join by itself needs does not tell.
        while unbound > 0 {
            let mut better = None;
            for place in 0.. {
                let (swapped, joins) = swapped(&plan, place)?;
                if place >= joins {
                    break;
                }
                let left = self::unbound(&swapped, options)?;
                if left < unbound {
                    unbound = left;
                    better = Some(swapped);
                    break;
                }
            }
            match better {
                Some(better) => plan = better,
                None => break,
            }
        }
        Ok(plan)
    }

    fn name(&self) -> &'static str {
        "ec2_probe_side"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Each join by what its own sides need.
fn by_need(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let Some(join) = node.downcast_ref::<HashJoinExec>() else { return Ok(Transformed::no(node)) };
        let (mut left, mut right) = (Need::Nothing, Need::Nothing);
        for (left_key, right_key) in join.on() {
            left = left.max(need(join.left(), left_key)?);
            right = right.max(need(join.right(), right_key)?);
        }
        if left > right && join.join_type().supports_swap() && !join.null_aware {
            return Ok(Transformed::yes(join.swap_inputs(PartitionMode::CollectLeft)?));
        }
        if right > Need::Nothing && *join.partition_mode() != PartitionMode::CollectLeft {
            let collected = join.builder().with_partition_mode(PartitionMode::CollectLeft).build()?;
            return Ok(Transformed::yes(Arc::new(collected)));
        }
        Ok(Transformed::no(node))
    })
    .data()
}

/// How many scans nothing would bind.
fn unbound(plan: &Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Result<usize> {
    if bound::unbound(plan)?.is_empty() {
        return Ok(0);
    }
    let first = Unambiguous(Arc::new(FilterPushdown::new())).optimize(Arc::clone(plan), options)?;
    let plan = Unambiguous(Arc::new(FilterPushdown::new_post_optimization())).optimize(first, options)?;
    Ok(bound::unbound(&plan)?.len())
}

/// The plan with one of its joins turned round, and how many joins it has.
fn swapped(plan: &Arc<dyn ExecutionPlan>, place: usize) -> Result<(Arc<dyn ExecutionPlan>, usize)> {
    let mut joins = 0;
    let swapped = Arc::clone(plan).transform_up(|node| {
        let Some(join) = node.downcast_ref::<HashJoinExec>() else { return Ok(Transformed::no(node)) };
        joins += 1;
        if joins == place + 1 && join.join_type().supports_swap() && !join.null_aware {
            return Ok(Transformed::yes(join.swap_inputs(PartitionMode::CollectLeft)?));
        }
        Ok(Transformed::no(node))
    });
    Ok((swapped.data()?, joins))
}

/// What a scan gains from the values of a join's key, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Nothing,
    /// The key can go into a filter.
    Filter,
    /// The key is the table's id: rows are asked for one by one instead of listed.
    Id,
    /// The same where the list is not only one's own: nothing says whose.
    IdOfAnyone,
    /// Without the key nothing says which regions to ask.
    Region,
}

fn need(side: &Arc<dyn ExecutionPlan>, key: &Arc<dyn PhysicalExpr>) -> Result<Need> {
    let Some(key) = key.downcast_ref::<Column>().map(Column::name) else { return Ok(Need::Nothing) };
    let mut most = Need::Nothing;
    side.apply(|node| {
        if let Some(scan) = node.downcast_ref::<Ec2Scan>() {
            let ask = scan.ask();
            let open = plan::scope(&ask)? == Regions::Open;
            let column = ask.table.columns.iter().find(|column| column.name == key);
            let found = match column {
                _ if key == REGION && open => Need::Region,
                Some(column) if column.id.is_some() && !asks_ids(scan)? => {
                    let narrows = |kind| kind == ParameterKind::TextList;
                    let is_wide = ask.table.predicates().any(|(parameter, _)| narrows(parameter.kind));
                    if is_wide && ask.given.is_empty() { Need::IdOfAnyone } else { Need::Id }
                }
                Some(column) if column.filter.is_some() => Need::Filter,
                _ => Need::Nothing,
            };
            most = most.max(found);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(most)
}

fn asks_ids(scan: &Ec2Scan) -> Result<bool> {
    let ask = scan.ask();
    let Regions::Bound { named, .. } = plan::scope(&ask)? else { return Ok(false) };
    Ok(plan::requests(&ask, named)?.iter().any(plan::RegionRequest::asks_ids))
}
