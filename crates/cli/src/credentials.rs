//! Where credentials come from: aws-config's providers in their usual order, made when the first request needs them.

mod environment;
mod link;
mod links;
mod profiles;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};

use crate::aws;
use link::Link;

/// One provider may take so long: a process that signs in by itself, a role behind a role.
const PROVIDER_TIMEOUT: Duration = Duration::from_mins(1);

/// The usual chain, or one named profile.
pub(crate) struct Chain {
    profile: Option<String>,
    settings: Arc<aws::Settings>,
    /// Kept while they give credentials. What is mended meanwhile counts when they are asked again.
    links: tokio::sync::Mutex<Option<Vec<Link>>>,
    trace: Trace,
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
        Self { profile, settings, links: tokio::sync::Mutex::default(), trace }
    }

    async fn ask(&self) -> provider::Result {
        let mut kept = self.links.lock().await;
        let links = match kept.take() {
            Some(links) => links,
            None => links::make(self.profile.as_deref(), &self.settings).await?,
        };
        let mut reasons = Vec::new();
        for link in &links {
            let answer = tokio::time::timeout(PROVIDER_TIMEOUT, link.provider.provide_credentials()).await;
            let error = match answer {
                Ok(Ok(credentials)) => {
                    self.trace.found(&link.name);
                    *kept = Some(links);
                    return Ok(credentials);
                }
                Ok(Err(error)) => error,
                Err(_) => CredentialsError::provider_timed_out(PROVIDER_TIMEOUT),
            };
            match link.passed_over(&error) {
                Some(reason) => reasons.push(format!("{}: {reason}", link.name)),
                None => return Err(self.fail(link.broken(&error))),
            }
        }
        Err(self.fail(nothing(&reasons)))
    }

    fn fail(&self, failure: Failure) -> CredentialsError {
        let error = CredentialsError::not_loaded(failure.message.clone());
        self.trace.failed(failure);
        error
    }
}

fn nothing(reasons: &[String]) -> Failure {
    Failure {
        message: "no credentials were found, so nothing was sent".to_owned(),
        detail: format!("asked in this order: {}.", reasons.join("; ")),
        hint: "Name a profile (--profile NAME), sign in (aws sso login), or set AWS_ACCESS_KEY_ID and \
               AWS_SECRET_ACCESS_KEY. --demo needs none."
            .to_owned(),
    }
}

/// Credentials that are given, for the embedded endpoint.
pub(crate) fn fixed(access_key: &str, secret_key: &str, session_token: Option<String>) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(access_key, secret_key, session_token, None, "demo"))
}
