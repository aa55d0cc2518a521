//! What was typed before: a file that only its owner reads, without statements that look as if they held a secret.

use std::fs;
use std::path::PathBuf;

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

fn looks_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let words = ["secret", "password", "passwd", "x-amz-signature", "x-amz-security-token", "session_token"];
    words.iter().any(|word| lower.contains(word)) || holds_access_key(text)
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
        for secret in
            ["SELECT 'AKIAIOSFODNN7EXAMPLE'", "select 'x' as Password", "SELECT 'https://b/k?X-Amz-Signature=1'"]
        {
            assert!(looks_secret(secret), "{secret}");
        }
        for plain in ["SELECT * FROM images", "SELECT 'ASIA'", "SELECT 'AKIAk'"] {
            assert!(!looks_secret(plain), "{plain}");
        }
    }
}
