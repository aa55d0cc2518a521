//! A checked walk over one document: the only place that knows the XML library.
//!
//! The library reads more than XML allows. What it leaves unchecked and this file checks: the characters, the names,
//! the attributes, the references, `]]>` in text, what stands before and after the root, and every size.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesDecl, BytesPI, BytesRef, BytesStart, Event};

use crate::characters::{
    are_separated, has_control_character, is_blank, is_control_character, local_name, may_be_unusual,
};
use crate::plain::Plain;
use crate::{Error, Kind, Limits};

/// The root, a list, an item.
pub(crate) const ITEM_DEPTH: usize = 3;

pub(crate) const INCOMPLETE: &str = "the answer is no complete document";

/// The library borrows every text of a slice; the other case is an error, not an assumption.
const NOT_BORROWED: &str = "a text in it is not in its bytes";

/// A document and the place that is reached in it.
pub(crate) struct Xml<'a> {
    pub(crate) text: &'a str,
    reader: Reader<&'a [u8]>,
    pub(crate) operation: String,
    pub(crate) limits: Limits,
    /// How many elements are open; 0 before and after the root.
    pub(crate) depth: usize,
    /// How many elements stood where the items of a list do: two levels under the root.
    pub(crate) items: u64,
    /// The element just entered was written `<a/>`, so its end is still to be reported.
    empty: bool,
    /// The text has carriage returns, which XML reads as line feeds.
    carriage_returns: bool,
    /// The text has `]]>` somewhere, which may only end a CDATA section.
    cdata_ends: bool,
}

/// What one step over a document found.
pub(crate) enum Step<'a> {
    /// An element begins; the name is its local one.
    Open(&'a str),
    /// The current element ends.
    Close,
    /// A piece of text as it stands, its line ends included.
    Text(&'a str),
    Character(char),
    /// The document is complete.
    End,
}

/// An element that begins the document.
pub(crate) struct Root<'a> {
    pub(crate) name: &'a str,
    /// The namespace that the tag declares for its own name.
    pub(crate) namespace: Option<String>,
    prefixed: bool,
}

impl<'a> Xml<'a> {
    /// Does the checks that need no walk: size, encoding, characters.
    pub(crate) fn new(body: &'a [u8], operation: &str, limits: &Limits) -> Result<Self, Error> {
        let bytes_max = limits.page_bytes_max;
        if body.len() > bytes_max {
            let reason = format!("it is longer than {bytes_max} bytes");
            return Err(unusable(Kind::TooLarge, operation, &reason, bytes_max as u64));
        }
        let text = std::str::from_utf8(body).map_err(|error| {
            unusable(Kind::Document, operation, "it is not UTF-8", error.valid_up_to() as u64).with_source(error)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let unusual = may_be_unusual(text.as_bytes());
        if unusual && has_control_character(text.as_bytes()) {
            let at = text.bytes().position(is_control_character).unwrap_or_default();
            return Err(unusable(Kind::Document, operation, "it has a control character", at as u64));
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        Ok(Self {
            text,
            reader,
            operation: operation.to_owned(),
            limits: *limits,
            depth: 0,
            items: 0,
            empty: false,
            carriage_returns: unusual && memchr::memchr(b'\r', text.as_bytes()).is_some(),
            cdata_ends: unusual && memchr::memmem::find(text.as_bytes(), b"]]>").is_some(),
        })
    }

    /// Enters the root.
    pub(crate) fn root(&mut self) -> Result<Root<'a>, Error> {
        loop {
            let before = self.reader.buffer_position();
            match self.event()? {
                Event::Decl(declaration) if before == 0 => self.declaration(&declaration)?,
                Event::Start(tag) => return self.entered_root(&tag, false),
                Event::Empty(tag) => return self.entered_root(&tag, true),
                Event::Comment(_) => {}
                Event::PI(instruction) => self.instruction(&instruction)?,
                Event::Text(text) if is_blank(&text) => {}
                Event::DocType(_) => return Err(self.refuse(Kind::Document, "it has a DOCTYPE")),
                Event::Eof => return Err(self.refuse(Kind::Document, "it is empty")),
                _ => return Err(self.refuse(Kind::Document, "it does not begin with an element")),
            }
        }
    }

    /// A fast reader from here on, if the document may be plain. The reader here stays behind, until it
    /// [catches up](Self::catch_up) where the document is not.
    pub(crate) fn plain(&self, root: &Root<'a>) -> Option<Plain<'a>> {
        let plain = !(self.empty || root.prefixed || self.carriage_returns || self.cdata_ends);
        plain.then(|| Plain::new(self.text, self.position(), root.name, &self.limits))
    }

    /// Steps to where the fast reader is.
    pub(crate) fn catch_up(&mut self, plain: &Plain<'_>) -> Result<(), Error> {
        while self.position() < plain.at || (self.empty && !plain.empty) {
            self.step()?;
        }
        if self.position() == plain.at && self.depth == plain.depth() {
            Ok(())
        } else {
            Err(self.refuse(Kind::Document, "it is read in two ways"))
        }
    }

    /// The next thing that a reader of the document sees.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<Step<'a>, Error> {
        if self.empty {
            self.empty = false;
            self.depth -= 1;
            return Ok(Step::Close);
        }
        loop {
            let reason = match self.event()? {
                Event::Start(tag) if self.depth > 0 => return self.entered(&tag, false).map(Step::Open),
                Event::Empty(tag) if self.depth > 0 => return self.entered(&tag, true).map(Step::Open),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Step::Close);
                }
                Event::Text(text) if self.depth > 0 => match text.into_inner() {
                    Cow::Borrowed(text) if self.cdata_ends && text.contains("]]>") => "it has ']]>' outside of CDATA",
                    Cow::Borrowed(text) => return Ok(Step::Text(text)),
                    Cow::Owned(_) => NOT_BORROWED,
                },
                Event::Text(text) if is_blank(&text) => continue,
                Event::CData(text) if self.depth > 0 => match text.into_inner() {
                    Cow::Borrowed(text) => return Ok(Step::Text(text)),
                    Cow::Owned(_) => NOT_BORROWED,
                },
                Event::GeneralRef(reference) if self.depth > 0 => match character(&reference) {
                    Some(character) => return Ok(Step::Character(character)),
                    None => "it has a reference that XML does not know",
                },
                Event::Comment(_) => continue,
                Event::PI(instruction) => {
                    self.instruction(&instruction)?;
                    continue;
                }
                Event::Eof if self.depth == 0 => return Ok(Step::End),
                Event::Eof => "it is cut",
                Event::DocType(_) => "it has a DOCTYPE",
                Event::Decl(_) => "it has a second XML declaration",
                Event::Start(_) | Event::Empty(_) | Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    "something follows its root"
                }
            };
            return Err(self.refuse(Kind::Document, reason));
        }
    }

    /// A piece of text with its line ends as XML reads them: `\r\n` and `\r` are `\n`.
    #[inline]
    pub(crate) fn lines(&self, text: &'a str) -> Cow<'a, str> {
        if self.carriage_returns && text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            Cow::Borrowed(text)
        }
    }

    /// How many bytes are read.
    pub(crate) fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// An error that says what is wrong with the document, and where.
    pub(crate) fn refuse(&self, kind: Kind, reason: &str) -> Error {
        unusable(kind, &self.operation, reason, self.reader.buffer_position())
    }

    /// Refuses a text once it is longer than the limit for one.
    #[inline]
    pub(crate) fn check_text(&self, bytes: usize) -> Result<(), Error> {
        if bytes <= self.limits.text_bytes_max { Ok(()) } else { Err(self.too_long()) }
    }

    #[cold]
    fn too_long(&self) -> Error {
        let bytes_max = self.limits.text_bytes_max;
        self.refuse(Kind::TooLarge, &format!("a text or tag in it is longer than {bytes_max} bytes"))
    }

    #[cold]
    fn malformed(&self, error: quick_xml::Error) -> Error {
        let at = self.reader.error_position();
        unusable(Kind::Document, &self.operation, "it is not well-formed", at).with_source(error)
    }

    /// The next event, once it is well-formed and within the limit for one piece.
    #[expect(
        clippy::inline_always,
        reason = "an event is large: a decoder of rows spends a third of its time moving it"
    )]
    #[inline(always)]
    fn event(&mut self) -> Result<Event<'a>, Error> {
        let begin = self.reader.buffer_position();
        match self.reader.read_event() {
            Ok(event) => {
                let bytes = self.reader.buffer_position().saturating_sub(begin);
                self.check_text(usize::try_from(bytes).unwrap_or(usize::MAX))?;
                Ok(event)
            }
            Err(error) => Err(self.malformed(error)),
        }
    }

    fn entered_root(&mut self, tag: &BytesStart<'_>, empty: bool) -> Result<Root<'a>, Error> {
        let name = self.entered(tag, empty)?;
        Ok(Root { name, namespace: namespace(tag), prefixed: tag.name().as_ref() != name })
    }

    /// Checks a start tag, counts it, and gives its local name.
    fn entered(&mut self, tag: &BytesStart<'_>, empty: bool) -> Result<&'a str, Error> {
        let depth_max = self.limits.depth_max;
        if self.depth == depth_max {
            return Err(self.refuse(Kind::TooLarge, &format!("it is deeper than {depth_max} elements")));
        }
        let name_bytes = tag.name().as_ref().len();
        if tag.len() > name_bytes {
            self.attributes(tag)?;
        }
        // The tag's text is a part of the document: `<` content `>` or `<` content `/>`, up to where the reader is.
        let end = self.position();
        let begin = end.saturating_sub(tag.len() + if empty { 2 } else { 1 });
        let name = self.text.get(begin..begin + name_bytes).unwrap_or_default();
        let name = local_name(name).ok_or_else(|| self.refuse(Kind::Document, "a tag in it has no name"))?;
        self.depth += 1;
        self.items += u64::from(self.depth == ITEM_DEPTH);
        self.empty = empty;
        Ok(name)
    }

    fn attributes(&self, tag: &BytesStart<'_>) -> Result<(), Error> {
        let malformed = || self.refuse(Kind::Document, "an attribute in it is malformed");
        if !are_separated(tag.attributes_raw()) {
            return Err(malformed());
        }
        for (count, attribute) in tag.attributes().enumerate() {
            if count == self.limits.attributes_max {
                return Err(self.refuse(Kind::TooLarge, &format!("a tag in it has more than {count} attributes")));
            }
            let attribute = attribute.map_err(|error| malformed().with_source(error))?;
            let value = unescape(&attribute.value).map_err(|error| malformed().with_source(error))?;
            let name = attribute.key.as_ref();
            if local_name(name).is_none() || attribute.value.contains('<') || has_control_character(value.as_bytes()) {
                return Err(malformed());
            }
        }
        Ok(())
    }

    /// `version`, then perhaps `encoding`, then perhaps `standalone`: a misspelt name could hide another encoding.
    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), Error> {
        let malformed = || self.refuse(Kind::Document, "its XML declaration is malformed");
        let mut names = ["version", "encoding", "standalone"].into_iter();
        let mut versions = 0;
        let tag = BytesStart::from_content(&**declaration, "xml".len());
        if !are_separated(tag.attributes_raw()) {
            return Err(malformed());
        }
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| malformed().with_source(error))?;
            let (name, value) = (attribute.key.as_ref(), &*attribute.value);
            let in_order = names.any(|expected| expected == name);
            let valid = match name {
                "version" => {
                    versions += 1;
                    value.strip_prefix("1.").is_some_and(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()))
                }
                "encoding" if !value.eq_ignore_ascii_case("utf-8") && !value.eq_ignore_ascii_case("us-ascii") => {
                    return Err(self.refuse(Kind::Document, "its XML declaration names another encoding than UTF-8"));
                }
                "encoding" => true,
                _ => matches!(value, "yes" | "no"),
            };
            if !in_order || !valid {
                return Err(malformed());
            }
        }
        if versions == 1 { Ok(()) } else { Err(malformed()) }
    }

    fn instruction(&self, instruction: &BytesPI<'_>) -> Result<(), Error> {
        let target = instruction.target();
        let valid = local_name(target).is_some_and(|local| local == target) && !target.eq_ignore_ascii_case("xml");
        if valid { Ok(()) } else { Err(self.refuse(Kind::Document, "a processing instruction in it has no name")) }
    }
}

fn unusable(kind: Kind, operation: &str, reason: &str, at: u64) -> Error {
    Error::new(kind, format!("{INCOMPLETE}: {reason} (byte {at})")).of_operation(operation)
}

/// The namespace that the tag's own name is in, as far as the tag itself declares it.
fn namespace(tag: &BytesStart<'_>) -> Option<String> {
    let declares = match tag.name().prefix() {
        Some(prefix) => format!("xmlns:{}", prefix.as_ref()),
        None => "xmlns".to_owned(),
    };
    let mut attributes = tag.attributes().filter_map(Result::ok);
    attributes.find(|attribute| attribute.key.as_ref() == declares).map(|attribute| attribute.value.into_owned())
}

/// The character that `&name;` or `&#n;` stands for, where XML knows one.
pub(crate) fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let character = BytesRef::new(name).resolve_char_ref().ok().flatten()?;
            (character >= ' ' || matches!(character, '\t' | '\n' | '\r')).then_some(character)
        }
    }
}
