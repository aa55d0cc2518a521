//! The binary from outside: what it prints, how it ends, whom it asks, and with which credentials.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assertion is the point of a test"
)]
#![expect(clippy::needless_pass_by_value, reason = "it is how expected texts are written")]

mod arguments;
#[cfg(unix)]
mod broken;
mod credentials;
mod documents;
mod endings;
mod formats;
mod process;
mod settings;
#[cfg(unix)]
mod shell;
mod standin;
