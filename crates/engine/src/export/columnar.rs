//! parquet and arrow: the types stay.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::writer::{FileWriter, StreamWriter};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::WriterProperties;

use super::sink::{Failure, Sink};
use super::{Encoder, Format, failed, failed_parquet, not_supported};
use crate::Error;

/// A row group is held in memory until it is whole: these bound it.
const ROW_GROUP_BYTES_MAX: usize = 16 * 1024 * 1024;
const ROW_GROUP_MEMORY_BYTES_MAX: usize = 32 * 1024 * 1024;
const ROW_GROUP_ROWS_MAX: usize = 32 * 1024;
/// Every column has a page and a dictionary under construction and the compressor's tables, whose size follows the
/// page's. A dictionary that outgrows its bound was of no use, and is held all the same until the row group is whole.
const PAGE_BYTES_MAX: usize = 256 * 1024;
const PAGE_ROWS_MAX: usize = 8 * 1024;
const DICTIONARY_BYTES_MAX: usize = 64 * 1024;
/// The bounds are looked at once in so many rows.
const STEP_ROWS_MAX: usize = 1024;

pub(super) struct Parquet {
    writer: ArrowWriter<Sink>,
    failure: Failure,
}

impl Parquet {
    pub(super) fn new(schema: &SchemaRef, sink: Sink) -> Result<Self, Error> {
        let failure = sink.failure();
        let writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties()?))
            .map_err(|error| failure.take().unwrap_or_else(|| not_supported(Format::Parquet, &error.into())))?;
        Ok(Self { writer, failure })
    }
}

impl Encoder for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        for from in (0..batch.num_rows()).step_by(STEP_ROWS_MAX) {
            let step = batch.slice(from, STEP_ROWS_MAX.min(batch.num_rows() - from));
            self.writer.write(&step).map_err(|error| failed_parquet(&self.failure, error))?;
            if self.writer.memory_size() > ROW_GROUP_MEMORY_BYTES_MAX {
                self.writer.flush().map_err(|error| failed_parquet(&self.failure, error))?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.writer.finish().map_err(|error| failed_parquet(&self.failure, error))?;
        self.writer.inner_mut().end()
    }
}

fn properties() -> Result<WriterProperties, Error> {
    let level = ZstdLevel::try_new(1).map_err(|error: ParquetError| not_supported(Format::Parquet, &error.into()))?;
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES_MAX))
        .set_data_page_size_limit(PAGE_BYTES_MAX)
        .set_data_page_row_count_limit(PAGE_ROWS_MAX)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES_MAX)
        .set_created_by(concat!("ec2ql ", env!("CARGO_PKG_VERSION")).into())
        .set_key_value_metadata(Some(vec![KeyValue::new(
            "ec2ql.version".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        )]))
        .build())
}

pub(super) struct ArrowFile {
    writer: FileWriter<Sink>,
    failure: Failure,
}

impl ArrowFile {
    pub(super) fn new(schema: &SchemaRef, sink: Sink) -> Result<Self, Error> {
        let failure = sink.failure();
        let writer = FileWriter::try_new(sink, schema)
            .map_err(|error| failure.take().unwrap_or_else(|| not_supported(Format::Arrow, &error)))?;
        Ok(Self { writer, failure })
    }
}

impl Encoder for ArrowFile {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch).map_err(|error| failed(&self.failure, error))
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.writer.finish().map_err(|error| failed(&self.failure, error))?;
        self.writer.get_mut().end()
    }
}

pub(super) struct ArrowStream {
    writer: StreamWriter<Sink>,
    failure: Failure,
}

impl ArrowStream {
    pub(super) fn new(schema: &SchemaRef, sink: Sink) -> Result<Self, Error> {
        let failure = sink.failure();
        let writer = StreamWriter::try_new(sink, schema)
            .map_err(|error| failure.take().unwrap_or_else(|| not_supported(Format::Arrow, &error)))?;
        Ok(Self { writer, failure })
    }
}

impl Encoder for ArrowStream {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch).map_err(|error| failed(&self.failure, error))?;
        self.writer.get_mut().end_batch()
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.writer.finish().map_err(|error| failed(&self.failure, error))?;
        self.writer.get_mut().end()
    }
}
