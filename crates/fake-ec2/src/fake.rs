//! The endpoint: its options, its state, and the way from a request to an answer.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::auth::{self, Account};
use crate::connection;
use crate::dice::Dice;
use crate::envelope::{self, Failure};
use crate::http::{Answer, Request};
use crate::operations::Operation;
use crate::page::{Place, Tokens};
use crate::query::{self, Query};
use crate::world::{self, Scene};

/// The log keeps this many requests; older ones are forgotten.
const REQUESTS_MAX: usize = 100_000;

/// What the endpoint is, and for whom. The default is the demo.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where to listen on 127.0.0.1; 0 takes a free port.
    pub port: u16,
    /// Decides ids, sizes and times.
    pub seed: u64,
    /// The clock.
    pub now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// When the wave of imports began.
    pub wave_start: SystemTime,
    /// The one access key that is known.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// The session token that must come with it, if any.
    pub session_token: Option<String>,
    /// Rows on a page when the request does not say.
    pub page_rows: usize,
    /// How far a request's time may be from the clock; any time is fine when this is absent.
    pub skew_max: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        let wave_start = SystemTime::UNIX_EPOCH + world::DEMO_START;
        let began = std::time::Instant::now();
        Self {
            port: 0,
            seed: 1,
            now: Arc::new(move || wave_start + world::DEMO_AGE + began.elapsed()),
            wave_start,
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
            page_rows: 20,
            skew_max: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("seed", &self.seed)
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenRequest {
    /// `DescribeImages`, or nothing when the request did not say.
    pub action: String,
    /// From the scope of the signature; empty when there was none.
    pub region: String,
    /// All parameters but `Action` and `Version`, decoded, in the order in which they came.
    pub parameters: Vec<(String, String)>,
    /// Which page of its scan was asked for, from 1; 0 when the token was not one of ours.
    pub page: usize,
    /// The status that was answered, whatever became of it on the way.
    pub status: u16,
    /// The time on the endpoint's clock.
    pub at: SystemTime,
    /// The headers as received, names in lower case.
    pub headers: Vec<(String, String)>,
}

/// A running endpoint. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Fake {
    state: Arc<State>,
    url: String,
    accepting: JoinHandle<()>,
}

impl Fake {
    /// Starts to listen, on the current tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State::new(options));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self {
            state,
            url,
            accepting,
        })
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// What was asked so far, oldest first.
    pub fn requests(&self) -> Vec<SeenRequest> {
        lock(&self.state.seen).iter().cloned().collect()
    }

    /// Forgets what was asked so far.
    pub fn clear_requests(&self) {
        lock(&self.state.seen).clear();
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection::serve(stream, Arc::clone(&state)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct State {
    options: Options,
    seen: Mutex<VecDeque<SeenRequest>>,
    /// How often the same request was seen: request ids do not depend on the order of others.
    repeats: Mutex<HashMap<String, u64>>,
}

/// A request that is signed and understood so far.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) scene: Scene,
    pub(crate) parameters: &'a [(String, String)],
    pub(crate) page_rows: usize,
    pub(crate) tokens: Tokens,
}

impl Call<'_> {
    pub(crate) fn place(&self, query: &Query) -> Result<Place, Failure> {
        match query.single.get("NextToken") {
            Some(token) => self.tokens.read(token),
            None => Ok(Place::default()),
        }
    }
}

impl State {
    fn new(options: Options) -> Self {
        Self {
            options,
            seen: Mutex::default(),
            repeats: Mutex::default(),
        }
    }

    pub(crate) fn answer(&self, request: &Request) -> Answer {
        let now = (self.options.now)();
        let form = match (request.method.as_str(), request.target.split_once('?')) {
            ("GET", Some((_, form))) => form.as_bytes(),
            _ => &request.body,
        };
        let decoded = query::decode(form);
        let parameters = decoded.as_deref().unwrap_or_default();
        let region = auth::region(request).unwrap_or_default();
        let action = parameters
            .iter()
            .find(|(name, _)| name == "Action")
            .map_or("", |(_, value)| value);
        let request_id = self.request_id(region, parameters);
        let result = decoded
            .clone()
            .and_then(|parameters| self.run(request, &parameters, now));
        let (status, body) = match &result {
            Ok((fields, _)) => (200, envelope::success(action, &request_id, fields.clone())),
            Err(failure) => (failure.status, envelope::failure(failure, &request_id)),
        };
        self.remember(SeenRequest {
            action: action.to_owned(),
            region: region.to_owned(),
            parameters: parameters
                .iter()
                .filter(|(name, _)| name != "Action" && name != "Version")
                .cloned()
                .collect(),
            page: 1,
            status,
            at: now,
            headers: request.headers.clone(),
        });
        let header = |name: &str, value: String| (name.to_owned(), value);
        Answer {
            status,
            headers: vec![
                header("x-amzn-requestid", request_id),
                header("Content-Type", "text/xml;charset=UTF-8".to_owned()),
                header("Vary", "accept-encoding".to_owned()),
                header("Date", world::http_date(now)),
                header("Server", "AmazonEC2".to_owned()),
            ],
            body: body.into_bytes(),
        }
    }

    fn run(
        &self,
        request: &Request,
        parameters: &[(String, String)],
        now: SystemTime,
    ) -> Result<(crate::element::Fields, Option<Place>), Failure> {
        let account = Account {
            access_key: &self.options.access_key,
            secret_key: &self.options.secret_key,
            session_token: self.options.session_token.as_deref(),
            skew_max: self.options.skew_max,
        };
        auth::check(request, &account, now)?;
        let region = auth::region(request).unwrap_or_default();
        let action = query::action(parameters)?;
        let operation = Operation::find(action)?;
        let scene = Scene::new(self.options.seed, region, self.options.wave_start, now)?;
        let tokens = Tokens::new(self.options.seed, region, action, parameters);
        let call = Call {
            scene,
            parameters,
            page_rows: self.options.page_rows,
            tokens,
        };
        let (fields, next) = operation.page(&call)?;
        let token = next.map(|place| call.tokens.write(place));
        Ok((fields.optional("nextToken", token), next))
    }

    fn request_id(&self, region: &str, parameters: &[(String, String)]) -> String {
        let key = format!("{region}/{parameters:?}");
        let mut repeats = lock(&self.repeats);
        if repeats.len() > REQUESTS_MAX {
            repeats.clear();
        }
        let nth = repeats.entry(key.clone()).or_default();
        *nth += 1;
        Dice::new(self.options.seed, &format!("{key}/{nth}")).uuid()
    }

    fn remember(&self, request: SeenRequest) {
        let mut seen = lock(&self.seen);
        if seen.len() >= REQUESTS_MAX {
            seen.pop_front();
        }
        seen.push_back(request);
    }
}

/// A panic elsewhere does not make the data here wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
