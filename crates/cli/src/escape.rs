//! What a terminal must not act on is shown instead: control characters, and those that reorder or hide text.

use std::borrow::Cow;

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

/// A URL that whoever reads it can use is cut where its signature begins: `https://b.s3.amazonaws.com/k?(signed)`.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    const SIGNATURES: [&str; 3] = ["X-Amz-Signature=", "X-Amz-Credential=", "Signature="];
    if !text.contains("://") || !SIGNATURES.iter().any(|name| find_ignoring_case(text, name).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find("://") {
        let (before, url) = rest.split_at(found);
        let end =
            url.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '\\')).unwrap_or(url.len());
        let (url, after) = url.split_at(end);
        shown.push_str(before);
        match url.split_once('?') {
            Some((path, query)) if SIGNATURES.iter().any(|name| find_ignoring_case(query, name).is_some()) => {
                shown.push_str(path);
                shown.push_str("?(signed)");
            }
            _ => shown.push_str(url),
        }
        rest = after;
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes().windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
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

    fn check(input: &str, expected: Expect) {
        expected.assert_eq(&masked(&visible(input)));
    }

    #[test]
    fn a_terminal_gets_printable_text_only() {
        let plain = "plain, Ä, 漢, 🚀, e\u{301}";
        assert_eq!(visible(plain), plain);
        check("\x1b]52;c;aGk=\x07\x1b[2J", expect![r"\u{1b}]52;c;aGk=\u{7}\u{1b}[2J"]);
        check("a\nb\r\tc\0\x7f\u{9b}31m", expect![r"a\nb\r\tc\u{0}\u{7f}\u{9b}31m"]);
        check("abc\u{202e}gpj\u{200d}\u{2066}\u{feff}", expect![r"abc\u{202e}gpj\u{200d}\u{2066}\u{feff}"]);
        expect![[r"
            two
            li\u{8}nes"]]
        .assert_eq(&visible_lines("two\nli\x08nes"));
    }

    #[test]
    fn signed_urls_are_masked() {
        check("s3://bucket/key?versionId=1", expect!["s3://bucket/key?versionId=1"]);
        check(
            "https://b.s3.amazonaws.com/k?a=1&X-Amz-Signature=abc\n",
            expect![r"https://b.s3.amazonaws.com/k?(signed)\n"],
        );
        check(
            r#"{"url":"https://b/k?AWSAccessKeyId=A&Signature=s&Expires=1","x":"https://c/?q=1"}"#,
            expect![[r#"{"url":"https://b/k?(signed)","x":"https://c/?q=1"}"#]],
        );
    }
}
