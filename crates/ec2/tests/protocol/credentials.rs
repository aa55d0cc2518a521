//! Credentials: asked for once, in time, and shown to nobody.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use ec2ql_ec2::{Client, Config, Kind};

use crate::support::{SECRET_KEY, Script, TestClock, answer, call, chain, config, page, refusal};

/// A provider whose `n`th answer (from 0) is a function of `n`.
#[derive(Clone)]
struct Provider {
    asked: Arc<AtomicUsize>,
    answer: Arc<dyn Fn(usize) -> Result<Credentials, CredentialsError> + Send + Sync>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Provider")
    }
}

impl Provider {
    fn new(answer: impl Fn(usize) -> Result<Credentials, CredentialsError> + Send + Sync + 'static) -> Self {
        Self { asked: Arc::default(), answer: Arc::new(answer) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            // Who asks while this one waits must share its answer.
            tokio::task::yield_now().await;
            (self.answer)(self.asked.fetch_add(1, Ordering::SeqCst))
        })
    }
}

fn numbered(n: usize, expiry: Option<SystemTime>) -> Credentials {
    Credentials::new(format!("AKID{n}"), SECRET_KEY, Some("session-canary".to_owned()), expiry, "test")
}

fn client(provider: &Provider, script: &Arc<Script>, clock: &Arc<TestClock>) -> Client {
    let credentials = SharedCredentialsProvider::new(provider.clone());
    Client::new(Config { credentials, clock: clock.clone(), ..config(script.clone()) }).unwrap()
}

fn keys(script: &Script) -> Vec<String> {
    let key = |n: usize| {
        let header = script.header(n, "authorization").unwrap();
        header.split(['=', '/']).nth(1).unwrap().to_owned()
    };
    (0..script.requests()).map(key).collect()
}

#[tokio::test]
async fn a01_without_credentials_nothing_is_sent() {
    let provider = Provider::new(|_| {
        let cause = "external process exited with code 1. Stderr: secret-canary";
        Err(CredentialsError::provider_error(cause))
    });
    let script = Script::new([answer(200, page(1, ""))]);
    let client = client(&provider, &script, &TestClock::at(0));
    let error = client.call(&call(Vec::new())).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (Kind::Credentials, 0, false));
    assert!(error.message().contains("external process exited with code 1."), "{error}");
    assert!(!format!("{} {error:?}", chain(&error)).contains("canary"), "{error:?}");
    assert_eq!((script.requests(), provider.asked()), (0, 1));
}

#[tokio::test]
async fn a03_credentials_are_replaced_before_they_expire() {
    let clock = TestClock::at(1_000_000);
    let begin = clock.begin;
    let provider = Provider::new(move |n| Ok(numbered(n, Some(begin + Duration::from_secs(3_600 * (n as u64 + 1))))));
    let script = Script::new([answer(200, page(1, ""))]);
    let client = client(&provider, &script, &clock);
    for seconds in [0, 3_299, 1, 1, 3_600] {
        clock.slept.lock().unwrap().push(Duration::from_secs(seconds));
        client.call(&call(Vec::new())).await.unwrap();
    }
    // The first expire after 3600 s and go 300 s earlier.
    assert_eq!(keys(&script), ["AKID0", "AKID0", "AKID1", "AKID1", "AKID2"]);
}

#[tokio::test]
async fn a04_expired_credentials_are_replaced_once() {
    for code in ["ExpiredToken", "RequestExpired"] {
        let provider = Provider::new(|n| Ok(numbered(n, None)));
        let expired = || answer(400, refusal(code));
        let script = Script::new([expired(), answer(200, page(1, ""))]);
        let clock = TestClock::at(0);
        let response = client(&provider, &script, &clock).call(&call(Vec::new())).await.unwrap();
        assert_eq!((response.attempts, keys(&script)), (2, vec!["AKID0".to_owned(), "AKID1".to_owned()]));
        assert!(clock.slept_ms().is_empty());

        let script = Script::new([expired()]);
        let error = client(&provider, &script, &clock).call(&call(Vec::new())).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.attempts()), (Kind::Expired, Some(code), 2));
    }
}

#[tokio::test]
async fn a05_old_credentials_serve_while_they_are_valid() {
    let clock = TestClock::at(1_000_000);
    let expiry = Some(clock.begin + Duration::from_secs(100));
    let provider = Provider::new(move |n| match n {
        0 => Ok(numbered(0, expiry)),
        _ => Err(CredentialsError::not_loaded("down")),
    });
    let script = Script::new([answer(200, page(1, ""))]);
    let client = client(&provider, &script, &clock);
    client.call(&call(Vec::new())).await.unwrap();
    for (seconds, asked) in [(0, 1), (29, 1), (1, 2), (29, 2), (1, 3)] {
        clock.slept.lock().unwrap().push(Duration::from_secs(seconds));
        client.call(&call(Vec::new())).await.unwrap();
        assert_eq!(provider.asked(), asked, "asked again every 30 s");
    }
    clock.slept.lock().unwrap().push(Duration::from_secs(40));
    let error = client.call(&call(Vec::new())).await.unwrap_err();
    assert_eq!((error.kind(), script.requests()), (Kind::Credentials, 6));
    assert!(error.message().contains("down"), "{error}");
}

#[tokio::test]
async fn a12_a_hundred_calls_ask_once() {
    for failing in [false, true] {
        let provider =
            Provider::new(
                move |n| if failing { Err(CredentialsError::not_loaded("no")) } else { Ok(numbered(n, None)) },
            );
        let script = Script::new([answer(200, page(1, ""))]);
        let client = client(&provider, &script, &TestClock::at(0));
        let results: Arc<Mutex<Vec<bool>>> = Arc::default();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (client, results) = (client.clone(), Arc::clone(&results));
            tasks.spawn(async move {
                let ok = client.call(&call(Vec::new())).await.is_ok();
                results.lock().unwrap().push(ok);
            });
        }
        tasks.join_all().await;
        assert_eq!(
            (provider.asked(), results.lock().unwrap().iter().filter(|ok| **ok).count()),
            (1, if failing { 0 } else { 100 })
        );
    }
}

#[tokio::test]
async fn no_secret_is_shown() {
    let provider = Provider::new(|n| Ok(numbered(n, None)));
    let credentials = SharedCredentialsProvider::new(numbered(0, None));
    let script = Script::new([answer(401, refusal("AuthFailure"))]);
    let shown = Config { credentials, ..config(script.clone()) };
    let client = client(&provider, &script, &TestClock::at(0));
    let error = client.call(&call(Vec::new())).await.unwrap_err();
    let (authorization, request) = (script.header(0, "authorization").unwrap(), script.sent.lock().unwrap()[0].clone());
    let signature = authorization.rsplit('=').next().unwrap();
    for text in [format!("{shown:?}"), format!("{client:?}"), format!("{error:?} {error}"), format!("{request:?}")] {
        for secret in [SECRET_KEY, "session-canary", signature] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
