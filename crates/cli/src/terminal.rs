//! What the three standard streams are, and how wide the screen is.

use std::io::{IsTerminal as _, stderr, stdin, stdout};

const WIDTH_DEFAULT: usize = 80;
const WIDTH_MIN: usize = 20;

/// Facts about the terminal, looked up once; the width each time, because it changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) stdin: bool,
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
}

impl Terminal {
    pub(crate) fn look() -> Self {
        Self { stdin: stdin().is_terminal(), stdout: stdout().is_terminal(), stderr: stderr().is_terminal() }
    }

    /// Columns of the screen; none where rows do not go to one.
    pub(crate) fn width(self) -> Option<usize> {
        self.stdout.then(|| {
            let asked = terminal_size::terminal_size_of(stdout()).map(|(width, _)| usize::from(width.0));
            asked.filter(|width| *width > 0).unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN)
        })
    }
}
