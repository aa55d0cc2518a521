//! Typed access to a TOML document that remembers where everything stands.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Error;

/// Sentences stay short: they become one cell of a page.
const SENTENCE_BYTES_MAX: usize = 300;

/// The file that is read: for errors.
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
}

impl<'a> File<'a> {
    pub(super) fn parse(&self) -> Result<DeTable<'a>, Error> {
        match DeTable::parse(self.text) {
            Ok(document) => Ok(document.into_inner()),
            Err(error) => {
                let span = error.span().unwrap_or_default();
                let reason = match self.text.get(span.clone()).unwrap_or_default() {
                    "" => error.message().to_owned(),
                    found => format!("{}: {}", error.message(), found.escape_default()),
                };
                Err(self.refuse(span, reason))
            }
        }
    }

    pub(super) fn refuse(&self, span: Range<usize>, reason: impl Into<String>) -> Error {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Error::new(self.path, line, column, reason)
    }

    pub(super) fn text(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<Text, Error> {
        let text = self.lines(key, value)?;
        if text.value.contains('\n') {
            return Err(self.refuse(value.span(), format!("\"{key}\" has a line break or a control character")));
        }
        Ok(text)
    }

    /// A text that may have several lines.
    pub(super) fn lines(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<Text, Error> {
        let DeValue::String(text) = value.get_ref() else {
            return Err(self.refuse(value.span(), format!("\"{key}\" is not a text")));
        };
        if text.contains(|letter: char| letter.is_control() && letter != '\n') {
            return Err(self.refuse(value.span(), format!("\"{key}\" has a line break or a control character")));
        }
        Ok(Text { value: text.clone().into_owned(), span: value.span() })
    }

    pub(super) fn texts(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<Text>, Error> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.text(key, item)).collect(),
            _ => Err(self.refuse(value.span(), format!("\"{key}\" is not a list of texts"))),
        }
    }
}

pub(super) fn numbers(value: &Spanned<DeValue<'_>>) -> Option<Vec<u32>> {
    let DeValue::Array(items) = value.get_ref() else { return None };
    items.iter().map(|item| number(item.get_ref())).collect()
}

fn number(value: &DeValue<'_>) -> Option<u32> {
    match value {
        DeValue::Integer(integer) => u32::from_str_radix(integer.as_str(), integer.radix()).ok(),
        _ => None,
    }
}

/// A text and its place.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) span: Range<usize>,
}

impl Text {
    pub(super) fn refuse(&self, file: &File<'_>, reason: &str) -> Error {
        file.refuse(self.span.clone(), format!("\"{}\" {reason}", self.value))
    }

    pub(super) fn sentence(self, file: &File<'_>) -> Result<String, Error> {
        let fault = match self.value.as_str() {
            "" => "the description is missing",
            text if text.len() > SENTENCE_BYTES_MAX => "the text is longer than 300 bytes",
            text if text.trim() != text => "the text has blanks at an end",
            text if !text.ends_with('.') => "the text does not end with a full stop",
            _ => return Ok(self.value),
        };
        Err(file.refuse(self.span, fault))
    }

    /// A name as it stands in requests and responses.
    pub(super) fn wire_name(self, file: &File<'_>) -> Result<String, Error> {
        if !is_name(&self.value) {
            return Err(self.refuse(file, "is not a name of letters, digits and _"));
        }
        Ok(self.value)
    }

    pub(super) fn link(self, file: &File<'_>) -> Result<String, Error> {
        if !self.value.starts_with("https://docs.aws.amazon.com/") {
            return Err(self.refuse(file, "is not a page of https://docs.aws.amazon.com/"));
        }
        Ok(self.value)
    }
}

pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The keys of a TOML table, all of them known ones.
pub(super) struct Keys<'a> {
    file: &'a File<'a>,
    table: &'a DeTable<'a>,
    /// Where a missing key is reported.
    start: usize,
}

impl<'a> Keys<'a> {
    /// The keys of `table`, which starts at the byte `start`.
    pub(super) fn new(file: &'a File<'a>, table: &'a DeTable<'a>, start: usize, known: &[&str]) -> Result<Self, Error> {
        for key in table.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                let known = known.join(", ");
                let reason = format!("unknown key \"{}\"; known are {known}", key.get_ref());
                return Err(file.refuse(key.span(), reason));
            }
        }
        Ok(Self { file, table, start })
    }

    pub(super) fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    pub(super) fn text(&self, key: &str) -> Result<Text, Error> {
        self.optional_text(key)?.ok_or_else(|| self.missing(key))
    }

    pub(super) fn optional_text(&self, key: &str) -> Result<Option<Text>, Error> {
        self.value(key).map(|value| self.file.text(key, value)).transpose()
    }

    pub(super) fn lines(&self, key: &str) -> Result<Text, Error> {
        let value = self.value(key).ok_or_else(|| self.missing(key))?;
        self.file.lines(key, value)
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<Text>, Error> {
        self.value(key).map_or(Ok(Vec::new()), |value| self.file.texts(key, value))
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, Error> {
        match self.value(key) {
            None => Ok(false),
            Some(value) => match value.get_ref() {
                DeValue::Boolean(flag) => Ok(*flag),
                _ => Err(self.file.refuse(value.span(), format!("\"{key}\" is not true or false"))),
            },
        }
    }

    pub(super) fn optional_number(&self, key: &str) -> Result<Option<u32>, Error> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        match number(value.get_ref()) {
            Some(number) => Ok(Some(number)),
            None => Err(self.file.refuse(value.span(), format!("\"{key}\" is not a whole number"))),
        }
    }

    pub(super) fn table(&self, key: &str) -> Result<&'a DeTable<'a>, Error> {
        self.optional_table(key)?.ok_or_else(|| self.missing(key))
    }

    pub(super) fn optional_table(&self, key: &str) -> Result<Option<&'a DeTable<'a>>, Error> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        match value.get_ref() {
            DeValue::Table(table) => Ok(Some(table)),
            _ => Err(self.file.refuse(value.span(), format!("\"{key}\" is not a table"))),
        }
    }

    fn missing(&self, key: &str) -> Error {
        self.file.refuse(self.start..self.start, format!("the key \"{key}\" is missing"))
    }
}
