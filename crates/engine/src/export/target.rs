//! A file that appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use crate::Error;

/// What an unfinished file starts with; after a crash such a file may be deleted.
pub const UNFINISHED_PREFIX: &str = ".ec2ql-";

/// A file being written beside its name. Dropped without [`Target::commit`], it leaves nothing behind.
///
/// A character device such as `/dev/null` is written in place. Directories, pipes, sockets, block devices and symbolic
/// links are refused: a link could lead to a file that nobody meant.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    file: File,
    /// None: a device, written in place.
    unfinished: Option<TempPath>,
    overwrite: bool,
}

impl Target {
    /// Refuses what must not be written, and creates the unfinished file.
    ///
    /// # Errors
    /// When the target exists and is not to be overwritten, cannot be a target, or its folder cannot be written.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self, Error> {
        let text = path.to_string_lossy();
        if text.is_empty() || text.ends_with('/') || path.file_name().is_none() {
            return Err(refused(path, "is not the name of a file"));
        }
        let found = match fs::symlink_metadata(path) {
            Ok(metadata) => Some(metadata.file_type()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Error::output(quoted(path), error)),
        };
        match found {
            Some(kind) if is_character_device(kind) => {
                let file = File::options().write(true).open(path).map_err(|e| Error::output(quoted(path), e))?;
                return Ok(Self { path: path.into(), file, unfinished: None, overwrite });
            }
            Some(kind) if kind.is_dir() => return Err(refused(path, "is a directory")),
            Some(kind) if kind.is_symlink() => {
                return Err(refused(path, "is a symbolic link; name the file that it leads to"));
            }
            Some(kind) if !kind.is_file() => {
                return Err(refused(path, "is neither a file nor a character device; redirect standard output to it"));
            }
            Some(_) if !overwrite => return Err(Error::exists(path.display().to_string())),
            Some(_) | None => {}
        }
        let (file, unfinished) = unfinished(path).map_err(|error| Error::output(quoted(path), error))?;
        Ok(Self { path: path.into(), file, unfinished: Some(unfinished), overwrite })
    }

    /// The file's name, for errors.
    pub fn what(&self) -> String {
        quoted(&self.path)
    }

    /// A writer of the unfinished file.
    ///
    /// # Errors
    /// When the system gives no second handle to it.
    pub fn writer(&self) -> Result<Box<dyn Write + Send>, Error> {
        Ok(Box::new(self.file.try_clone().map_err(|error| Error::output(self.what(), error))?))
    }

    /// Brings the bytes to the disk and gives the file its name.
    ///
    /// # Errors
    /// When the disk or the rename fails, or when another process has made the file meanwhile; then nothing of ours is
    /// left, except where only the last flush of the folder failed: then the file is there and whole.
    pub fn commit(self) -> Result<(), Error> {
        let what = self.what();
        let Some(unfinished) = self.unfinished else {
            return Ok(());
        };
        let fail = |error: io::Error| Error::output(what.clone(), error);
        self.file.sync_all().map_err(fail)?;
        let folder = File::open(folder_of(&self.path)).map_err(fail)?;
        // A folder that cannot be flushed is noticed while nothing is renamed yet.
        sync_folder(&folder).map_err(fail)?;
        let renamed =
            if self.overwrite { unfinished.persist(&self.path) } else { unfinished.persist_noclobber(&self.path) };
        renamed.map_err(|failed| match failed.error.kind() {
            ErrorKind::AlreadyExists => Error::exists(self.path.display().to_string()),
            _ => fail(failed.error),
        })?;
        sync_folder(&folder).map_err(fail)
    }
}

fn unfinished(path: &Path) -> io::Result<(File, TempPath)> {
    let mut builder = Builder::new();
    builder.prefix(UNFINISHED_PREFIX);
    // As for any new file: what the umask leaves.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let folder = folder_of(path);
    if !folder.is_dir() {
        let missing = format!("there is no folder \"{}\"", folder.display());
        return Err(io::Error::new(ErrorKind::NotFound, missing));
    }
    // The name in the error would be one that nobody typed.
    Ok(builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?.into_parts())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Some file systems cannot flush a folder and say so; that is no fault of this file.
fn sync_folder(folder: &File) -> io::Result<()> {
    match folder.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::output(quoted(path), io::Error::new(ErrorKind::InvalidInput, format!("it {reason}")))
}

fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

#[cfg(unix)]
fn is_character_device(kind: fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&kind)
}

#[cfg(not(unix))]
fn is_character_device(_: fs::FileType) -> bool {
    false
}
