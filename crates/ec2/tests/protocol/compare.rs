//! One document through both readers: what they show must be the same, to the last byte of an error's text.

use std::collections::HashMap;

use ec2ql_ec2::{Document, Envelope, Error, Limits};

/// How a document is walked: each number is a choice at one element, and they are gone through again and again.
pub(crate) type Choices<'c> = &'c [u8];

/// What a walk saw, and how it ended.
#[derive(Debug, PartialEq)]
struct Walk {
    seen: Vec<String>,
    end: Result<Envelope, String>,
}

/// Walks the document with both readers, and checks that they see the same. True: it is a complete document.
pub(crate) fn compare(body: &[u8], operation: &str, limits: &Limits, choices: Choices<'_>) -> bool {
    let fast = walk(Document::open(body, operation, limits), choices);
    let library = walk(Document::open_by_library(body, operation, limits), choices);
    assert_eq!(fast, library, "{choices:?} {limits:?}\n{:?}", String::from_utf8_lossy(body));
    library.end.is_ok()
}

/// The operation that the root names; an error answer is one to any.
pub(crate) fn operation(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let names = text.split('<').map(|tag| tag.split(|end: char| !end.is_alphanumeric()).next().unwrap_or_default());
    let mut operations =
        names.filter_map(|name| name.strip_suffix("Response")).filter(|operation| !operation.is_empty());
    operations.next().unwrap_or("DescribeImages").to_owned()
}

fn walk(document: Result<Document<'_>, Error>, choices: Choices<'_>) -> Walk {
    let mut walker = Walker { choices: choices.iter().copied().cycle(), seen: vec![], next: HashMap::new() };
    let end = document.and_then(|mut document| {
        walker.children(&mut document)?;
        walker.seen.push(format!("{:?}", document.child()?));
        document.finish()
    });
    let end = end.map_err(|error| format!("{:?} {:?} {:?}: {error}", error.kind(), error.code(), error.request_id()));
    Walk { seen: walker.seen, end }
}

struct Walker<'c> {
    choices: std::iter::Cycle<std::iter::Copied<std::slice::Iter<'c, u8>>>,
    seen: Vec<String>,
    /// Which element came last after one of this name: the guess of what comes next.
    next: HashMap<String, String>,
}

impl Walker<'_> {
    /// Recursion ends at the limit for depth.
    fn children(&mut self, document: &mut Document<'_>) -> Result<(), Error> {
        let mut before = String::new();
        loop {
            let choice = self.choices.next().unwrap_or_default();
            let guess = self.next.get(&before).filter(|_| choice & 1 == 1);
            let name = match guess {
                Some(guess) if document.enter_if(guess) => guess.clone(),
                _ => match document.child()? {
                    Some(name) => name.to_owned(),
                    None => break,
                },
            };
            if !matches!(name.as_str(), "requestId" | "nextToken") {
                self.next.insert(before.clone(), name.clone());
            }
            before.clone_from(&name);
            self.seen.push(format!("<{name}>"));
            match choice >> 1 & 7 {
                0 => document.skip()?,
                1..=3 => self.seen.push(document.text()?.to_owned()),
                4 => return Ok(()),
                _ => self.children(document)?,
            }
        }
        self.seen.push(document.invalid("here").to_string());
        Ok(())
    }
}
