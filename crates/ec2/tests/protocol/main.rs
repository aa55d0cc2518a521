//! The protocol from outside: what is sent, what counts as an answer, and what becomes of everything else.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed assertion is the point of a test")]

mod calls;
mod compare;
mod credentials;
mod document;
mod endpoints;
mod envelope;
mod http;
mod pages;
mod readers;
mod server;
mod signing;
mod support;

#[path = "../../../../benches/pages.rs"]
mod made;
