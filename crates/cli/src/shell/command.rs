//! The commands that begin with a backslash.

use crate::output::Output;

pub(super) const HELP: &str = r"  SELECT ...;         a statement, over as many lines as it needs
  \d                  the tables
  \d TABLE            the columns of a table
  \o [FORMAT]         how rows are printed: table, line, csv, json, jsonl, markdown
  \timing             time of each statement on or off
  \conninfo           profile, source of the credentials, regions, endpoint
  \?                  this list
  \q, Ctrl-D          leave
  Ctrl-C              cancel the running statement, or forget the line
";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Quit,
    Help,
    Tables,
    Describe(String),
    Output(Option<Output>),
    Timing,
    Connection,
}

impl Command {
    /// None: it is SQL.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let text = text.trim().trim_end_matches(';').trim_end();
        let rest = text.strip_prefix('\\')?;
        let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let argument = argument.trim();
        Some(match (name, argument) {
            ("q" | "quit", "") => Ok(Self::Quit),
            ("?" | "h" | "help", "") => Ok(Self::Help),
            ("d" | "dt", "") => Ok(Self::Tables),
            ("d", table) => Ok(Self::Describe(table.to_owned())),
            ("o", "") => Ok(Self::Output(None)),
            ("o", format) => format.parse().map(|output| Self::Output(Some(output))),
            ("timing", "") => Ok(Self::Timing),
            ("conninfo", "") => Ok(Self::Connection),
            _ => Err(format!(r"there is no command \{rest}; \? lists them")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_sql() {
        let parsed = |text| Command::parse(text);
        assert_eq!(parsed("SELECT '\\q';"), None);
        assert_eq!(parsed("  \\q ;"), Some(Ok(Command::Quit)));
        assert_eq!(parsed("\\d  aws.ec2_api.images "), Some(Ok(Command::Describe("aws.ec2_api.images".into()))));
        assert_eq!(parsed("\\o md"), Some(Ok(Command::Output(Some(Output::Markdown)))));
        assert_eq!(parsed("\\x y"), Some(Err(r"there is no command \x y; \? lists them".into())));
        assert!(parsed("\\o xml").is_some_and(|command| command.is_err()));
    }
}
