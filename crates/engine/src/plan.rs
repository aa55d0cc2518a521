//! From a table and the filters on it to the requests of a scan. A pure function.

use std::collections::BTreeSet;

use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use ec2ql_catalog::{Filter, ParameterKind, Table, Type};
use ec2ql_ec2::{Call, parameters};

use crate::domain::{self, Domain, Term};
use crate::error::{Error, Reason};
use crate::settings::Settings;

/// Ids that one request asks for.
pub(crate) const IDS_PER_REQUEST_MAX: usize = 200;
/// Values of one filter, and filters of one request, that EC2 takes (API reference, Filter).
const FILTER_VALUES_MAX: usize = 200;
const FILTERS_MAX: usize = 50;
/// Characters of a filter value that EC2 takes.
const FILTER_VALUE_CHARS_MAX: usize = 255;

/// What one region is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegionRequest {
    pub(crate) region: String,
    /// The id parameter and its values; asked for in batches.
    pub(crate) ids: Option<(String, Vec<String>)>,
    pub(crate) filters: Vec<(String, Vec<String>)>,
    /// Rows wanted per page, where that is said.
    pub(crate) page_rows: Option<u32>,
}

/// The requests of one scan, before ids are cut into batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requests {
    /// False: nothing in the statement or the session says which regions.
    pub(crate) bound: bool,
    pub(crate) regions: Vec<RegionRequest>,
}

/// Reads the filters.
///
/// # Errors
/// A region outside the session's list, and what the evaluation of a predicate over regions says.
pub(crate) fn plan(table: &Table, filters: &[Expr], limit: Option<usize>, settings: &Settings) -> Result<Requests> {
    let Some(regions) = scope(filters, settings)? else { return Ok(Requests { bound: false, regions: vec![] }) };
    let mut requests = vec![];
    for region in regions {
        requests.extend(region_request(table, filters, limit, settings, region)?);
    }
    Ok(Requests { bound: true, regions: requests })
}

/// The regions to ask; None: not bound.
fn scope(filters: &[Expr], settings: &Settings) -> Result<Option<BTreeSet<String>>> {
    let session: BTreeSet<String> = settings.regions.iter().cloned().collect();
    Ok(match domain::regions(filters)? {
        Domain::Set(named) => {
            if let Some(outside) = named.iter().find(|region| !session.is_empty() && !session.contains(*region)) {
                let session = settings.regions.join(", ");
                return Err(Error::new(Reason::RegionOutsideSession { region: outside.clone(), session }).into());
            }
            Some(named)
        }
        Domain::All if session.is_empty() => None,
        Domain::All => {
            let mut left = BTreeSet::new();
            for region in session {
                if domain::values(filters, Term::Column(crate::schema::REGION), &region)? != Domain::none() {
                    left.insert(region);
                }
            }
            Some(left)
        }
    })
}

/// None: no row of this region can count.
fn region_request(
    table: &Table,
    filters: &[Expr],
    limit: Option<usize>,
    settings: &Settings,
    region: String,
) -> Result<Option<RegionRequest>> {
    let mut request = RegionRequest { region, ids: None, filters: vec![], page_rows: None };
    for column in table.columns.iter().filter(|column| column.data_type == Type::Text) {
        let Domain::Set(values) = domain::values(filters, Term::Column(&column.name), &request.region)? else { continue };
        if values.is_empty() {
            return Ok(None);
        }
        if !settings.pushdown {
            continue;
        }
        match (&column.id, &column.filter) {
            (Some(parameter), _) if request.ids.is_none() => {
                // No row has an empty id, and an empty value would be a malformed one.
                let ids: Vec<String> = values.into_iter().filter(|id| !id.is_empty()).collect();
                if ids.is_empty() {
                    return Ok(None);
                }
                request.ids = Some((parameter.clone(), ids));
            }
            (None, Some(name)) => {
                if let Some(filter) = table.filters.iter().find(|filter| &filter.name == name) {
                    request.filters.extend(filter_values(filter, name, values));
                }
            }
            _ => {}
        }
    }
    for key in domain::tag_keys(filters) {
        let Domain::Set(values) = domain::values(filters, Term::Tag(&key), &request.region)? else { continue };
        if values.is_empty() {
            return Ok(None);
        }
        let filter = table.filters.iter().find(|filter| filter.name == TAG_FILTER);
        if let (true, Some(filter), false) = (settings.pushdown, filter, key.contains(['*', '?', '\\'])) {
            request.filters.extend(filter_values(filter, &format!("tag:{key}"), values));
        }
    }
    request.filters.truncate(FILTERS_MAX);
    if request.ids.is_some() {
        // An operation that is given ids may ignore its filters or refuse them beside ids; the ids are fewer anyway.
        request.filters.clear();
    } else {
        request.page_rows = page_rows(table, limit, settings);
    }
    Ok(Some(request))
}

/// The name of the filter over one tag, in the table files.
pub(crate) const TAG_FILTER: &str = "tag:*";

/// A filter as it goes on the wire; None when EC2 might read one of the values otherwise than we do.
fn filter_values(filter: &Filter, name: &str, values: BTreeSet<String>) -> Option<(String, Vec<String>)> {
    let documented = |value: &String| filter.values.is_empty() || filter.values.contains(value);
    let sendable = |value: &String| !value.is_empty() && value.chars().count() <= FILTER_VALUE_CHARS_MAX && documented(value);
    (values.len() <= FILTER_VALUES_MAX && values.iter().all(sendable))
        .then(|| (name.to_owned(), values.iter().map(|value| parameters::literal(value)).collect()))
}

fn page_rows(table: &Table, limit: Option<usize>, settings: &Settings) -> Option<u32> {
    if !table.parameters.iter().any(|parameter| parameter.name == "MaxResults") {
        return None;
    }
    let wanted = limit.and_then(|limit| u32::try_from(limit).ok());
    match (&table.page_rows, settings.page_rows) {
        (Some(range), Some(set)) => Some(wanted.map_or(set, |rows| rows.min(set)).clamp(*range.start(), *range.end())),
        (None, Some(set)) => Some(set),
        // A smaller page saves work only below the operation's largest one.
        (Some(range), None) => wanted.filter(|rows| rows < range.end()).map(|rows| rows.max(*range.start())),
        (None, None) => None,
    }
}

impl RegionRequest {
    /// The call for a batch of ids (all rows when there are none).
    pub(crate) fn call(&self, table: &Table, ids: &[String]) -> Call {
        let mut flat = vec![];
        if let Some((parameter, _)) = &self.ids {
            flat.extend(parameters::list(parameter, ids));
        }
        let prefix = table
            .parameters
            .iter()
            .find(|parameter| parameter.kind == ParameterKind::Filters)
            .map_or("Filter", |parameter| parameter.name.as_str());
        for (number, (name, values)) in (1..).zip(&self.filters) {
            flat.extend(parameters::filter(prefix, number, name, values));
        }
        if let Some(rows) = self.page_rows {
            flat.push(("MaxResults".into(), rows.to_string()));
        }
        Call { operation: table.operation.clone(), region: self.region.clone(), parameters: flat }
    }

    /// The ids in batches; one empty batch when everything is asked for.
    pub(crate) fn batches(&self) -> Vec<Vec<String>> {
        match &self.ids {
            Some((_, ids)) => ids.chunks(IDS_PER_REQUEST_MAX).map(<[String]>::to_vec).collect(),
            None => vec![vec![]],
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]
mod tests;
