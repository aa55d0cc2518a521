//! Which EC2 tables exist, and how each is asked for: plain data.
//!
//! A table is one file, `aws/<schema>/<table>.toml`, and its path is its SQL name:
//! `aws/ec2_api/images.toml` is `aws.ec2_api.images`. A file with a `query` is a view over tables.
//! This crate reads the files, refuses bad ones with line, column and reason, and hands out [`Table`]s
//! and [`View`]s. It knows nothing of IO, async, Arrow or SQL: a view's query is a text to it.
//!
//! ```
//! let catalog = ec2ql_catalog::Catalog::embedded();
//! let table = catalog.table("ec2_api", "import_image_tasks").expect("is embedded")?;
//! assert_eq!(table.operation, "DescribeImportImageTasks");
//! # Ok::<(), ec2ql_catalog::Error>(())
//! ```

mod catalog;
mod error;
mod load;
mod name;
mod table;
mod view;

pub use catalog::Catalog;
pub use error::Error;
pub use name::TableName;
pub use table::{Column, Field, Filter, Level, Parameter, ParameterKind, Table, Type};
pub use view::{Relation, View, ViewColumn};
