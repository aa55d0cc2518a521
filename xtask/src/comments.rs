//! The comments of a table file, each with the line that it stands above, so that rewriting keeps them.

use std::collections::BTreeMap;

/// Comment lines by section (empty for the top of the file) and key (empty for the section's head).
#[derive(Debug, Default)]
pub(crate) struct Comments {
    lines: BTreeMap<(String, String), Vec<String>>,
}

impl Comments {
    /// Reads the comments of a file that the loader has accepted.
    ///
    /// A comment anywhere but on lines of its own above a key or a section is an error: it would be lost.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut comments = Self::default();
        let mut pending = Vec::new();
        let mut section = String::new();
        let mut depth = 0;
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if depth == 0 && line.starts_with('#') {
                pending.push(line.to_owned());
                continue;
            }
            if depth == 0 && !line.is_empty() {
                let key = match line.strip_prefix('[').and_then(|head| head.strip_suffix(']')) {
                    Some(head) => {
                        head.clone_into(&mut section);
                        String::new()
                    }
                    None => key(line),
                };
                if !pending.is_empty() {
                    comments.lines.insert((section.clone(), key), std::mem::take(&mut pending));
                }
            }
            depth += nesting(line).map_err(|fault| format!("line {}: {fault}", index + 1))?;
        }
        if pending.is_empty() {
            return Ok(comments);
        }
        Err("a comment stands below the last line; put it above the line that it is about".to_owned())
    }

    /// Takes the comments above this key.
    pub(crate) fn take(&mut self, section: &str, key: &str) -> Vec<String> {
        self.lines.remove(&(section.to_owned(), key.to_owned())).unwrap_or_default()
    }

    /// A comment that nobody took.
    pub(crate) fn left(&self) -> Option<&str> {
        self.lines.values().flatten().next().map(String::as_str)
    }
}

fn key(line: &str) -> String {
    let key = match line.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => line.split('=').next().map(str::trim),
    };
    key.unwrap_or_default().to_owned()
}

/// By how much the line opens more lists and tables than it closes.
fn nesting(line: &str) -> Result<i32, &'static str> {
    if line.contains("\"\"\"") || line.contains("'''") {
        return Err("a text of several lines; write it on one");
    }
    let mut depth = 0;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some('"'), '\\') => {
                letters.next();
            }
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, '#') => return Err("a comment beside a value; put it on a line above"),
            _ => {}
        }
    }
    Ok(depth)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::Comments;

    #[expect(clippy::needless_pass_by_value, reason = "expect![...] reads best as an argument")]
    fn check(text: &str, expected: Expect) {
        let shown = match Comments::read(text) {
            Ok(comments) => format!("{:?}\n", comments.lines),
            Err(fault) => format!("error: {fault}\n"),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn comments_belong_to_the_line_below() {
        check(
            "# top\ndescription = \"# no\"\nnotes = [\n  \"x\",\n]\n\n# cols\n[columns]\n# one\n# two\n\"a.b\" = { type = \"text\" }\n",
            expect![[r##"
                {("", "description"): ["# top"], ("columns", ""): ["# cols"], ("columns", "a.b"): ["# one", "# two"]}
            "##]],
        );
    }

    #[test]
    fn comments_that_would_be_lost_are_refused() {
        check(
            "a = 1 # x",
            expect![[r#"
            error: line 1: a comment beside a value; put it on a line above
        "#]],
        );
        check(
            "a = [\n  # x\n]",
            expect![[r#"
            error: line 2: a comment beside a value; put it on a line above
        "#]],
        );
        check(
            "a = 1\n# x",
            expect![[r#"
            error: a comment stands below the last line; put it above the line that it is about
        "#]],
        );
        check(
            "a = \"\"\"x\"\"\"",
            expect![[r#"
            error: line 1: a text of several lines; write it on one
        "#]],
        );
    }
}
