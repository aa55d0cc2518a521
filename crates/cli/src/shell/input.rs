//! When what was typed is a whole statement.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Helper, Result};

/// Lets Enter begin a new line inside a statement.
#[derive(Debug)]
pub(super) struct Input;

impl Validator for Input {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        let whole = is_complete(context.input());
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Completer for Input {
    type Candidate = String;
}

impl Hinter for Input {
    type Hint = String;
}

impl Highlighter for Input {}

impl Helper for Input {}

/// A command, nothing at all, or SQL up to a `;` that is in no quotes and no comment.
pub(super) fn is_complete(text: &str) -> bool {
    let trimmed = text.trim_start();
    if trimmed.is_empty() || trimmed.starts_with('\\') {
        return true;
    }
    match Tokenizer::new(&GenericDialect {}, text).tokenize() {
        Ok(tokens) => {
            let mut spoken = tokens.iter().rev().filter(|token| !matches!(token, Token::Whitespace(_)));
            matches!(spoken.next(), None | Some(Token::SemiColon))
        }
        // What is wrong in another way is whole, and the parser says what is wrong with it.
        Err(error) => !(error.message.starts_with("Unterminated") || error.message.contains("EOF")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_with_its_semicolon() {
        for whole in [
            "",
            "  \n",
            "\\q",
            "SELECT 1;",
            "SELECT ';';  -- done",
            "SELECT 1; /* x */\n",
            "-- only a comment",
            "SELECT 1; SELECT 2;",
        ] {
            assert!(is_complete(whole), "{whole}");
        }
        for part in [
            "SELECT 1",
            "SELECT ';",
            "SELECT 1 -- ;",
            "SELECT /* ;",
            "SELECT \"a;",
            "SELECT 1; SELECT 2",
            "SELECT $$ ;",
        ] {
            assert!(!is_complete(part), "{part}");
        }
    }
}
