//! Errors on standard error, and the exit code.

use std::error::Error as StdError;
use std::io::{self, ErrorKind, Write as _};
use std::time::Duration;

use ec2ql_engine::{Class, Error};

use crate::credentials::Trace;
use crate::escape::{masked, visible_lines};

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Usage = 1,
    Remote = 4,
    Output = 5,
    Limit = 7,
    HangUp = 129,
    Interrupted = 130,
    /// The reader of standard output went away: nothing is said, as by any program in a pipe.
    ReaderGone = 141,
    Terminated = 143,
}

impl Exit {
    pub(crate) fn of(error: &Error) -> Self {
        match error.class() {
            Class::Output if is_reader_gone(error) => Self::ReaderGone,
            Class::Usage => Self::Usage,
            Class::Remote => Self::Remote,
            Class::Output => Self::Output,
            Class::Limit => Self::Limit,
            Class::Cancelled => Self::Interrupted,
        }
    }
}

/// Prints an error once: SQLSTATE and message, detail, hint. On a terminal nothing in it is acted on.
pub(crate) fn report(error: &Error, trace: &Trace, on_terminal: bool) {
    if Exit::of(error) == Exit::ReaderGone {
        return;
    }
    let (mut message, mut detail, mut hint) = (error.message(), error.detail(), error.hint());
    if let Some(failure) = trace.failure().filter(|_| error.sqlstate() == "28000") {
        message = failure.message;
        detail = Some(failure.detail);
        hint = Some(failure.hint);
    }
    let mut text = format!("ERROR {}: {message}\n", error.sqlstate());
    for (label, part) in [("detail", detail), ("hint", hint)] {
        if let Some(part) = part {
            text.extend([label, ": ", &part, "\n"]);
        }
    }
    say(&text, on_terminal);
}

/// Says what the engine would have said.
pub(crate) fn report_late(limit: Duration, on_terminal: bool) {
    let seconds = limit.as_secs_f64();
    say(
        &format!("ERROR 57014: the statement took longer than {seconds} s\nhint: Give it more time: --timeout 10m.\n"),
        on_terminal,
    );
}

/// Writes to standard error. When that is closed there is nobody to tell.
pub(crate) fn say(text: &str, on_terminal: bool) {
    let mut stderr = io::stderr().lock();
    let _ = if on_terminal {
        stderr.write_all(masked(&visible_lines(text)).as_bytes())
    } else {
        stderr.write_all(text.as_bytes())
    };
}

fn is_reader_gone(error: &Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(found) = cause {
        if found.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) {
            return true;
        }
        cause = found.source();
    }
    false
}
