//! Which characters XML allows where: <https://www.w3.org/TR/xml/>.

/// The part of a name after its prefix; `None` where the whole is no XML name.
#[inline]
pub(crate) fn local_name(name: &str) -> Option<&str> {
    let plain = name.bytes().next().is_some_and(starts_plain_name)
        && name.bytes().fold(true, |all, byte| all & goes_on_plain_name(byte));
    if plain { Some(name) } else { unusual_name(name) }
}

/// A name of these is ASCII and has no prefix.
#[inline]
pub(crate) fn starts_plain_name(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'_')
}

#[inline]
pub(crate) fn goes_on_plain_name(byte: u8) -> bool {
    starts_plain_name(byte) || matches!(byte, b'0'..=b'9' | b'-' | b'.')
}

fn unusual_name(name: &str) -> Option<&str> {
    let valid = |part: &str| part.chars().next().is_some_and(starts_name) && part.chars().all(goes_on_in_name);
    match name.split_once(':') {
        Some((prefix, local)) => (valid(prefix) && valid(local)).then_some(local),
        None => valid(name).then_some(name),
    }
}

/// `NameStartChar` without the colon.
fn starts_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// `NameChar` without the colon.
fn goes_on_in_name(character: char) -> bool {
    starts_name(character)
        || matches!(character, '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether a blank stands after each attribute of a tag but the last.
pub(crate) fn are_separated(attributes: &str) -> bool {
    let mut quote = None;
    let mut ended = false;
    for byte in attributes.bytes() {
        if ended && !is_blank_byte(byte) {
            return false;
        }
        ended = quote == Some(byte);
        quote = match quote {
            None if matches!(byte, b'"' | b'\'') => Some(byte),
            Some(_) if ended => None,
            unchanged => unchanged,
        };
    }
    true
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_blank_byte)
}

fn is_blank_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

pub(crate) fn is_control_character(byte: u8) -> bool {
    byte < b' ' && !is_blank_byte(byte)
}

/// Whether a text can have a control character, a carriage return or the end of a CDATA section in it: one look at each
/// byte instead of three.
pub(crate) fn may_be_unusual(text: &[u8]) -> bool {
    let unusual = |byte: u8| (byte < b' ' && byte != b'\n' && byte != b'\t') || byte == b']';
    text.chunks(4096).any(|chunk| chunk.iter().fold(false, |found, byte| found | unusual(*byte)))
}

/// Without an early exit inside a chunk the compiler looks at many bytes at once.
pub(crate) fn has_control_character(bytes: &[u8]) -> bool {
    bytes.chunks(4096).any(|chunk| chunk.iter().fold(false, |found, byte| found | is_control_character(*byte)))
}
