//! What DataFusion's planner must do for scans that a join or a sub-query binds.

mod joined;
mod once;
mod unambiguous;

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{NullEquality, Result};
use datafusion::config::ConfigOptions;
use datafusion::execution::SessionStateBuilder;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::prelude::SessionConfig;

use crate::bind;
use crate::domain::Regions;
use crate::lateral::LateralUnnest;
use crate::nulls;
use crate::plan;
use crate::scan::{self, Ec2Scan};
use crate::schema::REGION;
use joined::JoinsSayWhatIsTrue;
use once::Once;
use unambiguous::Unambiguous;

/// Bytes and rows of a build side that a join hands on as values.
const JOIN_BYTES_MAX: usize = 16 << 20;
const JOIN_ROWS_MAX: usize = 100_000;

/// Adds the rules, and the settings that they need.
pub(crate) fn install(builder: SessionStateBuilder, mut config: SessionConfig) -> SessionStateBuilder {
    let optimizer = &mut config.options_mut().optimizer;
    optimizer.hash_join_inlist_pushdown_max_size = JOIN_BYTES_MAX;
    optimizer.hash_join_inlist_pushdown_max_distinct_values = JOIN_ROWS_MAX;
    // DataFusion 55 loses the columns that it makes for `tags['k']` below an outer join with an empty side. Nothing is
    // gained by them here: a scan reads whole columns.
    optimizer.enable_leaf_expression_pushdown = false;
    let mut rules = PhysicalOptimizer::new().rules;
    for rule in &mut rules {
        if rule.name().starts_with("FilterPushdown") {
            *rule = Arc::new(Unambiguous(Arc::clone(rule)));
        }
    }
    let after_joins = rules.iter().position(|rule| rule.name() == "join_selection").map_or(0, |place| place + 1);
    rules.insert(after_joins, Arc::new(ProbeSide));
    rules.insert(0, Arc::new(JoinsSayWhatIsTrue));
    rules.push(Arc::new(Bound));
    rules.push(Arc::new(Once));
    let mut analyzer: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(LateralUnnest)];
    analyzer.extend(Analyzer::new().rules);
    analyzer.extend(nulls::rules());
    builder.with_config(config).with_analyzer_rules(analyzer).with_physical_optimizer_rules(rules)
}

/// Puts the scan that needs the other side's values on the probe side of a hash join, and lets the join read its build
/// side whole first.
#[derive(Debug)]
struct ProbeSide;

impl PhysicalOptimizerRule for ProbeSide {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
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

    fn name(&self) -> &'static str {
        "ec2_probe_side"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What a scan gains from the values of a join's key, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Nothing,
    /// The key can go into a filter.
    Filter,
    /// The key is the table's id: rows are asked for one by one instead of listed.
    Id,
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
                Some(column) if column.id.is_some() && !asks_ids(scan)? => Need::Id,
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

/// Every scan keeps only the filters that somebody fills in before it runs, and a scan that nothing
/// binds is refused before a request is sent.
#[derive(Debug)]
struct Bound;

impl PhysicalOptimizerRule for Bound {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        // A TopK filter looks like a join's, but is filled in while the scan runs: it must not be waited for.
        let mut produced = vec![];
        let mut joins = false;
        plan.apply(|node| {
            if let Some(join) = node.downcast_ref::<HashJoinExec>()
                // Where NULL equals NULL (INTERSECT), the values that are not NULL are not all that counts.
                && join.null_equality() == NullEquality::NullEqualsNothing
            {
                produced.extend(node.dynamic_expressions_produced().iter().filter_map(|made| made.expression_id()));
            }
            joins = joins || node.name().ends_with("JoinExec");
            Ok(TreeNodeRecursion::Continue)
        })?;
        plan.transform_up(|node| {
            let Some(scan) = node.downcast_ref::<Ec2Scan>() else { return Ok(Transformed::no(node)) };
            let filled = |filter: &Arc<dyn PhysicalExpr>| {
                filter.expression_id().is_some_and(|id| produced.contains(&id)) || bind::has_subquery(filter)
            };
            let dynamic: Vec<_> = scan.dynamic.iter().filter(|filter| filled(filter)).cloned().collect();
            let will_bind = dynamic.iter().any(|filter| bind::mentions(filter, REGION));
            if !will_bind && plan::scope(&scan.spec.ask(&[]))? == Regions::Open {
                return Err(scan::unbound(&scan.spec, joins));
            }
            if dynamic.len() == scan.dynamic.len() {
                return Ok(Transformed::no(node));
            }
            let kept: Arc<dyn ExecutionPlan> = Arc::new(scan.with_dynamic(dynamic));
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
