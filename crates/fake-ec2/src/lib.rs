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
//! fake.script("fault n=1 op=DescribeImages error 503 RequestLimitExceeded").unwrap();
//! # Ok(())
//! # }
//! ```
//!
//! The answers depend on the seed, the clock and the request alone: the same three give the same
//! bytes. Nothing here is shared with the client under test, so that a mistake is not agreed on.
//!
//! # The script
//!
//! One command a line. Blanks part the words; a word may be quoted, and `\"`, `\\`, `\n`, `\r`,
//! `\t`, `\xHH` (a byte) and `\u{H..}` (a character) are understood inside of quotes. Lines that
//! are empty or begin with `#` do nothing.
//!
//! ```text
//! fault [n=N] [skip=N] [op=OPERATION] [region=REGION] [page=N] FAULT
//! clear                   no more faults, full buckets
//! clock DURATION          moves the clock: +90s -15m 2h 7d 250ms
//! ```
//!
//! A rule hits the requests that fit all of `op`, `region` and `page` (from 1; 0 is a token that is
//! not one of ours), `n` times and not the first `skip` times. Only requests that are signed right
//! are hit, and each by the first rule that hits it.
//!
//! ```text
//! error STATUS CODE ["MESSAGE"] [HEADERS]     EC2's error envelope
//! errors-in-200 [CODE ["MESSAGE"]] [HEADERS]  the same with status 200
//! status STATUS [html|json|empty] [HEADERS]   no XML
//! redirect URL [STATUS] [HEADERS]             307, unless another status is given
//! xml "BODY" [HEADERS]                        this document, with status 200
//! body FILE [HEADERS]                         the same, from a file
//! raw "BYTES"                                 these bytes as the whole answer, then the end
//! cut BYTES [framing=FRAMING]                 the right answer up to so many bytes of its body:
//!     length       of those that the content-length promises (default)
//!     chunked      of those that the only chunk promises, and no last chunk
//!     close        of a body that the end of the connection ends
//!     headers      of the status line and headers instead
//! reset [after=BYTES]                         the connection is reset after so many bytes in all
//! stall [after=BYTES]                         nothing more comes after so many bytes in all
//! delay MS                                    before the first byte
//! drip BYTES MS                               so many bytes at a time, and a pause after each
//! token loop                                  the same token for ever
//! token cycle N                               N tokens, again and again
//! token fresh [full]                          always another page: empty ones, or the same again
//! token empty-first                           the first page has no rows
//! token empty-last                            the last page has a token without text
//! token is "TOKEN" | size BYTES               the second page's token is this, or so long
//! throttle                                    EC2's token buckets: 100, and 20 a second
//! HEADERS                                     header "Name: value", any number of times
//! ```
//!
//! `throttle` decides nothing while a bucket has something left: the rules after it do.

mod auth;
mod bucket;
mod connection;
mod dice;
mod element;
mod envelope;
mod fake;
mod fault;
mod filter;
mod http;
mod operations;
mod page;
mod query;
mod sending;
mod service;
mod world;

pub use fake::{Fake, Options, SeenRequest};
