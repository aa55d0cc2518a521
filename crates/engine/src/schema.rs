//! The Arrow schema of a table of the catalog.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use ec2ql_catalog::{Column, ParameterKind, Table, Type};

/// The column that every table has first: which region a row was read from.
pub(crate) const REGION: &str = "region";
/// The virtual column that reads a `tagSet` as a map; last, and not in `SELECT *`.
pub(crate) const TAGS: &str = "tags";
const TAG_SET: &str = "tagSet";

/// `region`, the columns of the table's file, `tags` where the rows carry a `tagSet`, and the request parameters.
/// What comes after the file's columns is virtual: `SELECT *` leaves it out.
pub(crate) fn table_schema(table: &Table) -> SchemaRef {
    // It is never NULL, but were that said, DataFusion would take `region LIKE '%'` for nothing said at all.
    let mut fields = vec![Arc::new(Field::new(REGION, DataType::Utf8, true))];
    fields.extend(
        table.columns.iter().map(|column| Arc::new(Field::new(&column.name, data_type(&column.data_type), true))),
    );
    if tag_set(table).is_some() {
        fields.push(Arc::new(Field::new(TAGS, map_type(), true)));
    }
    fields.extend(
        table.predicates().map(|(parameter, name)| Arc::new(Field::new(name, parameter_type(parameter.kind), true))),
    );
    Arc::new(Schema::new(Fields::from(fields)))
}

/// The parameter that asks for permission only.
pub(crate) const DRY_RUN: &str = "DryRun";

pub(crate) fn parameter_type(kind: ParameterKind) -> DataType {
    match kind {
        ParameterKind::Boolean => DataType::Boolean,
        ParameterKind::Integer => DataType::Int64,
        _ => DataType::Utf8,
    }
}

/// The row's own `tagSet`: the column that `tags` is a view of.
pub(crate) fn tag_set(table: &Table) -> Option<(usize, &Column)> {
    let row = table.rows.len().checked_sub(1)?;
    table
        .columns
        .iter()
        .enumerate()
        .find(|(_, column)| column.level == row && column.name == TAG_SET && is_tag_list(&column.data_type))
}

fn is_tag_list(data_type: &Type) -> bool {
    let Type::List(item) = data_type else { return false };
    let Type::Struct(fields) = item.as_ref() else { return false };
    matches!(fields.as_slice(), [key, value]
        if key.wire == "key" && value.wire == "value" && key.data_type == Type::Text && value.data_type == Type::Text)
}

pub(crate) fn data_type(data_type: &Type) -> DataType {
    match data_type {
        Type::Text => DataType::Utf8,
        Type::Boolean => DataType::Boolean,
        Type::Int32 | Type::Position => DataType::Int32,
        Type::Int64 => DataType::Int64,
        Type::Float64 => DataType::Float64,
        Type::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        Type::Binary => DataType::Binary,
        Type::List(item) => DataType::List(list_item(item)),
        Type::Struct(fields) => DataType::Struct(struct_fields(fields)),
    }
}

pub(crate) fn list_item(item: &Type) -> FieldRef {
    Arc::new(Field::new_list_field(data_type(item), true))
}

pub(crate) fn struct_fields(fields: &[ec2ql_catalog::Field]) -> Fields {
    fields.iter().map(|field| Field::new(&field.name, data_type(&field.data_type), true)).collect()
}

/// The entries of a map: a key and a value, as Arrow names them.
pub(crate) fn map_entry() -> FieldRef {
    let fields =
        Fields::from(vec![Field::new("keys", DataType::Utf8, false), Field::new("values", DataType::Utf8, true)]);
    Arc::new(Field::new("entries", DataType::Struct(fields), false))
}

fn map_type() -> DataType {
    DataType::Map(map_entry(), false)
}
