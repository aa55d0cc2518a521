//! From the events of one element into an Arrow builder: no element tree, no text of its own per value.

use std::sync::Arc;

use base64::Engine as _;
use chrono::DateTime;
use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBufferBuilder, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder,
    ListArray, StringBuilder, StructArray, TimestampMillisecondBuilder,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{FieldRef, Fields};
use datafusion::arrow::error::ArrowError;
use ec2ql_catalog::Type;
use ec2ql_ec2::{Document, Error};

use super::fields::FieldSet;
use crate::schema;

/// One column, list item or struct member under construction.
#[derive(Debug)]
pub(super) struct Builder {
    /// Where the value stands, for errors: `snapshotDetailSet.diskImageSize`.
    path: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float64(Float64Builder),
    Timestamp(TimestampMillisecondBuilder),
    Binary(BinaryBuilder),
    List(Box<List>),
    Struct(Box<Struct>),
}

#[derive(Debug)]
struct List {
    item: FieldRef,
    offsets: Vec<i32>,
    present: BooleanBufferBuilder,
    values: Builder,
    /// Items so far: Arrow's lists count in 32 bits.
    len: i32,
}

#[derive(Debug)]
struct Struct {
    fields: Fields,
    present: BooleanBufferBuilder,
    members: FieldSet,
}

impl Builder {
    pub(super) fn new(data_type: &Type, path: String) -> Self {
        let kind = match data_type {
            Type::Text => Kind::Text(StringBuilder::new()),
            Type::Boolean => Kind::Boolean(BooleanBuilder::new()),
            Type::Int32 | Type::Position => Kind::Int32(Int32Builder::new()),
            Type::Int64 => Kind::Int64(Int64Builder::new()),
            Type::Float64 => Kind::Float64(Float64Builder::new()),
            Type::Timestamp => Kind::Timestamp(TimestampMillisecondBuilder::new().with_timezone("UTC")),
            Type::Binary => Kind::Binary(BinaryBuilder::new()),
            Type::List(item) => Kind::List(Box::new(List {
                item: schema::list_item(item),
                offsets: vec![0],
                present: BooleanBufferBuilder::new(0),
                values: Builder::new(item, path.clone()),
                len: 0,
            })),
            Type::Struct(fields) => Kind::Struct(Box::new(Struct {
                fields: schema::struct_fields(fields),
                present: BooleanBufferBuilder::new(0),
                members: FieldSet::of_struct(fields, &path),
            })),
        };
        Self { path, kind }
    }

    /// Appends the value of the element that was just entered, and leaves it. Returns the bytes of text kept.
    pub(super) fn read(&mut self, document: &mut Document<'_>) -> Result<usize, Error> {
        match &mut self.kind {
            Kind::Text(builder) => {
                let text = document.text()?;
                builder.append_value(text);
                Ok(text.len())
            }
            Kind::List(list) => list.read(document),
            Kind::Struct(builder) => {
                let bytes = builder.members.read(document, None)?;
                builder.present.append(true);
                Ok(bytes)
            }
            _ => {
                let text = document.text()?;
                if self.append_scalar(text) {
                    Ok(8)
                } else {
                    let reason = format!("column \"{}\" holds {text:?}, which is not {}", self.path, self.expected());
                    Err(document.invalid(reason))
                }
            }
        }
    }

    pub(super) fn append_nulls(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        match &mut self.kind {
            Kind::Text(builder) => builder.append_nulls(count),
            Kind::Boolean(builder) => builder.append_nulls(count),
            Kind::Int32(builder) => builder.append_nulls(count),
            Kind::Int64(builder) => builder.append_nulls(count),
            Kind::Float64(builder) => builder.append_nulls(count),
            Kind::Timestamp(builder) => builder.append_nulls(count),
            Kind::Binary(builder) => builder.append_nulls(count),
            Kind::List(list) => {
                list.offsets.extend(std::iter::repeat_n(list.len, count));
                list.present.append_n(count, false);
            }
            Kind::Struct(builder) => {
                builder.members.append_nulls(count);
                builder.present.append_n(count, false);
            }
        }
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match &mut self.kind {
            Kind::Text(builder) => Arc::new(builder.finish()),
            Kind::Boolean(builder) => Arc::new(builder.finish()),
            Kind::Int32(builder) => Arc::new(builder.finish()),
            Kind::Int64(builder) => Arc::new(builder.finish()),
            Kind::Float64(builder) => Arc::new(builder.finish()),
            Kind::Timestamp(builder) => Arc::new(builder.finish()),
            Kind::Binary(builder) => Arc::new(builder.finish()),
            Kind::List(list) => list.finish()?,
            Kind::Struct(builder) => {
                let rows = builder.present.len();
                let nulls = NullBuffer::new(builder.present.finish());
                let columns = builder.members.finish()?;
                Arc::new(StructArray::try_new_with_length(builder.fields.clone(), columns, Some(nulls), rows)?)
            }
        })
    }

    /// Numbers, booleans, times and bytes; an empty element is NULL. False: the text is no such value.
    fn append_scalar(&mut self, text: &str) -> bool {
        if text.is_empty() {
            self.append_nulls(1);
            return true;
        }
        match &mut self.kind {
            Kind::Boolean(builder) => append(text.parse().ok(), |value| builder.append_value(value)),
            Kind::Int32(builder) => append(text.parse().ok(), |value| builder.append_value(value)),
            Kind::Int64(builder) => append(text.parse().ok(), |value| builder.append_value(value)),
            Kind::Float64(builder) => append(text.parse().ok(), |value| builder.append_value(value)),
            Kind::Timestamp(builder) => append(parse_time_ms(text), |value| builder.append_value(value)),
            Kind::Binary(builder) => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok();
                append(bytes, |value| builder.append_value(value))
            }
            Kind::Text(_) | Kind::List(_) | Kind::Struct(_) => false,
        }
    }

    fn expected(&self) -> &'static str {
        match &self.kind {
            Kind::Text(_) => "text",
            Kind::Boolean(_) => "true or false",
            Kind::Int32(_) => "a whole number of 32 bits",
            Kind::Int64(_) => "a whole number of 64 bits",
            Kind::Float64(_) => "a number",
            Kind::Timestamp(_) => "a time such as 2026-01-31T08:00:00Z",
            Kind::Binary(_) => "base64",
            Kind::List(_) => "a list",
            Kind::Struct(_) => "a structure",
        }
    }
}

impl List {
    fn read(&mut self, document: &mut Document<'_>) -> Result<usize, Error> {
        let mut bytes = 0;
        // Any child is an item: EC2 names them `item`, a few lists otherwise.
        while document.child()?.is_some() {
            bytes += self.values.read(document)? + 4;
            self.len += 1;
        }
        self.offsets.push(self.len);
        self.present.append(true);
        Ok(bytes)
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut self.offsets, vec![0])));
        self.len = 0;
        let nulls = NullBuffer::new(self.present.finish());
        Ok(Arc::new(ListArray::try_new(self.item.clone(), offsets, self.values.finish()?, Some(nulls))?))
    }
}

fn append<T>(value: Option<T>, append: impl FnOnce(T)) -> bool {
    value.map(append).is_some()
}

/// Milliseconds since 1970 of an ISO 8601 time; EC2 also sends times without seconds (`2010-12-22T12:01Z`).
/// A time without an offset is refused: it could be shifted.
fn parse_time_ms(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    // 16 characters are `2010-12-22T12:01`; what follows is the offset.
    let (minutes, offset) = text.split_at_checked(16)?;
    let time = DateTime::parse_from_rfc3339(&format!("{minutes}:00{offset}")).ok()?;
    Some(time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::parse_time_ms;

    #[test]
    fn times_of_every_precision_are_read_and_never_shifted() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2019-02-05T03:35:36Z", Some(1_549_337_736_000)),
            ("2019-02-05T03:35:36.981Z", Some(1_549_337_736_981)),
            ("2019-02-05T04:35:36+01:00", Some(1_549_337_736_000)),
            ("2010-12-22T12:01Z", Some(1_293_019_260_000)),
            ("2010-12-22T13:01+01:00", Some(1_293_019_260_000)),
            ("2010-12-22T05:01-07:00", Some(1_293_019_260_000)),
            ("2010-12-22T12:01", None),
            ("2010-12-22T12:0é", None),
            ("2019-02-05T03:35:36", None),
            ("1549337736", None),
            ("2019-02-30T00:00:00Z", None),
        ] {
            assert_eq!(parse_time_ms(text), ms, "{text}");
        }
    }
}
