use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::{Bytes, BytesMut};
use url::Url;

use crate::call::{Call, encode_with};
use crate::classify::{self, Verdict};
use crate::credentials::CredentialsCache;
use crate::retry::{Bucket, Cause, Retry, delay};
use crate::sign::signed_headers;
use crate::{Clock, Endpoints, Error, Gzip, Limits, Random, Request, Transport};

/// What a client needs from the outside.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where credentials come from. They are cached here.
    pub credentials: SharedCredentialsProvider,
    /// Which endpoints are asked.
    pub endpoints: Endpoints,
    /// What sends.
    pub transport: Arc<dyn Transport>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// How often a request is sent.
    pub retry: Retry,
    /// Bounds.
    pub limits: Limits,
    /// The `user-agent` header.
    pub user_agent: String,
}

/// Calls EC2. Clones share credentials and retry budgets.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    gzip: Gzip,
}

struct Shared {
    credentials: CredentialsCache,
    endpoints: Endpoints,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    retry: Retry,
    limits: Limits,
    user_agent: String,
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// One page as it arrived: whole by its framing, with status 200, and not an error answer. Its document is not read.
#[derive(Clone)]
pub struct Response {
    /// The document.
    pub body: Bytes,
    /// How many requests it took.
    pub attempts: u32,
    /// How many of them were throttled.
    pub throttles: u32,
    /// The time from the first request to the last byte, waits included.
    pub elapsed: Duration,
}

/// What all attempts of one call have in common.
struct Attempts<'a> {
    call: &'a Call,
    url: Url,
    accepts_gzip: bool,
    body: Bytes,
    buffer: BytesMut,
    invocation_id: String,
    begun: Duration,
    sent: u32,
    throttles: u32,
    refreshed: bool,
    last_cost: Option<u32>,
}

impl Client {
    /// A client. Nothing is asked yet.
    ///
    /// # Errors
    /// The endpoint settings contradict each other or are not safe.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.endpoints.check()?;
        let shared = Shared {
            credentials: CredentialsCache::new(config.credentials, Arc::clone(&config.clock)),
            endpoints: config.endpoints,
            transport: config.transport,
            clock: config.clock,
            random: config.random,
            retry: config.retry,
            limits: config.limits,
            user_agent: config.user_agent,
            buckets: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared), gzip: Gzip::default() })
    }

    /// The same client, asking these endpoints for compressed answers.
    #[must_use]
    pub fn with_gzip(self, gzip: Gzip) -> Self {
        Self { gzip, ..self }
    }

    /// The bounds in use.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Whether a region may be asked. Nothing is sent.
    ///
    /// # Errors
    /// The name is neither in the partition table nor among the additional regions.
    pub fn check_region(&self, region: &str) -> Result<(), Error> {
        self.shared.endpoints.partition(region).map(|_| ())
    }

    /// The URL that is asked for a region.
    ///
    /// # Errors
    /// The region may not be asked.
    pub fn endpoint(&self, region: &str) -> Result<String, Error> {
        self.shared.endpoints.resolve(region).map(String::from)
    }

    /// One page: sent, retried, and checked up to its envelope.
    ///
    /// # Errors
    /// No page came; the error says what did.
    pub async fn call(&self, call: &Call) -> Result<Response, Error> {
        self.page(call, None, BytesMut::new()).await
    }

    /// Has the next request sent over a new connection.
    pub(crate) fn disconnect(&self) {
        self.shared.transport.disconnect();
    }

    /// `buffer` is memory that the answer may be received into.
    pub(crate) async fn page(
        &self,
        call: &Call,
        next_token: Option<&str>,
        buffer: BytesMut,
    ) -> Result<Response, Error> {
        let page = async {
            let url = self.shared.endpoints.resolve(&call.region)?;
            let mut attempts = Attempts {
                call,
                accepts_gzip: self.gzip.is_wanted_of(&url),
                url,
                body: Bytes::from(encode_with(call, next_token)),
                buffer,
                invocation_id: self.shared.invocation_id(),
                begun: self.shared.clock.elapsed(),
                sent: 0,
                throttles: 0,
                refreshed: false,
                last_cost: None,
            };
            let body = self.shared.send(&mut attempts).await.map_err(|error| error.with_attempts(attempts.sent))?;
            let elapsed = self.shared.clock.elapsed().saturating_sub(attempts.begun);
            Ok(Response { body, attempts: attempts.sent, throttles: attempts.throttles, elapsed })
        };
        page.await.map_err(|error: Error| error.at(&call.operation, &call.region))
    }
}

impl Shared {
    /// Sends until there is a page, or no reason or budget to send again.
    async fn send(&self, attempts: &mut Attempts<'_>) -> Result<Bytes, Error> {
        let mut credentials = self.credentials.get().await?;
        // The region's time begins when it can be asked: what the provider takes is not its own.
        attempts.begun = self.clock.elapsed();
        loop {
            let (error, retry_after) = match self.attempt(attempts, &credentials).await {
                Verdict::Page(body) => {
                    self.with_bucket(&attempts.call.region, |bucket| bucket.give_back(attempts.last_cost));
                    return Ok(body);
                }
                Verdict::Failure { error, retry_after } => (error, retry_after),
            };
            if error.kind() == crate::Kind::Expired && !attempts.refreshed {
                attempts.refreshed = true;
                credentials = self.credentials.replace(&credentials).await?;
                continue;
            }
            let Some(wait) = self.wait(attempts, &error, retry_after.as_deref()) else {
                return Err(error);
            };
            self.clock.sleep(wait).await;
            credentials = self.credentials.get().await?;
        }
    }

    /// How long to wait before the next attempt; `None` when there is to be none.
    fn wait(&self, attempts: &mut Attempts<'_>, error: &Error, retry_after: Option<&str>) -> Option<Duration> {
        let cause = Cause::of(error)?;
        if cause == Cause::Throttle {
            attempts.throttles += 1;
        }
        // The request that found the credentials expired does not count as a try.
        let tries = attempts.sent - u32::from(attempts.refreshed);
        if tries >= self.retry.attempts_max {
            return None;
        }
        let wait = delay(cause, tries.saturating_sub(1), self.random.unit(), retry_after);
        if wait >= self.time_left(attempts) {
            return None;
        }
        attempts.last_cost = Some(self.with_bucket(&attempts.call.region, |bucket| bucket.take(cause))?);
        Some(wait)
    }

    async fn attempt(&self, attempts: &mut Attempts<'_>, credentials: &Credentials) -> Verdict {
        let now = self.clock.now();
        let mut headers = match signed_headers(&attempts.url, &attempts.call.region, &attempts.body, credentials, now) {
            Ok(headers) => headers,
            Err(error) => return Verdict::from(error),
        };
        attempts.sent += 1;
        headers.push(("user-agent", self.user_agent.clone()));
        headers.push(("amz-sdk-invocation-id", attempts.invocation_id.clone()));
        headers.push(("amz-sdk-request", format!("attempt={}; max={}", attempts.sent, self.retry.attempts_max)));
        let request = Request {
            url: attempts.url.clone(),
            headers,
            body: attempts.body.clone(),
            timeout: self.time_left(attempts),
            answer_bytes_max: self.limits.page_bytes_max,
            accepts_gzip: attempts.accepts_gzip,
            buffer: std::mem::take(&mut attempts.buffer),
        };
        match self.transport.send(request).await {
            Ok(answer) => classify::judge(answer, &attempts.call.operation, &self.limits, now),
            Err(error) => Verdict::from(classify::transport_error(error)),
        }
    }

    fn time_left(&self, attempts: &Attempts<'_>) -> Duration {
        (attempts.begun + self.limits.region_idle).saturating_sub(self.clock.elapsed())
    }

    fn with_bucket<T>(&self, region: &str, f: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        f(buckets.entry(region.to_owned()).or_default())
    }

    /// A random UUID: the same for all attempts of a call.
    fn invocation_id(&self) -> String {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number from 0 to 2^32 is meant")]
        let part = || (self.random.unit().clamp(0.0, 1.0) * f64::from(u32::MAX)) as u32;
        let (a, b, c, d) = (part(), part(), part(), part());
        format!("{a:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{d:08x}", b >> 16, b & 0xfff, 0x8000 | (c >> 18), c & 0xffff)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoints", &self.shared.endpoints)
            .field("retry", &self.shared.retry)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("body_bytes", &self.body.len())
            .field("attempts", &self.attempts)
            .field("throttles", &self.throttles)
            .field("elapsed", &self.elapsed)
            .finish()
    }
}
