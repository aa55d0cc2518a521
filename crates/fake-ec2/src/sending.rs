//! What goes over the wire, byte by byte, and what happens to the connection then.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fault::{Cut, Delivery};
use crate::http::{Answer, Framing};

/// Bytes, their pace, and the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sending {
    pub(crate) bytes: Vec<u8>,
    pub(crate) then: Then,
    delay_ms: u64,
    /// So many bytes at once, and so many milliseconds between.
    drip: Option<(usize, u64)>,
}

/// What happens to the connection after the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Keep,
    Close,
    Reset,
    /// Nothing more is sent, until the client gives up.
    Stall,
}

impl Sending {
    pub(crate) fn right(answer: &Answer) -> Self {
        Self::new(answer.wire(answer.framing()), Then::Keep)
    }

    pub(crate) fn raw(bytes: Vec<u8>) -> Self {
        Self::new(bytes, Then::Close)
    }

    pub(crate) fn faulty(answer: &Answer, delivery: &Delivery) -> Self {
        let right = Self::right(answer);
        match *delivery {
            Delivery::Cut { bytes, framing } => Self::new(cut(answer, bytes, framing), Then::Close),
            Delivery::Reset { after_bytes } => right.first(after_bytes, Then::Reset),
            Delivery::Stall { after_bytes } => right.first(after_bytes, Then::Stall),
            Delivery::Delay { ms } => Self { delay_ms: ms, ..right },
            Delivery::Drip { bytes, every_ms } => Self { drip: Some((bytes, every_ms)), ..right },
        }
    }

    fn new(bytes: Vec<u8>, then: Then) -> Self {
        Self { bytes, then, delay_ms: 0, drip: None }
    }

    fn first(mut self, bytes: usize, then: Then) -> Self {
        self.bytes.truncate(bytes);
        Self { then, ..self }
    }

    /// Sends, and says whether the connection can be used again.
    pub(crate) async fn send(&self, stream: &mut TcpStream) -> io::Result<bool> {
        if self.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.delay_ms)).await;
        }
        match self.drip {
            None => stream.write_all(&self.bytes).await?,
            Some((bytes, every_ms)) => {
                for drop in self.bytes.chunks(bytes.max(1)) {
                    stream.write_all(drop).await?;
                    tokio::time::sleep(Duration::from_millis(every_ms)).await;
                }
            }
        }
        match self.then {
            Then::Keep => return Ok(true),
            Then::Close => stream.shutdown().await?,
            Then::Reset => stream.set_zero_linger()?,
            Then::Stall => while stream.read(&mut [0; 1024]).await? > 0 {},
        }
        Ok(false)
    }
}

/// The head and the first bytes of the body; for `Headers`, the first bytes of the head.
fn cut(answer: &Answer, bytes: usize, framing: Cut) -> Vec<u8> {
    let body = answer.body.get(..bytes).unwrap_or(&answer.body);
    let framed = |framing, body: &[u8]| [&answer.head(framing), body].concat();
    match framing {
        Cut::Length => framed(Framing::Length, body),
        Cut::Close => framed(Framing::Close, body),
        Cut::Chunked => {
            // One chunk that promises the whole body, and nothing after what there is of it.
            let chunk = [format!("{:x}\r\n", answer.body.len()).as_bytes(), body].concat();
            framed(Framing::Chunked, &chunk)
        }
        Cut::Headers => {
            let mut head = answer.head(Framing::Length);
            head.truncate(bytes);
            head
        }
    }
}
