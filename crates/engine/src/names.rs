//! Name resolution: which relation or column each identifier of a statement means.
//!
//! `DataFusion` runs with `sql_parser.enable_ident_normalization` off, so it takes every
//! identifier literally. This pass runs between the parser and the planner and rewrites the
//! parsed statement into such literal names:
//!
//! - an unquoted identifier is matched without regard to case, a quoted one exactly, and both
//!   come out as they were declared;
//! - `*` and `t.*` leave out hidden columns;
//! - a struct path (`snapshotTaskDetail.progress`, `list[1].field`) becomes subscripts, and
//!   without an alias it is headed by its last part.
//!
//! Names are looked up in real scopes (common table expressions, derived tables, joins, select
//! list aliases, enclosing queries). Where a relation is not known here, the identifiers that
//! may belong to it stay as they are and the planner decides.

mod alias;
mod error;
mod expression;
mod frame;
mod join;
mod path;
mod query;
mod relation;
mod scope;
mod select;
mod statement;
mod types;
mod wildcard;

#[cfg(test)]
mod tests;

pub(crate) use error::{NameError, NameErrorKind, nearest};

use datafusion::arrow::datatypes::Fields;
use datafusion::sql::parser::Statement;

/// Rewrites the identifiers of a statement to the names that they mean.
///
/// Fails on a relation that `scope` reports missing, on a column that none of the relations in
/// scope has, and on a name that fits more than one. The statement is then half rewritten: throw
/// it away.
pub(crate) fn resolve(statement: &mut Statement, scope: &dyn Scope) -> Result<(), NameError> {
    statement::resolve(statement, scope)
}

/// Where relations come from.
pub(crate) trait Scope {
    /// Looks up a relation by the one to three parts that the statement has.
    fn relation(&self, name: &[Part]) -> Lookup;

    /// Every relation that can be named, dotted, as a person would type it: for hints.
    fn relations(&self) -> Vec<String>;
}

/// One part of a dotted name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The name without quotes.
    pub(crate) value: String,
    /// A quoted part stands for exactly this name, an unquoted one for any case of it.
    pub(crate) quoted: bool,
}

impl Part {
    /// Whether this part may stand for the declared name.
    pub(crate) fn matches(&self, declared: &str) -> bool {
        self.value == declared || (!self.quoted && scope::same(&self.value, declared))
    }
}

/// What a scope knows of a relation's name.
#[derive(Debug, Clone)]
pub(crate) enum Lookup {
    /// It exists, with these columns.
    Relation(Relation),
    /// It does not exist: an error that names the nearest.
    Missing,
    /// It may exist: its name and the columns that may be its own are left to the planner.
    Unknown,
}

/// A relation that can be read.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    /// The declared name, catalog first: `aws`, `ec2_api`, `images`. The statement gets all of it,
    /// so that a bare name means what the scope says and not what the planner's defaults are.
    pub(crate) canonical: Vec<String>,
    /// The columns in order, hidden ones included.
    pub(crate) fields: Fields,
    /// The columns that `*` leaves out.
    pub(crate) hidden: Vec<String>,
}
