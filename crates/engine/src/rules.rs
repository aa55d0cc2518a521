//! What DataFusion's planner must do for scans that a join or a sub-query binds.

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
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::prelude::SessionConfig;

use crate::bind;
use crate::domain::Regions;
use crate::lateral::LateralUnnest;
use crate::plan;
use crate::scan::{self, Ec2Scan};
use crate::schema::REGION;
use crate::shared::{Shared, SharedScan};

/// Bytes and rows of a build side that a join hands on as values.
const JOIN_BYTES_MAX: usize = 16 << 20;
const JOIN_ROWS_MAX: usize = 100_000;

/// Adds the rules, and the settings that they need.
pub(crate) fn install(builder: SessionStateBuilder, mut config: SessionConfig) -> SessionStateBuilder {
    let optimizer = &mut config.options_mut().optimizer;
    optimizer.hash_join_inlist_pushdown_max_size = JOIN_BYTES_MAX;
    optimizer.hash_join_inlist_pushdown_max_distinct_values = JOIN_ROWS_MAX;
    let mut rules = PhysicalOptimizer::new().rules;
    for rule in &mut rules {
        if rule.name().starts_with("FilterPushdown") {
            *rule = Arc::new(Unambiguous(Arc::clone(rule)));
        }
    }
    let after_joins = rules.iter().position(|rule| rule.name() == "join_selection").map_or(0, |place| place + 1);
    rules.insert(after_joins, Arc::new(ProbeSide));
    rules.push(Arc::new(Bound));
    rules.push(Arc::new(Once));
    rules.push(Arc::new(JoinsYield));
    let mut analyzer: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(LateralUnnest)];
    analyzer.extend(Analyzer::new().rules);
    builder.with_config(config).with_analyzer_rules(analyzer).with_physical_optimizer_rules(rules)
}

/// DataFusion 55 takes a filter through a projection by the names of its columns, and of two columns of one name by the
/// last: `a.x IS NULL` above `a RIGHT JOIN b` would become a filter on `b.x`. No filter is taken down in such a plan.
#[derive(Debug)]
struct Unambiguous(Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for Unambiguous {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        if is_ambiguous(&plan, false) { Ok(plan) } else { self.0.optimize(plan, options) }
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// Whether a projection below something that makes filters has two columns of one name.
fn is_ambiguous(plan: &Arc<dyn ExecutionPlan>, filters_above: bool) -> bool {
    if filters_above && plan.name() == "ProjectionExec" {
        let schema = plan.schema();
        let mut names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return true;
        }
    }
    let filters = filters_above || plan.name() == "FilterExec" || plan.name().ends_with("JoinExec");
    plan.children().into_iter().any(|child| is_ambiguous(child, filters))
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

/// A join of two large inputs makes rows for hours without asking its inputs for more: only there would DataFusion look
/// whether somebody wants to stop it. Its output yields instead, so that a time limit and Ctrl-C are noticed.
#[derive(Debug)]
struct JoinsYield;

impl PhysicalOptimizerRule for JoinsYield {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            Ok(if node.name().ends_with("JoinExec") {
                let yielding: Arc<dyn ExecutionPlan> = Arc::new(CooperativeExec::new(node));
                Transformed::yes(yielding)
            } else {
                Transformed::no(node)
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ec2_joins_yield"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Scans that ask the same are one scan, read by all of them.
#[derive(Debug)]
struct Once;

impl PhysicalOptimizerRule for Once {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let mut groups: Vec<Vec<Ec2Scan>> = vec![];
        plan.apply(|node| {
            if let Some(scan) = node.downcast_ref::<Ec2Scan>()
                && can_share(scan)?
            {
                match groups.iter_mut().find(|group| group.iter().any(|other| asks_the_same(other, scan))) {
                    Some(group) => group.push(scan.clone()),
                    None => groups.push(vec![scan.clone()]),
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let shared =
            groups.iter().filter(|group| group.len() > 1).map(|group| Shared::of(group)).collect::<Result<Vec<_>>>()?;
        if shared.is_empty() {
            return Ok(plan);
        }
        plan.transform_up(|node| {
            let Some(scan) = node.downcast_ref::<Ec2Scan>() else { return Ok(Transformed::no(node)) };
            if !can_share(scan)? {
                return Ok(Transformed::no(node));
            }
            match shared.iter().find(|shared| asks_the_same(shared.scan(), scan)) {
                Some(shared) => Ok(Transformed::yes(SharedScan::of(shared, scan)? as Arc<dyn ExecutionPlan>)),
                None => Ok(Transformed::no(node)),
            }
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "ec2_once"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A limit may stop one scan and not the other; regions that only a join knows are that join's own.
fn can_share(scan: &Ec2Scan) -> Result<bool> {
    Ok(scan.spec.limit.is_none() && plan::scope(&scan.spec.ask(&[]))? != Regions::Open)
}

fn asks_the_same(a: &Ec2Scan, b: &Ec2Scan) -> bool {
    a.spec.table.name == b.spec.table.name && a.spec.filters == b.spec.filters && a.spec.given == b.spec.given
}
