//! What an error code of EC2 means here. The codes and their classes are those of botocore and of AWS's page
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.

use crate::{Error, Kind};

/// The error that EC2's error answer names.
pub(crate) fn service_error(code: &str, message: &str) -> Error {
    Error::new(kind(code), message).with_code(code)
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
        "AuthFailure" | "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch"
        | "IncompleteSignature" | "MissingAuthenticationToken" | "InvalidAccessKeyId" => Kind::AuthFailure,
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" | "OptInRequired" => Kind::Unauthorized,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => Kind::Expired,
        _ => Kind::Service,
    }
}
