//! What a statement needs twice is asked for once.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::Expr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use ec2ql_catalog::TableName;

use crate::domain::Regions;
use crate::plan::{self, Given};
use crate::scan::Ec2Scan;
use crate::shared::{Shared, SharedScan};

/// Scans that ask the same are one scan, read by all of them.
#[derive(Debug)]
pub(super) struct Once;

impl PhysicalOptimizerRule for Once {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let mut groups: Vec<(Question, Vec<Ec2Scan>)> = vec![];
        plan.apply(|node| {
            if let Some(scan) = node.downcast_ref::<Ec2Scan>()
                && let Some(question) = question(scan)?
            {
                match groups.iter_mut().find(|(asked, _)| *asked == question) {
                    Some((_, scans)) => scans.push(scan.clone()),
                    None => groups.push((question, vec![scan.clone()])),
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        groups.retain(|(_, scans)| scans.len() > 1);
        if groups.is_empty() {
            return Ok(plan);
        }
        let shared: Vec<(Question, Arc<Shared>)> =
            groups.into_iter().map(|(question, scans)| Ok((question, Shared::of(&scans)?))).collect::<Result<_>>()?;
        plan.transform_up(|node| {
            let Some(scan) = node.downcast_ref::<Ec2Scan>() else { return Ok(Transformed::no(node)) };
            let question = question(scan)?;
            match shared.iter().find(|(asked, _)| Some(asked) == question.as_ref()) {
                Some((_, shared)) => Ok(Transformed::yes(SharedScan::of(shared, scan)? as Arc<dyn ExecutionPlan>)),
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

/// All that decides what a scan sends, and so which rows it gives.
type Question = (TableName, Vec<Given>, Vec<Expr>);

/// None where it cannot be shared: a limit may stop one scan and not the other; regions that only a join knows are that
/// join's own.
fn question(scan: &Ec2Scan) -> Result<Option<Question>> {
    let spec = &scan.spec;
    if spec.limit.is_some() || plan::scope(&spec.ask(&[]))? == Regions::Open {
        return Ok(None);
    }
    let telling = plan::telling(&spec.table, &spec.filters)?.into_iter().cloned().collect();
    Ok(Some((spec.table.name.clone(), spec.given.clone(), telling)))
}
