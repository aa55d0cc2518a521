//! Settings that AWS's library passes over, or panics at, when it cannot read them. Here they are errors.

use std::env::{VarError, var};

use aws_config::SdkConfig;
use ec2ql_engine::Error;
use url::Url;

use super::lookup;

/// A proxy that cannot be used would be gone around.
pub(super) fn check_proxies() -> Result<(), Error> {
    check_proxy(["HTTP_PROXY", "http_proxy"])?;
    // What is for all is for those that have none of their own, and AWS is asked over HTTPS.
    if !check_proxy(["HTTPS_PROXY", "https_proxy"])? {
        check_proxy(["ALL_PROXY", "all_proxy"])?;
    }
    Ok(())
}

/// Gives whether there is one.
fn check_proxy(names: [&str; 2]) -> Result<bool, Error> {
    let mut found = None;
    for name in names {
        if let (None, Some(value)) = (&found, text(name)?) {
            found = Some((name, value));
        }
    }
    let Some((name, value)) = found else { return Ok(false) };
    // Without a scheme it is HTTP's.
    let whole = if value.contains("://") { value.clone() } else { format!("http://{value}") };
    if Url::parse(&whole).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Ok(true);
    }
    let message = format!("{name} cannot be \"{}\"", without_password(&value));
    Err(Error::usage(message, Some("Write http://HOST:PORT. NO_PROXY names hosts that need none.")))
}

/// A setting that is true or false, from the environment or the profile.
pub(super) fn switch(config: &SdkConfig, env: &str, profile: &str) -> Result<bool, Error> {
    let name = if text(env)?.is_some() { env.to_owned() } else { format!("{profile} in the AWS configuration") };
    parse_switch(&name, lookup(config, env, profile).as_deref())
}

/// Whether nobody asks this machine's metadata service. Read by the provider again, which takes any other word for no.
pub(super) fn check_metadata_switch() -> Result<(), Error> {
    const NAME: &str = "AWS_EC2_METADATA_DISABLED";
    parse_switch(NAME, text(NAME)?.as_deref()).map(drop)
}

fn parse_switch(name: &str, value: Option<&str>) -> Result<bool, Error> {
    match value.map(str::trim) {
        None | Some("") => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(value) => Err(Error::usage(format!("{name} cannot be \"{value}\""), Some("It is true or false."))),
    }
}

/// Requests for one page, with its retries.
pub(super) fn attempts_max(config: &SdkConfig) -> Result<Option<u32>, Error> {
    const NAME: &str = "AWS_MAX_ATTEMPTS";
    text(NAME)?;
    let Some(value) = lookup(config, NAME, "max_attempts").filter(|value| !value.is_empty()) else { return Ok(None) };
    if let Ok(attempts @ 1..) = value.trim().parse() {
        return Ok(Some(attempts));
    }
    let message = format!("AWS_MAX_ATTEMPTS (max_attempts in the AWS configuration) cannot be \"{value}\"");
    Err(Error::usage(message, Some("It is a number from 1 on.")))
}

/// A variable; none: it is not set, or to nothing.
fn text(name: &str) -> Result<Option<String>, Error> {
    match var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::usage(format!("{name} is not UTF-8"), None)),
    }
}

/// What stands before the host goes: it may be no URL, so that nothing else is certain.
fn without_password(proxy: &str) -> String {
    let Some((secret, host)) = proxy.rsplit_once('@') else { return proxy.to_owned() };
    let scheme = secret.split_once("://").map_or_else(String::new, |(scheme, _)| format!("{scheme}://"));
    format!("{scheme}***@{host}")
}
