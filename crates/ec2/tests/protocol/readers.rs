//! The fast reader against the XML library's, over answers as they are and thousands of broken ones.

use std::path::Path;

use ec2ql_ec2::Limits;

use crate::compare::{compare, operation};
use crate::document::{END, ROOT};
use crate::made::{Page, Work};

const ROUNDS: usize = 20_000;

/// What is put into documents: all that XML has, and halves of it.
const PIECES: &[&str] = &[
    "<",
    ">",
    "&",
    "/",
    ":",
    ";",
    "=",
    "\"",
    "'",
    "!",
    "?",
    "]",
    "-",
    "#",
    " ",
    "\n",
    "\t",
    "\r",
    "\r\n",
    "\0",
    "\u{b}",
    "é",
    "\u{feff}",
    "\u{2028}",
    "😀",
    "</",
    "/>",
    "<a/>",
    "<a>",
    "</a>",
    "<a></a>",
    "<item>",
    "</item>",
    "<item/>",
    "<a >",
    "</a >",
    "<a b='c'>",
    "<a b=\"&lt;\"/>",
    " xmlns='x'",
    "<n:a/>",
    "<n:a></n:a>",
    "<é>",
    "<1a/>",
    "<a:/>",
    "<_-.9/>",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&#65;",
    "&#x1F600;",
    "&#0;",
    "&#1;",
    "&#13;",
    "&#10;",
    "&#xD800;",
    "&#X41;",
    "&#+65;",
    "&#;",
    "&#00000000000065;",
    "&nbsp;",
    "&;",
    "&amp",
    "]]>",
    "<![CDATA[",
    "<![CDATA[<x>]]>",
    "<!-- c -->",
    "<!--",
    "-->",
    "--",
    "<!DOCTYPE x>",
    "<?pi x?>",
    "<?",
    "?>",
    "<?xml version='1.0'?>",
    "<requestId>r</requestId>",
    "<nextToken>t</nextToken>",
    "<nextToken/>",
    "<requestId>",
    "</requestId>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/>",
    "<a><a><a><a><a><a></a></a></a></a></a></a>",
];

#[test]
fn both_readers_see_the_same_in_answers_as_they_are() {
    for (body, operation) in answers() {
        for choices in
            [&[2][..], &[3], &[10], &[11], &[0], &[1], &[8], &[9], &[10, 11, 2, 3, 0], &[11, 10, 9, 12, 5, 2]]
        {
            compare(&body, &operation, &Limits::default(), choices);
        }
    }
}

#[test]
fn both_readers_see_the_same_in_broken_answers() {
    let answers = answers();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut complete = 0;
    for _ in 0..ROUNDS {
        let (body, operation) = &answers[dice.below(answers.len())];
        let mut body = body.clone();
        for _ in 0..=dice.below(8) / 5 {
            change(&mut body, &mut dice);
        }
        let choices: Vec<u8> = (0..=dice.below(12)).map(|_| dice.next().to_le_bytes()[0]).collect();
        let near = Limits {
            depth_max: 4 + dice.below(5),
            text_bytes_max: 20 + dice.below(80),
            attributes_max: 1 + dice.below(2),
            ..Limits::default()
        };
        let limits = if dice.below(3) == 0 { near } else { Limits::default() };
        complete += usize::from(compare(&body, operation, &limits, &choices));
    }
    // Neither all nor none: else the changes would be too small or too great to find anything.
    assert!((ROUNDS / 20..ROUNDS / 2).contains(&complete), "{complete} of {ROUNDS} are complete");
}

/// Real answers, made ones, and small ones; each with its operation.
fn answers() -> Vec<(Vec<u8>, String)> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/samples");
    let mut files: Vec<_> = std::fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut bodies: Vec<Vec<u8>> = files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert!(bodies.len() > 30, "{} samples", bodies.len());
    for work in [Work::ImageTasks, Work::SnapshotTasks, Work::Images, Work::Instances] {
        for indented in [true, false] {
            let page = Page::new(work, indented, 0, 4);
            bodies.push(format!("{}{}", page.text, page.tail(Some("token"))).into_bytes());
        }
    }
    let answer = |inside: &str| format!("{ROOT}{inside}{END}").into_bytes();
    bodies.push(answer("<s><item><a>x &amp; y</a><b/><c>&#x1F600;</c></item><item><a> </a></item></s>"));
    bodies.push(answer("<s><item><a><![CDATA[x]]></a><!-- c --><b f='g'>h</b><?pi?></item></s>"));
    bodies.push(answer("<a><a><a><a><a><a>deep</a></a></a></a></a></a>"));
    bodies.push(answer(""));
    // Some samples have no request id.
    for body in &mut bodies {
        let text = String::from_utf8(std::mem::take(body)).unwrap();
        let id = if text.contains("requestId") { "" } else { "<requestId>r</requestId>" };
        let end = text.rfind("</").unwrap();
        *body = [&text[..end], id, &text[end..]].concat().into_bytes();
    }
    bodies.into_iter().map(|body| (operation(&body), body)).map(|(operation, body)| (body, operation)).collect()
}

/// Flips, inserts, removes or repeats something.
fn change(body: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(body.len() + 1);
    let end = (at + dice.below(40)).min(body.len());
    match dice.below(9) {
        0 if at < body.len() => body[at] ^= 1 << dice.below(8),
        1 => drop(body.drain(at..end)),
        2 => {
            let repeated = body[at..end].to_vec();
            let to = dice.below(body.len() + 1);
            body.splice(to..to, repeated);
        }
        3 => body.truncate(at),
        _ => {
            let piece = PIECES[dice.below(PIECES.len())].bytes();
            // Half of them where a text or a tag begins, the rest anywhere.
            let near = body[at..].iter().position(|byte| matches!(byte, b'<' | b'>'));
            let at = if dice.below(2) == 0 { at } else { near.map_or(at, |near| at + near + dice.below(2)) };
            body.splice(at..at, piece);
        }
    }
}

/// xorshift64: the same documents everywhere and always.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound
    }
}
