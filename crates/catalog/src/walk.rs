//! Finds table files. The build script and the tests use the same walk, so what a test finds is what ships.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Every `aws/<schema>/<table>.toml` and `aws/<schema>.toml` below `root`, as its name relative to `root`
/// (with `/`) and its path, sorted by name.
///
/// # Errors
/// A folder cannot be read, or a file's name is not UTF-8.
pub(crate) fn table_files(root: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for schema in entries(&root.join("aws"))? {
        if !schema.is_dir() {
            if is_toml(&schema) {
                found.push((format!("aws/{}", file_name(&schema)?), schema));
            }
            continue;
        }
        for file in entries(&schema)? {
            if is_toml(&file) {
                found.push((format!("aws/{}/{}", file_name(&schema)?, file_name(&file)?), file));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_toml(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "toml")
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn file_name(path: &Path) -> io::Result<&str> {
    path.file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| io::Error::other(format!("{} has a name that is not UTF-8", path.display())))
}
