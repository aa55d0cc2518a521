//! From a request to what is sent back.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::auth::{self, Account};
use crate::dice::Dice;
use crate::element::Fields;
use crate::envelope::{self, Failure, XML};
use crate::fake::{Options, SeenRequest};
use crate::fault::{Command, Facts, Rules, TokenFault, What, command};
use crate::http::{Answer, Request};
use crate::operations::Operation;
use crate::page::{Place, Tokens};
use crate::query::{self, Query};
use crate::sending::Sending;
use crate::world::{self, Scene};

/// The log keeps this many requests; older ones are forgotten.
const REQUESTS_MAX: usize = 100_000;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Service {
    options: Options,
    /// How far the script has moved the clock.
    clock_ms: AtomicI64,
    rules: Mutex<Rules>,
    seen: Mutex<VecDeque<SeenRequest>>,
    /// How often the same request was seen: request ids do not depend on the order of others.
    repeats: Mutex<HashMap<String, u64>>,
    /// Texts that a fault gave out in the place of tokens.
    aliases: Mutex<HashMap<String, String>>,
}

/// What a request says.
#[derive(Debug)]
struct Received {
    action: String,
    region: String,
    /// The parameters as they came.
    sent: Vec<(String, String)>,
    /// The same, with the right token for one that a fault gave out.
    parameters: Vec<(String, String)>,
    tokens: Tokens,
    /// 0: the token is not one of ours.
    page: usize,
    request_id: String,
    now: SystemTime,
}

/// What an operation is to answer.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) scene: Scene,
    pub(crate) parameters: &'a [(String, String)],
    pub(crate) page_rows: usize,
    pub(crate) token_fault: Option<&'a TokenFault>,
    tokens: &'a Tokens,
}

impl Call<'_> {
    pub(crate) fn place(&self, query: &Query) -> Result<Place, Failure> {
        match query.single.get("NextToken") {
            Some(token) => self.tokens.read(token),
            None => Ok(Place::default()),
        }
    }
}

impl Service {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            rules: Mutex::new(Rules::new(options.buckets)),
            options,
            clock_ms: AtomicI64::new(0),
            seen: Mutex::default(),
            repeats: Mutex::default(),
            aliases: Mutex::default(),
        }
    }

    pub(crate) fn script(&self, line: &str) -> Result<(), String> {
        match command(line)? {
            Command::Nothing => {}
            Command::Clear => *lock(&self.rules) = Rules::new(self.options.buckets),
            Command::Clock { ms } => {
                self.clock_ms.fetch_add(ms, Ordering::Relaxed);
            }
            Command::Fault(rule) => lock(&self.rules).add(rule),
        }
        Ok(())
    }

    pub(crate) fn seen(&self) -> Vec<SeenRequest> {
        lock(&self.seen).iter().cloned().collect()
    }

    pub(crate) fn forget(&self) {
        lock(&self.seen).clear();
    }

    /// What is sent back, and how.
    pub(crate) fn respond(&self, request: &Request) -> Sending {
        let decoded = query::decode(&request.body);
        let broken = decoded.as_ref().err().cloned();
        let received = self.receive(request, decoded.unwrap_or_default());
        let refusal = self.authenticate(request, received.now).err().or(broken);
        let what = match refusal {
            Some(_) => None,
            None => lock(&self.rules).hit(received.facts()),
        };
        let answer = match (refusal, &what) {
            (Some(failure), _) => received.refuse(&failure),
            (None, what) => self.answer(&received, what.as_ref()),
        };
        self.remember(request, received, answer.status);
        match what {
            Some(What::Delivery(delivery)) => Sending::faulty(&answer, &delivery),
            Some(What::Raw(bytes)) => Sending::raw(bytes),
            _ => Sending::right(&answer),
        }
    }

    fn receive(&self, request: &Request, sent: Vec<(String, String)>) -> Received {
        let mut parameters = sent.clone();
        let token = parameters.iter_mut().find(|(name, _)| name == "NextToken");
        if let Some((_, token)) = token
            && let Some(real) = lock(&self.aliases).get(token)
        {
            token.clone_from(real);
        }
        let value = |wanted: &str| parameters.iter().find(|(name, _)| name == wanted);
        let region = auth::region(request).unwrap_or_default().to_owned();
        let action = value("Action").map_or("", |(_, action)| action).to_owned();
        let tokens = Tokens::new(self.options.seed, &region, &action, &parameters);
        let page = value("NextToken").map_or(Ok(Place::default()), |(_, token)| tokens.read(token));
        let request_id = self.request_id(&format!("{region}/{parameters:?}"));
        let page = page.map_or(0, |place| place.page);
        Received { action, region, sent, parameters, tokens, page, request_id, now: self.now() }
    }

    fn authenticate(&self, request: &Request, now: SystemTime) -> Result<(), Failure> {
        let account = Account {
            access_key: &self.options.access_key,
            secret_key: &self.options.secret_key,
            session_token: self.options.session_token.as_deref(),
            skew_max: self.options.skew_max,
        };
        auth::check(request, &account, now)
    }

    /// The answer to a request that is signed, with whatever a fault makes of it.
    fn answer(&self, received: &Received, what: Option<&What>) -> Answer {
        match what {
            Some(What::Error { failure, headers }) => received.refuse(failure).with(headers),
            Some(What::Body(other)) => {
                received.answer(other.status, other.content_type, other.body.clone()).with(&other.headers)
            }
            Some(What::Token(fault)) => self.rows(received, Some(fault)),
            _ => self.rows(received, None),
        }
    }

    fn rows(&self, received: &Received, token_fault: Option<&TokenFault>) -> Answer {
        match self.run(received, token_fault) {
            Ok(fields) => {
                let body = envelope::success(&received.action, &received.request_id, fields);
                received.answer(200, XML, body.into_bytes())
            }
            Err(failure) => received.refuse(&failure),
        }
    }

    fn run(&self, received: &Received, token_fault: Option<&TokenFault>) -> Result<Fields, Failure> {
        let action = query::action(&received.parameters)?;
        let operation = Operation::find(action)?;
        let Options { seed, wave_start, page_rows, .. } = self.options;
        let call = Call {
            scene: Scene::new(seed, &received.region, wave_start, received.now)?,
            parameters: &received.parameters,
            page_rows,
            token_fault,
            tokens: &received.tokens,
        };
        let (fields, next) = operation.page(&call)?;
        let token = next.map(|place| received.tokens.write(place));
        Ok(fields.optional("nextToken", self.disguise(token, received.page, token_fault)))
    }

    fn disguise(&self, token: Option<String>, page: usize, fault: Option<&TokenFault>) -> Option<String> {
        match (token, fault) {
            (Some(token), Some(TokenFault::Is(text))) if page == 1 => {
                lock(&self.aliases).insert(text.clone(), token);
                Some(text.clone())
            }
            (None, Some(TokenFault::EmptyLast)) => Some(String::new()),
            (token, _) => token,
        }
    }

    fn now(&self) -> SystemTime {
        let ms = self.clock_ms.load(Ordering::Relaxed);
        let by = Duration::from_millis(ms.unsigned_abs());
        let now = (self.options.now)();
        if ms < 0 { now - by } else { now + by }
    }

    fn request_id(&self, request: &str) -> String {
        let mut repeats = lock(&self.repeats);
        if repeats.len() > REQUESTS_MAX {
            repeats.clear();
        }
        let nth = repeats.entry(request.to_owned()).or_default();
        *nth += 1;
        Dice::new(self.options.seed, &format!("{request}/{nth}")).uuid()
    }

    fn remember(&self, request: &Request, received: Received, status: u16) {
        let mut seen = lock(&self.seen);
        if seen.len() >= REQUESTS_MAX {
            seen.pop_front();
        }
        let mut parameters = received.sent;
        parameters.retain(|(name, _)| name != "Action" && name != "Version");
        seen.push_back(SeenRequest {
            action: received.action,
            region: received.region,
            parameters,
            page: received.page,
            request_id: received.request_id,
            status,
            at: received.now,
            headers: request.headers.clone(),
        });
    }
}

impl Received {
    fn facts(&self) -> Facts<'_> {
        let since = self.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Facts {
            operation: &self.action,
            region: &self.region,
            page: self.page,
            // All that an unfiltered and unpaged request may have is in this list.
            plain: self.parameters.iter().all(|(name, _)| matches!(name.as_str(), "Action" | "Version" | "DryRun")),
            now_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn refuse(&self, failure: &Failure) -> Answer {
        let body = envelope::failure(failure, &self.request_id);
        self.answer(failure.status, XML, body.into_bytes())
    }

    fn answer(&self, status: u16, content_type: &str, body: Vec<u8>) -> Answer {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![
            header("x-amzn-requestid", &self.request_id),
            header("Content-Type", content_type),
            header("Vary", "accept-encoding"),
            header("Date", &world::http_date(self.now)),
            header("Server", "AmazonEC2"),
        ];
        Answer { status, headers, body }
    }
}

/// A panic elsewhere does not make the data here wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
