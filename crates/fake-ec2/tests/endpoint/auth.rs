//! Signatures.

use std::time::Duration;

use fake_ec2::{Fake, Options};

use crate::client::{Client, Received, exchange, form, start, still};

async fn outcome(client: &Client) -> (u16, String) {
    let received = client.ask("DescribeRegions", &[]).await;
    (received.status, if received.status == 200 { String::new() } else { received.code() })
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn keys_and_secrets() {
    let fake = start().await;
    let right = Client::of(&fake);
    assert_eq!(outcome(&right).await, refused(200, ""));
    let key = Client { key: "AKIDEXAMPLE".to_owned(), ..right.clone() };
    assert_eq!(outcome(&key).await, refused(401, "AuthFailure"));
    let secret = Client { secret: "wrong".to_owned(), ..right.clone() };
    assert_eq!(outcome(&secret).await, refused(403, "SignatureDoesNotMatch"));
    let service = Client { service: "s3", ..right.clone() };
    assert_eq!(outcome(&service).await, refused(403, "SignatureDoesNotMatch"));
    let token = Client { token: Some("unexpected".to_owned()), ..right.clone() };
    assert_eq!(outcome(&token).await, refused(401, "AuthFailure"));
    for region in ["ap-east-1", "nowhere-1", ""] {
        let client = Client::at(&fake, region);
        assert_eq!(outcome(&client).await, refused(401, "AuthFailure"), "{region} is not enabled");
    }
}

#[tokio::test]
async fn session_tokens() {
    let fake = Fake::start(Options { session_token: Some("to/ken+==".to_owned()), ..still() }).await.unwrap();
    let with = |token: Option<&str>| Client { token: token.map(str::to_owned), ..Client::of(&fake) };
    assert_eq!(outcome(&with(Some("to/ken+=="))).await, refused(200, ""));
    assert_eq!(outcome(&with(Some("other"))).await, refused(401, "AuthFailure"));
    assert_eq!(outcome(&with(None)).await, refused(401, "AuthFailure"));
}

#[tokio::test]
async fn what_is_signed_cannot_be_changed() {
    let fake = start().await;
    let client = Client::of(&fake);
    let signed = client.signed(&form("DescribeRegions", &[("AllRegions", "true")]));
    let signed = String::from_utf8(signed).unwrap();
    for (from, to) in [
        ("AllRegions=true", "AllRegions=True"),
        ("us-east-1/ec2", "us-west-2/ec2"),
        ("POST / ", "POST /? "),
        ("content-type: application", "content-type: Application"),
        ("Signature=", "Signature=0"),
    ] {
        let changed = signed.replace(from, to);
        let same = changed == signed;
        let received = Received::parse(&exchange(&client.address, changed.as_bytes()).await);
        // An empty query is no query.
        let right = same || to.contains('?');
        assert_eq!(received.status, if right { 200 } else { 403 }, "{from} -> {to}");
    }
    for (from, to, status, code) in [
        ("authorization: AWS4", "x-authorization: AWS4", 403, "MissingAuthenticationToken"),
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", 400, "IncompleteSignature"),
        ("/aws4_request", "", 400, "IncompleteSignature"),
        ("content-type;host;", "content-type;", 400, "IncompleteSignature"),
        (";x-amz-date", "", 400, "IncompleteSignature"),
        ("x-amz-date: 2026", "x-amz-date: 2025", 403, "SignatureDoesNotMatch"),
    ] {
        assert!(signed.contains(from), "{from}");
        let received = Received::parse(&exchange(&client.address, signed.replace(from, to).as_bytes()).await);
        assert_eq!((received.status, received.code()), refused(status, code), "{from} -> {to}");
    }
}

#[tokio::test]
async fn old_and_early_requests() {
    let limit = Duration::from_mins(15);
    let fake = Fake::start(Options { skew_max: Some(limit), ..still() }).await.unwrap();
    let right = Client::of(&fake);
    let second = Duration::from_secs(1);
    for (time, expected) in [
        (right.time - limit, refused(200, "")),
        (right.time + limit, refused(200, "")),
        (right.time - limit - second, refused(400, "RequestExpired")),
        (right.time + limit + second, refused(400, "RequestExpired")),
    ] {
        assert_eq!(outcome(&Client { time, ..right.clone() }).await, expected);
    }
    let fake = start().await;
    let old = Client { time: right.time - 100 * limit, ..Client::of(&fake) };
    assert_eq!(outcome(&old).await, refused(200, ""), "nobody asked for it");
}
