//! A bound on what one statement may say: planning is recursive, and a text of a thousand `OR`s is a program's mistake.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::dialect::Ec2qlDialect;
use crate::error::{Error, Reason};

/// Operators of one statement that nest: each `AND`, `OR`, `+`, `||`, `UNION` is a level of the expression.
const OPERATORS_MAX: usize = 2_000;

/// Levels of brackets, a NOT before one counted as another. At its own bound the parser would take each `NOT (` for the
/// call of a function instead, and try that at every level.
const DEPTH_MAX: usize = 56;

/// Refuses a text of which one statement has too many operators or brackets inside of each other. A text that is no SQL
/// is left to the parser.
pub(crate) fn check(text: &str) -> Result<(), Error> {
    let Ok(tokens) = Tokenizer::new(&Ec2qlDialect, text).tokenize() else { return Ok(()) };
    let statements = tokens.split(|token| *token == Token::SemiColon);
    let most = statements.map(|statement| statement.iter().filter(|token| nests(token)).count()).max().unwrap_or(0);
    if most > OPERATORS_MAX {
        return Err(Error::new(Reason::TooComplex { operators: most, operators_max: OPERATORS_MAX }));
    }
    if depth(&tokens) > DEPTH_MAX {
        let hint = "Name its parts: WITH part AS (SELECT ...) SELECT ... FROM part.";
        return Err(Error::usage("the statement has too many brackets inside of each other", Some(hint)));
    }
    Ok(())
}

fn depth(tokens: &[Token]) -> usize {
    let (mut open, mut level, mut deepest, mut negated) = (vec![], 0, 0, false);
    for token in tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))) {
        match token {
            Token::LParen => {
                let levels = 1 + usize::from(negated);
                open.push(levels);
                level += levels;
                deepest = deepest.max(level);
            }
            Token::RParen => level -= open.pop().unwrap_or(0),
            _ => {}
        }
        negated = matches!(token, Token::Word(word) if word.keyword == Keyword::NOT);
    }
    deepest
}

fn nests(token: &Token) -> bool {
    match token {
        Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod | Token::StringConcat => true,
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::WHEN
                | Keyword::UNION
                | Keyword::INTERSECT
                | Keyword::EXCEPT
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_bounded_in_each_statement_and_values_are_not() {
        let chain = |operators: usize| format!("SELECT 1{}", " + 1".repeat(operators));
        assert!(check(&chain(OPERATORS_MAX)).is_ok());
        assert!(check(&chain(OPERATORS_MAX + 1)).is_err());
        assert!(check(&format!("{};{}", chain(OPERATORS_MAX), chain(OPERATORS_MAX))).is_ok());
        assert!(check(&format!("SELECT 1 IN (0{})", ", 1".repeat(100_000))).is_ok());
        assert!(check("SELECT 'unterminated").is_ok());
    }

    #[test]
    fn brackets_are_bounded() {
        let nested = |word: &str, levels: usize| format!("SELECT {}x{}", word.repeat(levels), ")".repeat(levels));
        assert!(check(&nested("(", DEPTH_MAX)).is_ok());
        assert!(check(&nested("(", DEPTH_MAX + 1)).is_err());
        assert!(check(&nested("NOT (", DEPTH_MAX / 2)).is_ok());
        assert!(check(&nested("NOT (", DEPTH_MAX / 2 + 1)).is_err());
        assert!(check(&format!("SELECT {}", "(x), ".repeat(1_000))).is_ok());
    }
}
