//! The endpoint as others see it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::connection;
use crate::service::Service;
use crate::world;

/// What the endpoint is, and for whom. The default is the demo.
#[derive(Clone)]
pub struct Options {
    /// Where to listen on 127.0.0.1; 0 takes a free port.
    pub port: u16,
    /// Decides ids, sizes and times.
    pub seed: u64,
    /// The clock. The demo's begins 165 minutes after the wave and runs.
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
    /// Whether requests are throttled as EC2 does, from the start.
    pub buckets: bool,
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
            buckets: false,
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
    /// What the answer was called.
    pub request_id: String,
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
    service: Arc<Service>,
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
        let service = Arc::new(Service::new(options));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&service)));
        Ok(Self { service, url, accepting })
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Runs one line of the script; see the crate's documentation.
    ///
    /// # Errors
    /// Says which word of the line is wrong.
    pub fn script(&self, line: &str) -> Result<(), String> {
        self.service.script(line)
    }

    /// What was asked so far, oldest first.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.service.seen()
    }

    /// Forgets what was asked so far.
    pub fn clear_requests(&self) {
        self.service.forget();
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, service: Arc<Service>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection::serve(stream, Arc::clone(&service)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
