//! A bound on what one statement may say: planning is recursive, and a text of a thousand `OR`s is a program's mistake.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::dialect::Ec2qlDialect;
use crate::error::{Error, Reason};

/// Operators of one statement that nest: each `AND`, `OR`, `+`, `||`, `UNION` is a level of the expression.
const OPERATORS_MAX: usize = 2_000;

/// Refuses a text of which one statement has too many operators. A text that is no SQL is left to the parser.
pub(crate) fn check(text: &str) -> Result<(), Error> {
    let Ok(tokens) = Tokenizer::new(&Ec2qlDialect, text).tokenize() else { return Ok(()) };
    let statements = tokens.split(|token| *token == Token::SemiColon);
    let most = statements.map(|statement| statement.iter().filter(|token| nests(token)).count()).max().unwrap_or(0);
    if most > OPERATORS_MAX {
        return Err(Error::new(Reason::TooComplex { operators: most, operators_max: OPERATORS_MAX }));
    }
    Ok(())
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
}
