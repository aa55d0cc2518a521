//! A batch as text.

use arrow_json::EncoderOptions;
use arrow_json::writer::make_encoder;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

pub(crate) const SEPARATOR: &str = " | ";

/// The rows of a batch, each value as the crate's documentation says.
pub(crate) fn rows(batch: &RecordBatch) -> Result<Vec<Vec<String>>, ArrowError> {
    let columns = (0..batch.num_columns()).map(|index| column(batch, index)).collect::<Result<Vec<_>, _>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    Ok((0..batch.num_rows()).map(|_| columns.iter_mut().filter_map(Iterator::next).collect()).collect())
}

fn column(batch: &RecordBatch, index: usize) -> Result<Vec<String>, ArrowError> {
    let array = batch.column(index);
    if array.data_type().is_nested() {
        let schema = batch.schema();
        let field = schema.fields().get(index).ok_or_else(|| ArrowError::SchemaError(format!("no column {index}")))?;
        let options = EncoderOptions::default().with_explicit_nulls(true);
        let mut encoder = make_encoder(field, array, &options)?;
        return Ok((0..array.len())
            .map(|row| {
                if array.is_null(row) {
                    return "NULL".to_owned();
                }
                let mut json = Vec::new();
                encoder.encode(row, &mut json);
                String::from_utf8_lossy(&json).into_owned()
            })
            .collect());
    }
    let options = FormatOptions::default().with_display_error(false);
    let formatter = ArrayFormatter::try_new(array, &options)?;
    let is_text = matches!(array.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    (0..array.len())
        .map(|row| {
            if array.is_null(row) {
                return Ok("NULL".to_owned());
            }
            let value = formatter.value(row).try_to_string()?;
            Ok(if is_text { plain(&value) } else { value })
        })
        .collect()
}

/// A text value, quoted where it could be read as something else.
pub(crate) fn plain(value: &str) -> String {
    if value.is_empty() {
        return "(empty)".to_owned();
    }
    let taken = ["NULL", "(empty)"].contains(&value) || value.contains(SEPARATOR) || value.starts_with('"');
    let quoted = format!("{value:?}");
    // What Rust escapes in a string, a reader of the file would not see: controls, and marks of direction.
    if taken || value.trim() != value || value.chars().any(char::is_control) || quoted.contains("\\u{") {
        quoted
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_value_reads_as_itself_only() {
        for (value, text) in [
            ("plain text", "plain text"),
            ("", "(empty)"),
            ("NULL", "\"NULL\""),
            ("(empty)", "\"(empty)\""),
            ("a\nb", "\"a\\nb\""),
            (" a", "\" a\""),
            ("a | b", "\"a | b\""),
            ("\"a\"", "\"\\\"a\\\"\""),
            ("a\u{202e}b", "\"a\\u{202e}b\""),
        ] {
            assert_eq!(plain(value), text);
        }
    }
}
