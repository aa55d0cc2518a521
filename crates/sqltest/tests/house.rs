//! The rules of the house that a reader of source and manifests can check.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assertion is the point of a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which of our crates a crate may stand on. Nothing points back.
const ARROWS: &[(&str, &[&str])] = &[
    ("ec2ql-catalog", &[]),
    ("ec2ql-ec2", &[]),
    ("fake-ec2", &[]),
    ("ec2ql-engine", &["ec2ql-catalog", "ec2ql-ec2"]),
    ("ec2ql", &["ec2ql-catalog", "ec2ql-ec2", "ec2ql-engine", "fake-ec2"]),
    ("sqltest", &["ec2ql-catalog", "ec2ql-ec2", "ec2ql-engine", "fake-ec2"]),
    ("xtask", &["ec2ql-catalog"]),
];

/// Crates of others, and the only ones of ours that may depend on them.
const GUESTS: &[(&str, &[&str])] = &[
    // The development tool reads arguments too; it is no part of the product.
    ("clap", &["ec2ql", "xtask"]),
    ("rustyline", &["ec2ql"]),
    ("reqwest", &["ec2ql-ec2"]),
    ("quick-xml", &["ec2ql-ec2"]),
    ("aws-config", &["ec2ql"]),
    ("datafusion", &["ec2ql-engine", "ec2ql", "sqltest"]),
    ("sqllogictest", &["sqltest"]),
];

/// Names that stand in the code of one file only.
const NAMED_ONCE: &[&str] = &["reqwest", "quick_xml"];

const CODE_LINES_MAX: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Names of what a package depends on, without what only its tests need.
fn dependencies(package: &Value) -> BTreeSet<&str> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|dependency| dependency["kind"] != "dev")
        .map(|dependency| dependency["name"].as_str().unwrap())
        .collect()
}

#[test]
fn crates_stand_on_each_other_in_one_direction() {
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let allowed = arrows.get(name).unwrap_or_else(|| panic!("{name}: say in ARROWS what it may stand on"));
        let ours = dependencies(&package).into_iter().filter(|dependency| arrows.contains_key(dependency));
        let wrong: Vec<_> = ours.filter(|dependency| !allowed.contains(dependency)).collect();
        assert!(wrong.is_empty(), "{name} may not stand on {wrong:?}");
    }
}

#[test]
fn crates_of_others_stay_where_they_belong() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let dependencies = dependencies(&package);
        for (guest, hosts) in GUESTS {
            assert!(!dependencies.contains(guest) || hosts.contains(&name), "{name} may not depend on {guest}");
        }
    }
}

#[test]
fn every_crate_says_what_it_is() {
    for package in packages() {
        let description = package["description"].as_str().unwrap_or_default();
        assert!(description.len() > 10, "{} has the description {description:?}", package["name"]);
    }
}

#[test]
fn some_names_stand_in_one_file() {
    for name in NAMED_ONCE {
        let files: Vec<_> =
            sources().into_iter().filter(|file| code(file).iter().any(|line| line.contains(name))).collect();
        assert_eq!(files.len(), 1, "{name} is named in {files:?}");
    }
}

#[test]
fn files_stay_short() {
    for file in sources() {
        let lines = code(&file).len();
        assert!(lines <= CODE_LINES_MAX, "{} has {lines} lines of code", file.display());
    }
}

#[test]
fn nothing_is_left_open() {
    // Written in two pieces, so that this file is not a finding of its own.
    let open = [
        ("to", "do!"),
        ("unimple", "mented!"),
        ("TO", "DO"),
        ("FIX", "ME"),
        ("TB", "D"),
        ("#[ign", "ore"),
        ("#[should_", "panic"),
        ("/wo", "rk/"),
        ("../sha", "red"),
    ];
    for file in tracked() {
        let text = fs::read_to_string(&file).unwrap_or_default();
        for (first, second) in open {
            let word = format!("{first}{second}");
            assert!(!text.contains(&word), "{} says {word}", file.display());
        }
    }
}

/// Every Rust file that is compiled into something, without tests.
fn sources() -> Vec<PathBuf> {
    let is_source = |file: &PathBuf| {
        let path = file.strip_prefix(root()).unwrap();
        let rust = path.extension().is_some_and(|extension| extension == "rs");
        rust && (path.starts_with("crates") || path.starts_with("xtask")) && !path.iter().any(|part| part == "tests")
    };
    let sources: Vec<_> = tracked().into_iter().filter(is_source).collect();
    assert!(sources.len() > 20, "only {sources:?} found");
    sources
}

/// Every file of the project: what is built or fetched is left out.
fn tracked() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if ["target", ".git", ".venv", "__pycache__"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Lines of code: without blank lines, comments, and what follows the test module's attribute.
fn code(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .map(str::trim)
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .map(str::to_owned)
        .collect()
}
