//! One error for a person: SQLSTATE, what failed, detail, and what to type next.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use ec2ql_ec2::Kind;

use crate::names::{NameError, NameErrorKind};

/// What a program does with an error: the command line makes its exit code of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The statement or an argument is wrong.
    Usage,
    /// AWS, the network or the credentials.
    Remote,
    /// A file or stream of this machine.
    Output,
    /// A bound or a time limit was reached.
    Limit,
    /// The user stopped it.
    Cancelled,
}

/// Why a statement failed.
#[derive(Debug, Clone)]
pub struct Error(Arc<Reason>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error("table \"{table}\" needs a region")]
    RegionUnbound { table: String, joined: bool, home: String },
    #[error("\"{column}\" says what is asked for, and cannot be compared like a column")]
    Parameter { column: String },
    #[error("region \"{region}\" is not among the regions of this session ({session})")]
    RegionOutsideSession { region: String, session: String },
    #[error("{}", ec2_message(.0))]
    Ec2(#[source] ec2ql_ec2::Error),
    #[error("{0}")]
    Name(NameError),
    #[error("{0}")]
    NotSupported(String),
    #[error("{message}")]
    Usage { message: String, hint: Option<String> },
    #[error("setting \"{name}\" cannot be \"{value}\": {reason}")]
    Setting { name: String, value: String, reason: String },
    #[error("there is no setting \"{name}\"")]
    UnknownSetting { name: String, near: Vec<String> },
    #[error("a table file of the catalog is wrong")]
    Catalog(#[source] ec2ql_catalog::Error),
    #[error("cannot write {what}")]
    Output { what: String, source: io::Error },
    #[error("\"{path}\" exists already")]
    Exists { path: String },
    #[error("the statement took longer than {limit_s} s")]
    Timeout { limit_s: f64 },
    #[error("the statement was cancelled")]
    Cancelled,
    #[error("{}", datafusion_message(.0))]
    DataFusion(DataFusionError),
}

impl Error {
    pub(crate) fn new(reason: Reason) -> Self {
        Self(Arc::new(reason))
    }

    /// A file or stream that could not be written; `what` names it.
    pub fn output(what: impl Into<String>, source: io::Error) -> Self {
        Self::new(Reason::Output { what: what.into(), source })
    }

    /// A target that exists and may not be replaced.
    pub fn exists(path: impl Into<String>) -> Self {
        Self::new(Reason::Exists { path: path.into() })
    }

    /// A statement, argument or combination that cannot be; the hint can be typed.
    pub fn usage(message: impl Into<String>, hint: Option<&str>) -> Self {
        Self::new(Reason::Usage { message: message.into(), hint: hint.map(str::to_owned) })
    }

    /// The statement was stopped by its user.
    pub fn cancelled() -> Self {
        Self::new(Reason::Cancelled)
    }

    pub(crate) fn reason(&self) -> &Reason {
        &self.0
    }

    /// The five characters that programs match; the table is in `docs/errors.md`.
    pub fn sqlstate(&self) -> &'static str {
        match self.reason() {
            Reason::RegionUnbound { .. } => "42R01",
            Reason::RegionOutsideSession { .. } => "42R02",
            Reason::Parameter { .. } => "42R03",
            Reason::Ec2(error) => ec2_sqlstate(error),
            Reason::Name(error) => match error.kind {
                NameErrorKind::Relation => "42P01",
                NameErrorKind::Column => "42703",
                NameErrorKind::Ambiguous => "42702",
                NameErrorKind::Function => "42883",
                NameErrorKind::Schema => "3F000",
            },
            Reason::NotSupported(_) => "0A000",
            Reason::Usage { .. } => "42000",
            Reason::Setting { .. } => "22023",
            Reason::UnknownSetting { .. } => "42704",
            Reason::Catalog(_) => "XX000",
            Reason::Output { .. } => "58030",
            Reason::Exists { .. } => "58P02",
            Reason::Timeout { .. } | Reason::Cancelled => "57014",
            Reason::DataFusion(error) => datafusion_sqlstate(error),
        }
    }

    /// What failed, in one line.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// Codes, counts and causes behind the message.
    pub fn detail(&self) -> Option<String> {
        match self.reason() {
            Reason::Ec2(error) => ec2_detail(error),
            Reason::RegionUnbound { joined: true, .. } => Some(
                "A join gives its regions only to the side whose unmatched rows it drops: not to the kept side of an \
                 outer join, not under FULL, NOT IN or NOT EXISTS."
                    .into(),
            ),
            Reason::Catalog(error) => Some(error.to_string()),
            Reason::Output { source, .. } => Some(source.to_string()),
            _ => None,
        }
    }

    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self.reason() {
            Reason::RegionUnbound { home, .. } => Some(format!(
                "Say which: WHERE region = '{home}', region IN ('us-east-1', 'eu-west-1') or region LIKE 'eu-%', or set \
                 the regions of the session: SET ec2ql.regions = '{home}' (or 'all')."
            )),
            Reason::Parameter { column } => Some(format!("Write {column} = '...' or {column} IN (...), joined to the rest by AND.")),
            Reason::RegionOutsideSession { region, .. } => {
                Some(format!("Add it: SET ec2ql.regions = '...,{region}', or leave the session's regions empty."))
            }
            Reason::Ec2(error) => ec2_hint(error),
            Reason::Name(error) => error.hint(),
            Reason::UnknownSetting { near, .. } => {
                near_hint(near).or_else(|| Some("SELECT name, description FROM system.settings lists them.".into()))
            }
            Reason::Usage { hint, .. } => hint.clone(),
            Reason::Exists { .. } => Some("Choose another name, or add --overwrite (in COPY: OPTIONS (OVERWRITE true)).".into()),
            Reason::Timeout { .. } => Some("Give it more time: --timeout 10m, or SET ec2ql.statement_timeout = '10m'.".into()),
            _ => None,
        }
    }

    /// What kind of failure this is.
    pub fn class(&self) -> Class {
        match self.reason() {
            Reason::Ec2(error) => match error.kind() {
                Kind::Region | Kind::Endpoint => Class::Usage,
                Kind::TooLarge | Kind::NoProgress => Class::Limit,
                _ => Class::Remote,
            },
            Reason::Output { .. } | Reason::Exists { .. } => Class::Output,
            Reason::Timeout { .. } => Class::Limit,
            Reason::Cancelled => Class::Cancelled,
            Reason::DataFusion(error) if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) => Class::Limit,
            Reason::DataFusion(error) if matches!(error.find_root(), DataFusionError::IoError(_)) => Class::Output,
            _ => Class::Usage,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl From<ec2ql_ec2::Error> for Error {
    fn from(error: ec2ql_ec2::Error) -> Self {
        Self::new(Reason::Ec2(error))
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        Self::new(Reason::Name(error))
    }
}

impl From<ec2ql_catalog::Error> for Error {
    fn from(error: ec2ql_catalog::Error) -> Self {
        Self::new(Reason::Catalog(error))
    }
}

/// Errors of ours travel through the query engine inside its own: they come out as they went in.
impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        while let Some(found) = cause {
            if let Some(ours) = found.downcast_ref::<Error>() {
                return ours.clone();
            }
            if let Some(ec2) = found.downcast_ref::<ec2ql_ec2::Error>() {
                return ec2.clone().into();
            }
            cause = match found.downcast_ref::<DataFusionError>() {
                Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
                Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
                Some(DataFusionError::Collection(all)) => all.first().map(|e| e as _),
                _ => found.source(),
            };
        }
        Self::new(Reason::DataFusion(error))
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

fn near_hint(near: &[String]) -> Option<String> {
    (!near.is_empty()).then(|| format!("Did you mean {}?", near.join(", ")))
}

fn ec2_message(error: &ec2ql_ec2::Error) -> String {
    let operation = error.operation().unwrap_or("the request");
    let place = error.region().map(|region| format!(" in region \"{region}\"")).unwrap_or_default();
    match error.kind() {
        Kind::Region | Kind::Endpoint | Kind::Credentials => error.message().to_owned(),
        Kind::Unauthorized => format!("not authorized to call \"{operation}\"{place}"),
        Kind::AuthFailure => format!("AWS did not accept the credentials for \"{operation}\"{place}"),
        Kind::Expired => format!("the credentials or the signature for \"{operation}\"{place} have expired"),
        Kind::Throttled => format!("\"{operation}\"{place} was throttled"),
        Kind::Service => format!("\"{operation}\"{place} failed: {}", error.message()),
        Kind::Connect | Kind::Dns | Kind::Tls | Kind::Timeout | Kind::Transport | Kind::Protocol => {
            format!("no complete answer to \"{operation}\"{place}: {}", error.message())
        }
        Kind::Document => format!("a bad answer to \"{operation}\"{place}: {}", error.message()),
        Kind::TooLarge | Kind::TokenLoop | Kind::NoProgress => format!("\"{operation}\"{place} was stopped: {}", error.message()),
    }
}

fn ec2_sqlstate(error: &ec2ql_ec2::Error) -> &'static str {
    match error.kind() {
        Kind::Region => "22023",
        Kind::Endpoint => "08000",
        Kind::Credentials => "28000",
        Kind::AuthFailure | Kind::Expired => "28P01",
        Kind::Unauthorized => "42501",
        Kind::Connect | Kind::Dns | Kind::Tls => "08001",
        Kind::Timeout | Kind::Transport => "08006",
        Kind::Protocol | Kind::Document | Kind::TokenLoop => "08P01",
        Kind::TooLarge | Kind::NoProgress => "54000",
        Kind::Throttled => "53400",
        Kind::Service => "58000",
    }
}

fn ec2_detail(error: &ec2ql_ec2::Error) -> Option<String> {
    if error.operation().is_none() {
        return error.source().map(chain);
    }
    let mut text = match error.code() {
        Some(code) => format!("AWS returned {code}"),
        None => match error.source() {
            Some(source) => chain(source),
            None => "no answer counted".to_owned(),
        },
    };
    if let Some(id) = error.request_id() {
        text.push_str(&format!(" (request {id})"));
    }
    if error.code().is_some() && !matches!(error.kind(), Kind::Service) && !error.message().is_empty() {
        text.push_str(&format!(": {}", error.message().trim_end_matches('.')));
    }
    if error.attempts() > 0 {
        let plural = if error.attempts() == 1 { "" } else { "s" };
        text.push_str(&format!(" after {} attempt{plural}", error.attempts()));
    }
    text.push('.');
    if error.is_retryable() {
        text.push_str(" Trying again may help.");
    }
    Some(text)
}

fn ec2_hint(error: &ec2ql_ec2::Error) -> Option<String> {
    let region = error.region().unwrap_or("...");
    match error.kind() {
        Kind::Unauthorized => {
            let operation = error.operation().unwrap_or("the operation");
            Some(match operation {
                "DescribeRegions" => "Grant ec2:DescribeRegions, or name the regions: region IN ('us-east-1', ...).".into(),
                _ => format!("Grant ec2:{operation}, or leave the region out: region <> '{region}'."),
            })
        }
        Kind::AuthFailure => Some(format!(
            "Check the key and its secret with \\conninfo. AWS says the same of a region that the account has not \
             enabled: is \"{region}\" enabled?"
        )),
        Kind::Expired => Some(match error.clock_skew_s() {
            Some(skew_s) => format!("This machine's clock differs from AWS's by {skew_s} s: set it right."),
            None => "Refresh the credentials (aws sso login), and compare this machine's clock with the real time.".into(),
        }),
        Kind::Throttled => Some("Ask fewer regions at once, or wait: others share the account's quota.".into()),
        Kind::Region => near_hint(error.suggestions()),
        _ => None,
    }
}

fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(found) = cause {
        let part = found.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = found.source();
    }
    text
}

fn datafusion_message(error: &DataFusionError) -> String {
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
    let first = text.split("\n\nbacktrace").next().unwrap_or_default();
    first.trim().trim_end_matches('.').to_owned()
}

fn datafusion_sqlstate(error: &DataFusionError) -> &'static str {
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
