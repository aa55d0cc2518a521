//! What DataFusion 55 gets wrong about NULL in tests of membership, kept from it.
//!
//! SQL has three answers: for a NULL `x`, `x IN (...)` is neither true nor false. Two of DataFusion's rewrites forget
//! the third, and rows come out that do not belong: [`lists`] and [`queries`] say which.

mod lists;
mod queries;

use std::sync::Arc;

use datafusion::optimizer::AnalyzerRule;

pub(crate) use lists::as_given;

/// The rules; they want types to be settled.
pub(crate) fn rules() -> [Arc<dyn AnalyzerRule + Send + Sync>; 2] {
    [Arc::new(queries::Queries), Arc::new(lists::Lists)]
}
