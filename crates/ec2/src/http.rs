//! The transport over the network: the only place that knows the HTTP library.

use std::error::Error as StdError;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};
use reqwest::{Certificate, Method, redirect, retry};
use tokio::time::timeout;
use url::Url;

use crate::endpoints::is_local;
use crate::gzip::{Body, Fault};
use crate::way::locate;
use crate::{Answer, Error, Kind, Request, Transport, TransportError};

/// How the network is used.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// How long a connection may take, TLS included.
    pub connect: Duration,
    /// How long the first byte of an answer may take, connection included.
    pub first_byte: Duration,
    /// How long the next bytes may take.
    pub idle: Duration,
    /// How long a request with its answer may take in all.
    pub attempt: Duration,
    /// Certificates to trust instead of the system's, as PEM: the content of `AWS_CA_BUNDLE`.
    pub ca_bundle_pem: Option<Vec<u8>>,
    /// Use the proxies that the environment names. An endpoint on this machine never goes through one: plain HTTP is
    /// accepted there because nothing leaves the machine.
    pub system_proxy: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(3_100),
            first_byte: Duration::from_secs(10),
            idle: Duration::from_secs(5),
            attempt: Duration::from_secs(30),
            ca_bundle_pem: None,
            system_proxy: true,
        }
    }
}

/// Sends over HTTP/1.1 with connections that are kept. Redirects are not followed.
#[derive(Debug)]
pub struct Http {
    config: HttpConfig,
    certificates: Option<Vec<Certificate>>,
    /// Made when first used: a statement that calls nothing does not wait for the system's certificates.
    client: Mutex<Option<reqwest::Client>>,
    /// The same without proxies.
    direct: Mutex<Option<reqwest::Client>>,
}

impl Http {
    /// A transport. Nothing is opened yet.
    ///
    /// # Errors
    /// The certificates are no PEM, or there is none among them.
    pub fn new(config: HttpConfig) -> Result<Self, Error> {
        let certificates = match &config.ca_bundle_pem {
            None => None,
            Some(pem) => {
                let unusable = || Error::new(Kind::Endpoint, "the CA bundle holds no certificate in PEM");
                let certificates = Certificate::from_pem_bundle(pem).map_err(|error| unusable().with_source(error))?;
                if certificates.is_empty() {
                    return Err(unusable());
                }
                Some(certificates)
            }
        };
        Ok(Self { config, certificates, client: Mutex::default(), direct: Mutex::default() })
    }

    fn is_direct(&self, url: &Url) -> bool {
        !self.config.system_proxy || is_local(url)
    }

    fn client(&self, url: &Url) -> Result<reqwest::Client, TransportError> {
        let direct = self.is_direct(url);
        let made = if direct { &self.direct } else { &self.client };
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*made {
            return Ok(client.clone());
        }
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(self.config.connect);
        if let Some(certificates) = &self.certificates {
            builder = builder.tls_certs_only(certificates.iter().cloned());
        }
        if direct {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(narrow)?;
        Ok(made.insert(client).clone())
    }

    async fn exchange(&self, request: Request) -> Result<Answer, TransportError> {
        let client = self.client(&request.url)?;
        let url = request.url.clone();
        let mut sent = reqwest::Request::new(Method::POST, request.url);
        for (name, value) in request.headers {
            let mut value = HeaderValue::try_from(value).map_err(|error| {
                failure(Kind::Protocol, format!("the header {name} cannot be sent"), false, Some(Box::new(error)))
            })?;
            value.set_sensitive(matches!(name, "authorization" | "x-amz-security-token"));
            sent.headers_mut().insert(HeaderName::from_static(name), value);
        }
        if request.accepts_gzip {
            sent.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        *sent.body_mut() = Some(request.body.into());
        let first_byte = self.config.first_byte;
        let response = timeout(first_byte, client.execute(sent))
            .await
            .map_err(|_| slow("no answer", first_byte))?
            .map_err(|error| locate(narrow(error), &url, !self.is_direct(&url)))?;
        check_framing(response.headers())?;
        let expected = Expected { gzip: request.accepts_gzip, bytes_max: request.answer_bytes_max };
        self.receive(response, expected, request.buffer).await
    }

    async fn receive(
        &self,
        mut response: reqwest::Response,
        expected: Expected,
        buffer: BytesMut,
    ) -> Result<Answer, TransportError> {
        let Expected { gzip, bytes_max } = expected;
        let announced = usize::try_from(response.content_length().unwrap_or_default()).unwrap_or(usize::MAX);
        if announced > bytes_max {
            return Err(unreadable(Fault::TooLong, bytes_max));
        }
        let mut body = match encoding(response.headers()) {
            "identity" => Body::plain(buffer, announced, bytes_max),
            "gzip" if gzip => Body::gzip(buffer, bytes_max),
            _ => {
                let reason = "the answer is encoded in a way that was not asked for";
                return Err(failure(Kind::Protocol, reason.to_owned(), false, None));
            }
        };
        let idle = self.config.idle;
        while let Some(chunk) =
            timeout(idle, response.chunk()).await.map_err(|_| slow("the answer stopped", idle))?.map_err(narrow)?
        {
            body.push(&chunk).map_err(|fault| unreadable(fault, bytes_max))?;
        }
        let body = body.finish().map_err(|fault| unreadable(fault, bytes_max))?;
        Ok(answer(response.status().as_u16(), response.headers(), body))
    }
}

/// What an answer may be.
struct Expected {
    gzip: bool,
    bytes_max: usize,
}

/// How the body is encoded.
fn encoding(headers: &HeaderMap) -> &str {
    let mut named = headers.get_all(CONTENT_ENCODING).iter();
    match (named.next().map(|name| name.to_str().unwrap_or_default()), named.next()) {
        (None, _) => "identity",
        (Some(name), None) if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => "gzip",
        (Some(name), None) if name.eq_ignore_ascii_case("identity") => "identity",
        _ => "",
    }
}

fn slow(what: &str, limit: Duration) -> TransportError {
    failure(Kind::Timeout, format!("{what} after {}", spoken(limit)), true, None)
}

/// A limit as a person says it: what is left of a budget has digits that mean nothing.
fn spoken(limit: Duration) -> String {
    if limit < Duration::from_secs(1) {
        return format!("{} ms", limit.as_millis());
    }
    format!("{} s", (limit.as_secs_f64() * 10.0).round() / 10.0)
}

fn unreadable(fault: Fault, bytes_max: usize) -> TransportError {
    match fault {
        Fault::TooLong => failure(Kind::TooLarge, format!("the answer is longer than {bytes_max} bytes"), false, None),
        Fault::Bomb => {
            let reason = "the compressed answer repeats itself more than any list does";
            failure(Kind::TooLarge, reason.to_owned(), false, None)
        }
        Fault::Broken(error) => {
            failure(Kind::Transport, "the compressed answer is broken".to_owned(), true, Some(Box::new(error)))
        }
    }
}

#[async_trait]
impl Transport for Http {
    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let limit = self.config.attempt.min(request.timeout);
        match timeout(limit, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(slow("no whole answer", limit)),
        }
    }

    fn disconnect(&self) {
        for made in [&self.client, &self.direct] {
            *made.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// Two statements of the body's length are how one answer is passed off as another.
fn check_framing(headers: &HeaderMap) -> Result<(), TransportError> {
    let lengths: Vec<_> = headers.get_all(CONTENT_LENGTH).iter().collect();
    let listed = lengths.iter().any(|length| length.as_bytes().contains(&b','));
    if listed || lengths.len() > 1 || (lengths.len() == 1 && headers.contains_key(TRANSFER_ENCODING)) {
        return Err(failure(Kind::Protocol, "the answer states its length twice".to_owned(), false, None));
    }
    Ok(())
}

fn answer(status: u16, headers: &HeaderMap, body: Bytes) -> Answer {
    let header = |name: &HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
    Answer {
        status,
        content_type: header(&CONTENT_TYPE),
        date: header(&DATE),
        retry_after: header(&HeaderName::from_static("x-amz-retry-after")),
        request_id: header(&HeaderName::from_static("x-amzn-requestid")),
        body,
    }
}

fn failure(
    kind: Kind,
    message: String,
    retryable: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
) -> TransportError {
    TransportError { kind, message, retryable, source }
}

/// Also said of the status 407, which a proxy answers where it opens no tunnel.
pub(crate) const PROXY_REFUSES: &str = "the proxy does not accept its credentials";

/// The library's error as one of ours. Its URL goes: it has nothing that the region does not say.
fn narrow(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let (kind, message, retryable) = if error.is_dns() {
        // The resolver says in words only whether it knows that there is no such name.
        let later = causes(&error).any(|cause| cause.to_string().contains("Temporary failure"));
        (Kind::Dns, "the host's name has no address", later)
    } else if causes(&error).any(is_tls) {
        (Kind::Tls, "there is no TLS connection", false)
    } else if error.is_connect() {
        // The library has no type for this either.
        let refused = causes(&error).any(|cause| cause.to_string().contains("proxy authorization required"));
        (Kind::Connect, if refused { PROXY_REFUSES } else { "there is no connection" }, !refused)
    } else if error.is_timeout() {
        (Kind::Timeout, "the answer took too long", true)
    } else if error.is_builder() {
        (Kind::Protocol, "the HTTP client cannot be made", false)
    } else if causes(&error).filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse) {
        (Kind::Protocol, "the answer is no HTTP/1.1", false)
    } else {
        (Kind::Transport, "the answer was cut", true)
    };
    failure(kind, message.to_owned(), retryable, Some(Box::new(error)))
}

/// TLS errors come inside of IO errors, which do not show them as their source.
fn is_tls(cause: &(dyn StdError + 'static)) -> bool {
    let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || inside.is_some_and(|inside| is_tls(inside))
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded() {
        for (ms, text) in [(9_826, "9.8 s"), (30_000, "30 s"), (250, "250 ms"), (999, "999 ms"), (1_000, "1 s")] {
            assert_eq!(spoken(Duration::from_micros(ms * 1_000 + 134)), text);
        }
    }
}
