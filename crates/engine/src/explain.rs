//! The requests of a plan, before anything runs.

use std::collections::BTreeMap;

use crate::bind;
use crate::domain::Regions;
use crate::plan::{self, RegionRequest};
use crate::requests::wire_parameters;
use crate::scan::Ec2Scan;
use crate::schema::REGION;

/// One group of requests: the same question to one or more regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestLine {
    /// The regions, or the rule that will say which.
    pub(crate) regions: String,
    /// Parameters and filters as they go on the wire.
    pub(crate) parameters: String,
}

/// What a scan will ask. Nothing is sent to find out.
pub(crate) fn requests(scan: &Ec2Scan) -> Vec<RequestLine> {
    let ask = scan.spec.ask(&[]);
    let from_joins = joined_columns(scan);
    let joined = |parameters: String| match from_joins.iter().filter(|column| *column != REGION).collect::<Vec<_>>() {
        columns if columns.is_empty() => parameters,
        columns => {
            let columns: Vec<&str> = columns.into_iter().map(String::as_str).collect();
            let max = scan.spec.settings.join_values;
            let from = format!("[{} from the join, or all rows above {max} values]", columns.join(", "));
            if parameters.is_empty() { from } else { format!("{parameters} {from}") }
        }
    };
    let pattern = |region: &str| {
        let request = plan::requests(&ask, [region.to_owned()]).unwrap_or_default();
        request.first().map(|request| parameters_of(scan, request)).unwrap_or_default()
    };
    match plan::scope(&ask) {
        Ok(Regions::Bound { named, enabled }) => {
            let mut lines = grouped(scan, plan::requests(&ask, named).unwrap_or_default());
            lines.iter_mut().for_each(|line| line.parameters = joined(std::mem::take(&mut line.parameters)));
            if enabled {
                let rule = rule(scan);
                lines.push(RequestLine { regions: rule, parameters: joined(String::new()) });
            }
            lines
        }
        Ok(Regions::Open) if from_joins.iter().any(|column| column == REGION) => {
            vec![RequestLine { regions: "[regions from the join]".into(), parameters: joined(pattern("")) }]
        }
        Ok(Regions::Open) | Err(_) => vec![],
    }
}

/// The parameters of one region's requests; batches after the first are counted.
pub(crate) fn parameters_of(scan: &Ec2Scan, request: &RegionRequest) -> String {
    let batches = request.batches();
    let Some(first) = batches.first() else { return String::new() };
    let text = wire_parameters(&request.call(&scan.spec.table, first));
    match batches.len() {
        1 => text,
        count => format!("{text} (and {} more requests)", count - 1),
    }
}

fn grouped(scan: &Ec2Scan, requests: Vec<RegionRequest>) -> Vec<RequestLine> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in requests {
        groups.entry(parameters_of(scan, &request)).or_default().push(request.region);
    }
    groups.into_iter().map(|(parameters, regions)| RequestLine { regions: regions.join(", "), parameters }).collect()
}

/// The predicates that choose among the enabled regions.
fn rule(scan: &Ec2Scan) -> String {
    let said: Vec<String> = scan
        .spec
        .filters
        .iter()
        .filter(|filter| filter.column_refs().iter().any(|column| column.name == REGION))
        .map(|filter| filter.human_display().to_string())
        .collect();
    if said.is_empty() { "[enabled regions]".into() } else { format!("[enabled regions where {}]", said.join(" AND ")) }
}

/// Columns whose values a join or a sub-query will say.
fn joined_columns(scan: &Ec2Scan) -> Vec<String> {
    let columns = scan.spec.table.columns.iter().filter(|column| column.id.is_some() || column.filter.is_some());
    std::iter::once(REGION)
        .chain(columns.map(|column| column.name.as_str()))
        .filter(|column| scan.dynamic.iter().any(|filter| bind::mentions(filter, column)))
        .map(str::to_owned)
        .collect()
}
