//! Where credentials come from: aws-config's providers in their usual order, made when the first request needs them.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::OnceCell;

use crate::aws;

/// One provider may take so long: a process that signs in by itself, a role behind a role.
const PROVIDER_TIMEOUT: Duration = Duration::from_mins(1);
/// Instance metadata answers in milliseconds where it is there; elsewhere nothing does.
const METADATA_CONNECT_TIMEOUT: Duration = Duration::from_millis(700);
const METADATA_TIMEOUT: Duration = Duration::from_millis(1_500);
const METADATA_ATTEMPTS_MAX: u32 = 2;
const SERVICE_CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
const SERVICE_TIMEOUT: Duration = Duration::from_secs(20);
const SERVICE_ATTEMPTS_MAX: u32 = 3;
/// aws-config quotes after this word what a process wrote: that is its secret.
const QUOTES_OUTPUT: &str = "Stderr:";

/// The usual chain, or one named profile.
pub(crate) struct Chain {
    profile: Option<String>,
    settings: Arc<aws::Settings>,
    links: OnceCell<Vec<Link>>,
    trace: Trace,
}

struct Link {
    /// What a person calls it.
    name: String,
    /// Said when it has nothing to offer; none: its own words.
    absent: Option<&'static str>,
    provider: SharedCredentialsProvider,
    /// Whether any failure of it only means that it is not there.
    may_fail: bool,
}

/// Which provider gave credentials, or why none did. No secret is in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Found>>);

#[derive(Debug, Default)]
struct Found {
    source: Option<String>,
    failure: Option<Failure>,
}

/// Why there are no credentials.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) detail: String,
    pub(crate) hint: String,
}

impl Trace {
    pub(crate) fn source(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).source.clone()
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failure.clone()
    }

    fn found(&self, source: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Found { source: Some(source.to_owned()), failure: None };
    }

    fn failed(&self, failure: Failure) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failure = Some(failure);
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }
}

impl Chain {
    /// The chain. Nothing is read or asked yet.
    pub(crate) fn new(profile: Option<String>, settings: Arc<aws::Settings>, trace: Trace) -> Self {
        Self { profile, settings, links: OnceCell::new(), trace }
    }

    async fn ask(&self) -> provider::Result {
        let links = self.links.get_or_try_init(async || self.links()).await?;
        let mut reasons = Vec::new();
        for link in links {
            let answer = tokio::time::timeout(PROVIDER_TIMEOUT, link.provider.provide_credentials()).await;
            let error = match answer {
                Ok(Ok(credentials)) => {
                    self.trace.found(&link.name);
                    return Ok(credentials);
                }
                Ok(Err(error)) => error,
                Err(_) => CredentialsError::provider_timed_out(PROVIDER_TIMEOUT),
            };
            let absent = matches!(error, CredentialsError::CredentialsNotLoaded(_));
            if !absent && !link.may_fail {
                return Err(self.fail(self.broken(link, &error)));
            }
            let reason = match link.absent {
                Some(absent_text) if absent => absent_text.to_owned(),
                _ if absent && error.source().is_none() => {
                    "it is not in the configuration files, or holds none".to_owned()
                }
                _ => chain(&error),
            };
            reasons.push(format!("{}: {reason}", link.name));
        }
        Err(self.fail(self.nothing(&reasons)))
    }

    fn fail(&self, failure: Failure) -> CredentialsError {
        let error = CredentialsError::not_loaded(failure.message.clone());
        self.trace.failed(failure);
        error
    }

    fn broken(&self, link: &Link, error: &CredentialsError) -> Failure {
        let profile = self.profile.clone().or_else(|| std::env::var("AWS_PROFILE").ok());
        let sign_in = profile.map_or_else(String::new, |name| format!(" --profile {name}"));
        Failure {
            message: format!("no credentials: {} failed", link.name),
            detail: chain(error),
            hint: format!(
                "For single sign-on type: aws sso login{sign_in}. Another profile: --profile NAME. --demo needs none."
            ),
        }
    }

    fn nothing(&self, reasons: &[String]) -> Failure {
        let hint = match &self.profile {
            Some(name) => {
                format!("For single sign-on type: aws sso login --profile {name}. Another profile: --profile NAME.")
            }
            None => "Name a profile (--profile NAME), sign in (aws sso login), or set AWS_ACCESS_KEY_ID and \
                     AWS_SECRET_ACCESS_KEY. --demo needs none."
                .to_owned(),
        };
        Failure {
            message: "no credentials were found, so nothing was sent".to_owned(),
            detail: format!("asked in this order: {}.", reasons.join("; ")),
            hint,
        }
    }

    fn links(&self) -> Result<Vec<Link>, CredentialsError> {
        let ca_bundle = self.settings.ca_bundle.as_deref();
        let base = || {
            ProviderConfig::without_region()
                .with_region(Some(self.settings.region()))
                .with_use_fips(Some(self.settings.fips))
                .with_use_dual_stack(Some(self.settings.dual_stack))
                .with_retry_config(RetryConfig::standard().with_max_attempts(SERVICE_ATTEMPTS_MAX))
                .with_timeout_config(
                    TimeoutConfig::builder()
                        .connect_timeout(SERVICE_CONNECT_TIMEOUT)
                        .operation_timeout(SERVICE_TIMEOUT)
                        .build(),
                )
        };
        let services =
            aws::with_http_client(base(), ca_bundle, true).map_err(CredentialsError::invalid_configuration)?;
        let local = aws::with_http_client(base(), ca_bundle, false).map_err(CredentialsError::invalid_configuration)?;
        let metadata = || {
            let client = imds::Client::builder()
                .configure(&local)
                .connect_timeout(METADATA_CONNECT_TIMEOUT)
                .read_timeout(METADATA_TIMEOUT)
                .operation_timeout(METADATA_TIMEOUT)
                .operation_attempt_timeout(METADATA_TIMEOUT)
                .max_attempts(METADATA_ATTEMPTS_MAX)
                .build();
            ImdsCredentialsProvider::builder().configure(&local).imds_client(client).build()
        };
        let container = || EcsCredentialsProvider::builder().configure(&local).build();
        let mut profile = ProfileFileCredentialsProvider::builder()
            .configure(&services)
            .with_custom_provider("Ec2InstanceMetadata", metadata())
            .with_custom_provider("EcsContainer", container());
        if let Some(name) = &self.profile {
            profile = profile.profile_name(name);
            // Who names a profile means it: keys in the environment do not win over it.
            return Ok(vec![link(&format!("profile \"{name}\""), None, profile.build())]);
        }
        let profile_name = std::env::var("AWS_PROFILE").unwrap_or_else(|_| "default".to_owned());
        let web_identity = WebIdentityTokenCredentialsProvider::builder().configure(&services).build();
        let mut links = vec![
            link("environment", Some("AWS_ACCESS_KEY_ID is not set"), EnvironmentVariableCredentialsProvider::new()),
            link(&format!("profile \"{profile_name}\""), None, profile.build()),
            link("web identity", Some("AWS_WEB_IDENTITY_TOKEN_FILE is not set"), web_identity),
            link("container", Some("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set"), container()),
            link("instance metadata", None, metadata()),
        ];
        if let Some(last) = links.last_mut() {
            last.may_fail = true;
        }
        Ok(links)
    }
}

fn link(name: &str, absent: Option<&'static str>, provider: impl ProvideCredentials + 'static) -> Link {
    Link { name: name.to_owned(), absent, provider: SharedCredentialsProvider::new(provider), may_fail: false }
}

/// The causes, the provider's general words left out, and nothing that a process wrote.
fn chain(error: &CredentialsError) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(found) = cause {
        let text = found.to_string();
        let text = text.split(QUOTES_OUTPUT).next().unwrap_or_default().trim().trim_end_matches('.').to_owned();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        cause = found.source();
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

/// Credentials that are given, for the embedded endpoint.
pub(crate) fn fixed(access_key: &str, secret_key: &str, session_token: Option<String>) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(access_key, secret_key, session_token, None, "demo"))
}
