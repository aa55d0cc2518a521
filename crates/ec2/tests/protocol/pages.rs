//! The pages of one call, to the end or to an error.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ec2ql_ec2::{
    Answer, Client, Config, Decode, Document, Error, Kind, Limits, Page, Pages, Request, Transport, TransportError,
};
use tokio::sync::Notify;

use crate::support::{Script, answer, call, client, config, page, refusal};

/// Counts the items.
struct Count;

impl Decode for Count {
    type Output = usize;

    fn decode(&mut self, document: &mut Document<'_>) -> Result<usize, Error> {
        let mut items = 0;
        while document.child()?.is_some() {
            while document.child()?.is_some() {
                items += 1;
                document.skip()?;
            }
        }
        Ok(items)
    }
}

/// Answers by the token that it is asked for.
#[derive(Debug)]
struct ByToken {
    bodies: HashMap<&'static str, String>,
    tokens: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for ByToken {
    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let mut pairs = url::form_urlencoded::parse(&request.body);
        let token =
            pairs.find(|(name, _)| name == "NextToken").map(|(_, value)| value.into_owned()).unwrap_or_default();
        let body = self.bodies[token.as_str()].clone();
        self.tokens.lock().unwrap().push(token);
        Ok(answer(200, body))
    }
}

/// What a scan gave: the items of each page, and how it ended.
async fn scan(client: Client, ahead: bool) -> (Vec<usize>, Option<Error>) {
    let mut pages = Pages::new(client, call(Vec::new()), Count, ahead);
    let mut items = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => items.push(page.output),
            Err(error) => {
                assert!(pages.next().await.is_none(), "nothing follows an error");
                return (items, Some(error));
            }
        }
    }
    assert!(pages.next().await.is_none());
    (items, None)
}

/// The same with pages fetched ahead and not; the first ends.
async fn scan_both(answers: Vec<Answer>, limits: Limits) -> (Vec<usize>, Option<Kind>, Vec<Option<String>>) {
    let mut results = Vec::new();
    for ahead in [false, true] {
        let script = Script::new(answers.clone());
        let client = Client::new(Config { limits, ..config(script.clone()) }).unwrap();
        let (items, error) = scan(client, ahead).await;
        results.push((items, error.map(|error| error.kind()), script.values("NextToken")));
    }
    let ahead = results.pop().unwrap();
    assert_eq!((&results[0].0, &results[0].1), (&ahead.0, &ahead.1), "fetching ahead changes the answer");
    results.pop().unwrap()
}

fn pages(pages: &[(usize, &str)]) -> Vec<Answer> {
    pages.iter().map(|(items, token)| answer(200, page(*items, token))).collect()
}

#[tokio::test]
async fn all_pages_come_in_order() {
    let answers = pages(&[(2, "a"), (1, "b"), (3, "")]);
    let (items, error, tokens) = scan_both(answers, Limits::default()).await;
    assert_eq!((items, error), (vec![2, 1, 3], None));
    assert_eq!(tokens, [None, Some("a".to_owned()), Some("b".to_owned())]);
}

#[tokio::test]
async fn a_page_says_where_it_came_from() {
    let script = Script::new([answer(503, refusal("RequestLimitExceeded")), answer(200, page(2, ""))]);
    let mut pages = Pages::new(client(script), call(Vec::new()), Count, true);
    let Page { output, request_id, bytes, attempts, throttles, last, .. } = pages.next().await.unwrap().unwrap();
    assert_eq!((output, request_id.as_str(), bytes), (2, "r-1", page(2, "").len() as u64));
    assert_eq!((attempts, throttles, last), (2, 1, true));
}

#[tokio::test]
async fn p01_p02_a_token_that_comes_again_is_an_error() {
    let (items, error, _) = scan_both(pages(&[(1, "a"), (1, "a")]), Limits::default()).await;
    assert_eq!((items, error), (vec![1], Some(Kind::TokenLoop)));
    for length in [2, 3, 1_000] {
        let cycle: Vec<_> = (0..=length).map(|n| answer(200, page(1, &format!("t{}", n % length)))).collect();
        let (items, error, _) = scan_both(cycle, Limits::default()).await;
        assert_eq!((items.len(), error), (length, Some(Kind::TokenLoop)), "cycle of {length}");
    }
}

#[tokio::test]
async fn p03_p07_empty_pages_go_on_up_to_a_bound() {
    let (items, error, _) = scan_both(pages(&[(0, "a"), (0, "b"), (1, "c"), (0, "")]), Limits::default()).await;
    assert_eq!((items, error), (vec![0, 0, 1, 0], None));
    let limits = Limits { empty_pages_max: 3, ..Limits::default() };
    let (items, error, _) =
        scan_both(pages(&[(0, "a"), (0, "b"), (1, "c"), (0, "d"), (0, "e"), (1, "")]), limits).await;
    assert_eq!((items.len(), error), (6, None));
    let (items, error, _) = scan_both(pages(&[(0, "a"), (0, "b"), (0, "c"), (1, "")]), limits).await;
    assert_eq!((items.len(), error), (2, Some(Kind::NoProgress)));
    let endless: Vec<_> = (0..1_001).map(|n| answer(200, page(0, &format!("t{n}")))).collect();
    let (items, error, _) = scan_both(endless, Limits::default()).await;
    assert_eq!((items.len(), error), (999, Some(Kind::NoProgress)));
}

#[tokio::test]
async fn p04_pages_without_end_are_bounded() {
    let limits = Limits { pages_max: 5, ..Limits::default() };
    let answers: Vec<_> = (0..9).map(|n| answer(200, page(1, &format!("t{n}")))).collect();
    let (items, error, tokens) = scan_both(answers, limits).await;
    assert_eq!((items.len(), error, tokens.len()), (4, Some(Kind::NoProgress), 5));
    let five: Vec<_> = ["a", "b", "c", "d", ""].map(|token| answer(200, page(1, token))).to_vec();
    let (items, error, _) = scan_both(five, limits).await;
    assert_eq!((items.len(), error), (5, None));
}

#[tokio::test]
async fn p05_tokens_are_echoed_byte_for_byte() {
    let long = "x".repeat(1 << 20);
    for token in [" ", "string", "%", "+", "&", "a\nb", "<", "é", "eyJ2IjoiMiJ9+/==", &long] {
        let (items, error, tokens) = scan_both(pages(&[(1, token), (1, "")]), Limits::default()).await;
        assert_eq!((items, error), (vec![1, 1], None));
        assert_eq!(tokens[1].as_deref(), Some(token));
    }
    for end in ["<nextToken></nextToken>", "<nextToken/>", ""] {
        let body = page(1, "").replace("<nextToken></nextToken>", end);
        let (items, error, tokens) = scan_both(vec![answer(200, body)], Limits::default()).await;
        assert_eq!((items, error, tokens.len()), (vec![1], None, 1));
    }
}

#[tokio::test]
async fn p08_a_page_that_fails_and_then_succeeds_comes_once() {
    for failing in 0..4 {
        let good = pages(&[(1, "a"), (2, "b"), (3, "c"), (4, "")]);
        let mut answers = good.clone();
        answers.insert(failing, answer(503, ""));
        let (items, error, _) = scan_both(answers, Limits::default()).await;
        assert_eq!((items, error), (vec![1, 2, 3, 4], None));
        let answers = [&good[..failing], &[answer(400, refusal("InvalidPaginationToken"))]].concat();
        let (items, error, _) = scan_both(answers, Limits::default()).await;
        assert_eq!((items.len(), error), (failing, Some(Kind::Service)));
    }
}

#[tokio::test]
async fn p10_many_pages_of_any_size() {
    let last = 2_999;
    let many =
        (0..=last).map(|n| answer(200, page(n % 3 + 1, &if n == last { String::new() } else { format!("t{n}") })));
    let (items, error) = scan(client(Script::new(many)), true).await;
    assert_eq!((items.len(), items.iter().sum::<usize>(), error.map(|error| error.kind())), (3_000, 6_000, None));
}

#[tokio::test]
async fn p11_nothing_is_requested_before_it_is_wanted_without_ahead() {
    let script = Script::new(pages(&[(1, "a"), (1, "b"), (1, "")]));
    let mut pages = Pages::new(client(script.clone()), call(Vec::new()), Count, false);
    for wanted in 1..=3 {
        pages.next().await.unwrap().unwrap();
        tokio::task::yield_now().await;
        assert_eq!(script.requests(), wanted);
    }
}

/// Lets a request through when told to, and counts those that were given up.
#[derive(Debug, Default)]
struct Gate {
    inner: Mutex<Option<Arc<Script>>>,
    open: Notify,
    begun: AtomicUsize,
    given_up: Arc<AtomicUsize>,
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Transport for Gate {
    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let guard = Guard(Arc::clone(&self.given_up));
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.open.notified().await;
        std::mem::forget(guard);
        let script = self.inner.lock().unwrap().clone().unwrap();
        script.send(request).await
    }
}

#[tokio::test]
async fn p11_one_page_is_on_its_way_and_ends_with_the_scan() {
    let script = Script::new(pages(&[(1, "a"), (1, "b"), (1, "")]));
    let gate = Arc::new(Gate { inner: Mutex::new(Some(script.clone())), ..Gate::default() });
    let mut pages = Pages::new(client(gate.clone()), call(Vec::new()), Count, true);
    gate.open.notify_one();
    pages.next().await.unwrap().unwrap();
    let at_gate = (gate.begun.load(Ordering::SeqCst), script.requests(), gate.given_up.load(Ordering::SeqCst));
    assert_eq!(at_gate, (2, 1, 0), "the second waits at the gate");
    drop(pages);
    while gate.given_up.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!((script.requests(), gate.given_up.load(Ordering::SeqCst)), (1, 1));
}

/// Notes how many requests were sent when a page began to be decoded.
struct Watch(Arc<Script>);

impl Decode for Watch {
    type Output = usize;

    fn decode(&mut self, _: &mut Document<'_>) -> Result<usize, Error> {
        Ok(self.0.requests())
    }
}

#[tokio::test]
async fn the_next_page_is_requested_before_this_one_is_decoded() {
    let script = Script::new(pages(&[(1, "a"), (1, "b"), (1, "")]));
    let mut pages = Pages::new(client(script.clone()), call(Vec::new()), Watch(script), true);
    let mut sent = vec![];
    while let Some(page) = pages.next().await {
        sent.push(page.unwrap().output);
    }
    assert_eq!(sent, [2, 3, 3]);
}

/// Receives pages into the memory that it is given, and notes how much that is.
#[derive(Debug, Default)]
struct Receiver(Mutex<Vec<usize>>);

#[async_trait]
impl Transport for Receiver {
    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let mut capacities = self.0.lock().unwrap();
        let token = if capacities.len() < 3 { format!("t{}", capacities.len()) } else { String::new() };
        let mut buffer = request.buffer;
        capacities.push(buffer.capacity());
        buffer.clear();
        buffer.extend_from_slice(page(100, &token).as_bytes());
        Ok(answer(200, buffer.freeze()))
    }
}

#[tokio::test]
async fn pages_are_received_into_the_memory_of_those_that_are_done_with() {
    // One more page is under way with `ahead`, and has its own.
    for (ahead, fresh) in [(false, 1), (true, 2)] {
        let receiver = Arc::new(Receiver::default());
        assert!(scan(client(receiver.clone()), ahead).await.1.is_none());
        let given: Vec<bool> = receiver.0.lock().unwrap().iter().map(|bytes| *bytes > 0).collect();
        let expected: Vec<bool> = (0..4).map(|number| number >= fresh).collect();
        assert_eq!(given, expected, "ahead: {ahead}");
    }
}

#[tokio::test]
async fn a_wrong_guess_of_the_token_is_thrown_away() {
    // The bytes show a token inside a comment first: the guess is `no`, the document says `yes`.
    let first = page(1, "yes").replace("<requestId>", "<!--<nextToken>no</nextToken>--><requestId>");
    let bodies = HashMap::from([("", first), ("no", page(9, "")), ("yes", page(2, ""))]);
    let transport = Arc::new(ByToken { bodies, tokens: Mutex::default() });
    let (items, error) = scan(client(transport.clone()), true).await;
    assert_eq!((items, error.map(|error| error.kind())), (vec![1, 2], None));
    let tokens = transport.tokens.lock().unwrap();
    assert!(tokens.iter().all(|token| ["", "no", "yes"].contains(&token.as_str())), "{tokens:?}");
    assert_eq!(tokens.iter().filter(|token| *token == "yes").count(), 1);
}
