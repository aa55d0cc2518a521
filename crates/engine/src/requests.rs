//! `system.requests`: every API call of the session, counted as it happens.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;
use ec2ql_ec2::{Call, Kind, Page};

/// Rows that are kept; the oldest go first.
const ROWS_MAX: usize = 10_000;

/// The calls of a session, shared by its statements.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestLog(Arc<Mutex<Rows>>);

#[derive(Debug, Default)]
struct Rows {
    rows: VecDeque<Row>,
    /// Rows that were dropped from the front: a place stays valid while its row is kept.
    dropped: usize,
}

#[derive(Debug, Clone)]
struct Row {
    statement: i64,
    operation: String,
    region: String,
    parameters: String,
    started: SystemTime,
    pages: i64,
    rows: i64,
    bytes: i64,
    attempts: i64,
    throttles: i64,
    elapsed: Duration,
    request_id: Option<String>,
    error: Option<String>,
}

/// The row of one call and its pages.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    log: RequestLog,
    place: usize,
}

/// What a statement has cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Lists that have been asked for, region by region.
    pub calls: u64,
    /// Pages that have arrived.
    pub pages: u64,
    /// Rows in them.
    pub rows: u64,
    /// Bytes of XML in them.
    pub bytes: u64,
}

impl RequestLog {
    pub(crate) fn start(&self, statement: i64, call: &Call) -> Entry {
        let row = Row {
            statement,
            operation: call.operation.clone(),
            region: call.region.clone(),
            parameters: wire_parameters(call),
            started: SystemTime::now(),
            pages: 0,
            rows: 0,
            bytes: 0,
            attempts: 0,
            throttles: 0,
            elapsed: Duration::ZERO,
            request_id: None,
            error: None,
        };
        let place = self.with(|log| {
            log.rows.push_back(row);
            if log.rows.len() > ROWS_MAX {
                log.rows.pop_front();
                log.dropped += 1;
            }
            log.dropped + log.rows.len() - 1
        });
        Entry { log: self.clone(), place }
    }

    pub(crate) fn progress(&self, statement: i64) -> Progress {
        self.with(|log| {
            let mut progress = Progress::default();
            for row in log.rows.iter().filter(|row| row.statement == statement) {
                progress.calls += 1;
                progress.pages += row.pages.unsigned_abs();
                progress.rows += row.rows.unsigned_abs();
                progress.bytes += row.bytes.unsigned_abs();
            }
            progress
        })
    }

    /// What the calls of one statement cost, one line each.
    pub(crate) fn costs(&self, statement: i64) -> Vec<String> {
        self.with(|log| {
            let rows = log.rows.iter().filter(|row| row.statement == statement);
            rows.map(|row| {
                let with = if row.parameters.is_empty() { String::new() } else { format!(" with {}", row.parameters) };
                format!(
                    "{} in {}{with}: {} requests, {} pages, {} rows, {} bytes, {} throttles, {} ms",
                    row.operation,
                    row.region,
                    row.attempts,
                    row.pages,
                    row.rows,
                    row.bytes,
                    row.throttles,
                    row.elapsed.as_millis()
                )
            })
            .collect()
        })
    }

    pub(crate) fn schema() -> SchemaRef {
        let count = |name: &str| Field::new(name, DataType::Int64, false);
        let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
        Arc::new(Schema::new(vec![
            count("statement"),
            text("operation", false),
            text("region", false),
            text("parameters", false),
            count("pages"),
            count("rows"),
            count("bytes"),
            count("attempts"),
            count("throttles"),
            Field::new("started_at", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), false),
            count("elapsed_ms"),
            text("request_id", true),
            text("error", true),
        ]))
    }

    pub(crate) fn batch(&self) -> Result<RecordBatch, ArrowError> {
        let rows: Vec<Row> = self.with(|log| log.rows.iter().cloned().collect());
        let count = |of: fn(&Row) -> i64| -> ArrayRef {
            Arc::new(rows.iter().map(|row| Some(of(row))).collect::<Int64Array>())
        };
        let text =
            |of: fn(&Row) -> Option<&str>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
        let started = rows.iter().map(|row| row.started.duration_since(UNIX_EPOCH).map_or(0, millis));
        RecordBatch::try_new(
            Self::schema(),
            vec![
                count(|row| row.statement),
                text(|row| Some(&row.operation)),
                text(|row| Some(&row.region)),
                text(|row| Some(&row.parameters)),
                count(|row| row.pages),
                count(|row| row.rows),
                count(|row| row.bytes),
                count(|row| row.attempts),
                count(|row| row.throttles),
                Arc::new(TimestampMillisecondArray::from_iter_values(started).with_timezone("UTC")),
                count(|row| millis(row.elapsed)),
                text(|row| row.request_id.as_deref()),
                text(|row| row.error.as_deref()),
            ],
        )
    }

    fn with<T>(&self, act: impl FnOnce(&mut Rows) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Entry {
    pub(crate) fn page<T>(&self, page: &Page<T>, rows: usize) {
        self.update(|row| {
            row.pages += 1;
            row.rows += i64::try_from(rows).unwrap_or(i64::MAX);
            row.bytes += i64::try_from(page.bytes).unwrap_or(i64::MAX);
            row.attempts += i64::from(page.attempts);
            row.throttles += i64::from(page.throttles);
            row.elapsed += page.elapsed;
            row.request_id = Some(page.request_id.clone());
        });
    }

    pub(crate) fn failed(&self, error: &ec2ql_ec2::Error) {
        self.update(|row| {
            row.attempts += i64::from(error.attempts());
            if error.kind() == Kind::Throttled {
                // At least the last of them was.
                row.throttles += i64::from(error.attempts());
            }
            row.request_id = error.request_id().map(str::to_owned).or_else(|| row.request_id.take());
            row.error = Some(error.code().map_or_else(|| error.message().to_owned(), str::to_owned));
        });
    }

    fn update(&self, act: impl FnOnce(&mut Row)) {
        self.log.with(|log| {
            if let Some(row) = self.place.checked_sub(log.dropped).and_then(|place| log.rows.get_mut(place)) {
                act(row);
            }
        });
    }
}

/// The parameters as they go on the wire, without what every request has: action, version, page token.
pub(crate) fn wire_parameters(call: &Call) -> String {
    ec2ql_ec2::encode(call).splitn(3, '&').nth(2).unwrap_or_default().to_owned()
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
