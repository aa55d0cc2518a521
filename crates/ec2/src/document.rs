use std::borrow::Cow;
use std::fmt;

use crate::characters::local_name;
use crate::plain::{Plain, Tag, Text};
use crate::xml::{INCOMPLETE, Step, Xml};
use crate::{Error, Kind, Limits, classify};

/// Where `requestId` and `nextToken` stand.
const ENVELOPE_DEPTH: usize = 2;

/// A pull cursor over one response.
///
/// The cursor stands inside one element, at first the root. [`child`](Self::child) enters its next child, which
/// [`text`](Self::text) or [`skip`](Self::skip) leave again, as does a `child` that finds no more children. Names are
/// local names; a prefix is dropped. Every byte that is passed is checked: only [`finish`](Self::finish) says that
/// the document was complete.
///
/// There are two readers below it. The fast one reads the plain XML that EC2 sends; at the first thing that is anything
/// else it is dropped, and the XML library's reader goes over the same bytes from the root to this place, and on.
/// So whatever is refused is refused by the library's reader, and in its words.
pub struct Document<'a> {
    xml: Xml<'a>,
    plain: Option<Plain<'a>>,
    /// The last text that is no slice of the document.
    joined: String,
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

/// The root of an error: EC2's own, and that of AWS's other Query services, which stand-ins of EC2 send.
const ERROR_ROOTS: [&str; 2] = ["Response", "ErrorResponse"];

impl<'a> Document<'a> {
    /// Reads up to the root of an answer to `operation`.
    ///
    /// # Errors
    /// The text cannot be the operation's answer; or it is EC2's error answer, which becomes the error that it names.
    pub fn open(body: &'a [u8], operation: &str, limits: &Limits) -> Result<Self, Error> {
        Self::open_with(body, operation, limits, true)
    }

    /// The same without the fast reader: what that one is compared with.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_by_library(body: &'a [u8], operation: &str, limits: &Limits) -> Result<Self, Error> {
        Self::open_with(body, operation, limits, false)
    }

    fn open_with(body: &'a [u8], operation: &str, limits: &Limits, fast: bool) -> Result<Self, Error> {
        let mut xml = Xml::new(body, operation, limits)?;
        let root = xml.root()?;
        let plain = if fast { xml.plain(&root) } else { None };
        let mut document = Self { xml, plain, joined: String::new(), request_id: None, next_token: None };
        if ERROR_ROOTS.contains(&root.name) {
            return Err(document.service_error()?.of_operation(operation));
        }
        if root.name.strip_suffix("Response") != Some(operation) {
            let reason = format!("its root is <{}>, not <{operation}Response>", shorten(root.name));
            return Err(document.refuse(&reason));
        }
        match root.namespace {
            Some(namespace) if is_ec2_namespace(&namespace) => Ok(document),
            Some(namespace) => Err(document.refuse(&format!("its namespace is '{}'", shorten(&namespace)))),
            None => Err(document.refuse("its root has no namespace")),
        }
    }

    /// Goes back to the root, to read the document again.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn rewind(&mut self) -> Result<(), Error> {
        let Xml { text, operation, limits, .. } = &self.xml;
        *self = Self::open_with(text.as_bytes(), operation, limits, self.plain.is_some())?;
        Ok(())
    }

    /// Enters the next child element of the current element and gives its local name. `None`: the current element has
    /// ended, and its parent is current again. `requestId` and `nextToken` directly under the root are not shown.
    ///
    /// # Errors
    /// The document is malformed, or passes a limit.
    pub fn child(&mut self) -> Result<Option<&'a str>, Error> {
        loop {
            let Tag::Open(name) = self.tag()? else { return Ok(None) };
            if self.depth() != ENVELOPE_DEPTH || !self.is_of_envelope(name)? {
                return Ok(Some(name));
            }
        }
    }

    /// Enters the next child if it is easily seen to have this name, which is no name of the envelope. False: nothing
    /// has happened, and [`child`](Self::child) tells what comes next.
    ///
    /// To guess right saves a reader of rows, whose elements come in the same order in each, to find out each name.
    #[inline]
    pub fn enter_if(&mut self, name: &str) -> bool {
        debug_assert!(local_name(name) == Some(name), "{name:?} is no local name");
        self.plain.as_mut().is_some_and(|plain| plain.enter_if(name))
    }

    /// The text of the element just entered, which is left. It is never trimmed. Child elements inside are skipped.
    ///
    /// # Errors
    /// The document is malformed, or passes a limit.
    pub fn text(&mut self) -> Result<&str, Error> {
        let plain = self.plain.as_mut().and_then(|plain| plain.text(&mut self.joined));
        let text = if let Some(text) = plain { text } else { self.text_by_library()? };
        Ok(match text {
            Text::Slice(text) => text,
            Text::Joined => &self.joined,
        })
    }

    /// Leaves the element just entered, and still checks what is in it.
    ///
    /// # Errors
    /// The document is malformed, or passes a limit.
    pub fn skip(&mut self) -> Result<(), Error> {
        let outside = self.depth().saturating_sub(1);
        if let Some(plain) = &mut self.plain {
            match plain.skip() {
                Some(()) => return Ok(()),
                None => self.hand_over()?,
            }
        }
        let mut text_bytes = 0;
        while self.xml.depth > outside {
            match self.step()? {
                Step::Text(text) => text_bytes += text.len(),
                Step::Character(_) => text_bytes += 1,
                Step::Open(_) | Step::Close => text_bytes = 0,
                Step::End => break,
            }
            self.xml.check_text(text_bytes)?;
        }
        Ok(())
    }

    /// An answer that cannot be used although it is well-formed: why, and where.
    pub fn invalid(&self, reason: impl fmt::Display) -> Error {
        let at = self.plain.as_ref().map_or_else(|| self.xml.position(), |plain| plain.at);
        let error = Error::new(Kind::Document, format!("{reason} (byte {at})"));
        error.of_operation(&self.xml.operation).with_request_id(self.request_id.as_deref())
    }

    /// Reads and checks what is left of the document.
    ///
    /// # Errors
    /// The document is malformed, passes a limit, or has no request id.
    pub fn finish(mut self) -> Result<Envelope, Error> {
        while self.depth() > 1 {
            self.skip()?;
        }
        while self.depth() > 0 {
            if self.child()?.is_some() {
                self.skip()?;
            }
        }
        self.end()?;
        match self.request_id.take() {
            Some(request_id) if !request_id.is_empty() => Ok(Envelope {
                request_id,
                next_token: self.next_token.take().filter(|token| !token.is_empty()),
                items: self.plain.as_ref().map_or(self.xml.items, |plain| plain.items),
            }),
            _ => Err(self.refuse("it has no request id")),
        }
    }

    fn depth(&self) -> usize {
        self.plain.as_ref().map_or(self.xml.depth, Plain::depth)
    }

    #[inline]
    fn tag(&mut self) -> Result<Tag<'a>, Error> {
        if let Some(plain) = &mut self.plain {
            match plain.tag() {
                Some(tag) => return Ok(tag),
                None => self.hand_over()?,
            }
        }
        loop {
            match self.step()? {
                Step::Open(name) => return Ok(Tag::Open(name)),
                Step::Close | Step::End => return Ok(Tag::Close),
                Step::Text(_) | Step::Character(_) => {}
            }
        }
    }

    #[inline]
    fn step(&mut self) -> Result<Step<'a>, Error> {
        match self.xml.step() {
            Err(error) => Err(error.with_request_id(self.request_id.as_deref())),
            step => step,
        }
    }

    #[inline(never)]
    fn text_by_library(&mut self) -> Result<Text<'a>, Error> {
        self.hand_over()?;
        self.joined.clear();
        let mut value = "";
        loop {
            match self.step()? {
                Step::Text(text) => match self.xml.lines(text) {
                    Cow::Borrowed(text) if value.is_empty() && self.joined.is_empty() => value = text,
                    text => {
                        self.joined.push_str(std::mem::take(&mut value));
                        self.joined.push_str(&text);
                    }
                },
                Step::Character(character) => {
                    self.joined.push_str(std::mem::take(&mut value));
                    self.joined.push(character);
                }
                Step::Open(_) => self.skip()?,
                Step::Close | Step::End if self.joined.is_empty() => return Ok(Text::Slice(value)),
                Step::Close | Step::End => return Ok(Text::Joined),
            }
            self.xml.check_text(value.len() + self.joined.len())?;
        }
    }

    /// From here on the library reads.
    #[cold]
    fn hand_over(&mut self) -> Result<(), Error> {
        match self.plain.take() {
            Some(plain) => self.xml.catch_up(&plain),
            None => Ok(()),
        }
    }

    /// Reads what follows the root.
    fn end(&mut self) -> Result<(), Error> {
        if let Some(plain) = &mut self.plain {
            match plain.end() {
                Some(()) => return Ok(()),
                None => self.hand_over()?,
            }
        }
        while !matches!(self.step()?, Step::End) {}
        Ok(())
    }

    /// Keeps `requestId` and `nextToken`, and leaves them.
    fn is_of_envelope(&mut self, name: &str) -> Result<bool, Error> {
        if !matches!(name, "requestId" | "nextToken") {
            return Ok(false);
        }
        let text = self.text()?.to_owned();
        let known = if name == "requestId" { &mut self.request_id } else { &mut self.next_token };
        match known.replace(text) {
            None => Ok(true),
            Some(_) => Err(self.refuse(&format!("it has a second <{name}>"))),
        }
    }

    /// Not the document that it has to be, and where.
    fn refuse(&self, reason: &str) -> Error {
        self.invalid(format_args!("{INCOMPLETE}: {reason}"))
    }

    /// What `<Errors><Error>` names, or `<Error>` alone; the document is read to its end.
    fn service_error(&mut self) -> Result<Error, Error> {
        let (mut code, mut message, mut request_id) = (None, None, None);
        while let Some(name) = self.child()? {
            match name {
                "Errors" => {
                    while self.child()?.is_some() {
                        self.first_error(&mut code, &mut message)?;
                    }
                }
                "Error" => self.first_error(&mut code, &mut message)?,
                "RequestID" | "RequestId" => request_id = Some(self.text()?.to_owned()),
                _ => self.skip()?,
            }
        }
        self.end()?;
        let code = code.filter(|code| !code.is_empty()).ok_or_else(|| self.refuse("the error in it has no code"))?;
        let request_id = request_id.or_else(|| self.request_id.take());
        Ok(classify::service_error(&code, &message.unwrap_or_default()).with_request_id(request_id.as_deref()))
    }

    fn first_error(&mut self, code: &mut Option<String>, message: &mut Option<String>) -> Result<(), Error> {
        while let Some(name) = self.child()? {
            match name {
                "Code" if code.is_none() => *code = Some(self.text()?.to_owned()),
                "Message" if message.is_none() => *message = Some(self.text()?.to_owned()),
                _ => self.skip()?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("depth", &self.depth()).finish_non_exhaustive()
    }
}

/// The error that a body names, if it is EC2's error answer.
pub(crate) fn error_answer(body: &[u8], operation: &str, limits: &Limits) -> Option<Error> {
    Document::open(body, operation, limits).err().filter(|error| error.code().is_some())
}

/// Whether a body could be EC2's error answer: a page of rows is not read twice to find out that it is not.
pub(crate) fn may_be_error_answer(body: &[u8]) -> bool {
    const ROOT_BYTES_MAX: usize = 2_048;
    let start = body.get(..ROOT_BYTES_MAX).unwrap_or(body);
    [&b"<Response"[..], b"<ErrorResponse"].iter().any(|root| memchr::memmem::find(start, root).is_some())
}

/// `http://ec2.amazonaws.com/doc/2016-11-15/`, also with https, another date, or without the last slash.
fn is_ec2_namespace(namespace: &str) -> bool {
    let date = namespace
        .strip_prefix("http://")
        .or_else(|| namespace.strip_prefix("https://"))
        .and_then(|rest| rest.strip_prefix("ec2.amazonaws.com/doc/"))
        .map(|date| date.strip_suffix('/').unwrap_or(date));
    let digit_or_dash = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    date.is_some_and(|date| date.len() == 10 && date.bytes().enumerate().all(digit_or_dash))
}

/// A text from outside, for a message.
fn shorten(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let mut short: String = text.chars().take(CHARACTERS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../tests/data/import-image-tasks.xml");

    /// Whether the fast reader read the page to its end.
    fn is_fast(page: &str) -> bool {
        let limits = Limits::default();
        let mut document = Document::open(page.as_bytes(), "DescribeImportImageTasks", &limits).unwrap();
        while document.child().unwrap().is_some() {
            document.skip().unwrap();
        }
        document.end().unwrap();
        document.plain.is_some()
    }

    #[test]
    fn the_fast_reader_reads_what_ec2_sends_and_nothing_unusual() {
        assert!(is_fast(PAGE));
        for unusual in ["<!-- -->", "<![CDATA[x]]>", "<?x?>", "<a b='c'/>", "<n:a/>", "<a ></a>", "&#13;\r"] {
            assert!(!is_fast(&PAGE.replacen("<item>", &format!("<item>{unusual}"), 1)), "{unusual}");
        }
    }
}
