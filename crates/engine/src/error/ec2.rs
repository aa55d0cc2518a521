//! What a person reads of an error of the protocol.

use std::error::Error as StdError;
use std::fmt::Write as _;

use ec2ql_ec2::{Error, Kind};

use super::near_hint;
use crate::enabled::DESCRIBE_REGIONS;

pub(super) fn message(error: &Error) -> String {
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
        Kind::TooLarge | Kind::TokenLoop | Kind::NoProgress => {
            format!("\"{operation}\"{place} was stopped: {}", error.message())
        }
    }
}

pub(super) fn sqlstate(error: &Error) -> &'static str {
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

pub(super) fn detail(error: &Error) -> Option<String> {
    if error.operation().is_none() {
        return error.source().map(chain);
    }
    let mut text = match (error.code(), error.source()) {
        (Some(code), _) => format!("AWS returned {code}"),
        (None, Some(source)) => chain(source),
        (None, None) => "The answer was refused".to_owned(),
    };
    if let Some(id) = error.request_id() {
        let _ = write!(text, " (request {id})");
    }
    if error.attempts() > 0 {
        let plural = if error.attempts() == 1 { "" } else { "s" };
        let _ = write!(text, " after {} attempt{plural}", error.attempts());
    }
    // For any other code the first line has AWS's words.
    if error.code().is_some() && error.kind() != Kind::Service && !error.message().is_empty() {
        let _ = write!(text, ": {}", error.message().trim_end_matches('.'));
    }
    text.push('.');
    if error.is_retryable() {
        text.push_str(" Trying again may help.");
    }
    Some(text)
}

pub(super) fn hint(error: &Error) -> Option<String> {
    let region = error.region().unwrap_or("...");
    match error.kind() {
        Kind::Unauthorized => {
            let operation = error.operation().unwrap_or("the operation");
            Some(match operation {
                DESCRIBE_REGIONS => {
                    "Grant ec2:DescribeRegions, or name the regions: region IN ('us-east-1', ...).".into()
                }
                _ => format!("Grant ec2:{operation}, or leave the region out: region <> '{region}'."),
            })
        }
        Kind::AuthFailure => Some(format!(
            "Check the key and its secret with \\conninfo. AWS says the same of a region that the account has not \
             enabled: is \"{region}\" enabled?"
        )),
        Kind::Expired => Some(match error.clock_skew_s() {
            Some(skew_s) => format!("This machine's clock differs from AWS's by {skew_s} s: set it right."),
            None => {
                "Refresh the credentials (aws sso login), and compare this machine's clock with the real time.".into()
            }
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
