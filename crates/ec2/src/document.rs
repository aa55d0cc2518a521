use std::borrow::Cow;
use std::fmt;

use crate::xml::{Step, Xml};
use crate::{Error, Kind, Limits, classify};

/// A pull cursor over one response.
///
/// The cursor stands inside one element, at first the root. [`child`](Self::child) enters its next child, which
/// [`text`](Self::text) or [`skip`](Self::skip) leave again, as does a `child` that finds no more children. Names are
/// local names; a prefix is dropped. Every byte that is passed is checked: only [`finish`](Self::finish) says that
/// the document was complete.
pub struct Document<'a> {
    xml: Xml<'a>,
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

impl<'a> Document<'a> {
    /// Reads up to the root of an answer to `operation`.
    ///
    /// # Errors
    /// The text cannot be the operation's answer; or it is EC2's error answer, which becomes the error that it names.
    pub fn open(body: &'a [u8], operation: &str, limits: &Limits) -> Result<Self, Error> {
        let mut xml = Xml::new(body, operation, limits)?;
        let root = xml.root()?;
        let mut document = Self { xml, request_id: None, next_token: None };
        if root.name == "Response" {
            return Err(document.service_error()?.of_operation(operation));
        }
        if root.name.strip_suffix("Response") != Some(operation) {
            let reason = format!("its root is <{}>, not <{operation}Response>", shorten(root.name));
            return Err(document.invalid(reason));
        }
        match root.namespace {
            Some(namespace) if is_ec2_namespace(&namespace) => Ok(document),
            Some(namespace) => Err(document.invalid(format!("its namespace is '{}'", shorten(&namespace)))),
            None => Err(document.invalid("its root has no namespace")),
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
                Step::Open("requestId") if self.xml.depth == 2 => {
                    let text = self.text()?.into_owned();
                    if self.request_id.replace(text).is_some() {
                        return Err(self.invalid("it has a second <requestId>"));
                    }
                }
                Step::Open("nextToken") if self.xml.depth == 2 => {
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
                Step::Text(text) if value.is_empty() => value = self.xml.lines(text),
                Step::Text(text) => value.to_mut().push_str(&self.xml.lines(text)),
                Step::Character(character) => value.to_mut().push(character),
                Step::Open(_) => self.skip()?,
                Step::Close | Step::End => return Ok(value),
            }
            self.xml.check_text(value.len())?;
        }
    }

    /// Leaves the element just entered, and still checks what is in it.
    ///
    /// # Errors
    /// The document is malformed, or passes a limit.
    pub fn skip(&mut self) -> Result<(), Error> {
        let outside = self.xml.depth.saturating_sub(1);
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

    /// A document that cannot be used, and where.
    pub fn invalid(&self, reason: impl Into<String>) -> Error {
        self.xml.refuse(Kind::Document, &reason.into()).with_request_id(self.request_id.as_deref())
    }

    /// Reads and checks what is left of the document.
    ///
    /// # Errors
    /// The document is malformed, passes a limit, or has no request id.
    pub fn finish(mut self) -> Result<Envelope, Error> {
        while self.xml.depth > 1 {
            self.skip()?;
        }
        while self.xml.depth > 0 {
            if self.child()?.is_some() {
                self.skip()?;
            }
        }
        while !matches!(self.step()?, Step::End) {}
        match self.request_id.take() {
            Some(request_id) if !request_id.is_empty() => Ok(Envelope {
                request_id,
                next_token: self.next_token.take().filter(|token| !token.is_empty()),
                items: self.xml.items,
            }),
            _ => Err(self.invalid("it has no request id")),
        }
    }

    #[inline]
    fn step(&mut self) -> Result<Step<'a>, Error> {
        match self.xml.step() {
            Err(error) => Err(error.with_request_id(self.request_id.as_deref())),
            step => step,
        }
    }

    /// What `<Response><Errors><Error>` names; the document is read to its end.
    fn service_error(&mut self) -> Result<Error, Error> {
        let (mut code, mut message, mut request_id) = (None, None, None);
        while let Some(name) = self.child()? {
            match name {
                "Errors" => {
                    while self.child()?.is_some() {
                        self.first_error(&mut code, &mut message)?;
                    }
                }
                "RequestID" | "RequestId" => request_id = Some(self.text()?.into_owned()),
                _ => self.skip()?,
            }
        }
        while !matches!(self.step()?, Step::End) {}
        let code = code.filter(|code| !code.is_empty()).ok_or_else(|| self.invalid("the error in it has no code"))?;
        let request_id = request_id.or_else(|| self.request_id.take());
        Ok(classify::service_error(&code, &message.unwrap_or_default()).with_request_id(request_id.as_deref()))
    }

    fn first_error(&mut self, code: &mut Option<String>, message: &mut Option<String>) -> Result<(), Error> {
        while let Some(name) = self.child()? {
            match name {
                "Code" if code.is_none() => *code = Some(self.text()?.into_owned()),
                "Message" if message.is_none() => *message = Some(self.text()?.into_owned()),
                _ => self.skip()?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("depth", &self.xml.depth).finish_non_exhaustive()
    }
}

/// The error that a body names, if it is EC2's error answer.
pub(crate) fn error_answer(body: &[u8], operation: &str, limits: &Limits) -> Option<Error> {
    Document::open(body, operation, limits).err().filter(|error| error.code().is_some())
}

/// Whether a body could be EC2's error answer: a page of rows is not read twice to find out that it is not.
pub(crate) fn may_be_error_answer(body: &[u8]) -> bool {
    const ROOT_BYTES_MAX: usize = 2_048;
    memchr::memmem::find(body.get(..ROOT_BYTES_MAX).unwrap_or(body), b"<Response").is_some()
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
