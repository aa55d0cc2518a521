//! One provider of credentials: when it is passed over, and what is said when it must not be.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use super::Failure;

/// aws-config quotes after this word what a process wrote: that is its secret.
const QUOTES_OUTPUT: &str = "Stderr:";
/// What aws-config says of any setting that one provider refuses to another.
const GENERAL: &str = "the credentials provider was not properly configured";
const HINT_OTHER: &str = "Another profile: --profile NAME. --demo needs none.";

pub(super) struct Link {
    /// What a person calls it.
    pub(super) name: String,
    pub(super) provider: SharedCredentialsProvider,
    pub(super) lack: Lack,
    /// What to do when it fails, and when STS does not let it assume its role.
    pub(super) hint: String,
    pub(super) hint_denied: Option<&'static str>,
}

/// When a provider without credentials is passed over.
pub(super) enum Lack {
    /// Nothing is set for it, which is told in these words.
    Unset(&'static str),
    /// The default profile need not be there.
    NoProfile,
    /// Its user named it, or it says where they come from: it must have some. This is said when it has none.
    Never(&'static str),
    /// Any failure of it only means that it is not there.
    Anything,
}

/// A setting that no provider may see: they would pass it over.
#[derive(Debug)]
struct Refused(String);

/// A provider whose settings have been checked.
pub(super) fn checked(
    check: Result<(), String>,
    provider: impl ProvideCredentials + 'static,
) -> SharedCredentialsProvider {
    match check {
        Ok(()) => SharedCredentialsProvider::new(provider),
        Err(wrong) => SharedCredentialsProvider::new(Refused(wrong)),
    }
}

impl ProvideCredentials for Refused {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::invalid_configuration(self.0.clone())))
    }
}

impl Link {
    pub(super) fn new(name: &str, provider: SharedCredentialsProvider, lack: Lack) -> Self {
        Self { name: name.to_owned(), provider, lack, hint: HINT_OTHER.to_owned(), hint_denied: None }
    }

    /// Why the next provider is asked; none: this one must not be passed over.
    pub(super) fn passed_over(&self, error: &CredentialsError) -> Option<String> {
        let is_absent = matches!(error, CredentialsError::CredentialsNotLoaded(_));
        match self.lack {
            Lack::Anything => Some(chain(error)),
            Lack::Unset(text) if is_absent => Some(text.to_owned()),
            // With a cause it is there, and leads to something that is not.
            Lack::NoProfile if is_absent && error.source().is_none() => {
                Some("it is not in the configuration files, or holds none".to_owned())
            }
            _ => None,
        }
    }

    pub(super) fn broken(&self, error: &CredentialsError) -> Failure {
        let detail = match (&self.lack, error) {
            (Lack::Never(text), CredentialsError::CredentialsNotLoaded(_)) if error.source().is_none() => {
                (*text).to_owned()
            }
            _ => chain(error),
        };
        let is_denied = detail.contains("AccessDenied");
        let hint = self.hint_denied.filter(|_| is_denied).map_or_else(|| self.hint.clone(), str::to_owned);
        Failure { message: format!("no credentials: {} failed", self.name), detail, hint }
    }
}

/// The causes, the provider's general words left out, and nothing that a process wrote.
fn chain(error: &CredentialsError) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(found) = cause {
        let text = found.to_string();
        let text = text.split(QUOTES_OUTPUT).next().unwrap_or_default().trim().trim_end_matches('.').to_owned();
        if text != GENERAL && !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        cause = found.source();
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}
