//! The operations: what each takes, and where its rows come from.

mod images;
mod imports;
mod instances;
mod regions;
mod tasks;

use crate::element::Fields;
use crate::envelope::Failure;

use crate::filter::{Known, TAG_NAME};
use crate::page::{Paging, Place, turn};
use crate::query::Query;
use crate::service::Call;
use crate::world::Scene;

/// One operation, as data.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// The element that holds the rows.
    pub(crate) set: &'static str,
    /// The list inside of a row whose items are counted, filtered and asked for by id.
    pub(crate) nested: Option<Nested>,
    /// Parameters with one value, besides those of paging.
    pub(crate) flags: &'static [&'static str],
    /// Parameters with several values that are not ids.
    pub(crate) lists: &'static [&'static str],
    pub(crate) ids: &'static [Ids],
    /// `Filter`, or `Filters` in a few operations.
    pub(crate) filter_parameter: Option<&'static str>,
    pub(crate) filters: &'static [Known],
    /// Filters are not looked at when ids are given, as in `DescribeStoreImageTasks`.
    pub(crate) ids_beat_filters: bool,
    pub(crate) paging: Option<Paging>,
    /// What the other parameters leave.
    pub(crate) visible: fn(&Query, &Fields) -> bool,
    pub(crate) rows: fn(&Scene) -> Vec<Fields>,
}

/// A list of rows inside of a row, and what tells the outer rows apart.
#[derive(Debug)]
pub(crate) struct Nested {
    pub(crate) list: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) key: &'static str,
}

/// A parameter that names rows.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) parameter: &'static str,
    pub(crate) path: &'static str,
    /// How an id begins, and EC2's code for one that does not, or that goes on with other than
    /// hexadecimal digits; none where any text may be a name.
    pub(crate) form: Option<(&'static str, &'static str)>,
    /// EC2's answer when these ids are of no row.
    pub(crate) unknown: fn(&[&str]) -> Failure,
}

impl Ids {
    fn check(&self, asked: &[String]) -> Result<(), Failure> {
        let Some((prefix, code)) = self.form else {
            return Ok(());
        };
        let is_right = |id: &String| {
            let digits = id.strip_prefix(prefix).map(|rest| rest.strip_suffix('t').unwrap_or(rest));
            digits.is_some_and(|digits| {
                matches!(digits.len(), 8 | 16 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        };
        match asked.iter().find(|id| !is_right(id)) {
            Some(id) => Err(Failure::bad(code, format!("Invalid id: \"{id}\" (expecting \"{prefix}...\")"))),
            None => Ok(()),
        }
    }
}

/// Every operation that is answered.
const OPERATIONS: &[&[Operation]] =
    &[imports::OPERATIONS, tasks::OPERATIONS, images::OPERATIONS, instances::OPERATIONS, regions::OPERATIONS];

const fn filter(name: &'static str, path: &'static str) -> Known {
    Known { name, path, values: &[], ignored: false }
}

/// `tag:<key>` and `tag-key`.
const TAG: Known = filter(TAG_NAME, "");

/// What most operations have in common.
const DEFAULT: Operation = Operation {
    name: "",
    set: "",
    nested: None,
    flags: &["DryRun"],
    lists: &[],
    ids: &[],
    filter_parameter: Some("Filter"),
    filters: &[],
    ids_beat_filters: false,
    paging: None,
    visible: |_, _| true,
    rows: |_| Vec::new(),
};

impl Operation {
    pub(crate) fn find(action: &str) -> Result<&'static Self, Failure> {
        let mut all = OPERATIONS.iter().copied().flatten();
        all.find(|operation| operation.name == action).ok_or_else(|| {
            let message = format!("The action {action} is not valid for this web service.");
            Failure::bad("InvalidAction", message)
        })
    }

    pub(crate) fn takes(&self, name: &str) -> bool {
        let paging = self.paging.is_some() && matches!(name, "MaxResults" | "NextToken");
        paging || self.flags.contains(&name)
    }

    pub(crate) fn takes_list(&self, name: &str) -> bool {
        self.lists.contains(&name) || self.ids.iter().any(|ids| ids.parameter == name)
    }

    fn has_ids(&self, query: &Query) -> bool {
        self.ids.iter().any(|ids| !query.list(ids.parameter).is_empty())
    }

    /// One page, and where the next one starts.
    pub(crate) fn page(&self, call: &Call<'_>) -> Result<(Fields, Option<Place>), Failure> {
        let query = Query::read(self, call.parameters)?;
        if query.flag("DryRun") {
            let message = "Request would have succeeded, but DryRun flag is set.";
            return Err(Failure::new(412, "DryRunOperation", message));
        }
        let page_rows = match &self.paging {
            Some(paging) => paging.rows(&query, self.has_ids(&query), call.page_rows)?,
            None => usize::MAX,
        };
        let rows = self.select(&query, &call.scene)?;
        let (range, next) = turn(call.place(&query)?, page_rows, rows.len(), call.token_fault);
        let mut rows = rows.get(range).unwrap_or_default().to_vec();
        if let Some(nested) = &self.nested {
            rows = Fields::gather(rows, nested.list, nested.key);
        }
        Ok((Fields::new().list(self.set, rows), next))
    }

    /// All rows that the request asks for; those of a nested list one by one.
    fn select(&self, query: &Query, scene: &Scene) -> Result<Vec<Fields>, Failure> {
        let mut rows = (self.rows)(scene);
        if let Some(nested) = &self.nested {
            rows = rows.iter().flat_map(|row| row.explode(nested.list)).collect();
        }
        for ids in self.ids {
            let asked = query.list(ids.parameter);
            ids.check(asked)?;
            let known = |id: &str| rows.iter().any(|row| row.values(ids.path).contains(&id));
            let unknown: Vec<&str> = asked.iter().map(String::as_str).filter(|id| !known(id)).collect();
            if !unknown.is_empty() {
                return Err((ids.unknown)(&unknown));
            }
            if !asked.is_empty() {
                rows.retain(|row| row.values(ids.path).iter().any(|id| asked.iter().any(|asked| asked == id)));
            }
        }
        let filters = if self.ids_beat_filters && self.has_ids(query) { &[] } else { query.filters.as_slice() };
        let prefix = self.nested.as_ref().map_or("", |nested| nested.prefix);
        rows.retain(|row| {
            let accepted = filters.iter().all(|filter| filter.accepts(row, prefix, self.filters));
            accepted && (self.visible)(query, row)
        });
        Ok(rows)
    }
}
