//! How an endpoint is reached, for who reads that it was not.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::http::PROXY_REFUSES;
use crate::{Kind, TransportError};

/// Says in a failure to connect which host was to be reached, and through which proxy, whose password stays out.
pub(crate) fn locate(mut failure: TransportError, url: &Url, proxied: bool) -> TransportError {
    let name = url.host_str().unwrap_or_default();
    let host = url.port_or_known_default().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
    let proxy = if proxied { proxy(url) } else { None };
    failure.message = match (failure.kind, proxy) {
        (Kind::Dns, None) => format!("the name {name} has no address"),
        (Kind::Dns, Some(proxy)) => format!("the name of the proxy {proxy} has no address"),
        (Kind::Connect, Some(proxy)) if failure.message == PROXY_REFUSES => {
            format!("the proxy {proxy} does not accept its credentials")
        }
        (Kind::Connect | Kind::Tls, None) => format!("{} to {host}", failure.message),
        (Kind::Connect | Kind::Tls, Some(proxy)) => format!("{} to {host} through the proxy {proxy}", failure.message),
        _ => return failure,
    };
    failure
}

/// The proxy that the client takes, found as it does.
fn proxy(url: &Url) -> Option<String> {
    let found = Matcher::from_system().intercept(&url.as_str().parse().ok()?)?;
    Some(found.uri().to_string().trim_end_matches('/').to_owned())
}
