//! The pages of one call as batches of rows, counted as they come.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use ec2ql_catalog::Table;
use ec2ql_ec2::{Call, Client, Decode, Document, Error, Page, Pages};

use crate::decode::Decoder;
use crate::plan::Given;
use crate::requests::{Entry, RequestLog};
use crate::scan::ScanMetrics;

/// AWS's codes for a token that it no longer knows.
const STALE_TOKEN: [&str; 2] = ["InvalidNextToken", "InvalidPaginationToken"];

/// Columns of a table that are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) table: Arc<Table>,
    /// Places in `schema::table_schema(table)`.
    pub(crate) projection: Vec<usize>,
    /// The columns there.
    pub(crate) schema: SchemaRef,
}

/// What a call is read with: not the whole source of the scan, which holds the calls that are shared, and so this.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) client: Client,
    pub(crate) requests: RequestLog,
    pub(crate) statement: i64,
    /// Request parameters that the statement gives: columns that show what was asked.
    pub(crate) given: Vec<Given>,
    /// Whether a page may be fetched while the one before it is decoded.
    pub(crate) ahead: bool,
    pub(crate) metrics: ScanMetrics,
}

/// Reads the pages of one call, each for one or more tables of its operation.
#[derive(Debug)]
pub(crate) struct CallReader {
    call: Call,
    reading: Reading,
    tables: Vec<Columns>,
    state: State,
    /// Rows of it have been handed on: it can no longer be asked in another way.
    begun: bool,
    /// A token of it was refused before there was a row, and it was asked from the start.
    begun_again: bool,
}

#[derive(Debug)]
enum State {
    Start,
    UnderWay(Box<Pages<Decoders>>, Entry),
    End,
}

/// The batches of one page: one list for each table.
pub(crate) type Batches = Vec<VecDeque<RecordBatch>>;

impl CallReader {
    /// Nothing is sent yet. The rows of the first table are those that are counted.
    pub(crate) fn new(call: Call, reading: Reading, tables: Vec<Columns>) -> Self {
        Self { call, reading, tables, state: State::Start, begun: false, begun_again: false }
    }

    /// The next page; None after the last.
    pub(crate) async fn page(&mut self) -> Result<Option<Batches>, Error> {
        loop {
            let (pages, entry) = match std::mem::replace(&mut self.state, State::End) {
                State::Start => self.start(),
                State::UnderWay(pages, entry) => (pages, entry),
                State::End => return Ok(None),
            };
            match next(pages).await {
                (None, _) => return Ok(None),
                (Some(Ok(page)), pages) => {
                    let rows = self.count(&entry, &page);
                    self.begun |= rows > 0;
                    if !page.last {
                        self.state = State::UnderWay(pages, entry);
                    }
                    return Ok(Some(page.output));
                }
                (Some(Err(error)), _) => {
                    entry.failed(&error);
                    let stale = error.code().is_some_and(|code| STALE_TOKEN.contains(&code));
                    if self.begun || !stale || std::mem::replace(&mut self.begun_again, true) {
                        return Err(error);
                    }
                    self.state = State::Start;
                }
            }
        }
    }

    fn start(&self) -> (Box<Pages<Decoders>>, Entry) {
        let Reading { client, requests, statement, given, ahead, .. } = &self.reading;
        let entry = requests.start(*statement, &self.call);
        let decoders = self.tables.iter().map(|columns| Decoder::new(columns, &self.call.region, given));
        let decoders = Decoders(decoders.collect());
        (Box::new(Pages::new(client.clone(), self.call.clone(), decoders, *ahead)), entry)
    }

    fn count(&self, entry: &Entry, page: &Page<Batches>) -> usize {
        let rows = page.output.first().into_iter().flatten().map(RecordBatch::num_rows).sum();
        entry.page(page, rows);
        let metrics = &self.reading.metrics;
        metrics.pages.add(1);
        metrics.bytes.add(usize::try_from(page.bytes).unwrap_or(usize::MAX));
        metrics.attempts.add(page.attempts as usize);
        metrics.throttles.add(page.throttles as usize);
        rows
    }
}

/// Decoding runs on its own task, so that regions use all cores; dropped with the reader.
async fn next(mut pages: Box<Pages<Decoders>>) -> (Option<Result<Page<Batches>, Error>>, Box<Pages<Decoders>>) {
    let task = SpawnedTask::spawn(async move {
        let page = pages.next().await;
        (page, pages)
    });
    match task.join_unwind().await {
        Ok(read) => read,
        // The runtime is going down: nobody waits for an answer.
        Err(_) => futures::future::pending().await,
    }
}

/// One after the other over the same document.
#[derive(Debug)]
struct Decoders(Vec<Decoder>);

impl Decode for Decoders {
    type Output = Batches;

    fn decode(&mut self, document: &mut Document<'_>) -> Result<Batches, Error> {
        let mut batches = Vec::with_capacity(self.0.len());
        for (number, decoder) in self.0.iter_mut().enumerate() {
            if number > 0 {
                document.rewind()?;
            }
            batches.push(decoder.decode(document)?);
        }
        Ok(batches)
    }
}
