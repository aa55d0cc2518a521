//! The endpoint over the wire, asked by a client that signs with AWS's own code.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assertion is the point of a test"
)]

mod answers;
mod auth;
mod client;
mod delivery;
mod pages;
mod refusals;
