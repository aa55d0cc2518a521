//! Faults: which requests they hit, and what happens then.

mod parse;
mod words;

use crate::bucket::Buckets;
use crate::envelope::Failure;

pub(crate) use parse::{Command, command};

/// A line of the script, at work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// How many more requests it hits; none: all.
    pub(crate) times: Option<u32>,
    /// How many it lets pass before.
    pub(crate) skip: u32,
    pub(crate) operation: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) page: Option<usize>,
    pub(crate) what: What,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Error { failure: Failure, headers: Vec<(String, String)> },
    Body(Replacement),
    Raw(Vec<u8>),
    Delivery(Delivery),
    Token(TokenFault),
    Throttle,
}

/// An answer in place of the right one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replacement {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The right answer, sent badly.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Delivery {
    Cut { bytes: usize, framing: Cut },
    Reset { after_bytes: usize },
    Stall { after_bytes: usize },
    Delay { ms: u64 },
    Drip { bytes: usize, every_ms: u64 },
}

/// Where an answer is cut: inside of a body that is framed in one of three ways, or of its head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cut {
    Length,
    Chunked,
    Close,
    Headers,
}

/// Tokens that lead astray.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenFault {
    /// After this many pages the tokens start again.
    Cycle(usize),
    /// There is always another page: an empty one, or one of those that were seen.
    Fresh {
        full: bool,
    },
    EmptyFirst,
    EmptyLast,
    /// The token of the second page is this text.
    Is(String),
}

/// What a rule can tell about a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) operation: &'a str,
    pub(crate) region: &'a str,
    pub(crate) page: usize,
    /// Neither filtered, nor paged, nor by id: EC2 has smaller buckets for some of these.
    pub(crate) plain: bool,
    pub(crate) now_ms: u64,
}

/// The rules in the order in which they were given.
#[derive(Debug)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
    buckets: Buckets,
}

impl Rules {
    pub(crate) fn new(throttled: bool) -> Self {
        let everything = Rule { times: None, skip: 0, operation: None, region: None, page: None, what: What::Throttle };
        Self { rules: if throttled { vec![everything] } else { Vec::new() }, buckets: Buckets::default() }
    }

    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// What happens to this request: the first rule that hits decides. A bucket that is not empty
    /// leaves the decision to the rules after it.
    pub(crate) fn hit(&mut self, facts: Facts<'_>) -> Option<What> {
        for rule in &mut self.rules {
            if !rule.is_about(facts) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            match &mut rule.times {
                Some(0) => continue,
                Some(times) => *times -= 1,
                None => {}
            }
            if rule.what != What::Throttle {
                return Some(rule.what.clone());
            }
            if !self.buckets.take(facts) {
                return Some(What::Error { failure: parse::request_limit_exceeded(), headers: Vec::new() });
            }
        }
        None
    }
}

impl Rule {
    fn is_about(&self, facts: Facts<'_>) -> bool {
        self.operation.as_ref().is_none_or(|operation| operation == facts.operation)
            && self.region.as_ref().is_none_or(|region| region == facts.region)
            && self.page.is_none_or(|page| page == facts.page)
    }
}

#[cfg(test)]
mod tests;
