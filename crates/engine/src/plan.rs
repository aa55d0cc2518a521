//! From a table and the filters on it to the requests of a scan. A pure function.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::PhysicalExpr;
use ec2ql_catalog::{Filter, Parameter, ParameterKind, Table, Type};
use ec2ql_ec2::{Call, parameters};

use crate::bind;
use crate::domain::{self, Domain, Regions, Term};
use crate::error::{Error, Reason};
use crate::schema::{self, REGION};
use crate::settings::Settings;

/// Ids that one request asks for.
pub(crate) const IDS_PER_REQUEST_MAX: usize = 200;
/// Values of one filter, and filters of one request, that EC2 takes (API reference, Filter).
const FILTER_VALUES_MAX: usize = 200;
const FILTERS_MAX: usize = 50;
/// Characters of a filter value that EC2 takes.
const FILTER_VALUE_CHARS_MAX: usize = 255;

/// What a scan is asked for, by the statement and by the joins around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) table: &'a Table,
    /// Predicates of the statement.
    pub(crate) filters: &'a [Expr],
    /// Predicates that joins and sub-queries make at run time.
    pub(crate) dynamic: &'a [Arc<dyn PhysicalExpr>],
    pub(crate) limit: Option<usize>,
    pub(crate) settings: &'a Settings,
    /// Request parameters that the statement gives.
    pub(crate) given: &'a [Given],
    /// Where a table is read for which any region answers the same.
    pub(crate) home_region: &'a str,
}

/// A request parameter that the statement gives as a predicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Its column.
    pub(crate) column: String,
    /// As it goes on the wire: `Owner.1`, `self`.
    pub(crate) wire: Vec<(String, String)>,
    /// What the column shows.
    pub(crate) value: ScalarValue,
}

/// The request parameters among the filters, and what they are given.
///
/// # Errors
/// A parameter under `OR`, `NOT` or a comparison: it says what is asked for, not what a row holds.
pub(crate) fn given(table: &Table, filters: &[Expr]) -> Result<Vec<Given>> {
    let mut found = vec![];
    for (parameter, column) in table.predicates() {
        let mut said: Option<BTreeSet<String>> = None;
        for filter in filters.iter().filter(|filter| filter.column_refs().iter().any(|named| named.name == column)) {
            let one = domain::parameter(filter, &column).ok_or_else(|| not_given(parameter, &column))?;
            said = Some(said.map_or_else(|| one.clone(), |before| before.intersection(&one).cloned().collect()));
        }
        let Some(values) = said else { continue };
        let single = parameter.kind != ParameterKind::TextList;
        // An empty value would be none at all on the wire.
        if values.is_empty() || values.contains("") || (single && values.len() > 1) {
            return Err(not_given(parameter, &column).into());
        }
        let shown = values.iter().cloned().collect::<Vec<_>>().join(",");
        let value = ScalarValue::try_from_string(shown, &schema::parameter_type(parameter.kind))?;
        found.push(Given { column, wire: parameter_values(parameter, values), value });
    }
    Ok(found)
}

/// The error of a request parameter that is not said as it has to be.
pub(crate) fn not_given(parameter: &Parameter, column: &str) -> Error {
    let form = match parameter.kind {
        ParameterKind::Boolean => format!("{column} = true"),
        ParameterKind::TextList => format!("{column} = '...' or {column} IN (...)"),
        _ => format!("{column} = '...'"),
    };
    Error::new(Reason::Parameter { column: column.to_owned(), form })
}

/// What one region is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegionRequest {
    pub(crate) region: String,
    /// What is asked for value by value, in batches.
    pub(crate) keys: Option<Keys>,
    pub(crate) filters: Vec<(String, Vec<String>)>,
    /// Request parameters that the statement gives as predicates.
    pub(crate) parameters: Vec<(String, String)>,
    /// Rows wanted per page, where that is said.
    pub(crate) page_rows: Option<u32>,
}

/// Values of one id parameter or of one filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) name: String,
    pub(crate) is_filter: bool,
    pub(crate) values: Vec<String>,
    pub(crate) per_request_max: usize,
}

/// The regions that may be asked, before any request.
///
/// # Errors
/// A region outside the session's list.
pub(crate) fn scope(ask: &Ask<'_>) -> Result<Regions> {
    let said = domain::regions(ask.filters).and(match bind::values(ask.dynamic, REGION, None) {
        Domain::All => Regions::Open,
        Domain::Set(named) => Regions::named(named),
    });
    let session: BTreeSet<String> = ask.settings.regions.iter().cloned().collect();
    let all = session.iter().any(|region| region.eq_ignore_ascii_case(ALL_REGIONS));
    // What every region answers the same is asked for once, whatever the regions of the session.
    Ok(match said {
        Regions::Bound { named, enabled } => {
            let outside = named.iter().find(|region| !session.is_empty() && !all && !session.contains(*region));
            if let Some(outside) = outside {
                let session = ask.settings.regions.join(", ");
                return Err(Error::new(Reason::RegionOutsideSession { region: outside.clone(), session }).into());
            }
            if enabled && !session.is_empty() && !all {
                Regions::named(session)
            } else {
                Regions::Bound { named, enabled }
            }
        }
        Regions::Open if ask.table.any_region => {
            let one = ask.settings.regions.first().filter(|_| !all).cloned();
            Regions::named([one.unwrap_or_else(|| ask.home_region.to_owned())].into())
        }
        Regions::Open if all => Regions::Bound { named: BTreeSet::new(), enabled: true },
        Regions::Open if !session.is_empty() => Regions::named(session),
        Regions::Open => Regions::Open,
    })
}

/// The word for all enabled regions in the setting `ec2ql.regions`.
pub(crate) const ALL_REGIONS: &str = "all";

/// The requests to these regions.
///
/// # Errors
/// What the evaluation of a predicate over a region says.
pub(crate) fn requests(ask: &Ask<'_>, regions: impl IntoIterator<Item = String>) -> Result<Vec<RegionRequest>> {
    let mut requests = vec![];
    for region in regions {
        if domain::may_hold(ask.filters, &region)? {
            requests.extend(region_request(ask, region)?);
        }
    }
    Ok(requests)
}

/// The filters that have a say in what is sent.
///
/// # Errors
/// What the evaluation of a predicate says.
pub(crate) fn telling<'a>(table: &Table, filters: &'a [Expr]) -> Result<Vec<&'a Expr>> {
    let mut telling = vec![];
    for filter in filters {
        let alone = std::slice::from_ref(filter);
        let mut tells = filter.column_refs().iter().any(|column| column.name == REGION);
        for column in table.columns.iter().filter(|column| column.data_type == Type::Text) {
            tells = tells || domain::values(alone, Term::Column(&column.name), "")? != Domain::All;
        }
        for key in domain::tag_keys(alone) {
            tells = tells || domain::values(alone, Term::Tag(&key), "")? != Domain::All;
        }
        if tells {
            telling.push(filter);
        }
    }
    Ok(telling)
}

/// None: no row of this region can count.
fn region_request(ask: &Ask<'_>, region: String) -> Result<Option<RegionRequest>> {
    let Ask { table, settings, .. } = *ask;
    let parameters = ask.given.iter().flat_map(|given| given.wire.clone()).collect();
    let mut request = RegionRequest { region, keys: None, filters: vec![], parameters, page_rows: None };
    for column in table.columns.iter().filter(|column| column.data_type == Type::Text) {
        let Domain::Set(values) = column_values(ask, &column.name, &request.region)? else { continue };
        if values.is_empty() {
            return Ok(None);
        }
        if !settings.pushdown {
            continue;
        }
        match (&column.id, &column.filter) {
            (Some(parameter), _) if !request.asks_ids() => match ids(table, parameter, values) {
                Some(keys) => request.keys = Some(keys),
                None => return Ok(None),
            },
            (None, Some(name)) => {
                if let Some(filter) = table.filters.iter().find(|filter| &filter.name == name) {
                    request.filter(filter_values(filter, name, &values));
                }
            }
            _ => {}
        }
    }
    for key in domain::tag_keys(ask.filters) {
        let Domain::Set(values) = domain::values(ask.filters, Term::Tag(&key), &request.region)? else { continue };
        if values.is_empty() {
            return Ok(None);
        }
        let filter = table.filters.iter().find(|filter| filter.name == TAG_FILTER);
        if let (true, Some(filter), false) = (settings.pushdown, filter, key.contains(['*', '?', '\\'])) {
            request.filter(filter_values(filter, &format!("tag:{key}"), &values));
        }
    }
    request.filters.truncate(FILTERS_MAX);
    if request.asks_ids() {
        // An operation that is given ids may ignore its filters or refuse them beside ids; the ids are fewer anyway.
        request.filters.clear();
    } else {
        request.page_rows = page_rows(table, ask.limit, settings);
    }
    Ok(Some(request))
}

/// What the statement and the joins leave; a join that yields too many values is read without them.
fn column_values(ask: &Ask<'_>, column: &str, region: &str) -> Result<Domain> {
    let said = domain::values(ask.filters, Term::Column(column), region)?;
    Ok(match bind::values(ask.dynamic, column, Some(region)) {
        Domain::Set(joined) if joined.len() > ask.settings.join_values => said,
        joined => said.and(joined),
    })
}

/// None: no row has such an id.
fn ids(table: &Table, parameter: &str, values: BTreeSet<String>) -> Option<Keys> {
    // No row has an empty id or one that no filter takes, and such a value would be a malformed one.
    let can_be = |id: &String| !id.is_empty() && id.chars().count() <= FILTER_VALUE_CHARS_MAX;
    let values: Vec<String> = values.into_iter().filter(can_be).collect();
    let documented = table.parameters.iter().find(|known| known.name == parameter).and_then(|known| known.values_max);
    let per_request_max = documented.map_or(IDS_PER_REQUEST_MAX, |max| (max as usize).clamp(1, IDS_PER_REQUEST_MAX));
    (!values.is_empty()).then(|| Keys { name: parameter.to_owned(), is_filter: false, values, per_request_max })
}

fn parameter_values(parameter: &Parameter, values: BTreeSet<String>) -> Vec<(String, String)> {
    match parameter.kind {
        ParameterKind::TextList => parameters::list(&parameter.name, &values.into_iter().collect::<Vec<_>>()),
        _ => values.into_iter().map(|value| (parameter.name.clone(), value)).collect(),
    }
}

/// The name of the filter over one tag, in the table files.
pub(crate) const TAG_FILTER: &str = "tag:*";

/// A filter as it goes on the wire; None when EC2 might read one of the values otherwise than we do.
fn filter_values(filter: &Filter, name: &str, values: &BTreeSet<String>) -> Option<(String, Vec<String>)> {
    let documented = |value: &String| filter.values.is_empty() || filter.values.contains(value);
    let sendable =
        |value: &String| !value.is_empty() && value.chars().count() <= FILTER_VALUE_CHARS_MAX && documented(value);
    values
        .iter()
        .all(sendable)
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
        // Without a page size EC2 answers everything at once (which can be too large), and throttles earlier.
        (Some(range), None) => Some(wanted.unwrap_or(u32::MAX).clamp(*range.start(), *range.end())),
        (None, None) => None,
    }
}

impl RegionRequest {
    /// The call for a batch of keys (for all rows when there are none).
    pub(crate) fn call(&self, table: &Table, batch: &[String]) -> Call {
        let mut flat = self.parameters.clone();
        let mut filters = self.filters.clone();
        match &self.keys {
            Some(keys) if keys.is_filter => filters.push((keys.name.clone(), batch.to_vec())),
            Some(keys) => flat.extend(parameters::list(&keys.name, batch)),
            None => {}
        }
        let prefix = table
            .parameters
            .iter()
            .find(|parameter| parameter.kind == ParameterKind::Filters)
            .map_or("Filter", |parameter| parameter.name.as_str());
        for (number, (name, values)) in (1..).zip(&filters) {
            flat.extend(parameters::filter(prefix, number, name, values));
        }
        if let Some(rows) = self.page_rows {
            flat.push(("MaxResults".into(), rows.to_string()));
        }
        Call { operation: table.operation.clone(), region: self.region.clone(), parameters: flat }
    }

    /// The keys in batches; one empty batch when everything is asked for.
    pub(crate) fn batches(&self) -> Vec<Vec<String>> {
        match &self.keys {
            Some(keys) => keys.values.chunks(keys.per_request_max.max(1)).map(<[String]>::to_vec).collect(),
            None => vec![vec![]],
        }
    }

    /// Whether rows are asked for by their ids.
    pub(crate) fn asks_ids(&self) -> bool {
        self.keys.as_ref().is_some_and(|keys| !keys.is_filter)
    }

    /// A filter with more values than one request takes is asked in batches; no row comes twice, since a row has one
    /// value. Of two such filters one is enough.
    fn filter(&mut self, filter: Option<(String, Vec<String>)>) {
        match filter {
            Some(filter) if filter.1.len() <= FILTER_VALUES_MAX => self.filters.push(filter),
            Some((name, values)) if self.keys.is_none() && !name.starts_with("tag:") => {
                self.keys = Some(Keys { name, is_filter: true, values, per_request_max: FILTER_VALUES_MAX });
            }
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a failed assertion is the point of a test")]
mod tests;
