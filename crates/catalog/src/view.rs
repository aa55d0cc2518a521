//! What a view's file says, as data.

use std::sync::Arc;

use crate::{Table, TableName};

/// What a name of the catalog stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Relation {
    /// Rows that an operation lists.
    Table(Arc<Table>),
    /// Rows that a query makes of tables.
    View(Arc<View>),
}

impl Relation {
    /// The SQL name.
    pub fn name(&self) -> &TableName {
        match self {
            Self::Table(table) => &table.name,
            Self::View(view) => &view.name,
        }
    }

    /// What a row is, in one sentence.
    pub fn description(&self) -> &str {
        match self {
            Self::Table(table) => &table.description,
            Self::View(view) => &view.description,
        }
    }

    /// What a user should know before relying on it.
    pub fn notes(&self) -> &[String] {
        match self {
            Self::Table(table) => &table.notes,
            Self::View(view) => &view.notes,
        }
    }

    /// Queries that show its use. Never empty.
    pub fn examples(&self) -> &[String] {
        match self {
            Self::Table(table) => &table.examples,
            Self::View(view) => &view.examples,
        }
    }
}

/// One view: a query over tables and other views.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The SQL name.
    pub name: TableName,
    /// What a row is, in one sentence.
    pub description: String,
    /// What a user should know before relying on the view.
    pub notes: Vec<String>,
    /// Queries that show the view's use. Never empty.
    pub examples: Vec<String>,
    /// The query, one `SELECT` over full names.
    pub query: String,
    /// The query's columns in their order.
    pub columns: Vec<ViewColumn>,
}

/// One column of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewColumn {
    /// The SQL name.
    pub name: String,
    /// The type in the words of `DESCRIBE`: `text`, `int64`, `list<text>`, `map<text, text>`.
    pub data_type: String,
    /// What the column says, in one sentence, with units.
    pub description: String,
}
