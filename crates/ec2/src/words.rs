//! Searches and comparisons of a few bytes, sixteen at once.

use memchr::memchr2;

use crate::characters::goes_on_plain_name;
use crate::xml::character;

/// Whether two slices of one length are equal. Most are short: for them a call of the library would take longer than the
/// comparison.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() > 2 * WORD || a.len() != b.len() {
        return a == b;
    }
    if let (Some(a_first), Some(a_last), Some(b_first), Some(b_last)) =
        (a.first_chunk::<WORD>(), a.last_chunk::<WORD>(), b.first_chunk::<WORD>(), b.last_chunk::<WORD>())
    {
        return a_first == b_first && a_last == b_last;
    }
    if let (Some(a_first), Some(a_last), Some(b_first), Some(b_last)) =
        (a.first_chunk::<8>(), a.last_chunk::<8>(), b.first_chunk::<8>(), b.last_chunk::<8>())
    {
        return a_first == b_first && a_last == b_last;
    }
    if let (Some(a_first), Some(a_last), Some(b_first), Some(b_last)) =
        (a.first_chunk::<4>(), a.last_chunk::<4>(), b.first_chunk::<4>(), b.last_chunk::<4>())
    {
        return a_first == b_first && a_last == b_last;
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

const WORD: usize = size_of::<u128>();

/// A word of this byte only.
const fn each(byte: u8) -> u128 {
    u128::from_le_bytes([byte; WORD])
}

/// Where the first `<` or `&` is. Most are near: two words are looked at before the library is called.
#[inline]
pub(crate) fn markup(bytes: &[u8]) -> Option<usize> {
    if bytes.first() == Some(&b'<') {
        return Some(0);
    }
    let zeros = |word: u128| word.wrapping_sub(each(1)) & !word & each(0x80);
    let (words, _) = bytes.get(..2 * WORD).unwrap_or_default().as_chunks::<WORD>();
    let mut at = 0;
    for word in words {
        let word = u128::from_le_bytes(*word);
        let found = zeros(word ^ each(b'<')) | zeros(word ^ each(b'&'));
        at += found.trailing_zeros() as usize / 8;
        if found != 0 {
            return Some(at);
        }
    }
    Some(at + memchr2(b'<', b'&', bytes.get(at..)?)?)
}

/// How long the plain name at the start is. Sixteen bytes are looked at once: that leaves no branch to mispredict.
#[inline]
pub(crate) fn name_length(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    while let Some(word) = bytes.get(length..)?.first_chunk() {
        let word = u128::from_le_bytes(*word);
        let lower = (word | each(0x20)) & each(0x7f);
        let letters = (lower + each(0x80 - b'a')) & !(lower + each(0x7f - b'z')) & !word;
        let others = !letters & each(0x80);
        length += others.trailing_zeros() as usize / 8;
        if others != 0 {
            break;
        }
    }
    let rest = bytes.get(length..)?;
    Some(length + rest.iter().position(|byte| !goes_on_plain_name(*byte))?)
}

/// The character that the reference at the start of the text stands for, and the length of the reference.
#[cold]
pub(crate) fn reference(text: &str) -> Option<(char, usize)> {
    const BYTES_MAX: usize = 12;
    let end = text.bytes().take(BYTES_MAX).position(|byte| byte == b';')?;
    Some((character(text.get(1..end)?)?, end + 1))
}
