//! The catalog's tables in DataFusion: names, pushdown, scan, decode, statements, diagnostics.
//!
//! It turns a statement into requests of `ec2ql_ec2`, and their pages into record batches. It knows nothing of
//! terminals, environment variables, or where credentials come from.

mod bind;
mod call;
mod complexity;
mod decode;
mod dialect;
mod domain;
mod dry_run;
mod enabled;
mod error;
mod explain;
pub mod export;
mod files;
mod functions;
mod lateral;
mod names;
mod nulls;
mod parse;
mod plan;
mod provider;
mod read;
mod requests;
mod rules;
mod scan;
mod schema;
mod scope;
mod session;
mod settings;
mod shared;
mod show;
mod statement;
mod system;
mod view;

pub use error::{Class, Error};
pub use provider::catalog_provider;
pub use requests::Progress;
pub use session::{Options, Outcome, Rows, Session, Statement};
pub use settings::Settings;
