//! csv that keeps NULL and '' apart, which neither arrow-csv nor the csv crate's quoting styles do.

use arrow_json::EncoderOptions;
use arrow_json::writer::{NullableEncoder, make_encoder};
use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, LargeStringArray, StringArray, StringViewArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::sink::Sink;
use super::{Encoder, Format, not_supported};
use crate::Error;
use datafusion::error::DataFusionError;

const LINE_BYTES_KEPT: usize = 64 * 1024;

pub(super) struct Csv {
    schema: SchemaRef,
    sink: Sink,
    line: Vec<u8>,
    nested: EncoderOptions,
}

impl Csv {
    pub(super) fn new(schema: &SchemaRef, mut sink: Sink, header: bool) -> Result<Self, Error> {
        let nested = EncoderOptions::default().with_explicit_nulls(true);
        let empty = RecordBatch::new_empty(schema.clone());
        columns(schema, &empty, &nested).map_err(|error| not_supported(Format::Csv, &error))?;
        let mut line = Vec::new();
        if header {
            for (index, field) in schema.fields().iter().enumerate() {
                separate(index, &mut line);
                put_text(field.name().as_bytes(), &mut line);
            }
            line.push(b'\n');
            sink.put(&line)?;
        }
        Ok(Self { schema: schema.clone(), sink, line, nested })
    }
}

impl Encoder for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let fail = |error| Error::from(DataFusionError::ArrowError(Box::new(error), None));
        let mut columns = columns(&self.schema, batch, &self.nested).map_err(fail)?;
        for row in 0..batch.num_rows() {
            self.line.clear();
            self.line.shrink_to(LINE_BYTES_KEPT);
            for (index, column) in columns.iter_mut().enumerate() {
                separate(index, &mut self.line);
                column.put(row, &mut self.line).map_err(fail)?;
            }
            self.line.push(b'\n');
            self.sink.put(&self.line)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.sink.end()
    }
}

struct Column<'a> {
    nulls: Option<NullBuffer>,
    cell: Cell<'a>,
}

enum Cell<'a> {
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    TextView(&'a StringViewArray),
    Nested(NullableEncoder<'a>, Vec<u8>),
    Plain(ArrayFormatter<'a>, String),
}

fn columns<'a>(
    schema: &'a SchemaRef,
    batch: &'a RecordBatch,
    nested: &'a EncoderOptions,
) -> Result<Vec<Column<'a>>, ArrowError> {
    schema.fields().iter().zip(batch.columns()).map(|(field, array)| column(field, array, nested)).collect()
}

fn column<'a>(field: &'a FieldRef, array: &'a ArrayRef, nested: &'a EncoderOptions) -> Result<Column<'a>, ArrowError> {
    let cell = match array.data_type() {
        DataType::Utf8 => Cell::Text(array.as_string()),
        DataType::LargeUtf8 => Cell::LargeText(array.as_string()),
        DataType::Utf8View => Cell::TextView(array.as_string_view()),
        data_type if data_type.is_nested() => Cell::Nested(make_encoder(field, array, nested)?, Vec::new()),
        _ => Cell::Plain(ArrayFormatter::try_new(array, &FormatOptions::new())?, String::new()),
    };
    Ok(Column { nulls: array.logical_nulls(), cell })
}

impl Column<'_> {
    fn put(&mut self, row: usize, line: &mut Vec<u8>) -> Result<(), ArrowError> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(());
        }
        match &mut self.cell {
            Cell::Text(array) => put_text(array.value(row).as_bytes(), line),
            Cell::LargeText(array) => put_text(array.value(row).as_bytes(), line),
            Cell::TextView(array) => put_text(array.value(row).as_bytes(), line),
            Cell::Nested(encoder, json) => {
                json.clear();
                encoder.encode(row, json);
                put_text(json, line);
            }
            Cell::Plain(formatter, text) => {
                text.clear();
                formatter.value(row).write(text)?;
                put_text(text.as_bytes(), line);
            }
        }
        Ok(())
    }
}

fn separate(index: usize, line: &mut Vec<u8>) {
    if index > 0 {
        line.push(b',');
    }
}

/// Quoted when it is empty (nothing at all means NULL), when a reader would split it, and when one might trim it.
fn put_text(text: &[u8], line: &mut Vec<u8>) {
    let blank_edge = |edge: Option<&u8>| edge.is_none_or(u8::is_ascii_whitespace);
    let quoted = blank_edge(text.first())
        || blank_edge(text.last())
        || text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !quoted {
        line.extend_from_slice(text);
        return;
    }
    line.push(b'"');
    for part in text.split_inclusive(|byte| *byte == b'"') {
        line.extend_from_slice(part);
        if part.last() == Some(&b'"') {
            line.push(b'"');
        }
    }
    line.push(b'"');
}
