//! The project's files.

use std::fs;
use std::path::{Path, PathBuf};

use ec2ql_catalog::Catalog;

#[path = "../../crates/catalog/src/walk.rs"]
mod walk;

/// A table file: its name below the catalog crate, its path, and its text.
pub(crate) struct TableFile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The catalog crate's folder, which holds the table files.
pub(crate) fn catalog_root() -> PathBuf {
    root().join("crates/catalog")
}

/// Every table file, sorted by name.
pub(crate) fn table_files() -> Result<Vec<TableFile>, String> {
    let found = walk::table_files(&catalog_root()).map_err(|error| error.to_string())?;
    found.into_iter().map(|(name, path)| Ok(TableFile { name, text: read(&path)?, path })).collect()
}

/// The tables in these files.
pub(crate) fn catalog(files: &[TableFile]) -> Result<Catalog, String> {
    let files = files.iter().map(|file| (file.name.clone(), file.text.clone()));
    Catalog::from_files(files).map_err(|error| error.to_string())
}

pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Brings the file at `path` to `text`; tells whether that is a change. With `check`, writes nothing.
pub(crate) fn update(path: &Path, text: &str, check: bool) -> Result<bool, String> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    if !check {
        let fault = |error| format!("{}: {error}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(fault)?;
        }
        fs::write(path, text).map_err(fault)?;
    }
    Ok(true)
}
