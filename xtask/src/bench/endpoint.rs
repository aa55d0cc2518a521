//! An endpoint that costs next to nothing: its pages are made before it says that it is ready.
//!
//! It runs in its own process, so that nothing of it is in a figure, and checks nothing: it is not for tests.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::pages::Page;
use super::work::Data;

/// A form is a few hundred bytes.
const FORM_BYTES_MAX: usize = 1 << 16;

/// What is served.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Served {
    #[arg(long, value_enum)]
    pub(crate) data: Data,
    #[arg(long)]
    pub(crate) compact: bool,
    /// Rows of a page; even.
    #[arg(long)]
    pub(crate) page_rows: usize,
    /// Pages that are made.
    #[arg(long)]
    pub(crate) pages: usize,
    /// How often the pages are served, each time as further pages of the same listing.
    #[arg(long, default_value_t = 1)]
    pub(crate) rounds: usize,
    /// Milliseconds before each answer.
    #[arg(long, default_value_t = 0)]
    pub(crate) latency_ms: usize,
    /// Megabits a second that a connection carries; 0: as many as it can.
    #[arg(long, default_value_t = 0)]
    pub(crate) megabits: usize,
    /// Compress the pages for a client that accepts it.
    #[arg(long)]
    pub(crate) gzip: bool,
}

impl Served {
    pub(crate) fn times(self, rounds: usize) -> Self {
        Self { rounds, ..self }
    }

    pub(crate) fn rows(&self) -> usize {
        self.page_rows * self.pages * self.rounds
    }

    /// What ends the page with this number, of all rounds.
    fn tail(&self, page: &Page, number: usize) -> String {
        let next = (number + 1 < self.pages * self.rounds).then(|| format!("page-{}", number + 1));
        page.tail(next.as_deref())
    }
}

/// A page as it is sent.
struct Body {
    page: Page,
    /// The whole of it compressed, for the only round.
    packed: Option<Vec<u8>>,
}

/// An endpoint in a process of its own, which ends when this is dropped.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    /// The bytes of all bodies, each page once, as a client that accepts all receives them.
    pub(crate) bytes: u64,
    process: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// What the endpoint saw of a client that asks for one page after the other.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// From the first request to the last byte of the last answer.
    pub(crate) span_s: f64,
    #[serde(skip)]
    begun: Option<Instant>,
}

impl Endpoint {
    pub(crate) fn start(served: Served) -> Result<Self, String> {
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(this);
        command.args(["bench-endpoint", "--data", served.data.name()]);
        for (name, value) in [
            ("--page-rows", served.page_rows),
            ("--pages", served.pages),
            ("--rounds", served.rounds),
            ("--latency-ms", served.latency_ms),
            ("--megabits", served.megabits),
        ] {
            command.args([name, &value.to_string()]);
        }
        for (name, wanted) in [("--compact", served.compact), ("--gzip", served.gzip)] {
            command.args(wanted.then_some(name));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("the endpoint does not start: {error}"))?;
        let stdin = process.stdin.take();
        let mut stdout = BufReader::new(process.stdout.take().ok_or("the endpoint has no output")?);
        let mut line = String::new();
        stdout.read_line(&mut line).map_err(|error| error.to_string())?;
        let (url, bytes) = line.trim().split_once(' ').ok_or("the endpoint does not start")?;
        let bytes = bytes.parse().map_err(|_| format!("the endpoint says {line:?}"))?;
        Ok(Self { url: url.to_owned(), bytes, process, stdin, stdout })
    }

    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(crate) fn megabytes(&self) -> f64 {
        self.bytes as f64 / 1e6
    }

    /// Ends it, and gives what it saw.
    pub(crate) fn end(mut self) -> Result<Seen, String> {
        drop(self.stdin.take());
        let mut line = String::new();
        self.stdout.read_line(&mut line).map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|error| format!("the endpoint says {line:?}: {error}"))
    }
}

impl Seen {
    fn request(&mut self, at: Instant) {
        self.begun.get_or_insert(at);
    }

    fn answer(&mut self, at: Instant) {
        self.span_s = self.begun.map_or(0.0, |begun| at.duration_since(begun).as_secs_f64());
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.stdin.take());
        let _ = self.process.wait();
    }
}

/// Makes the pages, says `url bytes` on standard output, and serves until standard input ends.
pub(crate) fn serve(served: Served) -> Result<String, String> {
    let make = |number| {
        let page = Page::new(served.data.work(), !served.compact, number, served.page_rows);
        let packed = if served.gzip { Some(pack(&page, &served.tail(&page, number))?) } else { None };
        Ok(Body { page, packed })
    };
    let pages = (0..served.pages).map(make).collect::<io::Result<Arc<[Body]>>>().map_err(|error| error.to_string())?;
    let bytes: usize = pages.iter().map(|body| body.packed.as_ref().map_or(body.page.text.len(), Vec::len)).sum();
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("http://{address} {bytes}");
    io::stdout().flush().map_err(|error| error.to_string())?;
    let seen = Arc::<Mutex<Seen>>::default();
    let log = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (pages, seen) = (Arc::clone(&pages), Arc::clone(&log));
            // A client that goes away is none of the endpoint's business.
            std::thread::spawn(move || answer(stream, &pages, served, &seen).ok());
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink()).map_err(|error| error.to_string())?;
    let seen = *seen.lock().unwrap_or_else(PoisonError::into_inner);
    serde_json::to_string(&seen).map_err(|error| error.to_string())
}

fn answer(mut stream: TcpStream, pages: &[Body], served: Served, seen: &Mutex<Seen>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let latency = Duration::from_millis(u64::try_from(served.latency_ms).unwrap_or_default());
    while let Some(Asked { form, accepts_gzip }) = read_request(&mut requests)? {
        seen.lock().unwrap_or_else(PoisonError::into_inner).request(Instant::now());
        let token = form.split('&').find_map(|field| field.strip_prefix("NextToken=page-"));
        let number = token.and_then(|number| number.parse().ok()).unwrap_or(0_usize);
        let Some(body) = pages.get(number % pages.len()) else { return Ok(()) };
        let tail = served.tail(&body.page, number);
        let (encoding, parts) = match &body.packed {
            Some(packed) if accepts_gzip => ("content-encoding: gzip\r\n", [packed.as_slice(), &[]]),
            _ => ("", [body.page.text.as_bytes(), tail.as_bytes()]),
        };
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        std::thread::sleep(latency);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/xml;charset=UTF-8\r\n{encoding}content-length: {length}\r\n\r\n"
        );
        for part in [head.as_bytes(), parts[0], parts[1]] {
            send(&mut stream, part, served.megabits)?;
        }
        seen.lock().unwrap_or_else(PoisonError::into_inner).answer(Instant::now());
    }
    Ok(())
}

/// Writes no faster than the link would be.
fn send(stream: &mut TcpStream, bytes: &[u8], megabits: usize) -> io::Result<()> {
    const CHUNK_BYTES: usize = 16 << 10;
    if megabits == 0 {
        return stream.write_all(bytes);
    }
    let mut due = Instant::now();
    for chunk in bytes.chunks(CHUNK_BYTES) {
        stream.write_all(chunk)?;
        due += Duration::from_micros(u64::try_from(chunk.len() * 8 / megabits).unwrap_or_default());
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

fn pack(page: &Page, tail: &str) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(vec![], Compression::default());
    encoder.write_all(page.text.as_bytes())?;
    encoder.write_all(tail.as_bytes())?;
    encoder.finish()
}

struct Asked {
    form: String,
    accepts_gzip: bool,
}

/// The next request; None when the client is done.
fn read_request(requests: &mut BufReader<TcpStream>) -> io::Result<Option<Asked>> {
    let mut length = 0;
    let mut accepts_gzip = false;
    loop {
        let mut line = String::new();
        if requests.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        accepts_gzip |= line.strip_prefix("accept-encoding:").is_some_and(|names| names.contains("gzip"));
        if line.is_empty() {
            break;
        }
    }
    let mut form = vec![0; length.min(FORM_BYTES_MAX)];
    requests.read_exact(&mut form)?;
    Ok(Some(Asked { form: String::from_utf8_lossy(&form).into_owned(), accepts_gzip }))
}
