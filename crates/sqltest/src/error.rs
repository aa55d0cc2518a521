use std::fmt;

/// A statement that failed, as a `.slt` file shows it.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Error {
    text: String,
    sqlstate: Option<&'static str>,
}

impl Error {
    /// What is wrong with a file or its surroundings, rather than with its SQL.
    pub(crate) fn of_file(text: impl Into<String>) -> Self {
        Self { text: text.into(), sqlstate: None }
    }

    /// The same error with other words for what differs from run to run.
    pub(crate) fn map(self, replace: impl FnOnce(String) -> String) -> Self {
        Self { text: replace(self.text), ..self }
    }

    pub(crate) fn sqlstate(&self) -> Option<&'static str> {
        self.sqlstate
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<ec2ql_engine::Error> for Error {
    fn from(error: ec2ql_engine::Error) -> Self {
        let sqlstate = error.sqlstate();
        let mut text = format!("ERROR {sqlstate}: {}", error.message());
        for (name, part) in [("detail", error.detail()), ("hint", error.hint())] {
            if let Some(part) = part {
                text = format!("{text}\n{name}: {part}");
            }
        }
        Self { text, sqlstate: Some(sqlstate) }
    }
}
