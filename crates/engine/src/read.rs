//! Reading one region: batches of ids, pages, and ids that do not exist.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use ec2ql_catalog::Table;
use ec2ql_ec2::{Error, Kind, Page, Pages};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::decode::Decoder;
use crate::enabled::DESCRIBE_REGIONS;
use crate::error::Reason;
use crate::plan::{Given, RegionRequest};
use crate::requests::Entry;
use crate::scan::{ScanMetrics, Source};

/// AWS's codes for a token that it no longer knows.
const STALE_TOKEN: [&str; 2] = ["InvalidNextToken", "InvalidPaginationToken"];

/// What the readers of one scan have in common.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) table: Arc<Table>,
    pub(crate) source: Source,
    pub(crate) projection: Vec<usize>,
    /// The projected columns.
    pub(crate) schema: SchemaRef,
    /// Request parameters that the statement gives: columns that show what was asked.
    pub(crate) given: Vec<Given>,
    /// Whether a page may be fetched while the one before it is decoded.
    pub(crate) ahead: bool,
    pub(crate) metrics: ScanMetrics,
}

/// Reads the requests of one region, one after the other.
#[derive(Debug)]
pub(crate) struct RegionReader {
    reading: Arc<Reading>,
    request: RegionRequest,
    /// Batches of keys that are still to be asked for.
    todo: VecDeque<Vec<String>>,
    current: Option<Current>,
    ready: VecDeque<RecordBatch>,
    /// A token of it was refused before there was a row, and it was asked from the start.
    begun_again: bool,
}

/// The request under way.
#[derive(Debug)]
struct Current {
    ids: Vec<String>,
    pages: Pages<Decoder>,
    entry: Entry,
    /// Rows of it have been handed on: it can no longer be asked in another way.
    begun: bool,
}

type Read = (Option<Result<Page<VecDeque<RecordBatch>>, Error>>, Pages<Decoder>);

impl RegionReader {
    pub(crate) fn new(reading: Arc<Reading>, request: RegionRequest) -> Self {
        Self {
            reading,
            todo: request.batches().into(),
            request,
            current: None,
            ready: VecDeque::new(),
            begun_again: false,
        }
    }

    /// The next batch of rows; None when the region is read to its end.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, crate::Error> {
        match self.advance().await {
            Ok(batch) => Ok(batch),
            Err(error) => Err(self.why(error).await),
        }
    }

    async fn advance(&mut self) -> Result<Option<RecordBatch>, Error> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            let Some(current) = self.current.take().or_else(|| self.start()) else { return Ok(None) };
            let Current { ids, pages, entry, begun } = current;
            match read(pages).await? {
                (None, _) => {}
                (Some(Ok(page)), pages) => {
                    self.took(&entry, &page);
                    self.ready.extend(page.output);
                    if !page.last {
                        let begun = begun || !self.ready.is_empty();
                        self.current = Some(Current { ids, pages, entry, begun });
                    }
                }
                (Some(Err(error)), _) => {
                    entry.failed(&error);
                    if begun {
                        return Err(error);
                    }
                    let stale = error.code().is_some_and(|code| STALE_TOKEN.contains(&code));
                    if stale && !self.begun_again {
                        self.begun_again = true;
                        self.todo.push_front(ids);
                        continue;
                    }
                    let again = self.without_missing(ids, error)?;
                    again.into_iter().rev().for_each(|batch| self.todo.push_front(batch));
                }
            }
        }
    }

    /// AWS says of a region that is not enabled what it says of wrong credentials.
    async fn why(&self, error: Error) -> crate::Error {
        let Reading { table, source, .. } = self.reading.as_ref();
        let region = &self.request.region;
        let elsewhere = *region != source.home_region && table.operation != DESCRIBE_REGIONS;
        if error.kind() == Kind::AuthFailure && elsewhere {
            let enabled: BoxFuture<'_, _> = source.enabled.get(source).boxed();
            if enabled.await.is_ok_and(|enabled| !enabled.contains(region)) {
                return crate::Error::new(Reason::RegionNotEnabled { region: region.clone(), source: error });
            }
        }
        error.into()
    }

    fn start(&mut self) -> Option<Current> {
        let ids = self.todo.pop_front()?;
        let Reading { table, source, projection, schema, given, ahead, .. } = self.reading.as_ref();
        let call = self.request.call(table, &ids);
        let entry = source.requests.start(source.statement, &call);
        let decoder = Decoder::new(table, &self.request.region, (projection, schema.clone()), given);
        let pages = Pages::new(source.client.clone(), call, decoder, *ahead);
        Some(Current { ids, pages, entry, begun: false })
    }

    fn took(&self, entry: &Entry, page: &Page<VecDeque<RecordBatch>>) {
        let rows = page.output.iter().map(RecordBatch::num_rows).sum();
        entry.page(page, rows);
        let metrics = &self.reading.metrics;
        metrics.pages.add(1);
        metrics.bytes.add(usize::try_from(page.bytes).unwrap_or(usize::MAX));
        metrics.attempts.add(page.attempts as usize);
        metrics.throttles.add(page.throttles as usize);
    }

    /// What to ask instead when an id of the batch does not exist: such an id is no row, and must not lose the others.
    /// Any other error comes back as it is.
    fn without_missing(&self, ids: Vec<String>, error: Error) -> Result<Vec<Vec<String>>, Error> {
        let missing = error.code().is_some_and(|code| self.reading.table.not_found.iter().any(|known| known == code));
        if !missing || !self.request.asks_ids() {
            return Err(error);
        }
        Ok(split_missing(ids, error.message()))
    }
}

/// Leaves out the ids that the message names; where it names none, or all of several (which says nothing of which is
/// missing), halves.
fn split_missing(ids: Vec<String>, message: &str) -> Vec<Vec<String>> {
    let words: Vec<&str> = message.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).collect();
    let (named, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| words.contains(&id.as_str()));
    let mut asked = match (named.is_empty(), others.is_empty()) {
        (false, false) => return vec![others],
        (true, _) => others,
        (false, true) => named,
    };
    if asked.len() < 2 {
        return vec![];
    }
    let second = asked.split_off(asked.len() / 2);
    vec![asked, second]
}

/// Decoding runs on its own task, so that regions use all cores; dropped with the scan.
async fn read(mut pages: Pages<Decoder>) -> Result<Read, Error> {
    let task = SpawnedTask::spawn(async move {
        let page = pages.next().await;
        (page, pages)
    });
    match task.join_unwind().await {
        Ok(read) => Ok(read),
        // The runtime is going down: nobody waits for an answer.
        Err(_) => futures::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::split_missing;

    #[track_caller]
    fn check(ids: &[&str], message: &str, expected: &[&[&str]]) {
        let ids = ids.iter().map(ToString::to_string).collect();
        assert_eq!(split_missing(ids, message), expected, "{message}");
    }

    #[test]
    fn ids_that_the_message_names_are_left_out() {
        check(&["i-1", "i-2", "i-3"], "The instance IDs 'i-1, i-3' do not exist", &[&["i-2"]]);
        check(&["i-1"], "The instance ID 'i-1' does not exist", &[]);
        check(&["i-1", "i-11"], "The instance ID 'i-11' does not exist", &[&["i-1"]]);
    }

    #[test]
    fn a_batch_is_halved_when_the_message_tells_nothing() {
        check(
            &["vol-1", "vol-2", "vol-3"],
            "The volumes 'vol-1, vol-2, vol-3' do not exist",
            &[&["vol-1"], &["vol-2", "vol-3"]],
        );
        check(&["a", "b", "c"], "Invalid id", &[&["a"], &["b", "c"]]);
        check(&["a"], "Invalid id", &[]);
    }
}
