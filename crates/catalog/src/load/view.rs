//! A file with a `query`: a view.

use toml::de::{DeTable, DeValue};

use super::file::{File, Keys, is_name};
use super::{examples, sentences};
use crate::{Error, TableName, View, ViewColumn};

const KEYS: [&str; 5] = ["description", "notes", "examples", "query", "columns"];

/// The types of a view's columns, but for lists of them.
const TYPES: [&str; 8] = ["text", "boolean", "int32", "int64", "float64", "timestamp", "binary", "map<text, text>"];

pub(super) fn view(file: &File<'_>, name: TableName, document: &DeTable<'_>) -> Result<View, Error> {
    let keys = Keys::new(file, document, 0, &KEYS)?;
    Ok(View {
        description: keys.text("description")?.sentence(file)?,
        notes: sentences(file, &keys, "notes")?,
        examples: examples(file, &keys, &name)?,
        query: query(file, &keys)?,
        columns: columns(file, keys.table("columns")?)?,
        name,
    })
}

fn query(file: &File<'_>, keys: &Keys<'_>) -> Result<String, Error> {
    let query = keys.lines("query")?;
    let text = query.value.trim();
    let first = text.split_whitespace().next().unwrap_or_default();
    if !["SELECT", "WITH"].contains(&first) {
        return Err(file.refuse(query.span, "the query does not begin with SELECT or WITH"));
    }
    if text.ends_with(';') {
        return Err(file.refuse(query.span, "the query ends with a semicolon"));
    }
    Ok(text.to_owned())
}

/// Columns as `DESCRIBE` shows them. Whether the query gives them is for those to say who can plan it.
fn columns(file: &File<'_>, table: &DeTable<'_>) -> Result<Vec<ViewColumn>, Error> {
    let mut columns: Vec<ViewColumn> = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let refuse = |reason: String| Err(file.refuse(key.span(), format!("\"{name}\" {reason}")));
        if !is_name(name) {
            return refuse("is not a name of letters, digits and _".to_owned());
        }
        if let Some(twin) = columns.iter().find(|other| other.name.eq_ignore_ascii_case(name)) {
            return refuse(format!("differs from \"{}\" only by case", twin.name));
        }
        let DeValue::Table(says) = value.get_ref() else {
            return refuse("has no description: write { type = ..., description = ... }".to_owned());
        };
        let keys = Keys::new(file, says, value.span().start, &["type", "description"])?;
        let data_type = keys.text("type")?;
        if !is_type(&data_type.value) {
            let known = TYPES.join(", ");
            return Err(data_type.refuse(file, &format!("is not a type of a view; known are {known}, list<...>")));
        }
        columns.push(ViewColumn {
            name: name.to_owned(),
            data_type: data_type.value,
            description: keys.text("description")?.sentence(file)?,
        });
    }
    if columns.is_empty() {
        return Err(file.refuse(0..0, "the view has no column"));
    }
    Ok(columns)
}

fn is_type(text: &str) -> bool {
    let item = text.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>'));
    item.map_or_else(|| TYPES.contains(&text), is_type)
}
