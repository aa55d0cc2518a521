//! A client that knows HTTP and signatures, and nothing of EC2.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use fake_ec2::{Fake, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The demo, with a clock that stands still.
pub(crate) fn still() -> Options {
    let options = Options::default();
    let now = options.wave_start + Duration::from_mins(165);
    Options { now: Arc::new(move || now), ..options }
}

pub(crate) async fn start() -> Fake {
    Fake::start(still()).await.unwrap()
}

/// Who asks, and where.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) region: String,
    pub(crate) service: &'static str,
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) time: SystemTime,
}

/// An answer as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn of(fake: &Fake) -> Self {
        let options = still();
        Self {
            address: fake.url().replace("http://", ""),
            region: "us-east-1".to_owned(),
            service: "ec2",
            key: options.access_key,
            secret: options.secret_key,
            token: options.session_token,
            time: (options.now)(),
        }
    }

    pub(crate) fn at(fake: &Fake, region: &str) -> Self {
        Self { region: region.to_owned(), ..Self::of(fake) }
    }

    /// Asks for `action` with `parameters`, on a connection of its own.
    pub(crate) async fn ask(&self, action: &str, parameters: &[(&str, &str)]) -> Received {
        let bytes = exchange(&self.address, &self.signed(&form(action, parameters))).await;
        Received::parse(&bytes)
    }

    /// The bytes of a signed request that closes the connection.
    pub(crate) fn signed(&self, body: &str) -> Vec<u8> {
        let identity = Credentials::new(&self.key, &self.secret, self.token.clone(), None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(self.time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = [("host", self.address.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let uri = format!("http://{}/", self.address);
        let signable =
            SignableRequest::new("POST", uri, headers.into_iter(), SignableBody::Bytes(body.as_bytes())).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        let mut request = "POST / HTTP/1.1\r\nconnection: close\r\n".to_owned();
        for (name, value) in headers.into_iter().chain(instructions.headers()) {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        write!(request, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        request.into_bytes()
    }
}

pub(crate) fn form(action: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = format!("Action={action}&Version=2016-11-15");
    for (name, value) in parameters {
        write!(form, "&{name}=").unwrap();
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => form.push(char::from(byte)),
                byte => write!(form, "%{byte:02X}").unwrap(),
            }
        }
    }
    form
}

/// Everything that comes back until the end of the connection, however it ends.
pub(crate) async fn exchange(address: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {}
    bytes
}

impl Received {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let mut received = Self { status, headers, body: body.to_owned() };
        if received.header("transfer-encoding") == Some("chunked") {
            received.body = dechunk(body);
        }
        received
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The text of every element that is called `name`.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let document = roxmltree::Document::parse(&self.body).unwrap();
        let named = document.descendants().filter(|node| node.has_tag_name(name) || node.tag_name().name() == name);
        named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
    }

    pub(crate) fn code(&self) -> String {
        self.texts("Code").concat()
    }

    pub(crate) fn message(&self) -> String {
        self.texts("Message").concat()
    }
}

fn dechunk(body: &str) -> String {
    let mut whole = String::new();
    let mut rest = body;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    whole
}
