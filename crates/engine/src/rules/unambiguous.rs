//! Filters on their way down through plans in which two columns have one name.
//!
//! DataFusion 55 takes a filter down by the names of its columns: of two of one name it takes the first, and below a
//! projection the last. `a.x IS NULL` above `a RIGHT JOIN b` would become a filter on `b.x`. Only filters over columns
//! whose name leads to them, or to what an inner join makes equal to them, are let through.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result, internal_datafusion_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};

/// A rule that takes filters down, kept from what is ambiguous.
#[derive(Debug)]
pub(super) struct Unambiguous(pub(super) Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for Unambiguous {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let guarded = plan.transform_up(|node| {
            let [child] = node.children()[..] else { return Ok(Transformed::no(node)) };
            let joins = node.name().ends_with("JoinExec") || child.name().ends_with("JoinExec");
            if joins || !(has_twins(&node.schema()) || has_twins(&child.schema())) {
                return Ok(Transformed::no(node));
            }
            let (schema, below) = (node.schema(), child.schema());
            let places = schema.fields().iter().enumerate();
            let allowed = places
                .filter(|(place, field)| {
                    is_one(&node, *place) && below.index_of(field.name()).is_ok_and(|below| is_one(child, below))
                })
                .map(|(place, _)| place)
                .collect();
            let guard: Arc<dyn ExecutionPlan> = Arc::new(Guard { node, allowed });
            Ok(Transformed::yes(guard))
        })?;
        let plan = self.0.optimize(guarded.data, options)?;
        plan.transform_up(|node| {
            Ok(match node.downcast_ref::<Guard>() {
                Some(guard) => Transformed::yes(Arc::clone(&guard.node)),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

fn has_twins(schema: &Schema) -> bool {
    let mut seen = HashSet::new();
    schema.fields().iter().any(|field| !seen.insert(field.name()))
}

/// The columns of a join's output that their names lead to, in the output and on their side.
pub(super) fn allowed(join: &Arc<dyn ExecutionPlan>) -> HashSet<usize> {
    let output = join.schema();
    let Some(hash) = join.downcast_ref::<HashJoinExec>() else {
        return (0..output.fields().len()).filter(|_| !has_twins(&output)).collect();
    };
    let left_len = hash.left().schema().fields().len();
    let is_right = matches!(hash.join_type(), JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark);
    let on_its_side = |place: usize| match hash.join_type() {
        _ if is_right => leads(hash.right(), place),
        _ if place < left_len => leads(hash.left(), place),
        _ => leads(hash.right(), place - left_len),
    };
    let whole = |place: usize| hash.projection.as_ref().map_or(Some(place), |kept| kept.get(place).copied());
    let places = 0..output.fields().len();
    places.filter(|place| leads(join, *place) && whole(*place).is_some_and(on_its_side)).collect()
}

/// Whether the column's name leads to it, or to one that is always the same.
fn leads(plan: &Arc<dyn ExecutionPlan>, place: usize) -> bool {
    let schema = plan.schema();
    let first = schema.fields().get(place).and_then(|field| schema.index_of(field.name()).ok());
    first.is_some_and(|first| first == place || are_equal(plan, first, place))
}

/// Whether all columns of the column's name are always the same.
fn is_one(plan: &Arc<dyn ExecutionPlan>, place: usize) -> bool {
    let schema = plan.schema();
    let Some(name) = schema.fields().get(place).map(|field| field.name()) else { return false };
    let mut twins = schema.fields().iter().enumerate().filter(|(_, field)| field.name() == name);
    twins.all(|(twin, _)| twin == place || are_equal(plan, twin, place))
}

fn are_equal(plan: &Arc<dyn ExecutionPlan>, a: usize, b: usize) -> bool {
    let schema = plan.schema();
    let column = |place: usize| -> Arc<dyn PhysicalExpr> { Arc::new(Column::new(schema.field(place).name(), place)) };
    plan.equivalence_properties().eq_group().exprs_equal(&column(a), &column(b))
}

/// Stands above a node while filters are taken down.
#[derive(Debug, Clone)]
struct Guard {
    node: Arc<dyn ExecutionPlan>,
    allowed: HashSet<usize>,
}

impl DisplayAs for Guard {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

impl ExecutionPlan for Guard {
    fn name(&self) -> &'static str {
        "Guard"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.node.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.node]
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
        let node = children.pop().ok_or_else(|| internal_datafusion_err!("a guard guards nothing"))?;
        Ok(Arc::new(Self { node, allowed: self.allowed.clone() }))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.node.execute(partition, context)
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        through(&filters, self.allowed.clone(), &self.node)
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

/// The filters over these columns alone, for a child with the same columns.
pub(super) fn through(
    filters: &[Arc<dyn PhysicalExpr>],
    allowed: HashSet<usize>,
    child: &Arc<dyn ExecutionPlan>,
) -> Result<FilterDescription> {
    let described = ChildFilterDescription::from_child_with_allowed_indices(filters, allowed, child)?;
    Ok(FilterDescription::new().with_child(described))
}
