//! Columns and relations as far as they are known, and the matching of an identifier with them.

use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::error::dotted;

/// A column as far as its name and type are known.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// None: the planner makes the name up, as for `count(*)`.
    pub(super) name: Option<String>,
    /// None: not a plain column or path, so not known before planning.
    pub(super) data_type: Option<DataType>,
    /// Left out of `*`.
    pub(super) hidden: bool,
}

impl Column {
    pub(super) fn named(name: impl Into<String>, data_type: Option<DataType>) -> Self {
        Self { name: Some(name.into()), data_type, hidden: false }
    }

    pub(super) fn unnamed(data_type: Option<DataType>) -> Self {
        Self { name: None, data_type, hidden: false }
    }
}

/// The columns of a relation or a query.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub(super) columns: Vec<Column>,
    /// There may be more columns than these.
    pub(super) open: bool,
}

impl Shape {
    pub(super) fn unknown() -> Self {
        Self { columns: Vec::new(), open: true }
    }

    pub(super) fn of_relation(fields: &Fields, hidden: &[String]) -> Self {
        let columns = fields.iter().map(|field| Column {
            name: Some(field.name().clone()),
            data_type: Some(field.data_type().clone()),
            hidden: hidden.contains(field.name()),
        });
        Self { columns: columns.collect(), open: false }
    }

    /// Every column's name is known.
    pub(super) fn is_complete(&self) -> bool {
        !self.open && self.columns.iter().all(|column| column.name.is_some())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter_map(|column| column.name.as_deref())
    }

    /// The columns that an identifier may mean: those with exactly its name, else, unless it is
    /// quoted, those whose name differs by case only.
    pub(super) fn matching(&self, ident: &Ident) -> Vec<&Column> {
        let named = |column: &&Column| column.name.is_some();
        let columns = self.columns.iter().filter(named);
        choose(ident, columns, |column| column.name.as_deref().unwrap_or_default())
    }
}

/// One relation of a FROM clause.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// How the planner calls it; empty for a derived table without an alias.
    pub(super) qualifier: Vec<String>,
    /// How the statement may call it: by the last parts of this.
    pub(super) full_name: Vec<String>,
    pub(super) shape: Shape,
}

impl Source {
    pub(super) fn new(qualifier: Vec<String>, shape: Shape) -> Self {
        Self { full_name: qualifier.clone(), qualifier, shape }
    }

    /// Whether a qualifier names this source: exactly, or without regard to case.
    pub(super) fn is_called(&self, prefix: &[Ident], exactly: bool) -> bool {
        let equal = if exactly { is_exactly } else { is_loosely };
        prefix.len() <= self.full_name.len()
            && (prefix.iter().rev().zip(self.full_name.iter().rev())).all(|(ident, part)| equal(ident, part))
    }

    /// The column of this name as an expression for the planner.
    pub(super) fn column(&self, name: &str, like: &Ident) -> Expr {
        let mut parts: Vec<_> = self.qualifier.iter().map(|part| ident(part)).collect();
        parts.push(renamed(like, name));
        match <[Ident; 1]>::try_from(parts) {
            Ok([only]) => Expr::Identifier(only),
            Err(parts) => Expr::CompoundIdentifier(parts),
        }
    }

    /// The full name, for a message.
    pub(super) fn title(&self) -> String {
        dotted(self.full_name.iter().map(String::as_str))
    }

    /// The name by which the statement calls it, or, with a column, that.
    pub(super) fn written<'n>(&'n self, column: Option<&'n str>) -> String {
        dotted(self.qualifier.iter().map(String::as_str).chain(column))
    }
}

/// A column that `USING` or `NATURAL` made one out of several sources' columns.
#[derive(Debug, Clone)]
pub(super) struct Merged {
    pub(super) name: String,
    /// Indexes of the sources that have it.
    pub(super) members: Vec<usize>,
    /// The sources that give its value: the first that is not NULL.
    pub(super) values: Vec<usize>,
}

/// The items that an identifier may mean: those with exactly its name, else, unless it is quoted,
/// those whose name differs by case only.
pub(super) fn choose<'n, T: Copy>(
    ident: &Ident,
    items: impl Iterator<Item = T>,
    name: impl Fn(T) -> &'n str,
) -> Vec<T> {
    let (exact, others): (Vec<_>, Vec<_>) =
        items.filter(|item| is_loosely(ident, name(*item))).partition(|item| is_exactly(ident, name(*item)));
    if exact.is_empty() { others } else { exact }
}

fn is_exactly(ident: &Ident, declared: &str) -> bool {
    ident.value == declared
}

fn is_loosely(ident: &Ident, declared: &str) -> bool {
    is_exactly(ident, declared) || (ident.quote_style.is_none() && same(&ident.value, declared))
}

/// Equal without regard to case.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

/// A relation's or a column's name made of these parts.
pub(super) fn object_name(parts: &[String]) -> ObjectName {
    ObjectName::from(parts.iter().map(|part| ident(part)).collect::<Vec<_>>())
}

/// An identifier that prints as it must be written.
pub(super) fn ident(name: &str) -> Ident {
    renamed(&Ident::new(""), name)
}

/// The same identifier with the declared name.
pub(super) fn renamed(like: &Ident, name: &str) -> Ident {
    Ident {
        value: name.to_owned(),
        quote_style: like.quote_style.or((!is_plain(name)).then_some('"')),
        span: like.span,
    }
}

/// Whether a name can be written without quotes.
pub(super) fn is_plain(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || character == '_')
}

/// Where no text stands behind an identifier.
pub(super) fn nowhere() -> Span {
    Span::empty()
}
