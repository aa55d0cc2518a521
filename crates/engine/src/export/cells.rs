//! Values as text: what a person reads and what csv writes.

use arrow_json::EncoderOptions;
use arrow_json::writer::{NullableEncoder, make_encoder};
use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, LargeStringArray, StringArray, StringViewArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;

use super::{Format, not_supported};
use crate::Error;

/// How nested values become text. It outlives the [`Cells`] that borrow it.
#[derive(Debug)]
pub struct Style(EncoderOptions);

impl Default for Style {
    fn default() -> Self {
        Self(EncoderOptions::default().with_explicit_nulls(true))
    }
}

/// A batch as text: numbers exact, times as RFC 3339, nested values as JSON with explicit nulls.
pub struct Cells<'a>(Vec<Column<'a>>);

impl std::fmt::Debug for Cells<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cells").field("columns", &self.0.len()).finish()
    }
}

impl<'a> Cells<'a> {
    /// The cells of a batch.
    ///
    /// # Errors
    /// When a column's type has no form as text.
    pub fn new(batch: &'a RecordBatch, style: &'a Style) -> Result<Self, Error> {
        let fields = batch.schema_ref().fields().iter();
        let columns = fields.zip(batch.columns()).map(|(field, array)| Column::new(field, array, &style.0));
        columns.collect::<Result<_, _>>().map(Self).map_err(|error| not_supported(Format::Csv, &error))
    }

    /// A value as text; nothing when it is NULL.
    ///
    /// # Errors
    /// When the value cannot be a text: a time outside of the calendar.
    pub fn get(&mut self, column: usize, row: usize) -> Result<Option<&[u8]>, Error> {
        match self.0.get_mut(column) {
            Some(found) => found.text(row).map_err(|error| DataFusionError::ArrowError(Box::new(error), None).into()),
            None => Ok(None),
        }
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

impl<'a> Column<'a> {
    fn new(field: &'a FieldRef, array: &'a ArrayRef, nested: &'a EncoderOptions) -> Result<Self, ArrowError> {
        let cell = match array.data_type() {
            DataType::Utf8 => Cell::Text(array.as_string()),
            DataType::LargeUtf8 => Cell::LargeText(array.as_string()),
            DataType::Utf8View => Cell::TextView(array.as_string_view()),
            data_type if data_type.is_nested() => Cell::Nested(make_encoder(field, array, nested)?, Vec::new()),
            _ => Cell::Plain(ArrayFormatter::try_new(array, &FormatOptions::new())?, String::new()),
        };
        Ok(Self { nulls: array.logical_nulls(), cell })
    }

    fn text(&mut self, row: usize) -> Result<Option<&[u8]>, ArrowError> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(None);
        }
        Ok(Some(match &mut self.cell {
            Cell::Text(array) => array.value(row).as_bytes(),
            Cell::LargeText(array) => array.value(row).as_bytes(),
            Cell::TextView(array) => array.value(row).as_bytes(),
            Cell::Nested(encoder, json) => {
                json.clear();
                encoder.encode(row, json);
                json
            }
            Cell::Plain(formatter, text) => {
                text.clear();
                formatter.value(row).write(text)?;
                text.as_bytes()
            }
        }))
    }
}
