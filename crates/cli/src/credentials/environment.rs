//! What the environment says about credentials. A setting that cannot be used is an error and never passed over: the
//! next provider may belong to another account.

use std::env::{VarError, var};
use std::fs::File;

const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
/// What AWS's own providers read when the name before is not set.
const SECRET_KEY_OLD: &str = "SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE: &str = "AWS_ROLE_ARN";
const ROLE_SESSION: &str = "AWS_ROLE_SESSION_NAME";
const CONTAINER: [&str; 4] = [
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// A variable; none: it is not set, or to nothing.
pub(super) fn text(name: &str) -> Result<Option<String>, String> {
    match var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}

/// Checks the keys: a whole pair or none, and nothing that no header can carry.
pub(super) fn check_keys() -> Result<(), String> {
    let (access_key, token) = (key(ACCESS_KEY)?, key(SESSION_TOKEN)?);
    let secret = key(SECRET_KEY)?;
    match (access_key, secret) {
        (true, false) if !key(SECRET_KEY_OLD)? => Err(alone(ACCESS_KEY, SECRET_KEY)),
        (false, true) => Err(alone(SECRET_KEY, ACCESS_KEY)),
        (false, false) if token => Err(alone(SESSION_TOKEN, ACCESS_KEY)),
        _ => Ok(()),
    }
}

/// Whether a key is there. Its value is nobody's business.
fn key(name: &str) -> Result<bool, String> {
    let found = text(name)?;
    if found.as_ref().is_some_and(|text| !text.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(format!("{name} holds a blank, a line break or another character that is in no key"));
    }
    Ok(found.is_some())
}

/// Checks the role that a token of an identity provider is for.
pub(super) fn check_web_identity() -> Result<(), String> {
    text(ROLE_SESSION)?;
    match (text(TOKEN_FILE)?, text(ROLE)?) {
        (Some(path), Some(_)) => check_token_file(&path).map_err(|reason| format!("{TOKEN_FILE}: {reason}")),
        (Some(_), None) => Err(alone(TOKEN_FILE, ROLE)),
        (None, Some(_)) => Err(alone(ROLE, TOKEN_FILE)),
        (None, None) => Ok(()),
    }
}

/// Says which file it is that cannot be read: the provider does not.
pub(super) fn check_token_file(path: &str) -> Result<(), String> {
    File::open(path).map(drop).map_err(|error| format!("the token file \"{path}\" cannot be read: {error}"))
}

/// Checks what names a container's endpoint.
pub(super) fn check_container() -> Result<(), String> {
    CONTAINER.iter().try_for_each(|name| text(name).map(drop))
}

fn alone(set: &str, missing: &str) -> String {
    format!("{set} is set, and {missing} is not")
}
