//! The outside world, as traits: what a test replaces.

use std::fmt::Debug;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use url::Url;

use crate::Kind;

/// Sends one request and brings the whole answer. It retries nothing and follows no redirect.
#[async_trait]
pub trait Transport: Send + Sync + Debug {
    /// Sends `request`. An answer is whole: a body that was cut is an error.
    async fn send(&self, request: Request) -> Result<Answer, TransportError>;

    /// Uses none of the connections again that are open: what came over one of them was no answer to what was asked.
    fn disconnect(&self) {}
}

/// A signed POST.
#[derive(Clone)]
pub struct Request {
    /// Where it goes.
    pub url: Url,
    /// Names in lower case, and values; `host` and `content-length` are the transport's.
    pub headers: Vec<(&'static str, String)>,
    /// The form.
    pub body: Bytes,
    /// How long the attempt may take in all.
    pub timeout: Duration,
    /// The longest body that is received, in bytes, once it is decoded.
    pub answer_bytes_max: usize,
    /// Whether the answer may come compressed with gzip.
    pub accepts_gzip: bool,
    /// What the body may be received into: the memory of a page that is done with.
    pub buffer: BytesMut,
}

/// The headers are left out: they hold the signature and the session token.
impl Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("host", &self.url.host_str())
            .field("headers", &self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A whole answer, with the headers that matter.
#[derive(Clone, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `content-type`.
    pub content_type: Option<String>,
    /// `date`.
    pub date: Option<String>,
    /// `x-amz-retry-after`, in milliseconds as text.
    pub retry_after: Option<String>,
    /// `x-amzn-requestid`.
    pub request_id: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// The body is left out: it is long, and holds what an account keeps.
impl Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("date", &self.date)
            .field("retry_after", &self.retry_after)
            .field("request_id", &self.request_id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// No whole answer.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// Which of [`Kind::Connect`], [`Kind::Dns`], [`Kind::Tls`], [`Kind::Timeout`], [`Kind::Transport`],
    /// [`Kind::Protocol`] and [`Kind::TooLarge`] it is.
    pub kind: Kind,
    /// What happened, without the URL.
    pub message: String,
    /// Whether another attempt can help.
    pub retryable: bool,
    /// The library's error.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Time.
#[async_trait]
pub trait Clock: Send + Sync + Debug {
    /// The time of day, for signatures.
    fn now(&self) -> SystemTime;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// Time since some fixed moment, which no change of the time of day moves.
    fn elapsed(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

/// Chance.
pub trait Random: Send + Sync + Debug {
    /// A number from 0 up to and without 1.
    fn unit(&self) -> f64;
}

/// The machine's clock, with tokio's timers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn elapsed(&self) -> Duration {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        BEGIN.get_or_init(Instant::now).elapsed()
    }
}

/// The machine's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn unit(&self) -> f64 {
        rand::random()
    }
}
