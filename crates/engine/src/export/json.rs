//! json and jsonl: explicit nulls, nested values stay nested, maps are objects.

use std::collections::BTreeSet;
use std::io::Write;

use arrow_json::writer::{JsonFormat, Writer, WriterBuilder};
use datafusion::arrow::array::StructArray;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;

use super::sink::{Failure, Sink};
use super::{Encoder, Format, failed, not_supported};
use crate::Error;

pub(super) struct Json<F: JsonFormat> {
    writer: Writer<Sink, F>,
    failure: Failure,
}

impl<F: JsonFormat> Json<F> {
    pub(super) fn new(schema: &SchemaRef, sink: Sink) -> Result<Self, Error> {
        one_name_each(schema)?;
        encodable(schema).map_err(|error| not_supported(Format::Json, &error))?;
        let failure = sink.failure();
        Ok(Self { writer: WriterBuilder::new().with_explicit_nulls(true).build(sink), failure })
    }
}

impl<F: JsonFormat + Send> Encoder for Json<F> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch).map_err(|error| failed(&self.failure, error))?;
        self.writer.get_mut().end_batch()
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.writer.finish().map_err(|error| failed(&self.failure, error))?;
        self.writer.into_inner().end()
    }
}

/// An object with one key twice is read as half of itself by nearly every reader.
fn one_name_each(schema: &Schema) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match schema.fields().iter().find(|field| !seen.insert(field.name())) {
        None => Ok(()),
        Some(twice) => Err(Error::usage(
            format!("json needs each column name once, and \"{}\" comes twice", twice.name()),
            Some("Give one of them another name: SELECT a.region, b.region AS other_region."),
        )),
    }
}

fn encodable(schema: &SchemaRef) -> Result<(), ArrowError> {
    let array = StructArray::from(RecordBatch::new_empty(schema.clone()));
    let field = Field::new_struct("", schema.fields().clone(), false).into();
    arrow_json::writer::make_encoder(&field, &array, &arrow_json::EncoderOptions::default()).map(drop)
}

/// One array, an object a line: `[` on a line, the rows, `]` on a line.
#[derive(Debug, Default)]
pub(super) struct Array;

impl JsonFormat for Array {
    fn start_stream<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        Ok(writer.write_all(b"[")?)
    }

    fn start_row<W: Write>(&self, writer: &mut W, is_first_row: bool) -> Result<(), ArrowError> {
        Ok(writer.write_all(if is_first_row { b"\n" } else { b",\n" })?)
    }

    fn end_stream<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        Ok(writer.write_all(b"\n]\n")?)
    }
}

/// An object a line, nothing else.
#[derive(Debug, Default)]
pub(super) struct Lines;

impl JsonFormat for Lines {
    fn end_row<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        Ok(writer.write_all(b"\n")?)
    }
}
