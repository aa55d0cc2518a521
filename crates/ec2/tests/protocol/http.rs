//! The transport against a server that breaks the rules of HTTP.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use ec2ql_ec2::{
    Client, Config, Decode, Document, Endpoints, Error, Gzip, Http, HttpConfig, Kind, Limits, Pages, Response, Retry,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Reply, Server, chunked, until_close, with_length};
use crate::support::{call, chain, config, page};

/// Sets one time limit.
type Change = fn(&mut HttpConfig, Duration);

/// Reads nothing itself: the rest of the document is checked all the same.
struct Nothing;

impl Decode for Nothing {
    type Output = ();

    fn decode(&mut self, _document: &mut Document<'_>) -> Result<(), Error> {
        Ok(())
    }
}

fn http(change: impl FnOnce(&mut HttpConfig)) -> Arc<Http> {
    let mut config = HttpConfig { system_proxy: false, ..HttpConfig::default() };
    change(&mut config);
    Arc::new(Http::new(config).unwrap())
}

fn client_with(url: &str, attempts_max: u32, limits: Limits, http: Arc<Http>) -> Client {
    let endpoints = Endpoints { custom: Some(url.parse().unwrap()), ..Endpoints::default() };
    Client::new(Config { endpoints, retry: Retry { attempts_max }, limits, ..config(http) }).unwrap()
}

fn client(url: &str, attempts_max: u32) -> Client {
    client_with(url, attempts_max, Limits::default(), http(|_| {}))
}

/// One page, decoded.
async fn read(client: &Client) -> Result<(), Error> {
    Pages::new(client.clone(), call(Vec::new()), Nothing, false).next().await.unwrap().map(|_| ())
}

async fn ask(reply: Reply) -> (Result<Response, Error>, Server) {
    let server = Server::start(move |_, _| reply.clone()).await;
    let result = client(&server.url(), 3).call(&call(Vec::new())).await;
    (result, server)
}

/// The error of a reply that is given for ever, and how often it was asked for.
async fn failure(reply: Reply) -> (Kind, usize) {
    let (result, server) = ask(reply).await;
    (result.unwrap_err().kind(), server.requests().len())
}

#[tokio::test]
async fn a_request_is_a_signed_post_on_a_kept_connection() {
    let server = Server::start(|_, _| Reply::Keep(with_length("200 OK", &page(1, "")))).await;
    let client = client(&server.url(), 1);
    for _ in 0..3 {
        read(&client).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!((requests.len(), server.connections()), (3, 1));
    assert!(requests[0].starts_with("POST / HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].ends_with("\r\n\r\nAction=DescribeImages&Version=2016-11-15"), "{}", requests[0]);
    for header in [
        "content-type: application/x-www-form-urlencoded; charset=utf-8\r\n".to_owned(),
        format!("host: {}\r\n", server.address),
        "user-agent: test\r\n".to_owned(),
        "amz-sdk-request: attempt=1; max=1\r\n".to_owned(),
        "x-amz-date: 20251124T160000Z\r\n".to_owned(),
        "SignedHeaders=content-type;host;x-amz-date, Signature=".to_owned(),
    ] {
        assert!(requests[0].contains(&header), "{header} in {}", requests[0]);
    }
    assert!(!requests[0].contains("accept-encoding") && !requests[0].contains("x-amz-content-sha256"));
}

/// H04, N08: no cut of an answer, wherever it is and however it is framed, is taken for the whole.
#[tokio::test]
async fn h04_an_answer_cut_at_any_byte_is_an_error() {
    let body = page(3, "token");
    let framings: [(&str, Vec<u8>); 3] = [
        ("content-length", with_length("200 OK", &body)),
        ("chunked", chunked(&body)),
        ("close-delimited", until_close(&body)),
    ];
    for (framing, whole) in framings {
        let cuts = whole.clone();
        let server = Server::start(move |n, _| Reply::Close(cuts[..n].to_vec())).await;
        let client = client(&server.url(), 1);
        for length in 0..whole.len() {
            let kind = read(&client).await.unwrap_err().kind();
            assert!(matches!(kind, Kind::Transport | Kind::Document | Kind::Protocol), "{framing} {length}: {kind:?}");
        }
        read(&client).await.unwrap();
        assert_eq!(server.requests().len(), whole.len() + 1, "one request per cut");
    }
}

#[tokio::test]
async fn h01_a_short_body_is_asked_for_again() {
    let body = page(1, "");
    let short = |body: &str| {
        let mut bytes = with_length("200 OK", body);
        bytes.truncate(bytes.len() - 1);
        Reply::Close(bytes)
    };
    assert_eq!(failure(short(&body)).await, (Kind::Transport, 3));
    let whole = with_length("200 OK", &body);
    let server = Server::start(move |n, _| if n < 2 { short(&body) } else { Reply::Keep(whole.clone()) }).await;
    let response = client(&server.url(), 3).call(&call(Vec::new())).await.unwrap();
    assert_eq!((response.attempts, response.throttles), (3, 0));
}

#[tokio::test]
async fn h02_a_body_longer_than_announced_is_no_page_and_spoils_no_other() {
    let server = Server::start(|n, _| {
        let body = page(1, "");
        let announced = if n == 0 { body.len() - 4 } else { body.len() };
        Reply::Keep(format!("HTTP/1.1 200 OK\r\ncontent-length: {announced}\r\n\r\n{body}").into_bytes())
    })
    .await;
    let client = client(&server.url(), 3);
    assert_eq!(read(&client).await.unwrap_err().kind(), Kind::Document);
    read(&client).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn h03_broken_chunks_are_errors() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for chunks in [
        "5\r\nhello\r\n",
        "zz\r\nhello\r\n0\r\n\r\n",
        "8000000000000000\r\nx",
        "FFFFFFFFFFFFFFFFFF\r\nx",
        "-5\r\nhello\r\n0\r\n\r\n",
    ] {
        let (kind, _) = failure(Reply::Close(format!("{head}{chunks}").into_bytes())).await;
        assert!(matches!(kind, Kind::Transport | Kind::Protocol), "{chunks}: {kind:?}");
    }
    let body = page(1, "");
    let trailers = format!("{head}{:x}\r\n{body}\r\n0\r\nx-trailer: 1\r\n\r\n", body.len());
    assert!(ask(Reply::Keep(trailers.into_bytes())).await.0.is_ok());
}

#[tokio::test]
async fn h05_a_length_stated_twice_is_refused() {
    let body = page(1, "");
    let length = body.len();
    for headers in [
        format!("content-length: {length}\r\ncontent-length: {length}"),
        format!("content-length: {length}\r\ncontent-length: 3"),
        format!("content-length: {length}, {length}"),
        "content-length: -1".to_owned(),
        "content-length: x".to_owned(),
        format!("content-length: {length}\r\ntransfer-encoding: chunked"),
    ] {
        let reply = format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n");
        let (kind, _) = failure(Reply::Close(reply.into_bytes())).await;
        assert!(matches!(kind, Kind::Protocol | Kind::Transport), "{headers}: {kind:?}");
    }
}

#[tokio::test]
async fn h08_a_redirect_is_not_followed() {
    let elsewhere = Server::start(|_, _| Reply::Keep(with_length("200 OK", &page(1, "")))).await;
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let reply = format!("HTTP/1.1 {status}\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url());
        assert_eq!(failure(Reply::Keep(reply.into_bytes())).await, (Kind::Protocol, 1));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn h11_h12_broken_heads_are_errors() {
    let many = "x: y\r\n".repeat(10_000);
    let long = "y".repeat(10 << 20);
    for head in [
        format!("HTTP/1.1 200 OK\r\n{many}content-length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nx: {long}\r\ncontent-length: 0\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nx\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "<html></html>\r\n\r\n".to_owned(),
        "HTTP/2 200\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ] {
        let (kind, requests) = failure(Reply::Close(head.clone().into_bytes())).await;
        assert_eq!((kind, requests), (Kind::Protocol, 1), "{:?}", head.get(..40));
    }
    let server = Server::start(|_, _| Reply::Endless(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100))).await;
    let http = http(|config| config.first_byte = Duration::from_millis(100));
    let error = client_with(&server.url(), 1, Limits::default(), http).call(&call(Vec::new())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
}

/// An answer in gzip, with a header that says so.
fn gzipped(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoded(encoding, &encoder.finish().unwrap())
}

fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn h13_what_was_not_asked_for_is_not_decoded() {
    for (encoding, gzip) in
        [("gzip", Gzip::Remote), ("gzip", Gzip::Never), ("br", Gzip::Always), ("gzip, gzip", Gzip::Always)]
    {
        let reply = gzipped(encoding, page(1, "").as_bytes());
        let server = Server::start(move |_, _| Reply::Keep(reply.clone())).await;
        let client = client(&server.url(), 3).with_gzip(gzip);
        assert_eq!(read(&client).await.unwrap_err().kind(), Kind::Protocol, "{encoding} {gzip:?}");
        assert_eq!(server.requests().len(), 1);
        let asked = server.requests()[0].contains("accept-encoding: gzip\r\n");
        assert_eq!(asked, gzip == Gzip::Always);
    }
}

#[tokio::test]
async fn h13_gzip_is_decoded_within_bounds_where_it_was_asked_for() {
    let limits = Limits { page_bytes_max: 100_000, ..Limits::default() };
    let with_limits = |server: &Server| client_with(&server.url(), 2, limits, http(|_| {})).with_gzip(Gzip::Always);
    let (fits, longer) = (page(2_000, ""), page(3_000, ""));
    assert!(fits.len() < 100_000 && longer.len() > 100_000);
    for (reply, expected) in [
        (gzipped("gzip", fits.as_bytes()), None),
        (encoded("identity", fits.as_bytes()), None),
        (gzipped("gzip", longer.as_bytes()), Some((Kind::TooLarge, 1))),
        (gzipped("gzip", &vec![b' '; 1 << 24]), Some((Kind::TooLarge, 1))),
        (encoded("gzip", b"\x1f\x8b\x08\x00"), Some((Kind::Transport, 2))),
        (encoded("gzip", fits.as_bytes()), Some((Kind::Transport, 2))),
    ] {
        let server = Server::start(move |_, _| Reply::Keep(reply.clone())).await;
        let error = read(&with_limits(&server)).await.err();
        assert_eq!(error.as_ref().map(|error| (error.kind(), error.attempts())), expected, "{error:?}");
        // It is the connection's own: a proxy may take it away, and the signature still holds.
        let request = &server.requests()[0];
        assert!(request.contains("accept-encoding: gzip\r\n") && !request.contains("accept-encoding;"), "{request}");
    }
}

#[tokio::test]
async fn h15_a_body_is_bounded_while_it_arrives() {
    let limits = Limits { page_bytes_max: 10_000, ..Limits::default() };
    let many = vec![b'x'; 4_096];
    let chunk = [b"1000\r\n".as_slice(), &many, b"\r\n"].concat();
    for (head, again) in [
        ("transfer-encoding: chunked", chunk),
        ("connection: close", many.clone()),
        ("content-length: 99999999999999", many.clone()),
        ("content-length: 10001", many),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").into_bytes();
        let server = Server::start(move |_, _| Reply::Endless(head.clone(), again.clone())).await;
        let error = client_with(&server.url(), 3, limits, http(|_| {})).call(&call(Vec::new())).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (Kind::TooLarge, 1));
    }
    let exact = "x".repeat(10_000);
    let server = Server::start(move |_, _| Reply::Keep(with_length("200 OK", &exact))).await;
    assert!(client_with(&server.url(), 1, limits, http(|_| {})).call(&call(Vec::new())).await.is_ok());
}

#[tokio::test]
async fn h17_after_another_requests_answer_comes_another_connection() {
    let (other, right) = (page(1, "").replace("DescribeImages", "DescribeVolumes"), page(1, ""));
    let server =
        Server::start(move |n, _| Reply::Keep(with_length("200 OK", if n == 1 { &other } else { &right }))).await;
    let client = client(&server.url(), 3);
    read(&client).await.unwrap();
    assert_eq!(read(&client).await.unwrap_err().kind(), Kind::Document);
    assert_eq!(server.connections(), 1);
    read(&client).await.unwrap();
    assert_eq!((server.connections(), server.requests().len()), (2, 3));
}

#[tokio::test]
async fn n01_a_refused_connection_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url, 3).call(&call(Vec::new())).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (Kind::Connect, 3, true));
    assert!(!chain(&error).contains(&url), "{}", chain(&error));
}

#[tokio::test]
async fn n06_n07_n09_resets_and_closed_connections_are_tried_again() {
    let whole = with_length("200 OK", &page(1, ""));
    for length in [0, 5, 60, whole.len() - 10] {
        for close in [Reply::Reset, Reply::Close] {
            let (cut, good) = (whole[..length].to_vec(), whole.clone());
            let server =
                Server::start(move |n, _| if n == 0 { close(cut.clone()) } else { Reply::Keep(good.clone()) }).await;
            let response = client(&server.url(), 3).call(&call(Vec::new())).await.unwrap();
            assert_eq!(response.attempts, 2, "cut at byte {length}");
        }
    }
    let server = Server::start(move |_, _| Reply::Close(whole.clone())).await;
    let client = client(&server.url(), 3);
    for _ in 0..20 {
        assert!(client.call(&call(Vec::new())).await.unwrap().attempts <= 2);
    }
}

#[tokio::test]
async fn n12_n13_silence_is_bounded() {
    let soon = Duration::from_millis(50);
    let cases: [(&[u8], Change); 3] = [
        (b"", |config, soon| config.first_byte = soon),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx", |config, soon| config.idle = soon),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx", |config, soon| config.attempt = soon),
    ];
    for (bytes, change) in cases {
        let server = Server::start(move |_, _| Reply::Hang(bytes.to_vec())).await;
        let http = http(|config| change(config, soon));
        let error = client_with(&server.url(), 2, Limits::default(), http).call(&call(Vec::new())).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (Kind::Timeout, 2, true));
    }
    let server = Server::start(|_, _| Reply::Hang(Vec::new())).await;
    let limits = Limits { region_idle: soon, ..Limits::default() };
    let error = client_with(&server.url(), 1, limits, http(|_| {})).call(&call(Vec::new())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
}

#[tokio::test]
async fn n16_what_is_no_tls_is_not_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 1]).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        while stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {}
    });
    let error = client(&url, 3).call(&call(Vec::new())).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (Kind::Tls, 1, false), "{}", chain(&error));
    server.await.unwrap();
}

#[test]
fn a_ca_bundle_is_checked_at_once() {
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let config = HttpConfig { ca_bundle_pem: Some(pem.as_bytes().to_vec()), ..HttpConfig::default() };
        assert_eq!(Http::new(config).unwrap_err().kind(), Kind::Endpoint, "{pem}");
    }
}
