//! `[columns]`: one line per column, and below its parent one dotted line per nested field.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::file::{File, Keys, Text, is_name};
use crate::table::RESERVED;
use crate::{Column, Error, Field, Type};

/// A column, and the places of what has to be checked against the rest of the file.
pub(super) struct Declared {
    pub(super) column: Column,
    pub(super) id: Option<Text>,
    pub(super) filter: Option<Text>,
    span: Range<usize>,
}

/// The columns of a table whose rows lie `levels` lists deep.
pub(super) fn columns(file: &File<'_>, table: &DeTable<'_>, levels: usize) -> Result<Vec<Declared>, Error> {
    let mut declared: Vec<Declared> = Vec::new();
    for (key, value) in table {
        let line = Line { file, key, value };
        match key.get_ref().split_once('.') {
            None => {
                let one = line.column(levels)?;
                for other in &declared {
                    line.refuse_twin(&one.column.name, &other.column.name)?;
                    if (&one.column.wire, one.column.level) == (&other.column.wire, other.column.level) {
                        return Err(line.refuse(format!("reads the same element as \"{}\"", other.column.name)));
                    }
                }
                declared.push(one);
            }
            Some((first, rest)) => {
                let parent = declared.iter_mut().find(|other| other.column.name == first);
                line.add_field(rest, parent.and_then(|parent| parent.column.data_type.fields_mut()))?;
            }
        }
    }
    if declared.is_empty() {
        return Err(file.refuse(0..0, "the table has no column"));
    }
    for Declared { column, span, .. } in &declared {
        if let Some(path) = empty_struct(&column.name, &column.data_type) {
            return Err(file.refuse(span.clone(), format!("the struct \"{path}\" has no field")));
        }
    }
    Ok(declared)
}

/// One line of `[columns]`.
struct Line<'a> {
    file: &'a File<'a>,
    key: &'a Spanned<DeString<'a>>,
    value: &'a Spanned<DeValue<'a>>,
}

impl Line<'_> {
    fn column(&self, levels: usize) -> Result<Declared, Error> {
        let name = self.name(self.key.get_ref())?;
        if let Some(reserved) = RESERVED.iter().find(|reserved| reserved.eq_ignore_ascii_case(&name)) {
            return Err(self.refuse(format!("is reserved: every table may have a column \"{reserved}\" of the engine")));
        }
        let keys = self.keys(&["type", "description", "id", "listed", "filter", "sensitive", "wire"])?;
        let Some(keys) = keys else {
            return Err(self.refuse("has no description: write { type = ..., description = ... }"));
        };
        let data_type = self.data_type(&keys.text("type")?)?;
        let (wire, level) = self.place(&keys, &name, &data_type, levels)?;
        let id = keys.optional_text("id")?;
        let filter = keys.optional_text("filter")?;
        if let Some(pushed) = id.as_ref().or(filter.as_ref())
            && data_type != Type::Text
        {
            return Err(pushed.refuse(self.file, "needs a column of the type \"text\""));
        }
        let listed = keys.flag("listed")?;
        if listed && id.is_none() {
            return Err(self.refuse("is listed, and has no id that could find more"));
        }
        let column = Column {
            name,
            wire,
            level,
            data_type,
            description: keys.text("description")?.sentence(self.file)?,
            sensitive: keys.flag("sensitive")?,
            id: id.as_ref().map(|id| id.value.clone()),
            listed,
            filter: filter.as_ref().map(|filter| filter.value.clone()),
        };
        Ok(Declared { column, id, filter, span: self.key.span() })
    }

    /// The element's name, and the level of the item that holds it: `../` climbs one list.
    fn place(&self, keys: &Keys<'_>, name: &str, data_type: &Type, levels: usize) -> Result<(String, usize), Error> {
        let row = levels.saturating_sub(1);
        let wire = keys.optional_text("wire")?;
        if *data_type == Type::Position {
            return match wire {
                Some(wire) => Err(wire.refuse(self.file, "cannot be the element of a position: it has none")),
                None if row == 0 => Err(self.refuse("is a position, but the rows have no parent")),
                None => Ok((String::new(), row)),
            };
        }
        let Some(wire) = wire else {
            return Ok((name.to_owned(), row));
        };
        let element = wire.value.trim_start_matches("../");
        let climbs = (wire.value.len() - element.len()) / "../".len();
        match row.checked_sub(climbs) {
            Some(level) if is_name(element) => Ok((element.to_owned(), level)),
            Some(_) => Err(wire.refuse(self.file, "is not the name of an element")),
            None => Err(wire.refuse(self.file, "climbs above the rows' outermost list")),
        }
    }

    /// Adds the field at `path`, dotted and without the column's name, to what `fields` holds so far.
    fn add_field(&self, path: &str, fields: Option<&mut Vec<Field>>) -> Result<(), Error> {
        let Some(fields) = fields else {
            return Err(self.refuse("has no parent: declare the struct that holds it above"));
        };
        if let Some((first, rest)) = path.split_once('.') {
            let parent = fields.iter_mut().find(|other| other.name == first);
            return self.add_field(rest, parent.and_then(|parent| parent.data_type.fields_mut()));
        }
        let field = self.field(path)?;
        for other in &*fields {
            self.refuse_twin(&field.name, &other.name)?;
            if field.wire == other.wire {
                return Err(self.refuse(format!("reads the same element as \"{}\"", other.name)));
            }
        }
        fields.push(field);
        Ok(())
    }

    fn field(&self, name: &str) -> Result<Field, Error> {
        let name = self.name(name)?;
        let keys = self.keys(&["type", "description", "sensitive", "wire"])?;
        let (field_type, keys) = match keys {
            Some(keys) => (keys.text("type")?, Some(keys)),
            None => (self.file.text(&name, self.value)?, None),
        };
        let data_type = self.data_type(&field_type)?;
        if data_type == Type::Position {
            return Err(field_type.refuse(self.file, "is a type for columns only"));
        }
        let mut field = Field { wire: name.clone(), name, data_type, sensitive: false, description: None };
        if let Some(keys) = keys {
            if let Some(wire) = keys.optional_text("wire")? {
                field.wire = wire.wire_name(self.file)?;
            }
            field.sensitive = keys.flag("sensitive")?;
            field.description = keys.optional_text("description")?.map(|text| text.sentence(self.file)).transpose()?;
        }
        Ok(field)
    }

    /// The keys of an inline table; nothing when the line has a bare type.
    fn keys(&self, known: &[&str]) -> Result<Option<Keys<'_>>, Error> {
        match self.value.get_ref() {
            DeValue::Table(table) => Keys::new(self.file, table, self.value.span().start, known).map(Some),
            _ => Ok(None),
        }
    }

    fn name(&self, name: &str) -> Result<String, Error> {
        if !is_name(name) {
            return Err(self.refuse("is not a name of letters, digits and _"));
        }
        Ok(name.to_owned())
    }

    fn data_type(&self, text: &Text) -> Result<Type, Error> {
        parse_type(&text.value).ok_or_else(|| {
            let known = "text, boolean, int32, int64, float64, timestamp, binary, position, struct, list<...>";
            text.refuse(self.file, &format!("is not a type; known are {known}"))
        })
    }

    /// SQL names are matched without regard to case, so two that differ only by it cannot both be reached.
    fn refuse_twin(&self, name: &str, other: &str) -> Result<(), Error> {
        if name.eq_ignore_ascii_case(other) {
            return Err(self.refuse(format!("differs from \"{other}\" only by case")));
        }
        Ok(())
    }

    fn refuse(&self, reason: impl AsRef<str>) -> Error {
        self.file.refuse(self.key.span(), format!("\"{}\" {}", self.key.get_ref(), reason.as_ref()))
    }
}

fn parse_type(text: &str) -> Option<Type> {
    Some(match text {
        "text" => Type::Text,
        "boolean" => Type::Boolean,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "float64" => Type::Float64,
        "timestamp" => Type::Timestamp,
        "binary" => Type::Binary,
        "position" => Type::Position,
        "struct" => Type::Struct(Vec::new()),
        _ => {
            let item = parse_type(text.strip_prefix("list<")?.strip_suffix('>')?)?;
            if item == Type::Position {
                return None;
            }
            Type::List(Box::new(item))
        }
    })
}

/// The path of a struct without a field: Parquet cannot hold one.
fn empty_struct(path: &str, data_type: &Type) -> Option<String> {
    match data_type.fields()? {
        [] => Some(path.to_owned()),
        fields => fields.iter().find_map(|f| empty_struct(&format!("{path}.{}", f.name), &f.data_type)),
    }
}
