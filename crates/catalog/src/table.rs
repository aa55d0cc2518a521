//! What a table file says, as data.

use std::fmt;
use std::ops::RangeInclusive;

use crate::TableName;

/// One table: the operation that lists its rows, and what each row holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The SQL name.
    pub name: TableName,
    /// What a row is, in one sentence.
    pub description: String,
    /// What a user should know before relying on the table.
    pub notes: Vec<String>,
    /// AWS's page about the operation.
    pub source: String,
    /// The EC2 operation, such as `DescribeImages`.
    pub operation: String,
    /// Where the rows are: the lists from the response's root down to the rows. Never empty.
    pub rows: Vec<Level>,
    /// The columns in the order of the file.
    pub columns: Vec<Column>,
    /// The elements that the file leaves out on purpose, as wire paths from the row: `../*` is every
    /// element of the rows' parents that no column names.
    pub omitted: Vec<String>,
    /// The request parameters that the operation takes.
    pub parameters: Vec<Parameter>,
    /// The filters that the operation documents, or is known to honour.
    pub filters: Vec<Filter>,
    /// Whether every region of the partition gives the same rows, so that a query needs to name none.
    pub any_region: bool,
    /// The documented range of the page-size parameter, in rows.
    pub page_rows: Option<RangeInclusive<u32>>,
    /// The AWS error codes that mean: no such id.
    pub not_found: Vec<String>,
    /// Queries that show the table's use. Never empty.
    pub examples: Vec<String>,
}

/// The names that the engine gives to columns of its own, in every table.
pub(crate) const RESERVED: [&str; 4] = ["region", "tags", "profile", "accountId"];

/// The parameter that asks for permission only.
const DRY_RUN: &str = "DryRun";

impl Table {
    /// The request parameters that a predicate can give, each with its SQL name: `Owner` is `owner`. They are what
    /// changes an answer and is no field of it; a name that a column has already is the column's.
    pub fn predicates(&self) -> impl Iterator<Item = (&Parameter, String)> {
        self.parameters.iter().filter_map(|parameter| {
            let is_id = self.columns.iter().any(|column| column.id.as_deref() == Some(&parameter.name));
            let asked_otherwise =
                matches!(parameter.kind, ParameterKind::Filters | ParameterKind::Token | ParameterKind::PageRows);
            if is_id || asked_otherwise || parameter.name == DRY_RUN {
                return None;
            }
            let mut name = parameter.name.clone();
            if let Some(first) = name.get_mut(0..1) {
                first.make_ascii_lowercase();
            }
            let mut taken = self.columns.iter().map(|column| column.name.as_str()).chain(RESERVED);
            let clashes = taken.any(|other| other.eq_ignore_ascii_case(&name));
            (!clashes).then_some((parameter, name))
        })
    }
}

/// One list on the way to the rows. Any child element of the list is an item, whatever its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The wire name of the list element, such as `reservationSet`.
    pub list: String,
    /// An element that may stand between the item and its fields: `conversionTask`.
    pub wrapper: Option<String>,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The SQL name: the wire name, unless the file renames it.
    pub name: String,
    /// The name of the element that holds the value; empty for [`Type::Position`].
    pub wire: String,
    /// The item that holds the element, as an index into [`Table::rows`]; the last is the row itself.
    pub level: usize,
    /// The type of the values.
    pub data_type: Type,
    /// What the column says, in one sentence, with units.
    pub description: String,
    /// Whether AWS marks the value as sensitive: hide it on a terminal.
    pub sensitive: bool,
    /// The wire name of the list parameter that takes values of this column: `ImportTaskId`.
    pub id: Option<String>,
    /// Whether a listing without filters has every row that such an id finds.
    pub listed: bool,
    /// The name of the filter in [`Table::filters`] to which equality on this column may be pushed.
    pub filter: Option<String>,
}

/// The type of a column or field.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// UTF-8 text, exactly as sent.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A 32-bit signed integer.
    Int32,
    /// A 64-bit signed integer.
    Int64,
    /// A 64-bit floating-point number.
    Float64,
    /// A point in time in UTC, ISO 8601 on the wire.
    Timestamp,
    /// Bytes, base64 on the wire.
    Binary,
    /// The row's place in its parent, counted from 1. It has no element.
    Position,
    /// A list element; each child element is an item.
    List(Box<Type>),
    /// An element with fields. Never empty.
    Struct(Vec<Field>),
}

impl Type {
    /// The fields of a structure, or of the structures in a list.
    pub fn fields(&self) -> Option<&[Field]> {
        match self {
            Self::Struct(fields) => Some(fields),
            Self::List(item) => item.fields(),
            _ => None,
        }
    }

    pub(crate) fn fields_mut(&mut self) -> Option<&mut Vec<Field>> {
        match self {
            Self::Struct(fields) => Some(fields),
            Self::List(item) => item.fields_mut(),
            _ => None,
        }
    }
}

/// As table files write it; a structure's fields are left out.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Timestamp => "timestamp",
            Self::Binary => "binary",
            Self::Position => "position",
            Self::Struct(_) => "struct",
            Self::List(item) => return write!(f, "list<{item}>"),
        })
    }
}

/// One field of a structure.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The SQL name: the wire name, unless the file renames it.
    pub name: String,
    /// The name of the element.
    pub wire: String,
    /// The type of the values.
    pub data_type: Type,
    /// Whether AWS marks the value as sensitive.
    pub sensitive: bool,
    /// What the field says, where its name does not.
    pub description: Option<String>,
}

/// One request parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The wire name; of a list, the part before `.N`.
    pub name: String,
    /// What the parameter takes.
    pub kind: ParameterKind,
    /// Whether the operation refuses a request without it.
    pub required: bool,
    /// How many values one request may carry, where that is documented.
    pub values_max: Option<u32>,
    /// What the parameter does, where its name does not say it.
    pub description: Option<String>,
}

/// What a request parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// One text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A point in time, sent as ISO 8601.
    Timestamp,
    /// Texts: `Name.1`, `Name.2`.
    TextList,
    /// Filters: `Name.1.Name`, `Name.1.Value.1`.
    Filters,
    /// The token of the next page.
    Token,
    /// The greatest number of rows on a page.
    PageRows,
}

impl ParameterKind {
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("text", Self::Text),
        ("boolean", Self::Boolean),
        ("integer", Self::Integer),
        ("timestamp", Self::Timestamp),
        ("list<text>", Self::TextList),
        ("filters", Self::Filters),
        ("token", Self::Token),
        ("page-rows", Self::PageRows),
    ];

    /// Whether the wire name is followed by a number: `Name.1`.
    pub fn is_list(self) -> bool {
        matches!(self, Self::TextList | Self::Filters)
    }
}

/// As table files write it.
impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, kind)| kind == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// One filter of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The name on the wire; `tag:*` stands for `tag:` and any key.
    pub name: String,
    /// The documented values where they are a closed set; empty where any value may be sent.
    pub values: Vec<String>,
}
