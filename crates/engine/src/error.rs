//! One error for a person: SQLSTATE, what failed, detail, and what to type next.

mod datafusion;
mod ec2;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use ::datafusion::error::DataFusionError;
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
    #[error("\"{column}\" is a request parameter: it is given once, and not compared")]
    Parameter { column: String, form: String },
    #[error("region \"{region}\" is not among the regions of this session ({session})")]
    RegionOutsideSession { region: String, session: String },
    #[error("region \"{region}\" is not enabled for this account")]
    RegionNotEnabled { region: String, source: ec2ql_ec2::Error },
    #[error("{}", ec2::message(.0))]
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
    #[error("cannot read \"{path}\"")]
    Input { path: String, source: io::Error },
    #[error("\"{path}\" exists already")]
    Exists { path: String },
    #[error("the statement has {operators} operators; {operators_max} is the limit")]
    TooComplex { operators: usize, operators_max: usize },
    #[error("the statement took longer than {limit_s} s")]
    Timeout { limit_s: f64 },
    #[error("the statement was cancelled")]
    Cancelled,
    #[error("{}", self::datafusion::message(.0))]
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

    /// A file or stream that could not be read; `path` names it.
    pub fn input(path: impl Into<String>, source: io::Error) -> Self {
        Self::new(Reason::Input { path: path.into(), source })
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

    /// AWS's code for it, if AWS answered.
    pub(crate) fn aws_code(&self) -> Option<&str> {
        match self.reason() {
            Reason::Ec2(error) => error.code(),
            _ => None,
        }
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
            Reason::Ec2(error) | Reason::RegionNotEnabled { source: error, .. } => ec2::sqlstate(error),
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
            Reason::Input { source, .. } if source.kind() == io::ErrorKind::NotFound => "58P01",
            Reason::Output { .. } | Reason::Input { .. } => "58030",
            Reason::Exists { .. } => "58P02",
            Reason::TooComplex { .. } => "54001",
            Reason::Timeout { .. } | Reason::Cancelled => "57014",
            Reason::DataFusion(error) => self::datafusion::sqlstate(error),
        }
    }

    /// What failed, in one line.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// Codes, counts and causes behind the message.
    pub fn detail(&self) -> Option<String> {
        match self.reason() {
            Reason::Ec2(error) | Reason::RegionNotEnabled { source: error, .. } => ec2::detail(error),
            Reason::RegionUnbound { joined: true, .. } => Some(
                "A join gives its regions only to the side whose unmatched rows it drops: not to the kept side of an \
                 outer join, not under FULL, NOT IN or NOT EXISTS, not in the recursive part of WITH RECURSIVE; \
                 and only where region itself is compared, not an expression of it."
                    .into(),
            ),
            Reason::Catalog(error) => Some(error.to_string()),
            Reason::Output { source, .. } | Reason::Input { source, .. } => Some(source.to_string()),
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
            Reason::Parameter { form, .. } => Some(format!("Write {form}, joined to the rest by AND.")),
            Reason::RegionOutsideSession { region, session } => {
                let session = session.replace(' ', "");
                Some(format!("Add it: SET ec2ql.regions = '{session},{region}', or say none: RESET ec2ql.regions."))
            }
            Reason::RegionNotEnabled { region, .. } => {
                Some(format!("Enable it (aws account enable-region --region-name {region}), or leave it out."))
            }
            Reason::Ec2(error) => ec2::hint(error),
            Reason::Name(error) => error.hint(),
            Reason::UnknownSetting { near, .. } => {
                near_hint(near).or_else(|| Some("SELECT name, description FROM system.settings lists them.".into()))
            }
            Reason::Usage { hint, .. } => hint.clone(),
            Reason::Exists { .. } => {
                Some("Choose another name, or add --overwrite (in COPY: OPTIONS (OVERWRITE true)).".into())
            }
            Reason::TooComplex { .. } => Some("Write x IN ('a', 'b', ...) for x = 'a' OR x = 'b' OR ...".into()),
            Reason::Timeout { .. } => {
                Some("Give it more time: --timeout 10m, or SET ec2ql.statement_timeout = '10m'.".into())
            }
            _ => None,
        }
    }

    /// What kind of failure this is.
    pub fn class(&self) -> Class {
        match self.reason() {
            Reason::RegionNotEnabled { .. } => Class::Remote,
            Reason::Ec2(error) => match error.kind() {
                Kind::Region | Kind::Endpoint => Class::Usage,
                Kind::TooLarge | Kind::NoProgress => Class::Limit,
                _ => Class::Remote,
            },
            Reason::Output { .. } | Reason::Input { .. } | Reason::Exists { .. } => Class::Output,
            Reason::Timeout { .. } | Reason::TooComplex { .. } => Class::Limit,
            Reason::Cancelled => Class::Cancelled,
            Reason::DataFusion(error) if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) => {
                Class::Limit
            }
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
