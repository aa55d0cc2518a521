//! `EXPLAIN`: the requests of a plan before anything runs, beside DataFusion's own plan.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use datafusion::sql::unparser::expr_to_sql;

use crate::bind;
use crate::domain::{self, Regions};
use crate::enabled::DESCRIBE_REGIONS;
use crate::plan::{self, RegionRequest};
use crate::requests::wire_parameters;
use crate::scan::Ec2Scan;
use crate::schema::REGION;

/// One row per request group, then the plans line by line.
pub(crate) fn plan(optimized: &LogicalPlan, physical: &Arc<dyn ExecutionPlan>) -> Result<RecordBatch> {
    let mut rows = Rows::default();
    let scans = scans(physical)?;
    if let Some(scan) = scans.iter().find(|scan| asks_enabled_regions(scan)) {
        let home = &scan.spec.source.home_region;
        rows.push("request", &format!("{DESCRIBE_REGIONS} in {home}, once a session; needs ec2:{DESCRIBE_REGIONS}"));
    }
    for group in groups(&scans) {
        rows.push("request", &group.to_string());
    }
    rows.lines("logical_plan", &optimized.display_indent().to_string());
    rows.lines("physical_plan", &displayable(physical.as_ref()).indent(false).to_string());
    rows.finish()
}

/// Whether a scan has to know which regions are enabled.
pub(crate) fn asks_enabled_regions(scan: &Ec2Scan) -> bool {
    matches!(plan::scope(&scan.spec.ask(&[])), Ok(Regions::Bound { enabled: true, .. }))
}

/// What was asked and what it cost, then the plan with its counters.
pub(crate) fn analyzed(costs: &[String], physical: &Arc<dyn ExecutionPlan>) -> Result<RecordBatch> {
    let mut rows = Rows::default();
    for cost in costs {
        rows.push("request", cost);
    }
    let plan = DisplayableExecutionPlan::with_metrics(physical.as_ref());
    rows.lines("plan_with_metrics", &plan.indent(false).to_string());
    rows.finish()
}

/// The scans of a plan.
pub(crate) fn scans(physical: &Arc<dyn ExecutionPlan>) -> Result<Vec<Ec2Scan>> {
    let mut found: Vec<Ec2Scan> = vec![];
    physical.apply(|node| {
        found.extend(node.downcast_ref::<Ec2Scan>().cloned());
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// Requests that go to one operation with the same parameters.
#[derive(Debug)]
struct Group {
    operation: String,
    line: RequestLine,
    /// The predicates that are left, scan by scan, where there are any.
    checked: Vec<String>,
    /// How many scans read the answers, where they are shared.
    sharers: Option<usize>,
}

/// What scans share, as far as it is known to be the same, is one group.
fn groups(scans: &[Ec2Scan]) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    for scan in scans {
        let left = scan.spec.filters.iter().filter(|filter| !is_answered_by_asking(scan, filter));
        let checked = left.map(text).collect::<Vec<_>>().join(" AND ");
        let (operation, sharer) = (&scan.spec.table.operation, scan.sharer());
        for line in requests(scan) {
            let same = |group: &&mut Group| group.operation == *operation && group.line == line;
            if let (Some(_), Some(known)) = (&sharer, groups.iter_mut().find(same)) {
                known.sharers = known.sharers.map(|count| count + 1);
                if !checked.is_empty() && !known.checked.contains(&checked) {
                    known.checked.push(checked.clone());
                }
                continue;
            }
            let checked = Some(checked.clone()).filter(|checked| !checked.is_empty()).into_iter().collect();
            let sharers = sharer.as_ref().map(|_| 1);
            groups.push(Group { operation: operation.clone(), line, checked, sharers });
        }
    }
    groups
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, line, checked, sharers } = self;
        write!(f, "{operation} in {}", line.regions)?;
        if !line.parameters.is_empty() {
            write!(f, " with {}", line.parameters)?;
        }
        match sharers {
            None => {}
            Some(1) => f.write_str("; what another scan asks too is sent once")?,
            Some(count) => write!(f, "; sent once for {count} scans")?,
        }
        if !checked.is_empty() {
            write!(f, "; checked here: {}", checked.join("; "))?;
        }
        write!(f, "; needs ec2:{operation}")
    }
}

fn is_answered_by_asking(scan: &Ec2Scan, filter: &Expr) -> bool {
    let gives = |column: &datafusion::common::Column| scan.spec.given.iter().any(|given| given.column == column.name);
    domain::is_about_region_alone(filter) || filter.column_refs().into_iter().any(gives)
}

#[derive(Debug, Default)]
struct Rows {
    types: Vec<String>,
    texts: Vec<String>,
}

impl Rows {
    fn push(&mut self, kind: &str, text: &str) {
        self.types.push(kind.to_owned());
        self.texts.push(text.to_owned());
    }

    fn lines(&mut self, kind: &str, text: &str) {
        text.lines().for_each(|line| self.push(kind, line));
    }

    fn finish(self) -> Result<RecordBatch> {
        let text = |name: &str| Field::new(name, DataType::Utf8, false);
        let schema = Arc::new(Schema::new(vec![text("plan_type"), text("plan")]));
        let columns: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from(self.types)), Arc::new(StringArray::from(self.texts))];
        Ok(RecordBatch::try_new(schema, columns)?)
    }
}

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
    let source = if scan.dynamic.iter().all(bind::has_subquery) { "the sub-query" } else { "the join" };
    let is_id = |name: &String| ask.table.columns.iter().any(|column| column.name == *name && column.id.is_some());
    let joined = |parameters: String| match from_joins.iter().filter(|column| *column != REGION).collect::<Vec<_>>() {
        columns if columns.is_empty() || !ask.settings.pushdown => parameters,
        columns => {
            let max = scan.spec.settings.join_values;
            // Beside ids only the request parameters that the statement gives are sent.
            if let Some(id) = columns.iter().find(|column| is_id(column)) {
                let given = scan.spec.given.iter().map(|given| given.wire.len()).sum();
                let pairs: Vec<&str> = parameters.split('&').filter(|pair| !pair.is_empty()).collect();
                let (given, listed) = pairs.split_at_checked(given).unwrap_or((&pairs, &[]));
                let (space, listed) = (if given.is_empty() { "" } else { " " }, listed.join("&"));
                let all = if listed.is_empty() { "all rows" } else { &listed };
                return format!("{}{space}[{id} from {source}; above {max} values {all}]", given.join("&"));
            }
            let columns: Vec<&str> = columns.into_iter().map(String::as_str).collect();
            let columns = columns.join(", ");
            let from = format!("[{columns} from {source}, or all rows above {max} values]");
            if parameters.is_empty() { from } else { format!("{parameters} {from}") }
        }
    };
    // What any region would be asked: one for which the predicates can hold stands for the others.
    let anywhere = || {
        let mut known = ec2ql_ec2::regions();
        let request = known.find_map(|region| plan::requests(&ask, [region.name.to_owned()]).ok()?.pop());
        request.map(|request| parameters_of(scan, &request)).unwrap_or_default()
    };
    match plan::scope(&ask) {
        Ok(Regions::Bound { named, enabled }) => {
            let mut lines = grouped(scan, plan::requests(&ask, named).unwrap_or_default());
            for line in &mut lines {
                line.parameters = joined(std::mem::take(&mut line.parameters));
            }
            if enabled {
                let rule = rule(scan);
                lines.push(RequestLine { regions: rule, parameters: joined(anywhere()) });
            }
            lines
        }
        Ok(Regions::Open) if from_joins.iter().any(|column| column == REGION) => {
            vec![RequestLine { regions: format!("[regions from {source}]"), parameters: joined(anywhere()) }]
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
        .map(text)
        .collect();
    if said.is_empty() { "[enabled regions]".into() } else { format!("[enabled regions where {}]", said.join(" AND ")) }
}

/// A predicate as SQL, without the table's name.
fn text(filter: &Expr) -> String {
    match domain::unqualify(filter.clone()) {
        Ok(filter) => expr_to_sql(&filter).map_or_else(|_| filter.human_display().to_string(), |sql| sql.to_string()),
        Err(_) => filter.human_display().to_string(),
    }
}

/// Columns whose values a join or a sub-query will say.
fn joined_columns(scan: &Ec2Scan) -> Vec<String> {
    let columns = scan.spec.table.columns.iter().filter(|column| column.id.is_some() || column.filter.is_some());
    std::iter::once(REGION)
        .chain(columns.map(|column| column.name.as_str()))
        .filter(|column| scan.dynamic.iter().any(|filter| bind::binds(filter, column)))
        .map(str::to_owned)
        .collect()
}
