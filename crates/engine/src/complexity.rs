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

/// CASEs in the conditions of each other: the planner repeats a condition for what it chooses, so each level doubles it.
const CONDITIONS_MAX: usize = 8;

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
    if conditions(&tokens) > CONDITIONS_MAX {
        let message = "the statement has too many CASEs in the conditions of each other";
        return Err(Error::usage(message, Some("Write AND and OR: (a AND b) OR (NOT a AND c).")));
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

fn conditions(tokens: &[Token]) -> usize {
    // For each open CASE whether a condition of it is being read.
    let mut open: Vec<bool> = vec![];
    let mut deepest = 0;
    for token in tokens {
        let Token::Word(word) = token else { continue };
        match word.keyword {
            Keyword::CASE => open.push(true),
            Keyword::END => {
                open.pop();
            }
            Keyword::WHEN | Keyword::THEN | Keyword::ELSE => {
                if let Some(condition) = open.last_mut() {
                    *condition = word.keyword == Keyword::WHEN;
                }
            }
            _ => continue,
        }
        deepest = deepest.max(open.iter().filter(|condition| **condition).count());
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

    #[test]
    fn cases_in_conditions_are_bounded_and_others_are_not() {
        let nested = |levels: usize, parts: [&str; 2]| (0..levels).fold("x".to_owned(), |inner, _| parts.join(&inner));
        let condition = ["CASE WHEN ", " THEN y ELSE z END"];
        assert!(check(&format!("SELECT {}", nested(CONDITIONS_MAX, condition))).is_ok());
        assert!(check(&format!("SELECT {}", nested(CONDITIONS_MAX + 1, condition))).is_err());
        assert!(check(&format!("SELECT {}", nested(50, ["CASE WHEN a THEN b ELSE ", " END"]))).is_ok());
        assert!(check(&format!("SELECT {}", "CASE WHEN a THEN b END, ".repeat(50))).is_ok());
    }
}
