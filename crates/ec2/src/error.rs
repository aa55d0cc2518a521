use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// Why a call did not give a page.
///
/// `Display` says this error's own part; [`source`](StdError::source) has the rest. Cloning is cheap.
#[derive(Clone)]
pub struct Error(Box<Inner>);

/// What went wrong, as data: the front end decides from it about codes, hints and exit statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The region is not a name that may be asked.
    Region,
    /// The endpoint settings cannot be used.
    Endpoint,
    /// No usable credentials.
    Credentials,
    /// No connection.
    Connect,
    /// The host name has no address.
    Dns,
    /// The TLS handshake failed.
    Tls,
    /// Too slow: the first byte, the next bytes, or the whole answer.
    Timeout,
    /// The answer was cut, reset or badly framed.
    Transport,
    /// The answer has a status that no answer of EC2 has here: a redirect, HTML, no content.
    Protocol,
    /// The answer arrived whole and is not a complete document of the operation.
    Document,
    /// A bound on size was passed.
    TooLarge,
    /// A page token came a second time.
    TokenLoop,
    /// Too many pages, or too many without a row.
    NoProgress,
    /// EC2 refused because of the request rate, and still did after the retries.
    Throttled,
    /// EC2 does not accept the credentials. A region that the account has not enabled answers the same.
    AuthFailure,
    /// The credentials are fine and may not do this.
    Unauthorized,
    /// The credentials or the request's time stamp have expired, also after one refresh.
    Expired,
    /// Any other error code of EC2.
    Service,
}

#[derive(Debug, Clone)]
struct Inner {
    kind: Kind,
    message: String,
    operation: Option<String>,
    region: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
    status: Option<u16>,
    attempts: u32,
    retryable: bool,
    clock_skew_s: Option<i64>,
    suggestions: Vec<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// What went wrong, as data.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The operation that was called.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// The region that was asked.
    pub fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    /// AWS's error code, such as `UnauthorizedOperation`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// AWS's message, or the reason where the error is not AWS's.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// AWS's request id.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The HTTP status of the last attempt.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How many requests were sent; 0 when none was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same call can succeed later without a change on this side.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// How far this machine's clock is ahead of the endpoint's (negative: behind), in seconds. Only there when EC2
    /// refused the request's time stamp or signature and the answer had a date.
    pub fn clock_skew_s(&self) -> Option<i64> {
        self.0.clock_skew_s
    }

    /// The nearest known names, when a name was refused.
    pub fn suggestions(&self) -> &[String] {
        &self.0.suggestions
    }

    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        let retryable = matches!(kind, Kind::Connect | Kind::Timeout | Kind::Transport | Kind::Throttled);
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            region: None,
            code: None,
            request_id: None,
            status: None,
            attempts: 0,
            retryable,
            clock_skew_s: None,
            suggestions: Vec::new(),
            source: None,
        }))
    }

    /// Adds where it happened, unless that is known already.
    pub(crate) fn at(mut self, operation: &str, region: &str) -> Self {
        self.0.operation.get_or_insert_with(|| operation.to_owned());
        self.0.region.get_or_insert_with(|| region.to_owned());
        self
    }

    pub(crate) fn with_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self.0.retryable |= kind == Kind::Throttled;
        self
    }

    pub(crate) fn of_operation(mut self, operation: &str) -> Self {
        self.0.operation = Some(operation.to_owned());
        self
    }

    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds the request id, unless it is known already or there is none.
    pub(crate) fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        if self.0.request_id.is_none() {
            self.0.request_id = request_id.filter(|id| !id.is_empty()).map(str::to_owned);
        }
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    pub(crate) fn with_clock_skew_s(mut self, skew_s: Option<i64>) -> Self {
        self.0.clock_skew_s = skew_s;
        self
    }

    pub(crate) fn with_suggestions(mut self, suggestions: Vec<String>) -> Self {
        self.0.suggestions = suggestions;
        self
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }
}

impl Error {
    pub(crate) fn with_boxed_source(mut self, source: Box<dyn StdError + Send + Sync>) -> Self {
        self.0.source = Some(Arc::from(source));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.code {
            Some(code) => write!(f, "{code}: {}", self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
