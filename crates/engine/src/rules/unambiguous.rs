//! Filters on their way down through plans in which two columns have one name.
//!
//! DataFusion 55 takes a filter down by the names of its columns: of two of one name it takes the first, and below a
//! projection the last. `a.x IS NULL` above `a RIGHT JOIN b` would become a filter on `b.x`. Here filters go down column
//! by column, and only over columns whose name leads to them, or to what an inner join makes equal to them, where
//! DataFusion looks by name.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, Result};
use datafusion::config::ConfigOptions;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use super::joined::Joined;
use super::passing::{Columns, Passing};

/// A rule that takes filters down, kept from what is ambiguous.
#[derive(Debug)]
pub(super) struct Unambiguous(pub(super) Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for Unambiguous {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let guarded = plan.transform_up(|node| {
            let [child] = node.children()[..] else { return Ok(Transformed::no(node)) };
            if let Some(passing) = Passing::of(&node, |place| !is_join(child) || looks_there(child, place)) {
                let passing: Arc<dyn ExecutionPlan> = Arc::new(passing);
                return Ok(Transformed::yes(passing));
            }
            // Joins go by places.
            let goes_by_places = is_join(&node) || node.downcast_ref::<Joined>().is_some();
            if goes_by_places || !(has_twins(&node.schema()) || has_twins(&child.schema())) {
                return Ok(Transformed::no(node));
            }
            let columns = same(&node, |place| is_found(&node, child, place).then_some(place));
            let passing: Arc<dyn ExecutionPlan> = Arc::new(Passing::above(node, columns));
            Ok(Transformed::yes(passing))
        })?;
        let plan = self.0.optimize(guarded.data, options)?;
        plan.transform_up(|node| {
            let behind = node.downcast_ref::<Passing>().map(|passing| Arc::clone(&passing.node));
            Ok(behind.map_or_else(|| Transformed::no(node), Transformed::yes))
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

/// Columns of a node as columns of the same node.
fn same(node: &Arc<dyn ExecutionPlan>, place: impl Fn(usize) -> Option<usize>) -> Columns {
    let schema = node.schema();
    let column = |(at, field): (usize, &Arc<Field>)| {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), place(at)?));
        Some((at, column))
    };
    schema.fields().iter().enumerate().filter_map(column).collect()
}

/// Whether the node, which looks for the columns of its input by their names, finds the one that this column is.
fn is_found(node: &Arc<dyn ExecutionPlan>, input: &Arc<dyn ExecutionPlan>, place: usize) -> bool {
    let schema = node.schema();
    let kept = node.downcast_ref::<FilterExec>().and_then(|filter| filter.projection().as_ref());
    match kept {
        Some(kept) => kept.get(place).is_some_and(|below| leads(input, *below)),
        None if schema == input.schema() => leads(input, place),
        None => {
            let below = schema.fields().get(place).and_then(|field| input.schema().index_of(field.name()).ok());
            is_one(node, place) && below.is_some_and(|below| is_one(input, below))
        }
    }
}

/// The columns of a join's output that their names lead to on their side, which is where the join looks for them. Of
/// columns that are always the same the first stands for all; an outer join, which `pads`, does not know of any.
pub(super) fn allowed(join: &Arc<dyn ExecutionPlan>, pads: bool) -> Columns {
    let output = join.schema();
    same(join, |place| {
        let first = output.index_of(output.fields().get(place)?.name()).ok()?;
        let source = if !pads && are_equal(join, first, place) { first } else { place };
        looks_there(join, source).then_some(source)
    })
}

pub(super) fn is_join(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.name().ends_with("JoinExec")
}

/// Whether a filter over this column of a join's output is taken to that column of its input.
fn looks_there(join: &Arc<dyn ExecutionPlan>, place: usize) -> bool {
    // A join whose sides were swapped is below a projection, which goes by places.
    if join.downcast_ref::<Passing>().is_some() {
        return true;
    }
    let Some(hash) = join.downcast_ref::<HashJoinExec>() else { return !has_twins(&join.schema()) };
    let place = match &hash.projection {
        None => place,
        Some(kept) => match kept.get(place) {
            Some(place) => *place,
            None => return false,
        },
    };
    let left_len = hash.left().schema().fields().len();
    let leads = match hash.join_type() {
        JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => leads(hash.right(), place),
        _ if place < left_len => leads(hash.left(), place),
        _ => leads(hash.right(), place - left_len),
    };
    leads && is_paired(hash, place)
}

/// A semi join takes filters over its keys to the other side as well, by the name of its own side's key: there must be
/// no other column of that name.
fn is_paired(join: &HashJoinExec, place: usize) -> bool {
    let index = |key: &Arc<dyn PhysicalExpr>| key.downcast_ref::<Column>().map(Column::index);
    let keys = join.on().iter().map(|(left, right)| (index(left), index(right)));
    let (own, other, pairs): (_, _, Vec<_>) = match join.join_type() {
        JoinType::LeftSemi => (join.left(), join.right(), keys.collect()),
        JoinType::RightSemi => (join.right(), join.left(), keys.map(|(left, right)| (right, left)).collect()),
        _ => return true,
    };
    let (own, other) = (own.schema(), other.schema());
    let twin = own.fields().get(place).and_then(|field| other.index_of(field.name()).ok());
    twin.is_none_or(|twin| pairs.iter().filter(|(key, _)| *key == Some(place)).all(|(_, pair)| *pair == Some(twin)))
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
