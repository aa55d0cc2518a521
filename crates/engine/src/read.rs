//! Reading one region: batches of ids, pages, and ids that do not exist.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::error::DataFusionError;
use ec2ql_catalog::Table;
use ec2ql_ec2::{Call, Kind, parameters};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::call::{CallReader, Columns, Reading};
use crate::enabled::DESCRIBE_REGIONS;
use crate::error::{Error, Reason};
use crate::plan::{IDS_PER_REQUEST_MAX, Keys, RegionRequest};
use crate::scan::Source;
use crate::shared::{HeldReader, Sharer};

/// What the readers of one scan have in common.
#[derive(Debug)]
pub(crate) struct ScanReading {
    pub(crate) source: Source,
    pub(crate) columns: Columns,
    pub(crate) reading: Reading,
    /// The requests that it shares with other scans; None: all are its own.
    pub(crate) sharer: Option<Sharer>,
}

/// Reads the requests of one region, one after the other.
#[derive(Debug)]
pub(crate) struct RegionReader {
    scan: Arc<ScanReading>,
    request: RegionRequest,
    /// How the rows are found where some of the ids do not exist.
    lookup: Option<Lookup>,
    todo: VecDeque<Batch>,
    current: Option<Current>,
}

/// Keys that one request asks for; none when everything is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Batch {
    keys: Vec<String>,
    lookup: Turn,
}

/// When the rows of a batch are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The ids are asked for first, and once more without those that the error names.
    Later,
    /// The ids are asked for first.
    Next,
    Now,
    /// There is none, or it told nothing.
    Never,
}

/// The request under way.
#[derive(Debug)]
struct Current {
    batch: Batch,
    answer: Answer,
    /// Rows of it have been handed on: it can no longer be asked in another way.
    begun: bool,
}

#[derive(Debug)]
enum Answer {
    /// With the batches of the page that was read last.
    Own(Box<CallReader>, VecDeque<RecordBatch>),
    Held(HeldReader),
}

impl Answer {
    async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        let (reader, ready) = match self {
            Self::Held(reader) => return reader.batch().await,
            Self::Own(reader, ready) => (reader, ready),
        };
        while ready.is_empty() {
            let Some(page) = reader.page().await? else { return Ok(None) };
            ready.extend(page.into_iter().flatten());
        }
        Ok(ready.pop_front())
    }
}

impl RegionReader {
    pub(crate) fn new(scan: Arc<ScanReading>, request: RegionRequest) -> Self {
        let lookup = Lookup::of(&request, &scan.columns);
        let turn = match &lookup {
            None => Turn::Never,
            Some(lookup) if !lookup.hides && !lookup.lists() => Turn::Next,
            // A list of everything is dear, and one that hides something may be of no use.
            Some(_) => Turn::Later,
        };
        let todo = request.batches().into_iter().map(|keys| Batch { keys, lookup: turn }).collect();
        Self { scan, request, lookup, todo, current: None }
    }

    /// The next batch of rows; None when the region is read to its end.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        loop {
            let Some(mut current) = self.current.take().or_else(|| self.start()) else { return Ok(None) };
            match (current.answer.next().await, &self.lookup) {
                (Ok(None), _) => {}
                (Ok(Some(rows)), Some(lookup)) if current.batch.lookup == Turn::Now => {
                    let rows = lookup.found(&rows, &current.batch.keys)?;
                    if lookup.hides && rows.num_rows() > 0 {
                        self.ask(halves(&current.batch.keys));
                        continue;
                    }
                    self.current = Some(Current { begun: true, ..current });
                    return Ok(Some(rows));
                }
                (Ok(Some(rows)), _) => {
                    self.current = Some(Current { begun: true, ..current });
                    return Ok(Some(rows));
                }
                (Err(error), _) if current.begun => return Err(self.why(error).await),
                // Not every endpoint knows all that it is asked here.
                (Err(error), _) if current.batch.lookup == Turn::Now && is_refusal(&error) => {
                    self.ask(halves(&current.batch.keys));
                }
                (Err(error), _) => match self.missing(&error) {
                    Some(message) => self.ask(current.batch.without_missing(message)),
                    None => return Err(self.why(error).await),
                },
            }
        }
    }

    /// Before anything else.
    fn ask(&mut self, batches: Vec<Batch>) {
        batches.into_iter().rev().for_each(|batch| self.todo.push_front(batch));
    }

    /// AWS says of a region that is not enabled what it says of wrong credentials.
    async fn why(&self, error: Error) -> Error {
        let (source, region) = (&self.scan.source, &self.request.region);
        let elsewhere = *region != source.home_region && self.scan.columns.table.operation != DESCRIBE_REGIONS;
        if let Reason::Ec2(refused) = error.reason()
            && refused.kind() == Kind::AuthFailure
            && elsewhere
        {
            let enabled: BoxFuture<'_, _> = source.enabled.get(source).boxed();
            if enabled.await.is_ok_and(|enabled| !enabled.contains(region)) {
                return Error::new(Reason::RegionNotEnabled { region: region.clone(), source: refused.clone() });
            }
        }
        error
    }

    fn start(&mut self) -> Option<Current> {
        let mut batch = self.todo.pop_front()?;
        if batch.lookup == Turn::Now && self.lookup.as_ref().is_some_and(Lookup::lists) {
            // One list is enough for all.
            batch.keys.extend(self.todo.drain(..).flat_map(|later| later.keys));
        }
        let ScanReading { columns, reading, sharer, .. } = self.scan.as_ref();
        let call = match &self.lookup {
            Some(lookup) if batch.lookup == Turn::Now => lookup.call(&columns.table, &batch.keys),
            _ => self.request.call(&columns.table, &batch.keys),
        };
        let answer = if let Some(sharer) = sharer {
            Answer::Held(sharer.call(&call, reading))
        } else {
            let reader = CallReader::new(call, reading.clone(), vec![columns.clone()]);
            Answer::Own(Box::new(reader), VecDeque::new())
        };
        Some(Current { batch, answer, begun: false })
    }

    /// What the error says, if it is that an id does not exist: such an id is no row, and must not lose the others.
    fn missing<'a>(&self, error: &'a Error) -> Option<&'a str> {
        let Reason::Ec2(error) = error.reason() else { return None };
        let not_found = &self.scan.columns.table.not_found;
        let missing = error.code().is_some_and(|code| not_found.iter().any(|known| known == code));
        (missing && self.request.asks_ids()).then(|| error.message())
    }
}

impl Batch {
    /// What to ask instead when some of the ids do not exist. The ids that the message names are left out. Where it
    /// names none, or all of several (which says nothing of which is missing), they are looked up, or each half asked for.
    fn without_missing(self, message: &str) -> Vec<Self> {
        let Self { keys, lookup } = self;
        let words: Vec<&str> = message.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).collect();
        let (named, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(|id| words.contains(&id.as_str()));
        let told = !named.is_empty() && !others.is_empty();
        let keys = if others.is_empty() { named } else { others };
        let batch = |keys, lookup| Self { keys, lookup };
        match lookup {
            Turn::Never if told => vec![batch(keys, Turn::Never)],
            Turn::Later if told => vec![batch(keys, Turn::Next)],
            _ if !told && keys.len() < 2 => vec![],
            Turn::Later | Turn::Next => vec![batch(keys, Turn::Now)],
            Turn::Now | Turn::Never => halves(&keys),
        }
    }
}

/// Batches of at most half as many ids, which alone tell what is there.
fn halves(keys: &[String]) -> Vec<Batch> {
    let size = keys.len().div_ceil(2).clamp(1, IDS_PER_REQUEST_MAX);
    keys.chunks(size).map(|keys| Batch { keys: keys.to_vec(), lookup: Turn::Never }).collect()
}

/// Whether the endpoint answered that it does not do this.
fn is_refusal(error: &Error) -> bool {
    matches!(error.reason(), Reason::Ec2(error) if error.kind() == Kind::Service)
}

/// How rows are found by their ids without an error where one does not exist: by the filter over the ids, or in a list
/// of everything.
#[derive(Debug)]
struct Lookup {
    request: RegionRequest,
    /// Where the id is among the columns.
    place: usize,
    /// A listing may leave out what an id finds, unless it is told to include it: then it only tells that nothing is
    /// there.
    hides: bool,
}

impl Lookup {
    fn of(request: &RegionRequest, columns: &Columns) -> Option<Self> {
        let Columns { table, schema, .. } = columns;
        let keys = request.keys.as_ref().filter(|keys| !keys.is_filter)?;
        let column = table.columns.iter().find(|column| column.id.as_ref() == Some(&keys.name))?;
        let filter = |name: &String| Keys { name: name.clone(), is_filter: true, values: vec![], ..keys.clone() };
        let keys = column.filter.as_ref().map(filter);
        if keys.is_none() && !column.listed {
            return None;
        }
        let place = schema.index_of(&column.name).ok()?;
        let include = table.parameters.iter().filter(|parameter| parameter.name.starts_with("Include"));
        let include: Vec<_> = include.map(|parameter| (parameter.name.clone(), "true".to_owned())).collect();
        let hides = !include.is_empty();
        let said = request.parameters.iter().filter(|(name, _)| include.iter().all(|(known, _)| known != name));
        let parameters = said.cloned().chain(include.clone()).collect();
        Some(Self { request: RegionRequest { keys, parameters, ..request.clone() }, place, hides })
    }

    /// Whether it asks for everything.
    fn lists(&self) -> bool {
        self.request.keys.is_none()
    }

    fn call(&self, table: &Table, ids: &[String]) -> Call {
        let patterns: Vec<String> = ids.iter().map(|id| parameters::literal(id)).collect();
        self.request.call(table, &patterns)
    }

    /// The rows that were asked for: an endpoint may ignore a filter.
    fn found(&self, rows: &RecordBatch, ids: &[String]) -> Result<RecordBatch, DataFusionError> {
        let found = rows.column(self.place).as_string::<i32>().iter();
        let wanted: BooleanArray = found.map(|id| id.map(|id| ids.iter().any(|wanted| wanted == id))).collect();
        Ok(filter_record_batch(rows, &wanted)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Turn};

    #[track_caller]
    fn check(lookup: Turn, ids: &[&str], message: &str, expected: &[(Turn, &[&str])]) {
        let keys = ids.iter().map(ToString::to_string).collect();
        let again = Batch { keys, lookup }.without_missing(message);
        let again: Vec<_> = again.iter().map(|batch| (batch.lookup, batch.keys.as_slice())).collect();
        let expected: Vec<(Turn, Vec<String>)> =
            expected.iter().map(|(turn, ids)| (*turn, ids.iter().map(ToString::to_string).collect())).collect();
        let expected: Vec<_> = expected.iter().map(|(turn, ids)| (*turn, ids.as_slice())).collect();
        assert_eq!(again, expected, "{message}");
    }

    #[test]
    fn ids_that_the_message_names_are_left_out() {
        use Turn::{Later, Never, Next};
        check(Never, &["i-1", "i-2", "i-3"], "The instance IDs 'i-1, i-3' do not exist", &[(Never, &["i-2"])]);
        check(Later, &["i-1", "i-2", "i-3"], "The instance ID 'i-1' does not exist", &[(Next, &["i-2", "i-3"])]);
        check(Never, &["i-1"], "The instance ID 'i-1' does not exist", &[]);
        check(Later, &["i-1"], "The instance ID 'i-1' does not exist", &[]);
        check(Never, &["i-1", "i-11"], "The instance ID 'i-11' does not exist", &[(Never, &["i-1"])]);
    }

    #[test]
    fn the_filter_is_asked_when_the_message_does_not_tell_or_not_enough() {
        use Turn::{Later, Next, Now};
        check(Later, &["a", "b"], "The images 'a, b' do not exist", &[(Now, &["a", "b"])]);
        check(Later, &["a", "b"], "Invalid id", &[(Now, &["a", "b"])]);
        check(Next, &["a", "b", "c"], "The snapshot 'a' does not exist", &[(Now, &["b", "c"])]);
        check(Next, &["a", "b"], "The snapshot 'a' does not exist", &[(Now, &["b"])]);
        check(Next, &["a"], "The snapshot 'a' does not exist", &[]);
    }

    #[test]
    fn a_batch_without_a_filter_is_halved_when_the_message_tells_nothing() {
        use Turn::Never;
        let all = "The volumes 'vol-1, vol-2, vol-3' do not exist";
        check(Never, &["vol-1", "vol-2", "vol-3"], all, &[(Never, &["vol-1", "vol-2"]), (Never, &["vol-3"])]);
        check(Never, &["a", "b", "c"], "Invalid id", &[(Never, &["a", "b"]), (Never, &["c"])]);
        check(Never, &["a"], "Invalid id", &[]);
    }
}
