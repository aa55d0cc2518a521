//! The script's grammar; it is written down in the crate's documentation.

use super::words::{Word, split};
use super::{Cut, Delivery, Replacement, Rule, TokenFault, What};
use crate::envelope::{self, Failure, XML};

const HTML: &str =
    "<!doctype html>\n<html lang=en>\n<title>Internal Server Error</title>\n<h1>Internal Server Error</h1>\n";
const JSON: &str = "{\"message\": \"Internal Server Error\"}\n";

/// A line of the script.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    Nothing,
    Clear,
    /// Moves the clock.
    Clock {
        ms: i64,
    },
    Fault(Rule),
}

/// Reads one line. The error names the word that is wrong.
pub(crate) fn command(line: &str) -> Result<Command, String> {
    if line.trim().is_empty() || line.trim_start().starts_with('#') {
        return Ok(Command::Nothing);
    }
    let mut words = Words { words: split(line)?.into_iter().peekable() };
    let verb = words.next("a command")?;
    let command = match verb.bare() {
        Some("clear") => Command::Clear,
        Some("clock") => Command::Clock { ms: duration(&words.next("a duration such as +90s")?)? },
        Some("fault") => Command::Fault(words.rule()?),
        _ => return Err(format!("{verb}: not a command; there are fault, clear and clock")),
    };
    match words.words.next() {
        Some(word) => Err(format!("{word}: one word too many")),
        None => Ok(command),
    }
}

struct Words {
    words: std::iter::Peekable<std::vec::IntoIter<Word>>,
}

impl Words {
    fn next(&mut self, what: &str) -> Result<Word, String> {
        self.words.next().ok_or_else(|| format!("the line ends where {what} should be"))
    }

    /// The next word's value when it is called `name`.
    fn named(&mut self, name: &str) -> Option<Word> {
        self.words.next_if(|word| word.name.as_deref() == Some(name))
    }

    fn bare(&mut self, texts: &[&str]) -> Option<String> {
        let word = self.words.next_if(|word| word.bare().is_some_and(|text| texts.contains(&text)))?;
        word.text().ok().map(str::to_owned)
    }

    fn rule(&mut self) -> Result<Rule, String> {
        let mut rule = Rule { times: None, skip: 0, operation: None, region: None, page: None, what: What::Throttle };
        while let Some(word) = self.words.next_if(|word| word.name.is_some()) {
            match word.name.as_deref() {
                Some("n") => rule.times = Some(word.number()?),
                Some("skip") => rule.skip = word.number()?,
                Some("op") => rule.operation = Some(word.text()?.to_owned()),
                Some("region") => rule.region = Some(word.text()?.to_owned()),
                Some("page") => rule.page = Some(word.number()?),
                _ => return Err(format!("{word}: a request is chosen by n=, skip=, op=, region= and page=")),
            }
        }
        rule.what = self.what()?;
        Ok(rule)
    }

    fn what(&mut self) -> Result<What, String> {
        let word = self.next("the fault")?;
        match word.bare().unwrap_or_default() {
            "error" => self.error(),
            "errors-in-200" => self.errors_in_200(),
            "status" => self.status(),
            "redirect" => self.redirect(),
            "xml" => {
                let body = self.next("the body")?.bytes;
                self.replacement(200, XML, body)
            }
            "body" => {
                let path = self.next("a file")?;
                let body = std::fs::read(path.text()?).map_err(|error| format!("{path}: {error}"))?;
                self.replacement(200, XML, body)
            }
            "raw" => Ok(What::Raw(self.next("the bytes")?.bytes)),
            "throttle" => Ok(What::Throttle),
            "token" => self.token().map(What::Token),
            "cut" | "reset" | "stall" | "delay" | "drip" => {
                self.delivery(word.bare().unwrap_or_default()).map(What::Delivery)
            }
            _ => Err(format!("{word}: not a fault")),
        }
    }

    fn error(&mut self) -> Result<What, String> {
        let status = self.next("a status")?.number()?;
        let failure = self.failure(status, None)?;
        Ok(What::Error { failure, headers: self.headers()? })
    }

    fn errors_in_200(&mut self) -> Result<What, String> {
        let failure = self.failure(200, Some("InternalError"))?;
        Ok(What::Error { failure, headers: self.headers()? })
    }

    /// `CODE ["message"]`
    fn failure(&mut self, status: u16, default: Option<&str>) -> Result<Failure, String> {
        let bare = self.words.next_if(|word| word.bare().is_some_and(|text| text != "header"));
        let code = match (bare, default) {
            (Some(word), _) => word.text()?.to_owned(),
            (None, Some(default)) => default.to_owned(),
            (None, None) => return Err("the line ends where a code should be".to_owned()),
        };
        let message = match self.words.next_if(|word| word.quoted && word.name.is_none()) {
            Some(word) => word.text()?.to_owned(),
            None => default_message(&code).to_owned(),
        };
        Ok(Failure { status, code, message })
    }

    fn status(&mut self) -> Result<What, String> {
        let status = self.next("a status")?.number()?;
        let (content_type, body) = match self.bare(&["html", "json", "empty"]).as_deref() {
            Some("html") => ("text/html; charset=utf-8", HTML),
            Some("json") => ("application/json", JSON),
            _ => (XML, ""),
        };
        self.replacement(status, content_type, body.as_bytes().to_vec())
    }

    fn redirect(&mut self) -> Result<What, String> {
        let url = self.next("a URL")?.text()?.to_owned();
        let status = self.words.next_if(|word| word.bare().is_some_and(|text| text != "header"));
        let status = status.map_or(Ok(307), |word| word.number())?;
        let mut headers = vec![("Location".to_owned(), url)];
        headers.extend(self.headers()?);
        Ok(What::Body(Replacement { status, content_type: XML, headers, body: Vec::new() }))
    }

    fn replacement(&mut self, status: u16, content_type: &'static str, body: Vec<u8>) -> Result<What, String> {
        let headers = self.headers()?;
        Ok(What::Body(Replacement { status, content_type, headers, body }))
    }

    /// `header "Name: value"`, any number of times.
    fn headers(&mut self) -> Result<Vec<(String, String)>, String> {
        let mut headers = Vec::new();
        while self.bare(&["header"]).is_some() {
            let word = self.next("a header")?;
            let (name, value) = word.text()?.split_once(':').ok_or_else(|| format!("{word}: a header has a colon"))?;
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        Ok(headers)
    }

    fn token(&mut self) -> Result<TokenFault, String> {
        let word = self.next("loop, cycle, fresh, empty-first, empty-last or is")?;
        match word.bare() {
            Some("loop") => Ok(TokenFault::Cycle(1)),
            Some("cycle") => match self.next("a length")?.number()? {
                0 => Err("0: a cycle has at least one token".to_owned()),
                length => Ok(TokenFault::Cycle(length)),
            },
            Some("fresh") => Ok(TokenFault::Fresh { full: self.bare(&["full"]).is_some() }),
            Some("empty-first") => Ok(TokenFault::EmptyFirst),
            Some("empty-last") => Ok(TokenFault::EmptyLast),
            Some("is") => Ok(TokenFault::Is(self.next("a token")?.text()?.to_owned())),
            Some("size") => Ok(TokenFault::Is("t".repeat(self.next("a number of bytes")?.number()?))),
            _ => Err(format!("{word}: not a token fault")),
        }
    }

    fn delivery(&mut self, verb: &str) -> Result<Delivery, String> {
        let after = |words: &mut Self| words.named("after").map_or(Ok(0), |word| word.number());
        Ok(match verb {
            "cut" => Delivery::Cut { bytes: self.next("a number of bytes")?.number()?, framing: self.cut()? },
            "reset" => Delivery::Reset { after_bytes: after(self)? },
            "stall" => Delivery::Stall { after_bytes: after(self)? },
            "delay" => Delivery::Delay { ms: self.next("milliseconds")?.number()? },
            _ => match self.next("a number of bytes")?.number()? {
                0 => return Err("0: a drip has at least one byte".to_owned()),
                bytes => Delivery::Drip { bytes, every_ms: self.next("milliseconds")?.number()? },
            },
        })
    }

    fn cut(&mut self) -> Result<Cut, String> {
        let Some(word) = self.named("framing") else {
            return Ok(Cut::Length);
        };
        match word.text()? {
            "length" => Ok(Cut::Length),
            "chunked" => Ok(Cut::Chunked),
            "close" => Ok(Cut::Close),
            "headers" => Ok(Cut::Headers),
            _ => Err(format!("{word}: a framing is length, chunked, close or headers")),
        }
    }
}

/// `+90s`, `-15m`, `2h`, `7d`, `250ms`
fn duration(word: &Word) -> Result<i64, String> {
    let text = word.text()?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("ms") => 1,
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        Some("d") => 86_400_000,
        _ => return Err(format!("{word}: a duration ends in ms, s, m, h or d")),
    };
    let number: Option<i64> = digits.parse().ok();
    number.and_then(|number| number.checked_mul(unit)).ok_or_else(|| format!("{word}: not a duration"))
}

pub(super) fn request_limit_exceeded() -> Failure {
    let code = "RequestLimitExceeded";
    Failure::new(503, code, default_message(code))
}

fn default_message(code: &str) -> &'static str {
    match code {
        "RequestLimitExceeded" => "Request limit exceeded.",
        "UnauthorizedOperation" => "You are not authorized to perform this operation.",
        "AuthFailure" => envelope::UNKNOWN_CREDENTIALS,
        "RequestExpired" => "Request has expired.",
        "ExpiredToken" => "The security token included in the request is expired",
        "Unavailable" | "ServiceUnavailable" => "The service is unavailable. Please try again shortly.",
        _ => "An internal error has occurred",
    }
}
