//! Answers that are sent badly, or that are not EC2's; and the log.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, Received, exchange, form, start};

const ACTION: &str = "DescribeAvailabilityZones";

/// The bytes of an answer under a fault.
async fn bytes(fault: &str) -> Vec<u8> {
    let fake = start().await;
    fake.script(fault).unwrap();
    let client = Client::of(&fake);
    exchange(&client.address, &client.signed(&form(ACTION, &[]))).await
}

fn split(bytes: &[u8]) -> (String, Vec<u8>) {
    let text = String::from_utf8_lossy(bytes);
    let end = text.find("\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    (text[..end].to_owned(), bytes[end..].to_vec())
}

#[tokio::test]
async fn cuts() {
    let right = Received::parse(&bytes("clear").await);
    let whole = right.body.len();
    let cut = |n: usize, framing: &'static str| async move { split(&bytes(&format!("fault cut {n} {framing}")).await) };
    for n in [0, 1, 100, whole] {
        let (head, body) = cut(n, "").await;
        assert!(head.contains(&format!("Content-Length: {whole}\r\n")), "{head}");
        assert_eq!(body, right.body.as_bytes()[..n]);
        let (head, body) = cut(n, "framing=close").await;
        assert!(head.contains("Connection: close\r\n") && !head.contains("Content-Length"), "{head}");
        assert_eq!(body, right.body.as_bytes()[..n]);
        let (head, body) = cut(n, "framing=chunked").await;
        assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
        assert_eq!(body, [format!("{whole:x}\r\n").as_bytes(), &right.body.as_bytes()[..n]].concat());
    }
    assert_eq!(cut(7, "framing=headers").await, ("HTTP/1.".to_owned(), Vec::new()));
    assert_eq!(cut(0, "framing=headers").await, (String::new(), Vec::new()));
}

#[tokio::test]
async fn resets_and_stalls_and_drips() {
    let fake = start().await;
    let client = Client::of(&fake);
    let request = client.signed(&form(ACTION, &[]));
    fake.script("fault n=1 reset after=20").unwrap();
    let mut stream = TcpStream::connect(&client.address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut received = Vec::new();
    let error = stream.read_to_end(&mut received).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    fake.script("fault n=1 stall after=20").unwrap();
    let mut stream = TcpStream::connect(&client.address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut first = [0; 20];
    stream.read_exact(&mut first).await.unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200 OK\r\n"));
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut first).await.unwrap(), 0, "and then nothing");
    let right = exchange(&client.address, &request).await;
    fake.script("fault drip 1000 1").unwrap();
    let dripped = exchange(&client.address, &request).await;
    assert_eq!(Received::parse(&dripped).texts("zoneName"), Received::parse(&right).texts("zoneName"));
}

#[tokio::test]
async fn other_answers() {
    let status = |fault: &'static str| async move {
        let received = Received::parse(&bytes(fault).await);
        let kind = received.header("content-type").unwrap_or_default().to_owned();
        (received.status, kind, received.body)
    };
    let (code, kind, body) = status("fault status 500 html").await;
    assert!(code == 500 && kind.starts_with("text/html") && body.starts_with("<!doctype html>"));
    assert_eq!(status("fault status 200 json").await.1, "application/json");
    assert_eq!(status("fault status 204").await.2, "");
    assert_eq!(status("fault xml \"<a>\\u{1f6a2}</a>\"").await.2, "<a>🚢</a>");
    let (code, _, body) = status("fault errors-in-200 Unavailable").await;
    assert!(code == 200 && body.contains("<Code>Unavailable</Code>"));
    let redirect = Received::parse(&bytes("fault redirect http://127.0.0.1:1/ 302").await);
    assert_eq!((redirect.status, redirect.header("location")), (302, Some("http://127.0.0.1:1/")));
    let error = Received::parse(&bytes("fault error 503 SlowDown \"a <b>\" header \"x-amz-retry-after: 300\"").await);
    assert_eq!((error.status, error.code().as_str(), error.message().as_str()), (503, "SlowDown", "a <b>"));
    assert_eq!(error.header("x-amz-retry-after"), Some("300"));
    assert_eq!(bytes("fault raw \"HTTP/1.1 200 OK\\r\\n\\r\\n\\xff\"").await, b"HTTP/1.1 200 OK\r\n\r\n\xff");
}

#[tokio::test]
async fn only_requests_that_are_signed_right_are_hit() {
    let fake = start().await;
    fake.script("fault n=1 xml \"<a/>\"").unwrap();
    let stranger = Client { secret: "wrong".to_owned(), ..Client::of(&fake) };
    assert_eq!(stranger.ask(ACTION, &[]).await.status, 403);
    assert_eq!(Client::of(&fake).ask(ACTION, &[]).await.body, "<a/>");
    assert_ne!(Client::of(&fake).ask(ACTION, &[]).await.body, "<a/>");
}

#[tokio::test]
async fn throttling_follows_the_clock() {
    let fake = start().await;
    fake.script("fault throttle").unwrap();
    let client = Client::of(&fake);
    let mut statuses = Vec::new();
    for _ in 0..102 {
        statuses.push(client.ask(ACTION, &[]).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 100);
    fake.script("clock +50ms").unwrap();
    assert_eq!(client.ask(ACTION, &[]).await.status, 200);
    let refused = client.ask(ACTION, &[]).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "RequestLimitExceeded"));
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let fake = start().await;
    let client = Client::of(&fake);
    let request = client.signed(&form(ACTION, &[]));
    let text = String::from_utf8(request).unwrap();
    let kept = text.replace("connection: close\r\n", "");
    let both = exchange(&client.address, format!("{kept}{text}").as_bytes()).await;
    assert_eq!(String::from_utf8(both).unwrap().matches("HTTP/1.1 200 OK").count(), 2);
    let expecting = text.replace("content-length", "expect: 100-continue\r\ncontent-length");
    let answer = exchange(&client.address, expecting.as_bytes()).await;
    assert!(answer.starts_with(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
    // What is not HTTP, too large, or never ends gets no answer.
    for odd in [
        "garbage\r\n\r\n".to_owned(),
        text.replace("content-length: ", "content-length: 9"),
        "GET / HTTP/1.1\r\na: ".to_owned() + &"b".repeat(70_000),
    ] {
        let mut stream = TcpStream::connect(&client.address).await.unwrap();
        stream.write_all(odd.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _reset = stream.read_to_end(&mut rest).await;
        assert_eq!(rest, b"", "{}", &odd[..20]);
    }
}

#[tokio::test]
async fn the_log() {
    let fake = start().await;
    let client = Client::at(&fake, "eu-west-1");
    client
        .ask(
            "DescribeImportImageTasks",
            &[("MaxResults", "7"), ("Filters.1.Name", "tag:a b"), ("Filters.1.Value.1", "ü")],
        )
        .await;
    client.ask("DescribeNothing", &[]).await;
    let seen = fake.requests();
    assert_eq!(seen.len(), 2);
    let first = &seen[0];
    assert_eq!(
        (first.action.as_str(), first.region.as_str(), first.page),
        ("DescribeImportImageTasks", "eu-west-1", 1)
    );
    let parameters: Vec<_> = first.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(parameters, [("MaxResults", "7"), ("Filters.1.Name", "tag:a b"), ("Filters.1.Value.1", "ü")]);
    assert_eq!((first.status, seen[1].status, first.at), (200, 400, client.time));
    fake.clear_requests();
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_is_dropped_is_gone() {
    let fake = start().await;
    let client = Client::of(&fake);
    let mut idle = TcpStream::connect(&client.address).await.unwrap();
    let kept = String::from_utf8(client.signed(&form(ACTION, &[]))).unwrap().replace("connection: close\r\n", "");
    idle.write_all(kept.as_bytes()).await.unwrap();
    idle.read_exact(&mut [0; 20]).await.unwrap();
    drop(fake);
    let mut rest = Vec::new();
    let _end = idle.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(&client.address).await.is_err());
}

#[test]
fn the_program() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let mut program = Command::new(env!("CARGO_BIN_EXE_fake-ec2"))
        .args(["--now", "2026-11-16T10:45:00Z", "--secret-key", "other", "--page-rows", "3"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("http://127.0.0.1:"));
    let mut say = |line: &str| {
        writeln!(input, "{line}").unwrap();
        lines.next().unwrap().unwrap()
    };
    assert_eq!(say("fault explode"), "error: explode: not a fault");
    assert_eq!(["clear", "requests", "clear-requests"].map(say), ["ok"; 3]);
    drop(input);
    assert!(program.wait().unwrap().success());
    let wrong = Command::new(env!("CARGO_BIN_EXE_fake-ec2")).args(["--now", "noon"]).output().unwrap();
    assert!(!wrong.status.success());
}
