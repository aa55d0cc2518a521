//! What a session and its client are made of in a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use ec2ql_catalog::Catalog;
use ec2ql_ec2::{Client, Clock, Config, Endpoints, Limits, Random, Retry, Transport};
use ec2ql_engine::{Options, Session};
use url::Url;

use crate::Error;

/// How old the endpoint's wave of imports is, for ever: most tasks have ended, some run, some are stuck.
pub(crate) const WAVE_AGE: Duration = Duration::from_mins(165);
const USER_AGENT: &str = "sqltest";

/// What a file can choose for its session, apart from settings. Each is a name of `SESSION`.
#[derive(Debug, Clone)]
pub struct Setup {
    /// `access_key=`: the key that signs.
    pub access_key: String,
    /// `secret_key=`: its secret.
    pub secret_key: String,
    /// `session_token=`: sent along, if any.
    pub session_token: Option<String>,
    /// `home_region=`: where a table is read for which any region answers the same.
    pub home_region: String,
    /// `attempts_max=`: requests for one page.
    pub attempts_max: u32,
    /// `empty_pages_max=`: pages without a row in a row.
    pub empty_pages_max: u32,
    /// `pages_max=`: pages of one scan.
    pub pages_max: u32,
    /// `page_bytes_max=`: the longest page.
    pub page_bytes_max: usize,
    /// Everything with a `.` in its name: settings as `SET` takes them.
    pub settings: Vec<(String, String)>,
}

impl Setup {
    /// A session that the endpoint lets in, with the limits that users have.
    pub fn new(fake: &fake_ec2::Options) -> Self {
        let limits = Limits::default();
        Self {
            access_key: fake.access_key.clone(),
            secret_key: fake.secret_key.clone(),
            session_token: fake.session_token.clone(),
            home_region: "us-east-1".to_owned(),
            attempts_max: Retry::default().attempts_max,
            empty_pages_max: limits.empty_pages_max,
            pages_max: limits.pages_max,
            page_bytes_max: limits.page_bytes_max,
            settings: Vec::new(),
        }
    }

    /// The same with the choices of a `SESSION` line.
    pub(crate) fn with(&self, line: &str) -> Result<Self, Error> {
        let mut setup = self.clone();
        for choice in line.split_whitespace() {
            let (name, value) = choice.split_once('=').ok_or_else(|| Error::of_file(format!("{choice}: no value")))?;
            let number = || value.parse().map_err(|_| Error::of_file(format!("{choice}: no number")));
            match name {
                "access_key" => value.clone_into(&mut setup.access_key),
                "secret_key" => value.clone_into(&mut setup.secret_key),
                "session_token" => setup.session_token = Some(value.to_owned()),
                "home_region" => value.clone_into(&mut setup.home_region),
                "attempts_max" => setup.attempts_max = number()?,
                "empty_pages_max" => setup.empty_pages_max = number()?,
                "pages_max" => setup.pages_max = number()?,
                "page_bytes_max" => setup.page_bytes_max = number()?.try_into().unwrap_or(usize::MAX),
                _ if name.contains('.') => setup.settings.push((name.to_owned(), value.to_owned())),
                _ => return Err(Error::of_file(format!("SESSION has no {name}"))),
            }
        }
        Ok(setup)
    }

    /// Starts the session; nothing is sent.
    pub(crate) fn session(&self, url: &str, now: SystemTime, transport: Arc<dyn Transport>) -> Result<Session, Error> {
        let token = self.session_token.clone();
        let credentials = Credentials::new(&self.access_key, &self.secret_key, token, None, "sqltest");
        let custom = Url::parse(url).map_err(|error| Error::of_file(error.to_string()))?;
        let limits = Limits {
            empty_pages_max: self.empty_pages_max,
            pages_max: self.pages_max,
            page_bytes_max: self.page_bytes_max,
            ..Limits::default()
        };
        let client = Client::new(Config {
            credentials: SharedCredentialsProvider::new(credentials),
            endpoints: Endpoints { custom: Some(custom), ..Endpoints::default() },
            transport,
            clock: Arc::new(StandingClock { begin: now, slept_ns: AtomicU64::new(0) }),
            random: Arc::new(AlwaysHalf),
            retry: Retry { attempts_max: self.attempts_max },
            limits,
            user_agent: USER_AGENT.to_owned(),
        })
        .map_err(|error| Error::of_file(error.to_string()))?;
        Ok(Session::new(Options {
            client,
            catalog: Catalog::embedded(),
            home_region: self.home_region.clone(),
            settings: self.settings.clone(),
        })?)
    }
}

/// A clock that stands, but for waits, which are over at once.
#[derive(Debug)]
struct StandingClock {
    begin: SystemTime,
    slept_ns: AtomicU64,
}

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> SystemTime {
        self.begin + Duration::from_nanos(self.slept_ns.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        self.slept_ns.fetch_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}

/// No chance: every wait is half of the longest.
#[derive(Debug)]
struct AlwaysHalf;

impl Random for AlwaysHalf {
    fn unit(&self) -> f64 {
        0.5
    }
}
