#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

use super::*;

fn rule(line: &str) -> Rule {
    match command(line).unwrap() {
        Command::Fault(rule) => rule,
        other => unreachable!("{other:?}"),
    }
}

fn facts(operation: &str, page: usize) -> Facts<'_> {
    Facts { operation, region: "eu-west-1", page, plain: false, now_ms: 0 }
}

#[test]
fn lines_that_are_right() {
    let error = |status, code: &str, message: &str| What::Error {
        failure: Failure { status, code: code.to_owned(), message: message.to_owned() },
        headers: Vec::new(),
    };
    let cases = [
        ("fault error 503 RequestLimitExceeded", error(503, "RequestLimitExceeded", "Request limit exceeded.")),
        ("fault error 400 Odd \"a \\\"b\\\"\\n\"", error(400, "Odd", "a \"b\"\n")),
        ("fault errors-in-200", error(200, "InternalError", "An internal error has occurred")),
        ("fault errors-in-200 Odd", error(200, "Odd", "An internal error has occurred")),
        ("fault raw \"\\x00\\xff\\u{1f6a2}\\r\"", What::Raw(b"\x00\xff\xf0\x9f\x9a\xa2\r".to_vec())),
        ("fault cut 7", What::Delivery(Delivery::Cut { bytes: 7, framing: Cut::Length })),
        ("fault cut 0 framing=headers", What::Delivery(Delivery::Cut { bytes: 0, framing: Cut::Headers })),
        ("fault reset", What::Delivery(Delivery::Reset { after_bytes: 0 })),
        ("fault stall after=9", What::Delivery(Delivery::Stall { after_bytes: 9 })),
        ("fault delay 20", What::Delivery(Delivery::Delay { ms: 20 })),
        ("fault drip 1 5", What::Delivery(Delivery::Drip { bytes: 1, every_ms: 5 })),
        ("fault token loop", What::Token(TokenFault::Cycle(1))),
        ("fault token cycle 3", What::Token(TokenFault::Cycle(3))),
        ("fault token fresh full", What::Token(TokenFault::Fresh { full: true })),
        ("fault token is \" a=b \"", What::Token(TokenFault::Is(" a=b ".to_owned()))),
        ("fault token size 3", What::Token(TokenFault::Is("ttt".to_owned()))),
        ("fault throttle", What::Throttle),
    ];
    for (line, what) in cases {
        assert_eq!(rule(line).what, what, "{line}");
    }
    let chosen = rule("  fault n=2 skip=1 op=DescribeImages region=\"eu-west-1\" page=3 delay 1 ");
    assert_eq!((chosen.times, chosen.skip, chosen.page), (Some(2), 1, Some(3)));
    assert_eq!(chosen.operation.as_deref(), Some("DescribeImages"));
    assert_eq!(chosen.region.as_deref(), Some("eu-west-1"));
    let What::Body(other) = rule("fault redirect http://h/?a=b 301 header \"X: y\"").what else {
        unreachable!("a redirect is a body");
    };
    assert_eq!(other.status, 301);
    let headers = [("Location".to_owned(), "http://h/?a=b".to_owned()), ("X".to_owned(), "y".to_owned())];
    assert_eq!(other.headers, headers);
    for (line, expected) in [
        ("", Command::Nothing),
        (" # a remark", Command::Nothing),
        ("clear", Command::Clear),
        ("clock +90s", Command::Clock { ms: 90_000 }),
        ("clock -15m", Command::Clock { ms: -900_000 }),
    ] {
        assert_eq!(command(line), Ok(expected), "{line}");
    }
}

#[test]
fn lines_that_are_wrong() {
    for (line, error) in [
        ("break everything", "break: not a command; there are fault, clear and clock"),
        ("clear all", "all: one word too many"),
        ("clock", "the line ends where a duration such as +90s should be"),
        ("clock 5 minutes", "5: a duration ends in ms, s, m, h or d"),
        ("clock xs", "xs: a duration ends in ms, s, m, h or d"),
        ("clock 99999999999999999d", "99999999999999999d: not a duration"),
        ("fault", "the line ends where the fault should be"),
        ("fault n=2", "the line ends where the fault should be"),
        ("fault n=two reset", "n=two: not a number"),
        ("fault times=2 reset", "times=2: a request is chosen by n=, skip=, op=, region= and page="),
        ("fault explode", "explode: not a fault"),
        ("fault \"reset\"", "reset: not a fault"),
        ("fault error", "the line ends where a status should be"),
        ("fault error 503", "the line ends where a code should be"),
        ("fault error high Code", "high: not a number"),
        ("fault error 503 Code header", "the line ends where a header should be"),
        ("fault error 503 Code header \"none\"", "none: a header has a colon"),
        ("fault error 503 Code \"open", "\"open: the quote is not closed"),
        ("fault xml \"\\q\"", "\"\\q\": a bad escape"),
        ("fault xml \"a\"b", "\"a\"b: a blank must follow the quote"),
        ("fault body /nowhere/at/all", "/nowhere/at/all: No such file or directory (os error 2)"),
        ("fault cut 5 framing=half", "framing=half: a framing is length, chunked, close or headers"),
        ("fault cut 5 6", "6: one word too many"),
        ("fault drip 0 1", "0: a drip has at least one byte"),
        ("fault token", "the line ends where loop, cycle, fresh, empty-first, empty-last or is should be"),
        ("fault token odd", "odd: not a token fault"),
        ("fault token cycle 0", "0: a cycle has at least one token"),
    ] {
        assert_eq!(command(line), Err(error.to_owned()), "{line}");
    }
}

#[test]
fn rules_hit_what_they_are_about() {
    let mut rules = Rules::new(false);
    rules.add(rule("fault n=1 skip=1 op=DescribeImages delay 1"));
    rules.add(rule("fault region=eu-west-1 page=2 delay 2"));
    let delay = |what| match what {
        Some(What::Delivery(Delivery::Delay { ms })) => ms,
        _ => 0,
    };
    let mut hits = |operation, page| delay(rules.hit(facts(operation, page)));
    assert_eq!(hits("DescribeImages", 1), 0, "skipped");
    assert_eq!(hits("DescribeVolumes", 1), 0);
    assert_eq!(hits("DescribeImages", 2), 1, "the first rule goes first");
    assert_eq!(hits("DescribeImages", 2), 2, "and is used up then");
    assert_eq!(hits("DescribeVolumes", 2), 2);
    assert_eq!(hits("DescribeVolumes", 0), 0);
}

#[test]
fn a_bucket_that_is_not_empty_decides_nothing() {
    let mut rules = Rules::new(true);
    rules.add(rule("fault delay 1"));
    let kind = |what| match what {
        Some(What::Error { .. }) => 'e',
        Some(What::Delivery(_)) => 'd',
        _ => '-',
    };
    let hits: String = (0..102).map(|_| kind(rules.hit(facts("DescribeImages", 1)))).collect();
    assert_eq!(hits, "d".repeat(100) + "ee");
}
