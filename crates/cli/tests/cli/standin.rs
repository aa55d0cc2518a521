//! An HTTP server on loopback that answers what a test tells it, and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What is answered.
pub(crate) enum Answer {
    Status(u16, &'static str, String),
    /// Nothing, while the client waits.
    Silence,
}

pub(crate) struct StandIn {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    arrivals: Receiver<()>,
}

impl StandIn {
    pub(crate) fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Request>>>::default();
        let (arrived, arrivals) = channel();
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, log, arrived) = (Arc::clone(&answer), Arc::clone(&log), arrived.clone());
                std::thread::spawn(move || serve(stream, &*answer, &log, &arrived));
            }
        });
        Self { url, seen, arrivals }
    }

    /// An EC2 endpoint with two regions, and nothing in them.
    pub(crate) fn ec2() -> Self {
        Self::start(|request| {
            let action = request.parameter("Action");
            let rows = match action.as_str() {
                "DescribeRegions" => {
                    let region = |name| {
                        format!("<item><regionName>{name}</regionName><optInStatus>opted-in</optInStatus></item>")
                    };
                    format!("<regionInfo>{}{}</regionInfo>", region("us-east-1"), region("eu-west-1"))
                }
                _ => String::new(),
            };
            let namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
            let text =
                format!("<{action}Response xmlns=\"{namespace}\"><requestId>r-1</requestId>{rows}</{action}Response>");
            Answer::Status(200, "text/xml", text)
        })
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits for a request.
    pub(crate) fn wait(&self) {
        self.arrivals.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn parameter(&self, name: &str) -> String {
        let pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    /// Access key and region of the signature.
    pub(crate) fn signer(&self) -> (String, String) {
        let credential = self.header("authorization").unwrap().split("Credential=").nth(1).unwrap();
        let mut parts = credential.split('/');
        (parts.next().unwrap().to_owned(), parts.nth(1).unwrap().to_owned())
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&Request) -> Answer, log: &Mutex<Vec<Request>>, arrived: &Sender<()>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let Some(request) = read(&mut reader) else { return };
    log.lock().unwrap().push(request.clone());
    // Nobody may be waiting any more.
    let _ = arrived.send(());
    match answer(&request) {
        Answer::Status(status, content_type, body) => {
            let text = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = (&stream).write_all(text.as_bytes());
        }
        Answer::Silence => {
            // Until the client goes away.
            let _ = reader.read_to_end(&mut Vec::new());
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let mut request = Request { method, path, headers, body: String::new() };
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}
