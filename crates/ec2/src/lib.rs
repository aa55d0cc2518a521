//! The EC2 Query protocol: encode, sign, send, retry, page, read XML. It knows nothing of SQL and of no table.
//!
//! A [`Call`] is one operation in one region. [`Client::call`] answers one page of it, [`Pages`] all of them, each
//! read through a [`Document`]. A page counts only when its framing is complete, its status is 200, and its document
//! is well-formed to the end of the right root and names its request; everything else is an [`Error`].
//!
//! Credentials, endpoint settings, transport, clock and random source are handed in with [`Config`].

mod call;
mod characters;
mod classify;
mod client;
mod credentials;
mod document;
mod endpoints;
mod error;
mod gzip;
mod http;
mod limits;
mod pages;
mod partitions;
mod plain;
mod retry;
mod seams;
mod sign;
mod way;
mod words;
mod xml;

pub use call::{Call, encode, parameters};
pub use client::{Client, Config, Response};
pub use document::{Document, Envelope};
pub use endpoints::{Endpoints, Gzip};
pub use error::{Error, Kind};
pub use http::{Http, HttpConfig};
pub use limits::Limits;
pub use pages::{Decode, Page, Pages};
pub use partitions::{Partition, RegionInfo, partitions, regions};
pub use retry::Retry;
pub use seams::{Answer, Clock, Random, Request, SystemClock, SystemRandom, Transport, TransportError};
