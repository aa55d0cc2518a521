//! csv that keeps NULL and '' apart, which neither arrow-csv nor the csv crate's quoting styles do.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;

use super::sink::Sink;
use super::{Cells, Encoder, Style};
use crate::Error;

const LINE_BYTES_KEPT: usize = 64 * 1024;

pub(super) struct Csv {
    columns: usize,
    sink: Sink,
    line: Vec<u8>,
    style: Style,
}

impl Csv {
    pub(super) fn new(schema: &SchemaRef, mut sink: Sink, header: bool) -> Result<Self, Error> {
        let style = Style::default();
        Cells::new(&RecordBatch::new_empty(schema.clone()), &style)?;
        let mut line = Vec::new();
        if header {
            for (index, field) in schema.fields().iter().enumerate() {
                separate(index, &mut line);
                put_text(field.name().as_bytes(), &mut line);
            }
            line.push(b'\n');
            sink.put(&line)?;
        }
        Ok(Self { columns: schema.fields().len(), sink, line, style })
    }
}

impl Encoder for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let mut cells = Cells::new(batch, &self.style)?;
        for row in 0..batch.num_rows() {
            self.line.clear();
            self.line.shrink_to(LINE_BYTES_KEPT);
            for column in 0..self.columns {
                separate(column, &mut self.line);
                if let Some(text) = cells.get(column, row)? {
                    put_text(text, &mut self.line);
                }
            }
            self.line.push(b'\n');
            self.sink.put(&self.line)?;
        }
        self.sink.end_batch()
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.sink.end()
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
