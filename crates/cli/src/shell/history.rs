//! What was typed before: a file that only its owner reads, without statements that look as if they held a secret.

use std::fs;
use std::path::{Path, PathBuf};

use rustyline::Editor;
use rustyline::history::FileHistory;

use super::input::Input;

pub(super) const ENTRIES_MAX: usize = 5_000;
/// A longer file is not ours, or broken: it is left alone.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The file, when there can be one; without it the shell remembers until it ends.
pub(super) struct History(Option<PathBuf>);

impl History {
    pub(super) fn open(editor: &mut Editor<Input, FileHistory>) -> Self {
        let Some(folder) = folder() else { return Self(None) };
        let path = folder.join("history");
        if make_private(&folder).is_err() {
            return Self(None);
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_file() || found.len() > FILE_BYTES_MAX => return Self(None),
            // Whoever made it so, what is in it is nobody else's.
            Ok(_) if only_for_owner(&path).is_err() => return Self(None),
            Ok(_) if editor.load_history(&path).is_err() => return Self(None),
            Ok(_) | Err(_) => {}
        }
        Self(Some(path))
    }

    pub(super) fn add(&mut self, editor: &mut Editor<Input, FileHistory>, text: &str) {
        if text.is_empty() || looks_secret(text) {
            return;
        }
        let added = editor.add_history_entry(text).unwrap_or_default();
        if let Some(path) = self.0.as_ref().filter(|_| added)
            && editor.append_history(path).is_err()
        {
            // A full or read-only disk: no reason to stop, or to say it at every prompt.
            self.0 = None;
        }
    }
}

/// `$XDG_STATE_HOME/ec2ql`, `~/.local/state/ec2ql`; on macOS `~/Library/Application Support/ec2ql`.
fn folder() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = std::env::home_dir().filter(|path| path.is_absolute());
    if cfg!(target_os = "macos") {
        return home.map(|home| home.join("Library/Application Support/ec2ql"));
    }
    if cfg!(windows) {
        return absolute("LOCALAPPDATA").map(|folder| folder.join("ec2ql"));
    }
    absolute("XDG_STATE_HOME").or_else(|| home.map(|home| home.join(".local/state"))).map(|folder| folder.join("ec2ql"))
}

fn make_private(folder: &PathBuf) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn only_for_owner(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn only_for_owner(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

fn looks_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let words = ["secret", "password", "passwd", "x-amz-signature", "x-amz-security-token", "session_token"];
    words.iter().any(|word| lower.contains(word)) || holds_access_key(text) || holds_base64(text)
}

/// A secret key, which has 40 characters of base64, or a token, which has hundreds. A long name, an id, a digest in
/// hexadecimal and a path are less mixed.
fn holds_base64(text: &str) -> bool {
    const SECRET_KEY: usize = 40;
    const TOKEN_MIN: usize = 100;
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '+')));
    words.any(|word| {
        let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
        (word.len() == SECRET_KEY || word.len() >= TOKEN_MIN)
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
            && !word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && word.matches('/').count() * 10 <= word.len()
    })
}

/// `AKIA` or `ASIA` and at least 12 more capitals and digits.
fn holds_access_key(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().any(|word| {
        word.len() >= 16
            && (word.starts_with("AKIA") || word.starts_with("ASIA"))
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_statements() {
        let token = |start: &str| format!("SELECT '{start}{}==' AS t", "9kEJr/zXdW4ibmV3LXlvcmsi".repeat(5));
        for secret in [
            "SELECT 'AKIAIOSFODNN7EXAMPLE'",
            "select 'x' as Password",
            "SELECT 'https://b/k?X-Amz-Signature=1'",
            "SELECT 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' b",
            "SELECT 'x=wJalrXUtnFEMI+K7MDENG+bPxRfiCYEXAMPLEKEY'",
            &token("IQoJb3JpZ2luX2Vj"),
            &token("FwoGZXIvYXdz"),
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
        let digest = format!("SELECT '{}'", "0123456789ABCDEFabcdef".repeat(6));
        for plain in [
            "SELECT * FROM images",
            "SELECT 'ASIA'",
            "SELECT 'AKIAk'",
            "SELECT '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'",
            "SELECT aVeryLongNameThatHasJustFortyCharactersX",
            "SELECT * FROM images WHERE imageId = 'import-ami-77b57ad5728ff4255'",
            "SELECT * FROM '/home/Anna/plan/2026/q4/wave7/east/a/b.csv'",
            &digest,
        ] {
            assert!(!looks_secret(plain), "{plain}");
        }
    }
}
