use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use url::Url;

use crate::{Error, Kind};

pub(crate) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// The headers of a signed request, those of the signature included.
///
/// As botocore does for EC2, `content-type`, `host`, `x-amz-date` and, with temporary credentials,
/// `x-amz-security-token` are signed, and nothing else: the SDK's own headers change from one attempt to the next and
/// are added afterwards.
pub(crate) fn signed_headers(
    url: &Url,
    region: &str,
    body: &[u8],
    credentials: &Credentials,
    now: SystemTime,
) -> Result<Vec<(&'static str, String)>, Error> {
    let failed =
        |error: &dyn std::fmt::Display| Error::new(Kind::Credentials, format!("the request cannot be signed: {error}"));
    let host = host(url);
    let own = [("content-type", CONTENT_TYPE), ("host", host.as_str())];
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Enabled;
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings.session_token_mode = SessionTokenMode::Include;
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("ec2")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let request = SignableRequest::new("POST", url.as_str(), own.into_iter(), SignableBody::Bytes(body))
        .map_err(|error| failed(&error))?;
    let (instructions, _signature) = sign(request, &parameters).map_err(|error| failed(&error))?.into_parts();
    let (signature_headers, _parameters) = instructions.into_parts();
    let mut headers = vec![("content-type", CONTENT_TYPE.to_owned())];
    headers.extend(signature_headers.iter().map(|header| (header.name(), header.value().to_owned())));
    Ok(headers)
}

/// The host as the `host` header has it: with the port unless it is the scheme's own.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}
