//! What a terminal must not act on is shown instead: control characters, and those that reorder or hide text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text that a terminal shows as it is, in one line: `\u{1b}` for the escape character, `\n` for a line break.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            _ if !is_hostile(c) => shown.push(c),
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            _ => shown.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

/// The same, with line breaks kept: for texts of several lines.
pub(crate) fn visible_lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && is_hostile(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(visible).collect::<Vec<_>>().join("\n"))
}

/// The same for JSON, in its own form: `\u001b`. Outside of its strings nothing of the kind can stand.
pub(crate) fn visible_json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && is_hostile(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c == '\n' || !is_hostile(c) {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing into a string does not fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    Cow::Owned(shown)
}

/// What makes a pre-signed URL usable is left out: `https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=***`.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    const PARAMETERS: [&str; 5] =
        ["X-Amz-Signature=", "X-Amz-Security-Token=", "X-Amz-Credential=", "Signature=", "AWSAccessKeyId="];
    let mut shown = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices(['?', '&']) {
        let Some(after) = text.get(at + 1..).filter(|_| at >= done) else { continue };
        let starts = |name: &&&str| after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let Some(name) = PARAMETERS.iter().find(starts) else { continue };
        let value = at + 1 + name.len();
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '&' | ',' | ';' | '"' | '\'' | '<' | '>' | '\\' | ')' | '#');
        let end = text.get(value..).and_then(|rest| rest.find(ends)).map_or(text.len(), |length| value + length);
        shown.push_str(text.get(done..value).unwrap_or_default());
        shown.push_str("***");
        done = end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(shown)
}

/// C0, DEL, C1; bidirectional controls; what has no width of its own and no accent to be; tags.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(input: &str, expected: &Expect) {
        expected.assert_eq(&masked(&visible(input)));
    }

    #[test]
    fn a_terminal_gets_printable_text_only() {
        let plain = "plain, Ä, 漢, 🚀, e\u{301}";
        assert_eq!(visible(plain), plain);
        check("\x1b]52;c;aGk=\x07\x1b[2J", &expect![r"\u{1b}]52;c;aGk=\u{7}\u{1b}[2J"]);
        check("a\nb\r\tc\0\x7f\u{9b}31m", &expect![r"a\nb\r\tc\u{0}\u{7f}\u{9b}31m"]);
        check("abc\u{202e}gpj\u{200d}\u{2066}\u{feff}", &expect![r"abc\u{202e}gpj\u{200d}\u{2066}\u{feff}"]);
        expect![[r"
            two
            li\u{8}nes"]]
        .assert_eq(&visible_lines("two\nli\x08nes"));
    }

    #[test]
    fn json_stays_json() {
        assert_eq!(visible_json("[\n\"ä\"\n]"), "[\n\"ä\"\n]");
        expect![[r#"
            ["\u007f\u009b\u202e\udb40\udc41ä"]
        "#]]
        .assert_eq(&visible_json("[\"\x7f\u{9b}\u{202e}\u{e0041}ä\"]\n"));
    }

    #[test]
    fn signed_urls_are_masked() {
        check("s3://bucket/key?versionId=1", &expect!["s3://bucket/key?versionId=1"]);
        check("Signature=1", &expect!["Signature=1"]);
        check(
            "https://b.s3.amazonaws.com/k?a=1,2&X-Amz-Signature=abc\n",
            &expect![r"https://b.s3.amazonaws.com/k?a=1,2&X-Amz-Signature=***\n"],
        );
        check(
            r#"[{"url":"https://b/ä?AWSAccessKeyId=A&Signature=s&Expires=1","x":"?&x-amz-signature="}],done"#,
            &expect![[
                r#"[{"url":"https://b/ä?AWSAccessKeyId=***&Signature=***&Expires=1","x":"?&x-amz-signature=***"}],done"#
            ]],
        );
    }
}
