//! Signature Version 4, checked with the code that AWS's own clients sign with.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use chrono::NaiveDateTime;

use crate::envelope::{Failure, UNKNOWN_CREDENTIALS};
use crate::http::Request;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who may sign, and how far a request's time may be from the clock.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    pub(crate) access_key: &'a str,
    pub(crate) secret_key: &'a str,
    pub(crate) session_token: Option<&'a str>,
    pub(crate) skew_max: Option<Duration>,
}

/// The `Authorization` header, taken apart.
#[derive(Debug, Default)]
struct Authorization<'a> {
    key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed: Vec<&'a str>,
    signature: &'a str,
}

/// The region of the credential scope, unchecked: what the request says about itself.
pub(crate) fn region(request: &Request) -> Option<&str> {
    authorization(request).ok().map(|authorization| authorization.region)
}

/// Whether `request` was signed by the account, at a time near `now`.
pub(crate) fn check(request: &Request, account: &Account<'_>, now: SystemTime) -> Result<(), Failure> {
    let auth = authorization(request)?;
    if auth.service != "ec2" {
        let message = "Credential should be scoped to correct service: 'ec2'.";
        return Err(Failure::new(403, "SignatureDoesNotMatch", message));
    }
    let time = signing_time(request, auth.date)?;
    if let Some(skew_max) = account.skew_max {
        let skew = now.duration_since(time).unwrap_or_else(|error| error.duration());
        if skew > skew_max {
            return Err(Failure::bad("RequestExpired", "Request has expired."));
        }
    }
    let token = request.header("x-amz-security-token");
    if auth.key != account.access_key || token != account.session_token {
        return Err(unknown_credentials());
    }
    if signature(request, &auth, account, time).as_deref() == Some(auth.signature) {
        return Ok(());
    }
    let message = "The request signature we calculated does not match the signature you provided. \
                   Check your AWS Secret Access Key and signing method. \
                   Consult the service documentation for details.";
    Err(Failure::new(403, "SignatureDoesNotMatch", message))
}

/// What EC2 says to a key that it does not know, and in a region that is not enabled.
pub(crate) fn unknown_credentials() -> Failure {
    Failure::new(401, "AuthFailure", UNKNOWN_CREDENTIALS)
}

fn authorization(request: &Request) -> Result<Authorization<'_>, Failure> {
    let incomplete = |what: &str| Failure::bad("IncompleteSignature", format!("Authorization header {what}"));
    let Some(header) = request.header("authorization") else {
        let message = "Request is missing Authentication Token";
        return Err(Failure::new(403, "MissingAuthenticationToken", message));
    };
    let Some(parts) = header.strip_prefix(ALGORITHM) else {
        return Err(incomplete(&format!("requires the algorithm {ALGORITHM}")));
    };
    let mut found = Authorization::default();
    for part in parts.split(',') {
        match part.trim().split_once('=') {
            Some(("Credential", scope)) => match scope.split('/').collect::<Vec<_>>().as_slice() {
                [key, date, region, service, "aws4_request"] => {
                    (found.key, found.date) = (key, date);
                    (found.region, found.service) = (region, service);
                }
                _ => return Err(incomplete("has a malformed 'Credential'")),
            },
            Some(("SignedHeaders", names)) => found.signed = names.split(';').collect(),
            Some(("Signature", hex)) => found.signature = hex,
            _ => return Err(incomplete("has an unknown part")),
        }
    }
    let signs = |name: &str| found.signed.contains(&name);
    if found.key.is_empty() || found.signature.is_empty() || !signs("host") || !signs("x-amz-date") {
        return Err(incomplete("requires 'Credential', 'Signature' and 'SignedHeaders' with host and x-amz-date"));
    }
    // AWS wants every x-amz-* header signed; a token that is not could be swapped on the way.
    if request.header("x-amz-security-token").is_some() && !signs("x-amz-security-token") {
        return Err(incomplete("does not sign x-amz-security-token"));
    }
    Ok(found)
}

fn signing_time(request: &Request, scope_date: &str) -> Result<SystemTime, Failure> {
    let date = request.header("x-amz-date").unwrap_or_default();
    let time = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ");
    match time {
        Ok(time) if date.starts_with(scope_date) && !scope_date.is_empty() => Ok(time.and_utc().into()),
        _ => {
            let message = format!("Date in Credential scope does not match X-Amz-Date: '{scope_date}' and '{date}'");
            Err(Failure::new(403, "SignatureDoesNotMatch", message))
        }
    }
}

/// The right signature for what was received; none when it cannot be signed at all.
fn signature(request: &Request, auth: &Authorization<'_>, account: &Account<'_>, time: SystemTime) -> Option<String> {
    let token = request.header("x-amz-security-token").map(str::to_owned);
    let identity = Credentials::new(account.access_key, account.secret_key, token, None, "fake-ec2").into();
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(auth.region)
        .name(auth.service)
        .time(time)
        .settings(settings)
        .build()
        .ok()?
        .into();
    // The signer adds these two itself.
    let own = ["x-amz-date", "x-amz-security-token"];
    let headers = auth.signed.iter().filter(|name| !own.contains(name));
    let headers: Vec<(&str, &str)> =
        headers.map(|name| request.header(name).map(|value| (*name, value))).collect::<Option<_>>()?;
    let uri = format!("http://{}{}", request.header("host")?, request.target);
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(&request.method, uri, headers.into_iter(), body).ok()?;
    Some(sign(signable, &params).ok()?.into_parts().1)
}
