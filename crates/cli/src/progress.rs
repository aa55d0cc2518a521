//! One line on standard error while a statement takes long.

use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ec2ql_engine::Progress as Counts;

/// Nothing is shown before.
pub(crate) const SHOWN_AFTER: Duration = Duration::from_secs(1);
/// How often the line changes.
pub(crate) const EVERY: Duration = Duration::from_millis(200);

/// The line, and how wide it is now. It is written without escape sequences: back to the first column, and blanks to
/// erase.
#[derive(Debug, Default)]
pub(crate) struct Line(Mutex<usize>);

impl Line {
    pub(crate) fn draw(&self, begun: Instant, counts: Counts) {
        let seconds = begun.elapsed().as_secs();
        let text = match (counts.pages, counts.calls) {
            (0, 0) => format!("{seconds} s"),
            (0, _) => format!("{seconds} s, waiting for the first page"),
            (pages, _) => format!(
                "{seconds} s, {pages} {}, {} {}",
                plural(pages, "page"),
                counts.rows,
                plural(counts.rows, "row")
            ),
        };
        let mut width = self.width();
        let before = *width;
        let _ = write!(io::stderr().lock(), "\r{text:before$}");
        *width = text.len();
    }

    /// Takes the line away.
    pub(crate) fn erase(&self) {
        self.aside(|| ());
    }

    /// Takes the line away, and keeps it away while something is printed.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        let mut width = self.width();
        if *width > 0 {
            let _ = write!(io::stderr().lock(), "\r{:1$}\r", "", *width);
            *width = 0;
        }
        print()
    }

    fn width(&self) -> MutexGuard<'_, usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn plural(count: u64, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
