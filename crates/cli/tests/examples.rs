//! The queries of `examples/` run against the demo.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

use std::path::Path;
use std::process::{Command, Stdio};

/// Those that find nothing in the demo, whose imports are all of this week.
const EMPTY: &[&str] = &["orphans.sql"];

#[test]
fn every_example_runs_and_finds_something() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut ran = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let output = Command::new(env!("CARGO_BIN_EXE_ec2ql"))
            .args(["--demo", "-o", "csv", "-f"])
            .arg(&path)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (rows, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success() && errors.is_empty(), "{}: {errors}", path.display());
        let is_empty = EMPTY.iter().any(|name| path.ends_with(name));
        assert_eq!(rows.lines().count() < 2, is_empty, "{} prints\n{rows}", path.display());
        ran += 1;
    }
    assert!(ran >= 6, "only {ran} examples were found");
}

#[test]
fn a_wave_has_its_tasks() {
    let output = Command::new(env!("CARGO_BIN_EXE_ec2ql"))
        .args(["--demo", "-o", "csv", "--no-header", "-f", "../../examples/wave.sql"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .output()
        .unwrap();
    let rows = String::from_utf8(output.stdout).unwrap();
    let waves: Vec<&str> = rows.lines().filter_map(|row| row.split(',').next()).collect();
    assert_eq!(waves, ["1", "2", ""]);
    // All of the first wave has been submitted: 23 tasks in each of five regions.
    assert!(rows.starts_with("1,115,5160241201152,"), "{rows}");
}
