//! Which answers are pages, which errors, and which are asked for again.

use std::sync::Arc;
use std::time::Duration;

use ec2ql_ec2::{Answer, Client, Config, Endpoints, Error, Gzip, Kind, Limits, Response, Retry};

use crate::support::{Always, Script, TestClock, answer, call, client, config, page, refusal};

async fn ask(answers: Vec<Answer>) -> (Result<Response, Error>, Arc<Script>) {
    let script = Script::new(answers);
    (client(script.clone()).call(&call(Vec::new())).await, script)
}

/// The error of an answer that is given for ever, and how often it was asked for.
async fn failure(answer: Answer) -> (Error, usize) {
    let (result, script) = ask(vec![answer]).await;
    (result.unwrap_err(), script.requests())
}

#[tokio::test]
async fn an_error_says_all_that_is_known() {
    let (error, _) = failure(answer(403, refusal("UnauthorizedOperation"))).await;
    assert_eq!(
        (error.kind(), error.code(), error.status()),
        (Kind::Unauthorized, Some("UnauthorizedOperation"), Some(403))
    );
    assert_eq!((error.operation(), error.region()), (Some("DescribeImages"), Some("us-east-1")));
    assert_eq!((error.request_id(), error.attempts(), error.is_retryable()), (Some("r-2"), 1, false));
    assert_eq!(error.to_string(), "UnauthorizedOperation: no");
}

#[tokio::test]
async fn h06_an_error_answer_with_status_200_is_an_error() {
    let (error, requests) = failure(answer(200, refusal("InvalidParameterValue"))).await;
    assert_eq!((error.kind(), error.code(), requests), (Kind::Service, Some("InvalidParameterValue"), 1));
    let (error, requests) = failure(answer(200, refusal("RequestLimitExceeded"))).await;
    assert_eq!((error.kind(), requests), (Kind::Throttled, 3));
}

#[tokio::test]
async fn h16_the_request_id_comes_from_the_body_or_else_from_the_headers() {
    let named = |body: String| Answer { request_id: Some("r-header".to_owned()), ..answer(400, body) };
    let (error, _) = failure(named(refusal("Blocked"))).await;
    assert_eq!(error.request_id(), Some("r-2"));
    let (error, _) = failure(named(refusal("Blocked").replace("r-2", ""))).await;
    assert_eq!(error.request_id(), Some("r-header"));
    let (error, _) = failure(named(String::new())).await;
    assert_eq!(error.request_id(), Some("r-header"));
}

#[tokio::test]
async fn h08_other_good_statuses_and_redirects_are_no_pages() {
    for status in [201, 204, 206, 301, 302, 304, 307, 308] {
        let (error, requests) = failure(answer(status, page(1, ""))).await;
        assert_eq!((error.kind(), error.status(), requests), (Kind::Protocol, Some(status), 1));
    }
}

#[tokio::test]
async fn h09_client_errors_are_classed_by_code_and_only_throttles_asked_again() {
    for (status, code, kind, requests) in [
        (400, "InvalidParameterValue", Kind::Service, 1),
        (400, "Throttling", Kind::Throttled, 3),
        (400, "RequestTimeout", Kind::Service, 3),
        (401, "AuthFailure", Kind::AuthFailure, 1),
        (403, "UnauthorizedOperation", Kind::Unauthorized, 1),
        (404, "InvalidAction", Kind::Service, 1),
        (409, "Conflict", Kind::Service, 1),
        (412, "DryRunOperation", Kind::Service, 1),
        (413, "RequestTooLarge", Kind::Service, 1),
        (429, "Anything", Kind::Throttled, 3),
    ] {
        let (error, sent) = failure(answer(status, refusal(code))).await;
        assert_eq!((error.kind(), error.code(), sent), (kind, Some(code), requests), "{status} {code}");
    }
    for (status, kind, requests) in [
        (400, Kind::Protocol, 1),
        (401, Kind::AuthFailure, 1),
        (403, Kind::Unauthorized, 1),
        (404, Kind::Protocol, 1),
        (407, Kind::Connect, 1),
        (409, Kind::Protocol, 1),
        (413, Kind::Protocol, 1),
        (429, Kind::Throttled, 3),
    ] {
        for body in ["", "<html>no</html>", "{}", "<Response><Errors/></Response>"] {
            let (error, sent) = failure(answer(status, body)).await;
            assert_eq!((error.kind(), error.code(), sent), (kind, None, requests), "{status} {body}");
        }
    }
}

#[tokio::test]
async fn h10_server_errors_are_asked_again_then_an_error() {
    for status in [500, 502, 503, 504] {
        for body in ["", "<!doctype html><title>500</title>", &refusal("InternalError")] {
            let (error, requests) = failure(answer(status, body.to_owned())).await;
            assert_eq!((requests, error.attempts(), error.is_retryable()), (3, 3, true), "{status}");
            let (result, script) = ask(vec![answer(status, body.to_owned()), answer(200, page(1, ""))]).await;
            assert_eq!((result.unwrap().attempts, script.requests()), (2, 2));
        }
    }
    let (error, requests) = failure(answer(501, "")).await;
    assert_eq!((error.kind(), requests), (Kind::Protocol, 1));
}

#[tokio::test]
async fn h14_another_charset_is_refused() {
    let typed = |value: &str| Answer { content_type: Some(value.to_owned()), ..answer(200, page(1, "")) };
    for value in ["text/xml;charset=ISO-8859-1", "text/xml; Charset=\"utf-16\""] {
        assert_eq!(failure(typed(value)).await.0.kind(), Kind::Document, "{value}");
    }
    for value in ["text/xml;charset=UTF-8", "text/xml", "application/octet-stream; x; charset=utf-8"] {
        assert!(ask(vec![typed(value)]).await.0.is_ok(), "{value}");
    }
}

#[tokio::test]
async fn a02_refused_credentials_are_not_tried_again() {
    for code in ["AuthFailure", "SignatureDoesNotMatch", "InvalidClientTokenId"] {
        let (error, requests) = failure(answer(401, refusal(code))).await;
        assert_eq!((error.kind(), error.clock_skew_s(), requests), (Kind::AuthFailure, None, 1), "{code}");
    }
}

#[tokio::test]
async fn a10_a_clock_that_is_off_is_named() {
    let dated = |date: &str, code: &str| Answer { date: Some(date.to_owned()), ..answer(401, refusal(code)) };
    // The test's clock stands at 2025-11-24 16:00:00.
    for (date, skew_s) in [
        ("Mon, 24 Nov 2025 15:00:00 GMT", Some(3_600)),
        ("Mon, 24 Nov 2025 16:10:00 GMT", Some(-600)),
        ("Mon, 24 Nov 2025 15:57:00 GMT", None),
        ("Fri, 01 Jan 9999 00:00:00 GMT", Some(-251_606_764_800)),
        ("soon", None),
        ("", None),
    ] {
        for code in ["AuthFailure", "RequestExpired", "SignatureDoesNotMatch"] {
            assert_eq!(failure(dated(date, code)).await.0.clock_skew_s(), skew_s, "{date} {code}");
        }
        assert_eq!(failure(dated(date, "UnauthorizedOperation")).await.0.clock_skew_s(), None);
    }
}

#[tokio::test]
async fn l01_throttles_are_waited_out() {
    let clock = TestClock::at(0);
    let throttle = || answer(503, refusal("RequestLimitExceeded"));
    let script = Script::new([throttle(), throttle(), answer(200, page(1, ""))]);
    let random = Arc::new(Always(0.5));
    let client = Client::new(Config { clock: clock.clone(), random, ..config(script.clone()) }).unwrap();
    let response = client.call(&call(Vec::new())).await.unwrap();
    assert_eq!((response.attempts, response.throttles, response.elapsed), (3, 2, Duration::from_millis(1_500)));
    assert_eq!(clock.slept_ms(), [500, 1_000]);
}

#[tokio::test]
async fn l02_endless_throttling_ends_and_the_bucket_bounds_the_retries() {
    let clock = TestClock::at(0);
    let script = Script::new([answer(503, refusal("RequestLimitExceeded"))]);
    let client = Client::new(Config { clock: clock.clone(), ..config(script.clone()) }).unwrap();
    let error = client.call(&call(Vec::new())).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (Kind::Throttled, 3, true));
    assert_eq!(clock.slept_ms(), [1_000, 2_000]);
    for _ in 0..199 {
        client.call(&call(Vec::new())).await.unwrap_err();
    }
    // 200 calls, and 100 retries at 5 tokens each out of 500.
    assert_eq!(script.requests(), 300);
    let elsewhere = ec2ql_ec2::Call { region: "eu-west-1".to_owned(), ..call(Vec::new()) };
    client.call(&elsewhere).await.unwrap_err();
    assert_eq!(script.requests(), 303, "another region has a bucket of its own");
}

#[tokio::test]
async fn l04_the_servers_delay_counts_within_bounds() {
    for (value, waits_ms) in [("3000", 3_000), ("0", 50), ("1000000000000", 5_050), ("-1", 50), ("soon", 50)] {
        let clock = TestClock::at(0);
        let slow = Answer { retry_after: Some(value.to_owned()), ..answer(503, "") };
        let script = Script::new([slow, answer(200, page(1, ""))]);
        let client = Client::new(Config { clock: clock.clone(), ..config(script) }).unwrap();
        client.call(&call(Vec::new())).await.unwrap();
        assert_eq!(clock.slept_ms(), [waits_ms], "{value}");
    }
}

#[tokio::test]
async fn retries_end_by_count_and_by_time() {
    let throttle = answer(503, refusal("RequestLimitExceeded"));
    for (attempts_max, requests) in [(1, 1), (2, 2), (5, 5)] {
        let script = Script::new([throttle.clone()]);
        let client = Client::new(Config { retry: Retry { attempts_max }, ..config(script.clone()) }).unwrap();
        client.call(&call(Vec::new())).await.unwrap_err();
        assert_eq!(script.requests(), requests);
    }
    // 1 + 2 + 4 + 8 seconds fit into 30, the next 16 do not.
    let (clock, script) = (TestClock::at(0), Script::new([throttle]));
    let retry = Retry { attempts_max: 1_000 };
    let client = Client::new(Config { clock: clock.clone(), retry, ..config(script.clone()) }).unwrap();
    let error = client.call(&call(Vec::new())).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (Kind::Throttled, 5));
    assert_eq!(clock.slept_ms(), [1_000, 2_000, 4_000, 8_000]);
    let sent = script.sent.lock().unwrap();
    let left: Vec<_> = sent.iter().map(|request| request.timeout.as_secs()).collect();
    assert_eq!(left, [30, 29, 27, 23, 15], "no attempt may outlast the region's time");
}

#[tokio::test]
async fn the_transport_is_told_the_bounds() {
    let script = Script::new([answer(200, page(1, ""))]);
    let limits = Limits { page_bytes_max: 7, region_idle: Duration::from_secs(3), ..Limits::default() };
    let client = Client::new(Config { limits, ..config(script.clone()) }).unwrap();
    client.call(&call(Vec::new())).await.unwrap();
    let sent = script.sent.lock().unwrap();
    assert_eq!((sent[0].answer_bytes_max, sent[0].timeout), (7, Duration::from_secs(3)));
}

#[tokio::test]
async fn compressed_answers_are_wanted_of_other_machines_unless_said_otherwise() {
    let remote = Endpoints::default();
    let local = Endpoints { custom: Some("http://127.0.0.1:1".parse().unwrap()), ..Endpoints::default() };
    for (endpoints, gzip, wanted) in [
        (&remote, Gzip::Remote, true),
        (&remote, Gzip::Never, false),
        (&local, Gzip::Remote, false),
        (&local, Gzip::Always, true),
    ] {
        let script = Script::new([answer(200, page(1, ""))]);
        let config = Config { endpoints: endpoints.clone(), ..config(script.clone()) };
        Client::new(config).unwrap().with_gzip(gzip).call(&call(vec![])).await.unwrap();
        assert_eq!(script.sent.lock().unwrap()[0].accepts_gzip, wanted, "{gzip:?} {endpoints:?}");
    }
}
