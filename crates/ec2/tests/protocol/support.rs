//! A client whose time, chance, credentials and network are the test's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use ec2ql_ec2::{
    Answer, Call, Client, Clock, Config, Endpoints, Error, Limits, Random, Request, Retry, Transport, TransportError,
};

pub(crate) const OPERATION: &str = "DescribeImages";
pub(crate) const ACCESS_KEY: &str = "AKIDEXAMPLE";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A clock that only sleeping moves.
#[derive(Debug)]
pub(crate) struct TestClock {
    pub(crate) begin: SystemTime,
    pub(crate) slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub(crate) fn at(seconds: u64) -> Arc<Self> {
        let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Arc::new(Self { begin, slept: Mutex::default() })
    }

    pub(crate) fn slept_ms(&self) -> Vec<u128> {
        self.slept.lock().unwrap().iter().map(Duration::as_millis).collect()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        self.begin + self.slept.lock().unwrap().iter().sum::<Duration>()
    }

    async fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }
}

/// Always the same number.
#[derive(Debug)]
pub(crate) struct Always(pub(crate) f64);

impl Random for Always {
    fn unit(&self) -> f64 {
        self.0
    }
}

/// Answers from a list, the last one for ever; keeps what was sent.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Result<Answer, String>>>,
    pub(crate) sent: Mutex<Vec<Request>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().map(Ok).collect()), sent: Mutex::default() })
    }

    pub(crate) fn requests(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// The decoded value of one parameter in each body.
    pub(crate) fn values(&self, name: &str) -> Vec<Option<String>> {
        let sent = self.sent.lock().unwrap();
        sent.iter()
            .map(|request| {
                let mut pairs = url::form_urlencoded::parse(&request.body);
                pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
            })
            .collect()
    }

    pub(crate) fn header(&self, request: usize, name: &str) -> Option<String> {
        let sent = self.sent.lock().unwrap();
        let header = sent[request].headers.iter().find(|(key, _)| *key == name);
        header.map(|(_, value)| value.clone())
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        self.sent.lock().unwrap().push(request);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Ok(answer.unwrap().unwrap())
    }
}

pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    Answer { status, body: body.into(), ..Answer::default() }
}

/// A page of `items`, with a token unless it is empty.
pub(crate) fn page(items: usize, token: &str) -> String {
    let items = "<item><imageId>ami-1</imageId></item>".repeat(items);
    let token = token.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r-1</requestId>\
         <imagesSet>{items}</imagesSet><nextToken>{token}</nextToken></DescribeImagesResponse>"
    )
}

/// EC2's error answer.
pub(crate) fn refusal(code: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
         <Message>no</Message></Error></Errors><RequestID>r-2</RequestID></Response>"
    )
}

pub(crate) fn call(parameters: Vec<(String, String)>) -> Call {
    Call { operation: OPERATION.to_owned(), region: "us-east-1".to_owned(), parameters }
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test")
}

pub(crate) fn config(transport: Arc<dyn Transport>) -> Config {
    Config {
        credentials: SharedCredentialsProvider::new(credentials()),
        endpoints: Endpoints::default(),
        transport,
        clock: TestClock::at(1_764_000_000),
        random: Arc::new(Always(1.0)),
        retry: Retry::default(),
        limits: Limits::default(),
        user_agent: "test".to_owned(),
    }
}

pub(crate) fn client(transport: Arc<dyn Transport>) -> Client {
    Client::new(config(transport)).unwrap()
}

/// The error and everything under it.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
