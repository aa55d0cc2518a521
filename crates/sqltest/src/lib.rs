//! Runs `.slt` files: SQL, and the rows, errors and requests that it must give.
//!
//! Each file has its own endpoint (`fake-ec2`), its own folder for what it writes, and a session per connection. It
//! knows nothing of the command line. The tests are in `tests/slt.rs`; the files are in `tests/sql`.
//!
//! # What a file may say besides SQL
//! | statement | does |
//! |---|---|
//! | `FAKE <line>` | gives the endpoint a line of its fault script |
//! | `SESSION <name>=<value> ...` | starts the session anew: a setting such as `ec2ql.regions`, or one of [`Setup`] |
//! | `ANSWER <operation> <file> [status]` | answers an operation from then on with a file beside the `.slt` file |
//! | `CALLS` | as a query: the requests that arrived since the last `CALLS` |
//! | `FILES` | as a query: what is in the file's folder |
//! | `CAT <name>` | as a query: the lines of a file in that folder |
//! | `HEADER <query>` | the query, with the names of its columns as the first row |
//!
//! In SQL, `{dir}` is the folder. In results and errors the folder and the endpoint's address read `{dir}` and
//! `{endpoint}`.
//!
//! # How values look
//! Values of a row are joined with ` | `. NULL is `NULL`, an empty text `(empty)`, a nested value JSON; a text that
//! could be taken for something else, or that begins or ends with a blank, or holds a control character, is quoted.

mod canned;
mod database;
mod error;
mod setup;
mod text;

pub use database::{Database, Place};
pub use error::Error;
pub use setup::Setup;

/// Whether the rows are the expected lines, to the letter.
pub fn same(_: sqllogictest::Normalizer, actual: &[Vec<String>], expected: &[String]) -> bool {
    actual.iter().map(|row| row.join(text::SEPARATOR)).eq(expected.iter().cloned())
}

/// What stands between two values of a row.
pub const SEPARATOR: &str = text::SEPARATOR;
