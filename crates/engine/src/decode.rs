//! Pages of XML into record batches, by a decoder that is made once per scan from the table and the projection.

mod builder;
mod fields;
mod level;

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, MapArray, RecordBatch, RecordBatchOptions, StringArray, StructArray,
    new_null_array,
};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use ec2ql_catalog::Type;
use ec2ql_ec2::{Decode, Document, Error};

use self::level::Levels;
use crate::call::Columns;
use crate::plan::Given;
use crate::schema;

/// A batch ends at the first item after so many rows ...
const BATCH_ROWS_MAX: usize = 8_192;
/// ... or so many bytes of values.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// Decodes the pages of one region.
#[derive(Debug)]
pub(crate) struct Decoder {
    region: String,
    /// The wire name of the list of rows, directly under the root.
    list: String,
    schema: SchemaRef,
    outputs: Vec<Output>,
    levels: Levels,
    rows_max: usize,
    bytes_max: usize,
}

/// Where a column of the result comes from.
#[derive(Debug, Clone)]
enum Output {
    Region,
    Position,
    /// A builder of a level: level, place.
    Built(usize, usize),
    /// The `tagSet` at this place, read as a map.
    Tags(usize, usize),
    /// What a request parameter was given; NULL when it was not.
    Given(Option<ScalarValue>),
}

impl Decoder {
    /// `given` are the request parameters whose columns show what was asked.
    pub(crate) fn new(columns: &Columns, region: &str, given: &[Given]) -> Self {
        let Columns { table, projection, schema } = columns;
        let mut levels = Levels::new(table);
        let mut outputs = vec![];
        let tag_set = schema::tag_set(table);
        for (&place, field) in projection.iter().zip(schema.fields()) {
            let column = place.checked_sub(1).and_then(|index| table.columns.get(index));
            outputs.push(match (place, column, tag_set) {
                (0, ..) => Output::Region,
                (_, Some(column), _) if column.data_type == Type::Position => Output::Position,
                (_, Some(column), _) => Output::Built(column.level, levels.build(column)),
                (_, None, Some((_, column))) if field.name() == schema::TAGS => {
                    Output::Tags(column.level, levels.build(column))
                }
                (_, None, _) => {
                    let given = given.iter().find(|given| &given.column == field.name());
                    Output::Given(given.map(|given| given.value.clone()))
                }
            });
        }
        levels.know_the_rest(table);
        let list = table.rows.first().map(|level| level.list.clone()).unwrap_or_default();
        Self {
            region: region.to_owned(),
            list,
            schema: schema.clone(),
            outputs,
            levels,
            rows_max: BATCH_ROWS_MAX,
            bytes_max: BATCH_BYTES_MAX,
        }
    }

    fn batch(&mut self) -> Result<RecordBatch, ArrowError> {
        let built = self.levels.finish()?;
        let rows = built.rows;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.outputs.len());
        for (output, field) in self.outputs.iter().zip(self.schema.fields()) {
            columns.push(match output {
                Output::Region => Arc::new(StringArray::new_repeated(self.region.as_str(), rows)),
                Output::Position => Arc::new(Int32Array::from(built.positions.clone())),
                Output::Built(level, place) => built.column(*level, *place)?,
                Output::Tags(level, place) => tag_map(&built.column(*level, *place)?)?,
                Output::Given(None) => new_null_array(field.data_type(), rows),
                Output::Given(Some(value)) => {
                    value.to_array_of_size(rows).map_err(|error| ArrowError::ExternalError(Box::new(error)))?
                }
            });
        }
        RecordBatch::try_new_with_options(
            self.schema.clone(),
            columns,
            &RecordBatchOptions::new().with_row_count(Some(rows)),
        )
    }
}

impl Decode for Decoder {
    type Output = VecDeque<RecordBatch>;

    fn decode(&mut self, document: &mut Document<'_>) -> Result<Self::Output, Error> {
        let mut batches = VecDeque::new();
        let mut found = false;
        while let Some(name) = document.child()? {
            if name != self.list {
                document.skip()?;
                continue;
            }
            if std::mem::replace(&mut found, true) {
                return Err(document.invalid(format!("element \"{name}\" stands twice in one answer")));
            }
            let mut bytes = 0;
            while document.child()?.is_some() {
                bytes += self.levels.read_item(document)?;
                if self.levels.rows() >= self.rows_max || bytes >= self.bytes_max {
                    batches.push_back(self.batch().map_err(|error| document.invalid(error.to_string()))?);
                    bytes = 0;
                }
            }
        }
        if self.levels.rows() > 0 {
            batches.push_back(self.batch().map_err(|error| document.invalid(error.to_string()))?);
        }
        Ok(batches)
    }
}

/// The same keys and values, seen as a map: nothing is copied.
fn tag_map(tag_set: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let list = tag_set.as_list::<i32>();
    let items = list.values().as_struct();
    let entry = schema::map_entry();
    let DataType::Struct(fields) = entry.data_type() else {
        return Err(ArrowError::SchemaError("a map's entry is a structure".into()));
    };
    let keys = items.column(0);
    if keys.null_count() > 0 {
        return Err(ArrowError::InvalidArgumentError("column \"tagSet\" holds a tag without a key".into()));
    }
    let entries = StructArray::try_new_with_length(fields.clone(), items.columns().to_vec(), None, items.len())?;
    Ok(Arc::new(MapArray::try_new(entry, list.offsets().clone(), entries, list.nulls().cloned(), false)?))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a failed assertion is the point of a test")]
mod tests;
