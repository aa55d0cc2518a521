//! An EC2 Query endpoint on loopback, for demos, tests and benches.
//!
//! It answers twelve Describe operations with the data of a migration wave: about 200 imports in
//! five regions, which move in time, and the images, snapshots, volumes and instances that come of
//! them. It checks signatures, refuses what EC2 refuses, and breaks on demand.
//!
//! ```
//! # async fn demo() -> std::io::Result<()> {
//! let fake = fake_ec2::Fake::start(fake_ec2::Options::default()).await?;
//! println!("{}", fake.url());
//! # Ok(())
//! # }
//! ```
//!
//! The answers depend on the seed, the clock and the request alone: the same three give the same
//! bytes. Nothing here is shared with the client under test, so that a mistake is not agreed on.

mod auth;
mod connection;
mod dice;
mod element;
mod envelope;
mod fake;
mod filter;
mod http;
mod operations;
mod page;
mod query;
mod world;

pub use fake::{Fake, Options, SeenRequest};
