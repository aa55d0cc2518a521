//! The fast reader: elements without attributes, text and references, as slices of the document.
//!
//! It knows nothing else and reports no error. Where it is not sure it gives `None` and stands where the last tag ended;
//! the XML library's reader takes over there, and finds out what it is.

mod skip;

use memchr::memchr;

use self::skip::Shapes;
use crate::Limits;
use crate::characters::{is_blank, starts_plain_name};
use crate::words::{markup, name_length, reference, same};
use crate::xml::ITEM_DEPTH;

/// The part of a document from behind the root's tag, and the place that is reached in it.
pub(crate) struct Plain<'a> {
    text: &'a str,
    /// Where the last tag ended.
    pub(crate) at: usize,
    /// The names of the elements that are open.
    open: Vec<&'a str>,
    /// By depth, what last stood before a child there: mostly it is the same indentation again.
    gaps: Vec<&'a [u8]>,
    /// What was skipped so far.
    shapes: Shapes<'a>,
    /// The element just entered was written `<a/>`, so its end is still to be reported.
    pub(crate) empty: bool,
    /// As in the library's reader.
    pub(crate) items: u64,
    depth_max: usize,
    text_bytes_max: usize,
}

/// A tag, as a reader of the document sees it.
pub(crate) enum Tag<'a> {
    Open(&'a str),
    Close,
}

/// Where the text of an element is.
pub(crate) enum Text<'a> {
    /// It is a slice of the document.
    Slice(&'a str),
    /// It was put together.
    Joined,
}

impl<'a> Plain<'a> {
    /// A reader from `at` on, where the tag of the root ends. The text has no `\r` and no `]]>`.
    pub(crate) fn new(text: &'a str, at: usize, root: &'a str, limits: &Limits) -> Self {
        // What is deeper is unusual, whatever the limit.
        const DEPTH_MAX: usize = 64;
        let (depth_max, text_bytes_max) = (limits.depth_max.min(DEPTH_MAX), limits.text_bytes_max);
        let mut open = Vec::with_capacity(depth_max);
        open.push(root);
        let gaps = vec![<&[u8]>::default(); depth_max + 1];
        Self { text, at, open, gaps, shapes: Shapes::default(), empty: false, items: 0, depth_max, text_bytes_max }
    }

    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The next tag; the text before it is passed.
    #[inline]
    pub(crate) fn tag(&mut self) -> Option<Tag<'a>> {
        if self.empty {
            self.empty = false;
            self.open.pop();
            return Some(Tag::Close);
        }
        let tag = self.gap_end()?;
        if self.is_end_tag(tag) { self.close(tag).map(|()| Tag::Close) } else { self.enter(tag).map(Tag::Open) }
    }

    /// Enters the next child if its tag is `<name>`. False: it may still be any tag.
    #[inline]
    pub(crate) fn enter_if(&mut self, name: &str) -> bool {
        !self.empty && self.enter_named(name).is_some()
    }

    /// The text of the element just entered, which has no children, and is left. One with references is put together in
    /// `joined`.
    #[inline]
    pub(crate) fn text(&mut self, joined: &mut String) -> Option<Text<'a>> {
        if self.empty {
            self.empty = false;
            self.open.pop();
            return Some(Text::Slice(""));
        }
        let begin = self.at;
        let rest = self.text.as_bytes().get(begin..)?;
        let length = markup(rest)?;
        if rest.get(length) == Some(&b'&') {
            return self.join(joined).map(|()| Text::Joined);
        }
        if length > self.text_bytes_max {
            return None;
        }
        self.close(begin + length)?;
        self.text.get(begin..begin + length).map(Text::Slice)
    }

    /// Passes what follows the root: blanks.
    pub(crate) fn end(&mut self) -> Option<()> {
        let ended = self.open.is_empty() && is_blank(self.text.get(self.at..)?);
        self.at = if ended { self.text.len() } else { self.at };
        ended.then_some(())
    }

    /// Where the text between two tags ends. It is not searched for where it can be guessed: then the processor need not
    /// wait for one search before it begins the next.
    #[inline]
    fn gap_end(&mut self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) == Some(&b'<') {
            return Some(self.at);
        }
        let depth = self.open.len();
        // An end tag stands where the element's own tag stood.
        for depth in [depth, depth.saturating_sub(1)] {
            let gap = self.gaps.get(depth)?;
            let guess = self.at + gap.len();
            if bytes.get(guess) == Some(&b'<') && bytes.get(self.at..guess).is_some_and(|found| same(found, gap)) {
                return Some(guess);
            }
        }
        let end = self.text_end()?;
        if !self.is_end_tag(end) {
            *self.gaps.get_mut(depth)? = bytes.get(self.at..end)?;
        }
        Some(end)
    }

    /// Where the text after the last tag ends, once the references in it are known.
    #[inline]
    fn text_end(&self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            at += markup(bytes.get(at..)?)?;
            if bytes.get(at) == Some(&b'<') {
                return (at - self.at <= self.text_bytes_max).then_some(at);
            }
            at += reference(self.text.get(at..)?)?.1;
        }
    }

    fn join(&mut self, joined: &mut String) -> Option<()> {
        let end = self.text_end()?;
        let mut rest = self.text.get(self.at..end)?;
        joined.clear();
        while let Some(at) = memchr(b'&', rest.as_bytes()) {
            joined.push_str(rest.get(..at)?);
            let (character, length) = reference(rest.get(at..)?)?;
            joined.push(character);
            rest = rest.get(at + length..)?;
        }
        joined.push_str(rest);
        self.close(end)
    }

    #[inline]
    fn is_end_tag(&self, tag: usize) -> bool {
        self.text.as_bytes().get(tag + 1) == Some(&b'/')
    }

    /// Enters the element whose tag begins here.
    #[inline]
    fn enter(&mut self, tag: usize) -> Option<&'a str> {
        let begin = tag + 1;
        let rest = self.text.as_bytes().get(begin..)?;
        let length = name_length(rest)?;
        let empty = match rest.get(length..)? {
            [b'>', ..] => false,
            [b'/', b'>', ..] => true,
            _ => return None,
        };
        if !starts_plain_name(*rest.first()?) {
            return None;
        }
        let name = self.text.get(begin..begin + length)?;
        self.push(name)?;
        self.empty = empty;
        self.at = begin + length + if empty { 2 } else { 1 };
        Some(name)
    }

    /// Enters the next child, whose tag can only be `<name>`.
    #[inline]
    fn enter_named(&mut self, name: &str) -> Option<()> {
        let tag = self.gap_end()?;
        self.enter_named_at(tag, name)
    }

    #[inline]
    fn enter_named_at(&mut self, tag: usize, name: &str) -> Option<()> {
        let begin = tag + 1;
        let end = begin + name.len();
        let found = self.text.get(begin..end)?;
        if !same(found.as_bytes(), name.as_bytes()) || self.text.as_bytes().get(end) != Some(&b'>') {
            return None;
        }
        self.push(found)?;
        self.at = end + 1;
        Some(())
    }

    #[inline]
    fn push(&mut self, name: &'a str) -> Option<()> {
        let depth = self.open.len();
        if depth == 0 || depth == self.depth_max || name.len() + "</>".len() > self.text_bytes_max {
            return None;
        }
        self.open.push(name);
        self.items += u64::from(depth + 1 == ITEM_DEPTH);
        Some(())
    }

    /// Leaves the current element, whose end tag begins here.
    #[inline]
    fn close(&mut self, tag: usize) -> Option<()> {
        let name = self.open.last()?.as_bytes();
        let begin = tag + "</".len();
        let end = begin + name.len();
        let bytes = self.text.as_bytes();
        let closed = bytes.get(tag..begin)? == b"</" && same(bytes.get(begin..end)?, name) && bytes.get(end)? == &b'>';
        self.open.pop_if(|_| closed)?;
        self.at = end + 1;
        Some(())
    }
}
