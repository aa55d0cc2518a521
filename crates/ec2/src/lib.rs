//! The EC2 Query protocol: encode, sign, send, retry, page, read XML. It knows nothing of SQL and of no table.
//!
//! A [`Call`] is one operation in one region. [`Client::call`] answers one page of it, [`Pages`] all of them, each
//! read through a [`Document`]. A page counts only when its framing is complete, its status is 200, and its document
//! is well-formed to the end of the right root and names its request; everything else is an [`Error`].
//!
//! Credentials, endpoint settings, transport, clock and random source are handed in with [`Config`].

mod classify;
mod document;
mod error;
mod limits;

pub use document::{Document, Envelope};
pub use error::{Error, Kind};
pub use limits::Limits;
