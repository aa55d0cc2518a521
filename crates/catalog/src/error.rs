use std::fmt;

/// A table file that was refused: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    path: String,
    line: usize,
    column: usize,
    reason: String,
}

impl Error {
    pub(crate) fn new(path: &str, line: usize, column: usize, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, column, reason: reason.into() }
    }

    /// The file, as it was handed in.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Why the file was refused, in lower case and without a final stop.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.reason)
    }
}

impl std::error::Error for Error {}
