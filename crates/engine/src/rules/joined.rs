//! What is above a join: it can be stopped, and knows of NULLs what is true.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result, Statistics, internal_datafusion_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{
    CardinalityEffect, ChildrenPropertiesMode, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use super::{passing, unambiguous};

/// Puts a [`Joined`] above each join, before a rule looks at what it says of its output.
#[derive(Debug)]
pub(super) struct JoinsSayWhatIsTrue;

impl PhysicalOptimizerRule for JoinsSayWhatIsTrue {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            Ok(if unambiguous::is_join(&node) {
                let pads = pads(&node);
                let joined: Arc<dyn ExecutionPlan> = Arc::new(Joined::new(node, pads));
                Transformed::yes(joined)
            } else {
                Transformed::no(node)
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ec2_joins_say_what_is_true"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether a side of the join gets NULLs where it has no row for one of the other side's.
fn pads(join: &Arc<dyn ExecutionPlan>) -> bool {
    let hash = || join.downcast_ref::<HashJoinExec>().map(HashJoinExec::join_type);
    let nested = || join.downcast_ref::<NestedLoopJoinExec>().map(NestedLoopJoinExec::join_type);
    // What else there is may do it too.
    hash().or_else(nested).is_none_or(|kind| matches!(kind, JoinType::Left | JoinType::Right | JoinType::Full))
}

/// The output of a join.
///
/// A join of two large inputs makes rows for hours without asking its inputs for more: only there would DataFusion look
/// whether somebody wants to stop it. Here the output yields, so that a time limit and Ctrl-C are noticed.
///
/// DataFusion 55 takes what is constant on one side of an outer join (`WHERE x = 1`, `'a' AS kind`) to be constant in its
/// output too, where unmatched rows have NULL instead: `ORDER BY x` would not sort, and `GROUP BY x` expect sorted rows.
/// Above an outer join nothing is known.
#[derive(Debug, Clone)]
pub(super) struct Joined {
    join: Arc<dyn ExecutionPlan>,
    pads: bool,
    properties: Arc<PlanProperties>,
}

impl Joined {
    fn new(join: Arc<dyn ExecutionPlan>, pads: bool) -> Self {
        let mut properties = PlanProperties::clone(join.properties()).with_scheduling_type(SchedulingType::Cooperative);
        if pads {
            properties = properties.with_eq_properties(EquivalenceProperties::new(join.schema()));
        }
        Self { join, pads, properties: Arc::new(properties) }
    }
}

impl DisplayAs for Joined {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Joined")
    }
}

impl ExecutionPlan for Joined {
    fn name(&self) -> &'static str {
        "Joined"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    /// Above an outer join it does not say so: a sort would be moved below, where it would see constants.
    fn maintains_input_order(&self) -> Vec<bool> {
        vec![!self.pads]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.join]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let join = children.pop().ok_or_else(|| internal_datafusion_err!("a join is missing"))?;
        Ok(Arc::new(Self::new(join, self.pads)))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        Ok(make_cooperative(self.join.execute(partition, context)?))
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        inputs.first().cloned().ok_or_else(|| internal_datafusion_err!("the statistics of a join are missing"))
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        passing::through(&filters, &unambiguous::allowed(&self.join, self.pads), &self.join)
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(result))
    }
}
