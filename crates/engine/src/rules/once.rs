//! What a statement needs twice is asked for once.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::Expr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use ec2ql_catalog::TableName;
use ec2ql_ec2::Call;

use super::bound::RECURSIVE;
use crate::domain::Regions;
use crate::enabled::DESCRIBE_REGIONS;
use crate::explain::asks_enabled_regions;
use crate::plan::{self, RegionRequest};
use crate::scan::Ec2Scan;
use crate::shared::Question;

/// Scans share the requests that more than one of them may need, and what one lists no other asks for by id.
#[derive(Debug)]
pub(super) struct Once;

impl PhysicalOptimizerRule for Once {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let listing: Vec<Ec2Scan> = scans(&plan)?.into_iter().filter(|scan| scan.dynamic.is_empty()).collect();
        let plan = plan.transform_up(|node| {
            let Some(scan) = node.downcast_ref::<Ec2Scan>() else { return Ok(Transformed::no(node)) };
            for other in &listing {
                if !scan.dynamic.is_empty() && lists(other, scan)? {
                    let alone: Arc<dyn ExecutionPlan> = Arc::new(scan.with_dynamic(vec![]));
                    return Ok(Transformed::yes(alone));
                }
            }
            Ok(Transformed::no(node))
        });
        let plan = plan.data()?;
        share(&scans(&plan)?)?;
        Ok(plan)
    }

    fn name(&self) -> &'static str {
        "ec2_once"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The scans of a plan; those that are run again and again stand twice.
fn scans(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<Ec2Scan>> {
    let mut found = vec![];
    plan.apply(|node| {
        found.extend(node.downcast_ref::<Ec2Scan>().cloned());
        if let (true, [_, again]) = (node.name() == RECURSIVE, &node.children()[..]) {
            found.extend(scans(again)?);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// Whether one scan lists, whatever its joins say, all that the other would list.
fn lists(one: &Ec2Scan, other: &Ec2Scan) -> Result<bool> {
    if question(one) != question(other) || one.spec.limit.is_some() || other.spec.limit.is_some() {
        return Ok(false);
    }
    Ok(match plan::scope(&other.spec.ask(&[]))? {
        Regions::Open => false,
        Regions::Bound { named, enabled: false } => {
            let (wanted, asked) = (calls(other, named.clone())?, calls(one, named)?);
            !wanted.is_empty() && wanted.is_subset(&asked)
        }
        Regions::Bound { enabled: true, .. } => telling(one)? == telling(other)?,
    })
}

/// Scans that differ in this have no request in common.
fn question(scan: &Ec2Scan) -> Question {
    (scan.spec.table.operation.clone(), scan.spec.given.clone())
}

/// All that decides what a scan sends, and so which rows it gives.
fn telling(scan: &Ec2Scan) -> Result<(&TableName, Vec<&Expr>)> {
    Ok((&scan.spec.table.name, plan::telling(&scan.spec.table, &scan.spec.filters)?))
}

/// What a scan would send in these regions, were there no joins.
fn calls(scan: &Ec2Scan, regions: impl IntoIterator<Item = String>) -> Result<HashSet<Call>> {
    let ask = scan.spec.ask(&[]);
    let here = match plan::scope(&ask)? {
        Regions::Bound { named, enabled: false } => {
            regions.into_iter().filter(|region| named.contains(region)).collect()
        }
        _ => regions.into_iter().collect::<Vec<_>>(),
    };
    Ok(calls_of(scan, plan::requests(&ask, here)?))
}

fn calls_of(scan: &Ec2Scan, requests: Vec<RegionRequest>) -> HashSet<Call> {
    let calls = |request: RegionRequest| {
        let batches = request.batches();
        batches.into_iter().map(move |batch| request.call(&scan.spec.table, &batch)).collect::<Vec<_>>()
    };
    requests.into_iter().flat_map(calls).collect()
}

/// What is known of the requests of a scan before anything runs.
struct Known {
    regions: Option<BTreeSet<String>>,
    /// None where joins say more, or ids may turn out to be gone.
    calls: Option<HashSet<Call>>,
}

fn known(scan: &Ec2Scan) -> Result<Known> {
    let Regions::Bound { named, enabled: false } = plan::scope(&scan.spec.ask(&[]))? else {
        return Ok(Known { regions: None, calls: None });
    };
    let requests = plan::requests(&scan.spec.ask(&[]), named.clone())?;
    let alone = scan.dynamic.is_empty() && !requests.iter().any(RegionRequest::asks_ids);
    let calls = alone.then(|| calls_of(scan, requests));
    Ok(Known { regions: Some(named), calls })
}

/// Whether two of the scans may need the same request.
fn meet(scans: &[&Ec2Scan]) -> Result<bool> {
    if scans.len() < 2 {
        return Ok(false);
    }
    let known = scans.iter().map(|scan| known(scan)).collect::<Result<Vec<_>>>()?;
    let may_meet = |one: &Known, other: &Known| match (one, other) {
        (Known { calls: Some(one), .. }, Known { calls: Some(other), .. }) => !one.is_disjoint(other),
        (Known { regions: Some(one), .. }, Known { regions: Some(other), .. }) => !one.is_disjoint(other),
        _ => true,
    };
    let mut places = known.iter().enumerate();
    Ok(places.any(|(place, one)| known.iter().skip(place + 1).any(|other| may_meet(one, other))))
}

/// Tells the scans that may need the same requests of each other.
fn share(scans: &[Ec2Scan]) -> Result<()> {
    let mut groups: Vec<(Question, Vec<&Ec2Scan>)> = vec![];
    for scan in scans {
        let question = question(scan);
        match groups.iter_mut().find(|(asked, _)| *asked == question) {
            Some((_, scans)) => scans.push(scan),
            None => groups.push((question, vec![scan])),
        }
    }
    let enabled = scans.iter().find(|scan| asks_enabled_regions(scan));
    for (question, scans) in groups {
        let asked = enabled.filter(|_| question.0 == DESCRIBE_REGIONS).map(|scan| scan.spec.source.enabled.wanted());
        let asked = asked.transpose()?.flatten();
        if let (Some(scan), true) = (scans.first(), asked.is_some() || meet(&scans)?) {
            let wanted = scans.iter().map(|scan| scan.columns()).chain(asked);
            scan.spec.source.shared.insert(question, wanted)?;
        }
    }
    Ok(())
}
