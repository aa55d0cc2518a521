//! What the AWS configuration files say about a profile, before a provider asks anybody because of it.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use aws_config::profile::{self, Profile, ProfileSet};
use aws_types::os_shim_internal::{Env, Fs};

use super::environment;

/// Where the files are: the variable, and the path under the home directory without it.
const FILES: [(&str, &str); 2] =
    [("AWS_CONFIG_FILE", ".aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")];
/// What says that a profile is to give credentials.
const SOURCES: [&str; 12] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "credential_process",
    "credential_source",
    "login_session",
    "role_arn",
    "source_profile",
    "sso_account_id",
    "sso_role_name",
    "sso_session",
    "web_identity_token_file",
];

/// A profile that can be asked.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// It says where its credentials come from; without that it may be passed over.
    pub(super) gives: bool,
    /// They are a role's.
    pub(super) role: bool,
    pub(super) source: Source,
}

/// Where the first of its credentials come from, as far as it matters to who wants to mend it.
#[derive(Debug, Default)]
pub(super) enum Source {
    SingleSignOn,
    Process,
    #[default]
    Other,
}

/// Why it cannot.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) reason: String,
    /// It wants a code that only a person has.
    pub(super) needs_code: bool,
}

impl From<String> for Wrong {
    fn from(reason: String) -> Self {
        Self { reason, needs_code: false }
    }
}

/// Reads a profile and those that it builds on; the error says what is wrong with them.
pub(super) async fn find(name: &str, is_named: bool) -> Result<Found, Wrong> {
    let mut paths = Vec::new();
    for (variable, default) in FILES {
        paths.push(check_file(variable, default)?);
    }
    #[expect(clippy::default_trait_access, reason = "the type is of a crate that is not ours to name")]
    let loaded = profile::load(&Fs::real(), &Env::real(), &Default::default(), Some(name.to_owned().into())).await;
    let set = loaded.map_err(|error| error.source().map_or_else(|| error.to_string(), in_one_line))?;
    match set.get_profile(name) {
        Some(first) => follow(&set, first),
        None if is_named => {
            let paths: Vec<_> = paths.iter().map(|path| format!("\"{}\"", path.display())).collect();
            Err(format!("there is no such profile in {}", paths.join(" or ")).into())
        }
        None => Ok(Found::default()),
    }
}

/// The providers take a file that they cannot read for an empty one.
fn check_file(variable: &str, default: &str) -> Result<PathBuf, String> {
    let named = environment::text(variable)?;
    let path = match &named {
        Some(path) => expand(path),
        None => home().join(default),
    };
    let of = named.map_or_else(String::new, |_| format!(" ({variable})"));
    match std::fs::read(&path) {
        Ok(bytes) => match std::str::from_utf8(&bytes) {
            Ok(_) => Ok(path),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.split(|byte| *byte == b'\n').count();
                Err(format!("line {line} of \"{}\"{of} is not UTF-8", path.display()))
            }
        },
        Err(error) if of.is_empty() && error.kind() == std::io::ErrorKind::NotFound => Ok(path),
        Err(error) => Err(format!("\"{}\"{of} cannot be read: {error}", path.display())),
    }
}

fn home() -> PathBuf {
    // Without a home the providers look for a folder of this name.
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("~"))
}

fn expand(path: &str) -> PathBuf {
    Path::new(path).strip_prefix("~").map_or_else(|_| PathBuf::from(path), |rest| home().join(rest))
}

/// Goes the way of the provider, from a role to the profile that it is assumed with.
fn follow(set: &ProfileSet, first: &Profile) -> Result<Found, Wrong> {
    let mut found = Found { gives: SOURCES.iter().any(|key| first.get(key).is_some()), ..Found::default() };
    let mut seen = Vec::new();
    let mut next = Some(first);
    while let Some(profile) = next {
        // Circles are the provider's to complain of.
        if seen.contains(&profile.name()) {
            break;
        }
        let is_source = !seen.is_empty();
        seen.push(profile.name());
        if is_source && profile.get("aws_access_key_id").is_some() {
            break;
        }
        if let Some(path) = profile.get("web_identity_token_file") {
            environment::check_token_file(path)?;
            break;
        }
        if ["sso_session", "sso_start_url"].iter().any(|key| profile.get(key).is_some()) {
            found.source = Source::SingleSignOn;
        } else if profile.get("credential_process").is_some() {
            found.source = Source::Process;
        }
        if profile.get("role_arn").is_none() {
            break;
        }
        found.role = true;
        if let Some(serial) = profile.get("mfa_serial") {
            let name = profile.name();
            let reason =
                format!("the role of profile \"{name}\" wants a code of {serial}, and ec2ql does not ask for one");
            return Err(Wrong { reason, needs_code: true });
        }
        next = profile.get("source_profile").and_then(|name| set.get_profile(name));
    }
    Ok(found)
}

fn in_one_line(error: &dyn StdError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
