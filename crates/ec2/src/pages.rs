use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use crate::{Call, Client, Document, Envelope, Error, Kind, Response};

/// Turns one page's document into what the caller wants of it.
pub trait Decode: Send {
    /// What a page becomes.
    type Output: Send;

    /// Reads the document as far as it is wanted; the rest is checked afterwards.
    ///
    /// # Errors
    /// The document cannot be what was asked for.
    fn decode(&mut self, document: &mut Document<'_>) -> Result<Self::Output, Error>;
}

/// One complete page.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What the decoder made of it.
    pub output: T,
    /// AWS's request id.
    pub request_id: String,
    /// The length of its document.
    pub bytes: u64,
    /// How many requests it took.
    pub attempts: u32,
    /// How many of them were throttled.
    pub throttles: u32,
    /// The time from the first request to the last byte, waits included.
    pub elapsed: Duration,
    /// No page follows.
    pub last: bool,
}

/// The pages of one call, one after the other. Dropping it ends what is on its way.
///
/// With `ahead`, the next page is requested before the last one is decoded: its token is found by a search of the
/// bytes. What the document then says counts; a request for another token is thrown away.
pub struct Pages<D> {
    client: Client,
    call: Call,
    decoder: D,
    ahead: bool,
    next: Next,
    seen: Seen,
    count: u32,
    empty_in_a_row: u32,
    /// The memory of the last page that was decoded: another is received into it.
    spare: BytesMut,
}

/// Where the next page comes from.
enum Next {
    /// From a request that is still to be sent, with this token.
    Ask(Option<String>),
    /// From the one on its way.
    Asked(Asked),
    /// There is none.
    End,
}

/// A request on its way, which ends when this is dropped.
struct Asked {
    token: String,
    answer: JoinSet<Result<Response, Error>>,
}

/// The tokens of a scan, as hashes: a scan of a million pages must not keep them all.
#[derive(Default)]
struct Seen {
    state: RandomState,
    hashes: HashSet<u64>,
}

impl<D: Decode> Pages<D> {
    /// The pages of `call`. Nothing is sent yet. Without `ahead`, no page is requested before it is asked for here.
    pub fn new(client: Client, call: Call, decoder: D, ahead: bool) -> Self {
        let (next, seen) = (Next::Ask(None), Seen::default());
        Self { client, call, decoder, ahead, next, seen, count: 0, empty_in_a_row: 0, spare: BytesMut::new() }
    }

    /// The next page; `None` after the last and after an error.
    pub async fn next(&mut self) -> Option<Result<Page<D::Output>, Error>> {
        let response = match std::mem::replace(&mut self.next, Next::End) {
            Next::End => return None,
            Next::Ask(token) => {
                let buffer = std::mem::take(&mut self.spare);
                self.client.page(&self.call, token.as_deref(), buffer).await
            }
            Next::Asked(asked) => asked.wait().await,
        };
        let page = match response {
            Ok(response) => {
                let asked = self.speculate(&response.body);
                if asked.is_some() {
                    // A task that was just spawned waits for this one: nobody else may take it. So it goes first, and
                    // the request is under way when decoding begins.
                    tokio::task::yield_now().await;
                }
                let page = self.read(&response, asked);
                self.spare = response.body.try_into_mut().unwrap_or_default();
                page
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &page {
            self.next = Next::End;
            // An answer to another request may have come: then all that follow on its connection are off by one.
            if error.kind() == Kind::Document {
                self.client.disconnect();
            }
        }
        Some(page.map_err(|error| error.at(&self.call.operation, &self.call.region)))
    }

    fn read(&mut self, response: &Response, asked: Option<Asked>) -> Result<Page<D::Output>, Error> {
        let bytes = response.body.len() as u64;
        let decoded = self.decode(&response.body);
        let (output, envelope) = decoded.map_err(|error| error.with_attempts(response.attempts).with_status(200))?;
        self.guard(&envelope).map_err(|error| {
            error.with_request_id(Some(&envelope.request_id)).with_attempts(response.attempts).with_status(200)
        })?;
        self.next = match envelope.next_token {
            None => Next::End,
            Some(token) => match asked.filter(|asked| asked.token == token) {
                Some(asked) => Next::Asked(asked),
                None if self.ahead => Next::Asked(self.ask(token)),
                None => Next::Ask(Some(token)),
            },
        };
        Ok(Page {
            output,
            request_id: envelope.request_id,
            bytes,
            attempts: response.attempts,
            throttles: response.throttles,
            elapsed: response.elapsed,
            last: matches!(self.next, Next::End),
        })
    }

    fn decode(&mut self, body: &[u8]) -> Result<(D::Output, Envelope), Error> {
        let mut document = Document::open(body, &self.call.operation, self.client.limits())?;
        let output = self.decoder.decode(&mut document)?;
        Ok((output, document.finish()?))
    }

    /// Requests the page that seems to follow.
    fn speculate(&mut self, body: &Bytes) -> Option<Asked> {
        if !self.ahead || self.count + 1 >= self.client.limits().pages_max {
            return None;
        }
        let token = find_token(body).filter(|token| !self.seen.contains(token))?;
        Some(self.ask(token.to_owned()))
    }

    fn ask(&mut self, token: String) -> Asked {
        let (client, call, with) = (self.client.clone(), self.call.clone(), token.clone());
        let buffer = std::mem::take(&mut self.spare);
        let mut answer = JoinSet::new();
        answer.spawn(async move { client.page(&call, Some(&with), buffer).await });
        Asked { token, answer }
    }

    /// Counts the page, and refuses a scan that would not end.
    fn guard(&mut self, envelope: &Envelope) -> Result<(), Error> {
        let limits = *self.client.limits();
        self.count += 1;
        self.empty_in_a_row = if envelope.items == 0 { self.empty_in_a_row + 1 } else { 0 };
        let Some(token) = &envelope.next_token else {
            return Ok(());
        };
        if !self.seen.insert(token) {
            let reason = format!("page {} leads back to a page that was read before", self.count);
            return Err(Error::new(Kind::TokenLoop, reason));
        }
        if self.empty_in_a_row >= limits.empty_pages_max {
            let reason = format!("{} pages in a row have no item, and another follows", self.empty_in_a_row);
            return Err(Error::new(Kind::NoProgress, reason));
        }
        if self.count >= limits.pages_max {
            return Err(Error::new(Kind::NoProgress, format!("{} pages are not all", self.count)));
        }
        Ok(())
    }
}

impl Asked {
    async fn wait(mut self) -> Result<Response, Error> {
        match self.answer.join_next().await {
            Some(Ok(response)) => response,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => Err(Error::new(Kind::Transport, "the request was given up: the program is ending")),
        }
    }
}

impl Seen {
    fn contains(&self, token: &str) -> bool {
        self.hashes.contains(&self.state.hash_one(token))
    }

    /// Whether the token is new.
    fn insert(&mut self, token: &str) -> bool {
        self.hashes.insert(self.state.hash_one(token))
    }
}

/// What looks like the token of the next page: a guess, so only the plainest form is taken.
fn find_token(body: &[u8]) -> Option<&str> {
    const OPEN: &[u8] = b"<nextToken>";
    const CLOSE: &[u8] = b"</nextToken>";
    let begin = memchr::memmem::find(body, OPEN)? + OPEN.len();
    let rest = body.get(begin..)?;
    let token = rest.get(..memchr::memchr(b'<', rest)?)?;
    let plain = !token.is_empty() && memchr::memchr2(b'&', b'\r', token).is_none();
    let closed = rest.get(token.len()..)?.starts_with(CLOSE);
    if plain && closed { std::str::from_utf8(token).ok() } else { None }
}

impl<D> fmt::Debug for Pages<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("call", &self.call).field("count", &self.count).finish_non_exhaustive()
    }
}
