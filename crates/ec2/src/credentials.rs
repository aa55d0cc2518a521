use std::error::Error as StdError;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Mutex;

use crate::{Clock, Error, Kind};

/// Credentials are asked for again this long before they expire.
const REFRESH_EARLY: Duration = Duration::from_mins(5);

/// While the credentials in hand are valid, a provider that has no longer ones is not asked again for so long.
const REFRESH_PAUSE: Duration = Duration::from_secs(30);

/// The longest that a provider may take: it may run a program, or ask another service.
const PROVIDER_TIME_MAX: Duration = Duration::from_mins(1);

/// The credentials in use. However many calls need them at once, the provider is asked once.
#[derive(Debug)]
pub(crate) struct CredentialsCache {
    provider: SharedCredentialsProvider,
    clock: Arc<dyn Clock>,
    last: Mutex<Last>,
    /// How often the provider was asked: who waited while somebody else asked shares that answer.
    asked: AtomicU64,
}

/// What the provider said last.
#[derive(Debug, Default)]
struct Last {
    credentials: Option<Credentials>,
    error: Option<Error>,
    /// When, by [`Clock::elapsed`].
    at: Duration,
}

impl CredentialsCache {
    pub(crate) fn new(provider: SharedCredentialsProvider, clock: Arc<dyn Clock>) -> Self {
        Self { provider, clock, last: Mutex::default(), asked: AtomicU64::new(0) }
    }

    /// Credentials that are still good. When new ones cannot be had, old ones serve until they expire.
    pub(crate) async fn get(&self) -> Result<Credentials, Error> {
        let asked = self.asked.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        let just_asked = self.clock.elapsed().saturating_sub(last.at) < REFRESH_PAUSE;
        let needed = if just_asked { Duration::ZERO } else { REFRESH_EARLY };
        if let Some(credentials) = last.credentials.as_ref().filter(|known| self.is_good_for(known, needed)) {
            return Ok(credentials.clone());
        }
        self.ask(&mut last, asked).await
    }

    /// Credentials other than `refused`, which EC2 called expired; they may be the same when the provider has no others.
    pub(crate) async fn replace(&self, refused: &Credentials) -> Result<Credentials, Error> {
        let asked = self.asked.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        if let Some(credentials) = last.credentials.as_ref().filter(|known| *known != refused) {
            return Ok(credentials.clone());
        }
        self.ask(&mut last, asked).await
    }

    async fn ask(&self, last: &mut Last, asked_before: u64) -> Result<Credentials, Error> {
        let shared = self.asked.load(Ordering::Acquire) != asked_before;
        if !shared {
            let answer = tokio::time::timeout(PROVIDER_TIME_MAX, self.provider.provide_credentials()).await;
            let answer = answer.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(PROVIDER_TIME_MAX)));
            self.asked.fetch_add(1, Ordering::AcqRel);
            last.at = self.clock.elapsed();
            match answer {
                Ok(credentials) => (last.credentials, last.error) = (Some(credentials), None),
                Err(error) => last.error = Some(explain(&error)),
            }
        }
        if let Some(credentials) = last.credentials.as_ref().filter(|known| self.is_good_for(known, Duration::ZERO)) {
            return Ok(credentials.clone());
        }
        Err(last.error.clone().unwrap_or_else(|| Error::new(Kind::Credentials, "the credentials have expired")))
    }

    fn is_good_for(&self, credentials: &Credentials, duration: Duration) -> bool {
        credentials.expiry().is_none_or(|expiry| self.clock.now() + duration < expiry)
    }
}

/// The provider's own words, as far as they cannot hold a secret.
fn explain(error: &CredentialsError) -> Error {
    // What an external process wrote is its secret: aws-config quotes it after this word.
    const QUOTES_OUTPUT: &str = "Stderr:";
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_message = cause.to_string();
        let shown = cause_message.split(QUOTES_OUTPUT).next().unwrap_or_default().trim_end();
        let _ = write!(message, ": {shown}");
        source = cause.source();
    }
    Error::new(Kind::Credentials, message)
}
