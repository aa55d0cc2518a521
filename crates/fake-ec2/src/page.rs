//! Pages, and the opaque tokens between them.

use std::ops::{Range, RangeInclusive};

use crate::dice::Dice;
use crate::envelope::Failure;
use crate::fault::TokenFault;
use crate::query::Query;

/// What an operation allows in `MaxResults`.
#[derive(Debug)]
pub(crate) struct Paging {
    pub(crate) rows: RangeInclusive<usize>,
    /// EC2's name for the ids that exclude `MaxResults`, where it excludes them.
    pub(crate) ids: Option<&'static str>,
}

/// Where a page starts, and which page of the scan it is (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) page: usize,
    pub(crate) row: usize,
}

impl Default for Place {
    fn default() -> Self {
        Self { page: 1, row: 0 }
    }
}

/// Tokens of one seed, for one request: a token is of no use with other parameters.
#[derive(Debug)]
pub(crate) struct Tokens {
    key: String,
    seed: u64,
}

impl Tokens {
    pub(crate) fn new(seed: u64, region: &str, action: &str, parameters: &[(String, String)]) -> Self {
        let mut sorted: Vec<_> = parameters.iter().filter(|(name, _)| name != "NextToken").collect();
        sorted.sort();
        Self { key: format!("{region}/{action}/{sorted:?}"), seed }
    }

    /// As long and as odd as EC2's own, with the characters that a form must escape.
    pub(crate) fn write(&self, place: Place) -> String {
        let Place { page, row } = place;
        let check = Dice::new(self.seed, &format!("{}/{page}/{row}", self.key)).hex(24);
        format!("eyJ2IjoiMi+{page:04x}/{row:08x}/{check}==")
    }

    pub(crate) fn read(&self, token: &str) -> Result<Place, Failure> {
        let place = || {
            let mut parts = token.strip_prefix("eyJ2IjoiMi+")?.split('/');
            let page = usize::from_str_radix(parts.next()?, 16).ok()?;
            let row = usize::from_str_radix(parts.next()?, 16).ok()?;
            Some(Place { page, row })
        };
        place().filter(|place| self.write(*place) == token).ok_or_else(|| {
            let message = "The specified pagination token is not valid or is expired.";
            Failure::bad("InvalidPaginationToken", message)
        })
    }
}

impl Paging {
    /// The number of rows on a page.
    pub(crate) fn rows(&self, query: &Query, has_ids: bool, default: usize) -> Result<usize, Failure> {
        let Some(asked) = query.single.get("MaxResults").and_then(|text| text.parse().ok()) else {
            return Ok(default.max(1));
        };
        if let (Some(ids), true) = (self.ids, has_ids) {
            let message = format!("The parameter {ids} cannot be used with the parameter maxResults");
            return Err(Failure::bad("InvalidParameterCombination", message));
        }
        let (low, high) = (self.rows.start(), self.rows.end());
        let expected = match asked {
            asked if asked < *low => format!("greater than {low}"),
            asked if asked > *high => format!("less than {high}"),
            asked => return Ok(asked),
        };
        let message = format!("Value ( {asked} ) for parameter maxResults is invalid. Expecting a value {expected}.");
        Err(Failure::bad("InvalidParameterValue", message))
    }
}

/// The rows of the page at `place`, and where the next page starts.
pub(crate) fn turn(
    place: Place,
    page_rows: usize,
    total: usize,
    fault: Option<&TokenFault>,
) -> (Range<usize>, Option<Place>) {
    let Place { page, row } = place;
    let end = row.saturating_add(page_rows).min(total);
    let rows = row.min(total)..end.max(row.min(total));
    let ordinary = (end < total).then_some(Place { page: page + 1, row: end });
    let next = match fault {
        Some(TokenFault::EmptyFirst) if page == 1 => return (0..0, Some(Place { page: 2, row: 0 })),
        Some(TokenFault::Cycle(length)) => {
            let page = if page > *length { 2 } else { page + 1 };
            Some(Place { page, row: (page - 1).saturating_mul(page_rows) })
        }
        Some(TokenFault::Fresh { full }) => {
            let row = if *full && end == total { 0 } else { end };
            Some(Place { page: page + 1, row })
        }
        _ => ordinary,
    };
    (rows, next)
}
