//! What an answer means: a page, or an error and whether another attempt can help.
//!
//! The codes and their classes are those of botocore and of AWS's page
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.

use std::time::SystemTime;

use bytes::Bytes;

use crate::document::{error_answer, may_be_error_answer};
use crate::http::PROXY_REFUSES;
use crate::{Answer, Error, Kind, Limits, TransportError};

/// What one attempt gave.
pub(crate) enum Verdict {
    Page(Bytes),
    Failure { error: Error, retry_after: Option<String> },
}

impl From<Error> for Verdict {
    fn from(error: Error) -> Self {
        Self::Failure { error, retry_after: None }
    }
}

/// Judges a whole answer that was received at `now`.
pub(crate) fn judge(answer: Answer, operation: &str, limits: &Limits, now: SystemTime) -> Verdict {
    let named = match answer.status {
        200 if !is_utf8(answer.content_type.as_deref()) => {
            Some(Error::new(Kind::Document, "the answer is not encoded in UTF-8"))
        }
        200 if !may_be_error_answer(&answer.body) => None,
        200 | 400.. => error_answer(&answer.body, operation, limits),
        _ => None,
    };
    let error = match named {
        None if answer.status == 200 => return Verdict::Page(answer.body),
        None => status_error(answer.status),
        Some(error) if answer.status == 429 => error.with_kind(Kind::Throttled),
        Some(error) => error,
    };
    let transient = matches!(answer.status, 500 | 502 | 503 | 504);
    let retryable = error.is_retryable() || transient;
    let skew_s = match error.kind() {
        Kind::AuthFailure | Kind::Expired => answer.date.as_deref().and_then(|date| clock_skew_s(date, now)),
        _ => None,
    };
    let error = error
        .with_retryable(retryable)
        .with_clock_skew_s(skew_s)
        .with_status(answer.status)
        .with_request_id(answer.request_id.as_deref());
    Verdict::Failure { error, retry_after: answer.retry_after }
}

/// Why there was no whole answer.
pub(crate) fn transport_error(error: TransportError) -> Error {
    let retryable = error.retryable;
    let outer = Error::new(error.kind, error.message).with_retryable(retryable);
    match error.source {
        Some(source) => outer.with_boxed_source(source),
        None => outer,
    }
}

/// The error of a status whose body names none.
fn status_error(status: u16) -> Error {
    match status {
        401 => Error::new(Kind::AuthFailure, "the endpoint does not accept the credentials"),
        403 => Error::new(Kind::Unauthorized, "the endpoint forbids the call"),
        407 => Error::new(Kind::Connect, PROXY_REFUSES).with_retryable(false),
        429 => Error::new(Kind::Throttled, "the endpoint is asked too often"),
        300..=399 => {
            Error::new(Kind::Protocol, format!("the answer is a redirect (status {status}), which is not followed"))
        }
        _ => Error::new(Kind::Protocol, format!("the answer has status {status} and names no error")),
    }
}

/// How far this machine's clock is ahead of the answer's date; `None` when the two agree.
fn clock_skew_s(date: &str, now: SystemTime) -> Option<i64> {
    // AWS's SDKs correct a clock that is off by more; a signature may be five minutes old.
    const AGREES_WITHIN_S: i64 = 240;
    let seconds = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok(),
        Err(before) => i64::try_from(before.duration().as_secs()).ok().map(|seconds| -seconds),
    };
    let skew_s = seconds(now)?.checked_sub(seconds(httpdate::parse_http_date(date).ok()?)?)?;
    (skew_s.abs() > AGREES_WITHIN_S).then_some(skew_s)
}

/// Whether a content type leaves the body as UTF-8.
fn is_utf8(content_type: Option<&str>) -> bool {
    let charset = content_type.into_iter().flat_map(|value| value.split(';').skip(1)).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    charset.is_none_or(|name| name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii"))
}

/// The error that EC2's error answer names.
pub(crate) fn service_error(code: &str, message: &str) -> Error {
    let transient = matches!(code, "RequestTimeout" | "RequestTimeoutException");
    let error = Error::new(kind(code), message).with_code(code);
    let retryable = error.is_retryable() || transient;
    error.with_retryable(retryable)
}

/// Codes that say "too fast": AWS's SDKs retry them with the long delay.
const THROTTLES: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

fn kind(code: &str) -> Kind {
    // Some endpoints still write the old form, with the side in front.
    let code = code.strip_prefix("Client.").or_else(|| code.strip_prefix("Server.")).unwrap_or(code);
    if THROTTLES.contains(&code) {
        return Kind::Throttled;
    }
    match code {
        "AuthFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "InvalidAccessKeyId" => Kind::AuthFailure,
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" | "OptInRequired" => Kind::Unauthorized,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => Kind::Expired,
        _ => Kind::Service,
    }
}
