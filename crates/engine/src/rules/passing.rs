//! Filters on their way down through a node, column by column.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

/// What columns of a node's output are in its input, by their places in the output.
pub(super) type Columns = HashMap<usize, Arc<dyn PhysicalExpr>>;

/// The filters over these columns alone, as the input sees them.
///
/// DataFusion finds the columns of the input by their names, and lets nobody else say which they are. So the names of
/// all but those that are meant are taken out of its way.
pub(super) fn through(
    filters: &[Arc<dyn PhysicalExpr>],
    columns: &Columns,
    input: &Arc<dyn ExecutionPlan>,
) -> Result<FilterDescription> {
    let schema = input.schema();
    let mut meant: HashMap<String, usize> = HashMap::new();
    let nothing: Arc<dyn PhysicalExpr> = Arc::new(Column::new("", usize::MAX));
    let mut rewritten = vec![];
    for filter in filters {
        let here = rewrite(filter, columns)?.filter(|here| {
            let mut names = collect_columns(here).into_iter().map(|column| (column.name().to_owned(), column.index()));
            names.all(|(name, place)| *meant.entry(name).or_insert(place) == place)
        });
        rewritten.push(here.unwrap_or_else(|| Arc::clone(&nothing)));
    }
    let field = |(place, field): (usize, &Arc<Field>)| match meant.get(field.name()) {
        Some(meant) if *meant != place => field.as_ref().clone().with_name(format!("{} at {place}", field.name())),
        _ => field.as_ref().clone(),
    };
    let fields: Vec<Field> = schema.fields().iter().enumerate().map(field).collect();
    let allowed = (0..fields.len()).collect();
    let seen: Arc<dyn ExecutionPlan> = Arc::new(EmptyExec::new(Arc::new(Schema::new(fields))));
    let described = ChildFilterDescription::from_child_with_allowed_indices(&rewritten, allowed, &seen)?;
    Ok(FilterDescription::new().with_child(described))
}

/// The filter over the input; None where it is about other columns.
fn rewrite(filter: &Arc<dyn PhysicalExpr>, columns: &Columns) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let mut is_known = true;
    let rewritten = Arc::clone(filter).transform_up(|part| {
        let Some(column) = part.downcast_ref::<Column>() else { return Ok(Transformed::no(part)) };
        let source = columns.get(&column.index()).cloned();
        is_known &= source.is_some();
        Ok(source.map_or_else(|| Transformed::no(Arc::clone(&part)), Transformed::yes))
    })?;
    Ok(is_known.then_some(rewritten.data))
}

/// Stands in the place of a node with one input, or above a node, while filters are taken down.
#[derive(Debug, Clone)]
pub(super) struct Passing {
    pub(super) node: Arc<dyn ExecutionPlan>,
    columns: Columns,
    is_above: bool,
}

impl Passing {
    /// A stand-in for a node that by itself would stop filters, or take them to the wrong column; `is_found` says for
    /// which columns of the input they come to the right one below.
    pub(super) fn of(node: &Arc<dyn ExecutionPlan>, is_found: impl Fn(usize) -> bool) -> Option<Self> {
        let unnest = node.downcast_ref::<UnnestExec>().map(kept);
        let mut columns = unnest.or_else(|| node.downcast_ref::<ProjectionExec>().map(projected))?;
        columns.retain(|_, source| collect_columns(source).iter().all(|column| is_found(column.index())));
        Some(Self { node: Arc::clone(node), columns, is_above: false })
    }

    /// Stands above a node, which takes filters down itself, and lets those over these columns through.
    pub(super) fn above(node: Arc<dyn ExecutionPlan>, columns: Columns) -> Self {
        Self { node, columns, is_above: true }
    }
}

fn projected(projection: &ProjectionExec) -> Columns {
    projection.expr().iter().map(|column| Arc::clone(&column.expr)).enumerate().collect()
}

/// What `unnest` leaves alone: it makes no row of which a filter over these says anything else.
fn kept(unnest: &UnnestExec) -> Columns {
    let (input, output) = (unnest.input().schema(), unnest.schema());
    let lists = unnest.list_column_indices().iter().map(|list| list.index_in_input_schema);
    let taken: Vec<usize> = lists.chain(unnest.struct_column_indices().iter().copied()).collect();
    let one = |fields: &[Arc<Field>], name: &str| {
        let mut places = fields.iter().enumerate().filter(|(_, field)| field.name() == name).map(|(place, _)| place);
        places.next().filter(|_| places.next().is_none())
    };
    let kept = input.fields().iter().filter_map(|field| {
        let name = field.name();
        let (below, above) = (one(input.fields(), name)?, one(output.fields(), name)?);
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(name, below));
        (!taken.contains(&below)).then_some((above, column))
    });
    kept.collect()
}

impl DisplayAs for Passing {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt_as(format, f)
    }
}

impl ExecutionPlan for Passing {
    fn name(&self) -> &str {
        if self.is_above { "Passing" } else { self.node.name() }
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.node.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        if self.is_above { vec![&self.node] } else { self.node.children() }
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        if self.is_above { Ok(TreeNodeRecursion::Continue) } else { self.node.apply_expressions(visit) }
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let node = if self.is_above {
            children.pop().ok_or_else(|| internal_datafusion_err!("what filters pass to is missing"))?
        } else {
            Arc::clone(&self.node).replace_children(children, options)?
        };
        Ok(Arc::new(Self { node, columns: self.columns.clone(), is_above: self.is_above }))
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
        match self.children()[..] {
            [input] => through(&filters, &self.columns, input),
            _ => Ok(FilterDescription::all_unsupported(&filters, &self.children())),
        }
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
