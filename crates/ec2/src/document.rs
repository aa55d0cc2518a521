use std::borrow::Cow;
use std::fmt;

use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};

use crate::{Error, Kind, Limits};

/// A pull cursor over one response.
///
/// The cursor stands inside one element, at first the root. [`child`](Self::child) enters its next child, which
/// [`text`](Self::text) or [`skip`](Self::skip) leave again, as does a `child` that finds no more children. Names are
/// local names; a prefix is dropped. Every byte that is passed is checked: only [`finish`](Self::finish) says that
/// the document was complete.
pub struct Document<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    operation: String,
    limits: Limits,
    /// How many elements are open; 0 before and after the root.
    depth: usize,
    /// The element just entered was written `<a/>`, so its end is still to be reported.
    empty: bool,
    /// The text has carriage returns, which XML reads as line feeds.
    carriage_returns: bool,
    /// The text has `]]>` somewhere, which may only end a CDATA section.
    cdata_ends: bool,
    /// How many elements stand where the items of a list do: two levels under the root.
    items: u64,
    request_id: Option<String>,
    next_token: Option<String>,
}

/// What surrounds the rows of a complete document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// AWS's request id.
    pub request_id: String,
    /// The token of the next page, byte for byte; an empty one ends the scan and is `None`.
    pub next_token: Option<String>,
    /// How many items the lists directly under the root have.
    pub items: u64,
}

/// The root, a list, an item.
const ITEM_DEPTH: usize = 3;

/// What one step over the document found.
enum Step<'a> {
    Open(&'a str),
    Close,
    Text(Cow<'a, str>),
    Character(char),
    End,
}

impl<'a> Document<'a> {
    /// Reads up to the root of an answer to `operation`.
    ///
    /// # Errors
    /// The text cannot be the operation's answer; or it is EC2's error answer, which becomes the error that it names.
    pub fn open(body: &'a [u8], operation: &str, limits: &Limits) -> Result<Self, Error> {
        let mut document = Self::check(body, operation, limits)?;
        let (root, namespace) = document.root()?;
        if root == "Response" {
            let (code, message, request_id) = document.service_error()?;
            return Err(crate::classify::service_error(&code, &message)
                .with_request_id(request_id.as_deref())
                .of_operation(operation));
        }
        if root.strip_suffix("Response") != Some(operation) {
            return Err(document.invalid(format!(
                "the root is <{}>, not <{operation}Response>",
                shorten(root)
            )));
        }
        match namespace {
            Some(namespace) if is_ec2_namespace(&namespace) => Ok(document),
            Some(namespace) => {
                Err(document.invalid(format!("its namespace is '{}'", shorten(&namespace))))
            }
            None => Err(document.invalid("the root has no namespace")),
        }
    }

    /// Enters the next child element of the current element and gives its local name. `None`: the current element has
    /// ended, and its parent is current again. `requestId` and `nextToken` directly under the root are not shown.
    ///
    /// # Errors
    /// The document is malformed, or passes a limit.
    pub fn child(&mut self) -> Result<Option<&'a str>, Error> {
        loop {
            match self.step()? {
                Step::Open("requestId") if self.depth == 2 => {
                    let text = self.text()?.into_owned();
                    if self.request_id.replace(text).is_some() {
                        return Err(self.invalid("it has a second <requestId>"));
                    }
                }
                Step::Open("nextToken") if self.depth == 2 => {
                    let text = self.text()?.into_owned();
                    if self.next_token.replace(text).is_some() {
                        return Err(self.invalid("it has a second <nextToken>"));
                    }
                }
                Step::Open(name) => return Ok(Some(name)),
                Step::Close | Step::End => return Ok(None),
                Step::Text(_) | Step::Character(_) => {}
            }
        }
    }

    /// The text of the element just entered, which is left. It is never trimmed. Child elements inside are skipped.
    ///
    /// # Errors
    /// The document is malformed, or passes a limit.
    pub fn text(&mut self) -> Result<Cow<'a, str>, Error> {
        let mut value = Cow::Borrowed("");
        loop {
            match self.step()? {
                Step::Text(text) if value.is_empty() => value = text,
                Step::Text(text) => value.to_mut().push_str(&text),
                Step::Character(character) => value.to_mut().push(character),
                Step::Open(_) => self.skip()?,
                Step::Close | Step::End => return Ok(value),
            }
            if value.len() > self.limits.text_bytes_max {
                return Err(self.text_too_long());
            }
        }
    }

    /// Leaves the element just entered, and still checks what is in it.
    ///
    /// # Errors
    /// The document is malformed, or passes a limit.
    pub fn skip(&mut self) -> Result<(), Error> {
        let outside = self.depth.saturating_sub(1);
        let mut text_bytes = 0;
        while self.depth > outside {
            match self.step()? {
                Step::Text(text) => text_bytes += text.len(),
                Step::Character(_) => text_bytes += 1,
                Step::Open(_) | Step::Close => text_bytes = 0,
                Step::End => break,
            }
            if text_bytes > self.limits.text_bytes_max {
                return Err(self.text_too_long());
            }
        }
        Ok(())
    }

    /// A document that cannot be used, and where.
    pub fn invalid(&self, reason: impl Into<String>) -> Error {
        self.refuse(Kind::Document, &reason.into())
    }

    fn refuse(&self, kind: Kind, reason: &str) -> Error {
        unusable(kind, &self.operation, reason, self.reader.buffer_position())
            .with_request_id(self.request_id.as_deref())
    }

    fn text_too_long(&self) -> Error {
        self.refuse(
            Kind::TooLarge,
            &format!(
                "a text or tag in it is longer than {} bytes",
                self.limits.text_bytes_max
            ),
        )
    }

    /// Reads and checks what is left of the document.
    ///
    /// # Errors
    /// The document is malformed, passes a limit, or has no request id.
    pub fn finish(mut self) -> Result<Envelope, Error> {
        while self.depth > 1 {
            self.skip()?;
        }
        while self.depth > 0 {
            if self.child()?.is_some() {
                self.skip()?;
            }
        }
        while !matches!(self.step()?, Step::End) {}
        match self.request_id.take() {
            Some(request_id) if !request_id.is_empty() => Ok(Envelope {
                request_id,
                next_token: self.next_token.take().filter(|token| !token.is_empty()),
                items: self.items,
            }),
            _ => Err(self.invalid("it has no request id")),
        }
    }

    /// The checks that need no parser: size, encoding, characters.
    fn check(body: &'a [u8], operation: &str, limits: &Limits) -> Result<Self, Error> {
        if body.len() > limits.page_bytes_max {
            let reason = format!("it is longer than {} bytes", limits.page_bytes_max);
            return Err(unusable(
                Kind::TooLarge,
                operation,
                &reason,
                limits.page_bytes_max as u64,
            ));
        }
        let text = std::str::from_utf8(body).map_err(|error| {
            unusable(
                Kind::Document,
                operation,
                "it is not UTF-8",
                error.valid_up_to() as u64,
            )
            .with_source(error)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        let document = Self {
            text,
            reader,
            operation: operation.to_owned(),
            limits: *limits,
            depth: 0,
            empty: false,
            carriage_returns: memchr::memchr(b'\r', text.as_bytes()).is_some(),
            cdata_ends: memchr::memmem::find(text.as_bytes(), b"]]>").is_some(),
            items: 0,
            request_id: None,
            next_token: None,
        };
        if has_control_character(text.as_bytes()) {
            let at = text
                .bytes()
                .position(is_control_character)
                .unwrap_or_default();
            return Err(unusable(
                Kind::Document,
                operation,
                "it has a control character",
                at as u64,
            ));
        }
        Ok(document)
    }

    /// Enters the root: its local name and its namespace.
    fn root(&mut self) -> Result<(&'a str, Option<String>), Error> {
        loop {
            let before = self.reader.buffer_position();
            match self.event()? {
                Event::Decl(declaration) if before == 0 => self.declaration(&declaration)?,
                Event::Start(tag) => {
                    let namespace = namespace(&tag);
                    return Ok((self.opened(&tag, false)?, namespace));
                }
                Event::Empty(tag) => {
                    let namespace = namespace(&tag);
                    return Ok((self.opened(&tag, true)?, namespace));
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if is_blank(&text) => {}
                Event::DocType(_) => return Err(self.invalid("it has a DOCTYPE")),
                Event::Eof => return Err(self.invalid("it is empty")),
                _ => return Err(self.invalid("it does not begin with an element")),
            }
        }
    }

    /// The code, message and request id of `<Response><Errors><Error>`; the document is read to its end.
    fn service_error(&mut self) -> Result<(String, String, Option<String>), Error> {
        let (mut code, mut message, mut request_id) = (None, String::new(), None);
        while let Some(name) = self.child()? {
            match name {
                "Errors" => {
                    while self.child()?.is_some() {
                        while let Some(name) = self.child()? {
                            match name {
                                "Code" if code.is_none() => code = Some(self.text()?.into_owned()),
                                "Message" if message.is_empty() => {
                                    message = self.text()?.into_owned()
                                }
                                _ => self.skip()?,
                            }
                        }
                    }
                }
                "RequestID" | "RequestId" => request_id = Some(self.text()?.into_owned()),
                _ => self.skip()?,
            }
        }
        while !matches!(self.step()?, Step::End) {}
        let code = code
            .filter(|code| !code.is_empty())
            .ok_or_else(|| self.invalid("the error in it has no code"))?;
        Ok((code, message, request_id.or(self.request_id.take())))
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), Error> {
        match declaration.version() {
            Ok(version) if version.starts_with("1.") => {}
            _ => return Err(self.invalid("its XML declaration names no version 1")),
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Ok(name))
                if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii") =>
            {
                Ok(())
            }
            Some(Ok(name)) => {
                Err(self.invalid(format!("its encoding is '{}', not UTF-8", shorten(&name))))
            }
            Some(Err(_)) => Err(self.invalid("its XML declaration is malformed")),
        }
    }

    /// The next thing that a reader of the document sees.
    fn step(&mut self) -> Result<Step<'a>, Error> {
        if self.empty {
            self.empty = false;
            self.depth -= 1;
            return Ok(Step::Close);
        }
        loop {
            match self.event()? {
                Event::Start(_) | Event::Empty(_) if self.depth == 0 => {
                    return Err(self.invalid("something follows its root"));
                }
                Event::Start(tag) => return self.opened(&tag, false).map(Step::Open),
                Event::Empty(tag) => return self.opened(&tag, true).map(Step::Open),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Step::Close);
                }
                Event::Text(text) if self.depth == 0 => {
                    if !is_blank(&text) {
                        return Err(self.invalid("something follows its root"));
                    }
                }
                Event::Text(text) => {
                    if self.cdata_ends && text.contains("]]>") {
                        return Err(self.invalid("it has ']]>' outside of CDATA"));
                    }
                    let text = if self.carriage_returns {
                        text.xml10_content()
                    } else {
                        text.into_inner()
                    };
                    return Ok(Step::Text(text));
                }
                Event::CData(text) if self.depth > 0 => {
                    let text = if self.carriage_returns {
                        text.xml10_content()
                    } else {
                        text.into_inner()
                    };
                    return Ok(Step::Text(text));
                }
                Event::GeneralRef(reference) if self.depth > 0 => {
                    return match character(&reference) {
                        Some(character) => Ok(Step::Character(character)),
                        None => Err(self
                            .invalid(format!("it has the reference '&{};'", shorten(&reference)))),
                    };
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof if self.depth == 0 => return Ok(Step::End),
                Event::Eof => return Err(self.invalid("it is cut")),
                Event::DocType(_) => return Err(self.invalid("it has a DOCTYPE")),
                Event::Decl(_) => return Err(self.invalid("it has a second XML declaration")),
                Event::CData(_) | Event::GeneralRef(_) => {
                    return Err(self.invalid("something follows its root"));
                }
            }
        }
    }

    /// The next event, once it is well-formed and within the limit for one piece.
    fn event(&mut self) -> Result<Event<'a>, Error> {
        let begin = self.reader.buffer_position();
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let at = self.reader.error_position();
                return Err(
                    unusable(Kind::Document, &self.operation, "it is not well-formed", at)
                        .with_source(error),
                );
            }
        };
        if self.reader.buffer_position() - begin > self.limits.text_bytes_max as u64 {
            return Err(self.text_too_long());
        }
        Ok(event)
    }

    /// Checks a start tag, counts it, and gives its local name.
    fn opened(&mut self, tag: &BytesStart<'_>, empty: bool) -> Result<&'a str, Error> {
        if self.depth == self.limits.depth_max {
            let reason = format!("it is deeper than {} elements", self.limits.depth_max);
            return Err(self.refuse(Kind::TooLarge, &reason));
        }
        let name_len = tag.name().as_ref().len();
        if tag.len() > name_len {
            self.attributes(tag)?;
        }
        // The tag's text is a part of the document: `<` content `>` or `<` content `/>`, up to where the reader is.
        let end = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        let begin = end.saturating_sub(tag.len() + if empty { 2 } else { 1 });
        let name = self.text.get(begin..begin + name_len).unwrap_or_default();
        let Some(name) = local_name(name) else {
            return Err(self.invalid(format!("'{}' is no element name", shorten(name))));
        };
        self.depth += 1;
        self.items += u64::from(self.depth == ITEM_DEPTH);
        self.empty = empty;
        Ok(name)
    }

    fn attributes(&self, tag: &BytesStart<'_>) -> Result<(), Error> {
        for (count, attribute) in tag.attributes().enumerate() {
            if count == self.limits.attributes_max {
                return Err(self.refuse(
                    Kind::TooLarge,
                    &format!("a tag has more than {count} attributes"),
                ));
            }
            let attribute = attribute
                .map_err(|error| self.invalid("an attribute is malformed").with_source(error))?;
            let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| {
                self.invalid("an attribute's value is malformed")
                    .with_source(error)
            })?;
            if attribute.value.contains('<') || has_control_character(value.as_bytes()) {
                return Err(self.invalid("an attribute's value is malformed"));
            }
        }
        Ok(())
    }
}

/// The error that a body names, if it is EC2's error answer. A body that is anything else is left to
/// [`Document::open`], which says what is wrong with it.
pub(crate) fn error_answer(body: &[u8], operation: &str, limits: &Limits) -> Option<Error> {
    // An error answer's root is within the first few lines: a page of rows is not read twice to find that out.
    const ROOT_BYTES_MAX: usize = 2_048;
    let head = body.get(..ROOT_BYTES_MAX).unwrap_or(body);
    memchr::memmem::find(head, b"<Response")?;
    match Document::open(body, operation, limits) {
        Err(error) if error.code().is_some() => Some(error),
        _ => None,
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("operation", &self.operation)
            .field("position", &self.reader.buffer_position())
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

fn unusable(kind: Kind, operation: &str, reason: &str, at: u64) -> Error {
    Error::new(
        kind,
        format!("the answer is no complete document: {reason} (byte {at})"),
    )
    .of_operation(operation)
}

/// The namespace that the tag's own name is in, as far as the tag itself declares it.
fn namespace(tag: &BytesStart<'_>) -> Option<String> {
    let declares = match tag.name().prefix() {
        Some(prefix) => format!("xmlns:{}", prefix.as_ref()),
        None => "xmlns".to_owned(),
    };
    let mut attributes = tag.attributes();
    attributes
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.as_ref() == declares)
        .map(|attribute| attribute.value.into_owned())
}

/// `http://ec2.amazonaws.com/doc/2016-11-15/`, also with https, another date, or without the last slash.
fn is_ec2_namespace(namespace: &str) -> bool {
    let date = namespace
        .strip_prefix("http://")
        .or_else(|| namespace.strip_prefix("https://"))
        .and_then(|rest| rest.strip_prefix("ec2.amazonaws.com/doc/"))
        .map(|date| date.strip_suffix('/').unwrap_or(date));
    date.is_some_and(|date| {
        date.len() == 10
            && date.bytes().enumerate().all(|(at, byte)| {
                if at == 4 || at == 7 {
                    byte == b'-'
                } else {
                    byte.is_ascii_digit()
                }
            })
    })
}

/// The part after the prefix; `None` where the whole is no XML name.
fn local_name(name: &str) -> Option<&str> {
    let starts = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80;
    let goes_on = |byte: u8| starts(byte) || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let valid = |part: &str| part.bytes().next().is_some_and(starts) && part.bytes().all(goes_on);
    if valid(name) {
        return Some(name);
    }
    let (prefix, local) = name.split_once(':')?;
    (valid(prefix) && valid(local)).then_some(local)
}

/// The character that `&name;` or `&#n;` stands for, where XML knows one.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let character = reference.resolve_char_ref().ok().flatten()?;
            (character >= ' ' || matches!(character, '\t' | '\n' | '\r')).then_some(character)
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

fn is_control_character(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')
}

/// Without an early exit inside a chunk the compiler looks at many bytes at once.
fn has_control_character(bytes: &[u8]) -> bool {
    bytes.chunks(4096).any(|chunk| {
        chunk
            .iter()
            .fold(false, |found, byte| found | is_control_character(*byte))
    })
}

/// A text from outside, for a message.
fn shorten(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let mut short: String = text
        .chars()
        .take(CHARACTERS_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        short.push('…');
    }
    short
}
