//! From a text to its statements.

use datafusion::error::DataFusionError;
use datafusion::sql::parser::{DFParser, DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast::ObjectName;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::complexity;
use crate::dialect::Ec2qlDialect;
use crate::error::Error;
use crate::session::Statement;

/// Bytes of SQL that are read as one text.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// How deep expressions and sub-queries may nest in a statement's text.
const DEPTH_MAX: usize = 64;

/// A statement, as far as it has been read.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    /// What the parser crates know.
    Sql(Parsed),
    /// `SHOW PROVIDERS` and its like.
    Show(Show),
}

/// `SHOW [EXTENDED] what [IN place] [LIKE 'pattern']`.
#[derive(Debug, Clone)]
pub(crate) struct Show {
    pub(crate) what: Shown,
    pub(crate) extended: bool,
    pub(crate) place: Option<ObjectName>,
    pub(crate) like: Option<String>,
}

/// What there is to show, beside a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The catalogs.
    Providers,
    /// The schemas of a catalog.
    Services,
    /// The tables and views of a schema, or one of them.
    Resources,
    /// What can be done with a table.
    Methods,
    /// The tables and views of all schemas, or of one.
    Tables,
    /// The columns of a table.
    Columns,
    /// The functions that expressions can call.
    Functions,
    /// The settings.
    Settings,
}

/// The words that people bring along for these.
const SHOWN: [(&str, Shown); 12] = [
    ("providers", Shown::Providers),
    ("catalogs", Shown::Providers),
    ("services", Shown::Services),
    ("schemas", Shown::Services),
    ("databases", Shown::Services),
    ("resources", Shown::Resources),
    ("methods", Shown::Methods),
    ("tables", Shown::Tables),
    ("columns", Shown::Columns),
    ("functions", Shown::Functions),
    ("settings", Shown::Settings),
    ("all", Shown::Settings),
];

/// Every statement of a text, separated by `;`.
pub(crate) fn statements(text: &str) -> Result<Vec<Statement>, Error> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Error::usage(format!("the text has {} bytes; 1 MiB is the limit", text.len()), None));
    }
    complexity::check(text)?;
    let mut parser = DFParserBuilder::new(text).with_dialect(&Ec2qlDialect).with_recursion_limit(DEPTH_MAX).build()?;
    let mut statements = vec![];
    loop {
        while parser.parser.consume_token(&Token::SemiColon) {}
        if parser.parser.peek_token_ref().token == Token::EOF {
            return Ok(statements);
        }
        let command = match show(&mut parser)? {
            Some(show) => Command::Show(show),
            None => Command::Sql(parser.parse_statement()?),
        };
        statements.push(Statement(command));
        let next = parser.parser.peek_token();
        if !matches!(next.token, Token::SemiColon | Token::EOF) {
            return parser.parser.expected("end of statement", next).map_err(syntax);
        }
    }
}

/// Reads a `SHOW` of ours; nothing is read if it is none.
fn show(parser: &mut DFParser<'_>) -> Result<Option<Show>, Error> {
    let parser = &mut parser.parser;
    if !is(&parser.peek_token_ref().token, Keyword::SHOW) {
        return Ok(None);
    }
    let extended = is(&parser.peek_nth_token_ref(1).token, Keyword::EXTENDED);
    let words = if extended { 2 } else { 1 };
    let Some(what) = shown(&parser.peek_nth_token_ref(words).token) else { return Ok(None) };
    for _ in 0..=words {
        parser.advance_token();
    }
    let mut show = Show { what, extended, place: None, like: None };
    loop {
        if show.place.is_none() && parser.parse_one_of_keywords(&[Keyword::IN, Keyword::FROM]).is_some() {
            show.place = Some(parser.parse_object_name(false).map_err(syntax)?);
        } else if show.like.is_none() && parser.parse_one_of_keywords(&[Keyword::LIKE, Keyword::ILIKE]).is_some() {
            show.like = Some(parser.parse_literal_string().map_err(syntax)?);
        } else {
            return Ok(Some(show));
        }
    }
}

fn is(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.keyword == keyword)
}

fn shown(token: &Token) -> Option<Shown> {
    let Token::Word(word) = token else { return None };
    let found = SHOWN.iter().find(|(name, _)| word.quote_style.is_none() && word.value.eq_ignore_ascii_case(name));
    found.map(|(_, shown)| *shown)
}

fn syntax(error: ParserError) -> Error {
    DataFusionError::SQL(Box::new(error), None).into()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]
mod tests;
