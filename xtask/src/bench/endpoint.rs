//! An endpoint that costs next to nothing: its pages are made before it says that it is ready.
//!
//! It runs in its own process, so that nothing of it is in a figure, and checks nothing: it is not for tests.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

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
}

impl Served {
    pub(crate) fn times(self, rounds: usize) -> Self {
        Self { rounds, ..self }
    }

    pub(crate) fn rows(&self) -> usize {
        self.page_rows * self.pages * self.rounds
    }
}

/// An endpoint in a process of its own, which ends when this is dropped.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    /// The bytes of all bodies, each page once.
    pub(crate) bytes: u64,
    process: Child,
    stdin: Option<ChildStdin>,
}

impl Endpoint {
    pub(crate) fn start(served: Served) -> Result<Self, String> {
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(this);
        command.args(["bench-endpoint", "--data", served.data.name()]);
        for (name, value) in [("--page-rows", served.page_rows), ("--pages", served.pages), ("--rounds", served.rounds)]
        {
            command.args([name, &value.to_string()]);
        }
        command.args(["--latency-ms", &served.latency_ms.to_string()]);
        if served.compact {
            command.arg("--compact");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("the endpoint does not start: {error}"))?;
        let stdin = process.stdin.take();
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        let (url, bytes) = line.trim().split_once(' ').ok_or("the endpoint does not start")?;
        let bytes = bytes.parse().map_err(|_| format!("the endpoint says {line:?}"))?;
        Ok(Self { url: url.to_owned(), bytes, process, stdin })
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
    let make = |number| Page::new(served.data.work(), !served.compact, number, served.page_rows);
    let pages: Arc<[Page]> = (0..served.pages).map(make).collect();
    let bytes: usize = pages.iter().map(|page| page.text.len()).sum();
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("http://{address} {bytes}");
    io::stdout().flush().map_err(|error| error.to_string())?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let pages = Arc::clone(&pages);
            // A client that goes away is none of the endpoint's business.
            std::thread::spawn(move || answer(stream, &pages, served).ok());
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink()).map_err(|error| error.to_string())?;
    Ok(String::new())
}

fn answer(mut stream: TcpStream, pages: &[Page], served: Served) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let count = served.pages * served.rounds;
    let latency = Duration::from_millis(u64::try_from(served.latency_ms).unwrap_or_default());
    while let Some(form) = read_form(&mut requests)? {
        let token = form.split('&').find_map(|field| field.strip_prefix("NextToken=page-"));
        let number = token.and_then(|number| number.parse().ok()).unwrap_or(0_usize);
        let Some(page) = pages.get(number % pages.len()) else { return Ok(()) };
        let next = (number + 1 < count).then(|| format!("page-{}", number + 1));
        let tail = page.tail(next.as_deref());
        let length = page.text.len() + tail.len();
        std::thread::sleep(latency);
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/xml;charset=UTF-8\r\ncontent-length: {length}\r\n\r\n");
        for part in [&head, &page.text, &tail] {
            stream.write_all(part.as_bytes())?;
        }
    }
    Ok(())
}

/// The next request's form; None when the client is done.
fn read_form(requests: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if requests.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    let mut form = vec![0; length.min(FORM_BYTES_MAX)];
    requests.read_exact(&mut form)?;
    Ok(Some(String::from_utf8_lossy(&form).into_owned()))
}
