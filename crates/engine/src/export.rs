//! Rows into files and streams: csv, json, jsonl, parquet, arrow.
//!
//! `COPY ... TO` and the command line's `--out-file` are the same code: [`Target`] and [`copy_to`].

mod cells;
mod columnar;
mod csv;
mod json;
mod sink;
mod target;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;

use datafusion::arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::Statement as Sql;
use futures::StreamExt as _;

use crate::error::Reason;
use crate::parse::Command;
use crate::{Error, Rows, Statement};
pub use cells::{Cells, Style};
use sink::Sink;
pub use target::{Target, UNFINISHED_PREFIX};

/// What rows are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 with LF: NULL is nothing, '' is `""`, nested values are JSON text.
    Csv,
    /// One array of objects.
    Json,
    /// One object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow IPC: the file format in a file, the stream format elsewhere.
    Arrow,
}

impl Format {
    const ALL: [Self; 5] = [Self::Csv, Self::Json, Self::Jsonl, Self::Parquet, Self::Arrow];

    /// Its name, which is also the usual file extension.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// The format that a file's name asks for.
    pub fn from_extension(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.parse().ok()
    }

    /// Whether the output is bytes that only a program reads, one result in each.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.to_ascii_lowercase();
        let name = if name == "ndjson" { "jsonl" } else { name.as_str() };
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            Error::usage(
                format!("there is no format \"{text}\""),
                Some("The formats of a file are csv, json, jsonl, parquet and arrow."),
            )
        })
    }
}

/// How a format is written, where there is a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether csv starts with the column names.
    pub header: bool,
    /// Whether the bytes go to a file (arrow has another form there).
    pub to_file: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { header: true, to_file: true }
    }
}

/// Writes batches of one schema in one format.
pub trait Encoder: Send {
    /// Writes every row of a batch.
    ///
    /// # Errors
    /// When a value has no form in this format, or the bytes cannot be written.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error>;

    /// Writes what ends the output, and flushes it. Without this call the output is not complete.
    ///
    /// # Errors
    /// When the bytes cannot be written.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

/// An encoder over a writer. `what` names the writer in errors: a file's name, or "standard output".
///
/// # Errors
/// When the format cannot hold a column's type, before any row is asked for.
pub fn encoder(
    format: Format,
    schema: &SchemaRef,
    out: Box<dyn Write + Send>,
    what: &str,
    options: Options,
) -> Result<Box<dyn Encoder>, Error> {
    if format != Format::Arrow && schema.fields().iter().any(holds_union) {
        // Some of the writers below panic on them.
        return Err(not_supported(format, &ArrowError::NotYetImplemented("a union type".into())));
    }
    let sink = Sink::new(out, what, !options.to_file);
    Ok(match format {
        Format::Csv => Box::new(csv::Csv::new(schema, sink, options.header)?),
        Format::Json => Box::new(json::Json::<json::Array>::new(schema, sink)?),
        Format::Jsonl => Box::new(json::Json::<json::Lines>::new(schema, sink)?),
        Format::Parquet => Box::new(columnar::Parquet::new(schema, sink)?),
        Format::Arrow if options.to_file => Box::new(columnar::ArrowFile::new(schema, sink)?),
        Format::Arrow => Box::new(columnar::ArrowStream::new(schema, sink)?),
    })
}

/// Writes all rows into a file that appears complete or not at all; gives the number of rows.
///
/// # Errors
/// When the target is refused (before a row is asked for), when the query fails, or when writing fails.
pub async fn copy_to(rows: Rows, path: &Path, format: Format, overwrite: bool) -> Result<u64, Error> {
    let target = Target::create(path, overwrite)?;
    copy_into(rows, target, format, Options::default()).await
}

/// The same with a target that was created earlier, which is how an existing file is refused before a query starts.
///
/// # Errors
/// When the query fails, or when writing fails; then nothing is left under the target's name.
pub async fn copy_into(rows: Rows, target: Target, format: Format, options: Options) -> Result<u64, Error> {
    let mut rows = rows.detached();
    let options = Options { to_file: true, ..options };
    let mut encoder = encoder(format, &rows.schema, target.writer()?, &target.what(), options)?;
    let (batches, mut received) = tokio::sync::mpsc::channel::<RecordBatch>(1);
    // One thread to the end: the C library's allocator keeps memory for each, so an encoder that moves between threads
    // leaves its memory in all of them.
    let writing = SpawnedTask::spawn_blocking(move || {
        while let Some(batch) = received.blocking_recv() {
            encoder.write(&batch)?;
        }
        Ok::<_, Error>(encoder)
    });
    let mut count = 0;
    while let Some(batch) = rows.stream.next().await {
        let batch = batch?;
        count += batch.num_rows() as u64;
        if batches.send(batch).await.is_err() {
            // Writing has failed, and says below why.
            break;
        }
    }
    drop(batches);
    let Ok(encoder) = writing.join_unwind().await else {
        // The runtime is going down: nobody waits for an answer.
        return std::future::pending().await;
    };
    encoder?.finish()?;
    target.commit()?;
    Ok(count)
}

fn holds_union(field: &FieldRef) -> bool {
    match field.data_type() {
        DataType::Union(..) => true,
        DataType::Struct(fields) => fields.iter().any(holds_union),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => holds_union(item),
        _ => false,
    }
}

impl Rows {
    /// The same rows, read by a task of their own, one batch ahead: whoever waits for them can stop at once, however long
    /// the next batch is computed. It needs a runtime of tokio around it.
    #[must_use]
    pub fn detached(self) -> Self {
        let Self { schema, mut stream } = self;
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        // Dropped with the stream, it stops its task.
        let mut reading = tokio::task::JoinSet::new();
        reading.spawn(async move {
            while let Some(batch) = stream.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
        });
        let stream = futures::stream::unfold((receiver, reading), |(mut receiver, mut reading)| async move {
            if let Some(batch) = receiver.recv().await {
                return Some((batch, (receiver, reading)));
            }
            // A task that panicked has not read all rows.
            let ended = reading.join_next().await?;
            let error = DataFusionError::Internal("the computation of the rows panicked".to_owned());
            ended.is_err().then(|| (Err(error.into()), (receiver, reading)))
        });
        Self { schema, stream: stream.boxed() }
    }
}

impl Statement {
    /// Whether it gives rows: an export of one result is refused before anything runs when there are two.
    pub fn gives_rows(&self) -> bool {
        let Command::Sql(statement) = &self.0 else { return true };
        match statement {
            Parsed::Statement(sql) => matches!(
                **sql,
                Sql::Query(_) | Sql::Explain { .. } | Sql::ExplainTable { .. } | Sql::ShowVariable { .. }
            ),
            Parsed::Explain(_) => true,
            Parsed::CopyTo(_) | Parsed::Reset(_) | Parsed::CreateExternalTable(_) => false,
        }
    }
}

/// What the writers of the Arrow project report: the output's own error when there was one, else a type or value that
/// has no form in the format.
fn failed(sink: &sink::Failure, error: ArrowError) -> Error {
    sink.take().unwrap_or_else(|| DataFusionError::ArrowError(Box::new(error), None).into())
}

#[expect(clippy::needless_pass_by_value, reason = "it is called by map_err")]
fn failed_parquet(sink: &sink::Failure, error: ParquetError) -> Error {
    failed(sink, ArrowError::ParquetError(error.to_string()))
}

fn not_supported(format: Format, error: &ArrowError) -> Error {
    Error::new(Reason::NotSupported(format!("{format} cannot hold this result: {error}")))
}
