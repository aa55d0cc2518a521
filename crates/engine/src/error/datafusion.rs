//! What a person reads of an error of the SQL engine.

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

pub(super) fn message(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::SQL(parser, _) => parser.to_string(),
        DataFusionError::Plan(text)
        | DataFusionError::NotImplemented(text)
        | DataFusionError::Execution(text)
        | DataFusionError::Configuration(text)
        | DataFusionError::ResourcesExhausted(text)
        | DataFusionError::Internal(text) => text.clone(),
        DataFusionError::ArrowError(arrow, _) => arrow.to_string(),
        other => other.strip_backtrace(),
    };
    if text.contains("OuterReferenceColumn") {
        // DataFusion prints the column's whole type.
        return "a sub-query refers to a column of the statement around it in a way that is not supported".into();
    }
    let first = text.split("\n\nbacktrace").next().unwrap_or_default();
    first.trim().trim_end_matches('.').to_owned()
}

pub(super) fn sqlstate(error: &DataFusionError) -> &'static str {
    match error.find_root() {
        DataFusionError::SQL(..) => "42601",
        DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
            SchemaError::AmbiguousReference { .. } => "42702",
            SchemaError::FieldNotFound { .. } => "42703",
            SchemaError::DuplicateQualifiedField { .. } | SchemaError::DuplicateUnqualifiedField { .. } => "42701",
        },
        DataFusionError::NotImplemented(_) => "0A000",
        DataFusionError::Plan(_) => "42000",
        DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => "22000",
        DataFusionError::Configuration(_) => "22023",
        DataFusionError::ResourcesExhausted(_) => "53200",
        DataFusionError::IoError(_) => "58030",
        _ => "XX000",
    }
}
