//! Every command in the documents runs, and prints what they say.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::Place;

/// A command of a document, and the output that stands below it, if any.
struct Example {
    document: String,
    command: String,
    output: Option<String>,
}

#[test]
fn commands_of_the_documents_run() {
    let documents = documents();
    let examples: Vec<Example> = documents.iter().flat_map(|path| examples(path)).collect();
    assert!(examples.iter().any(|example| example.document == "command-line.md"), "no command was found");
    for folder in documents.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()) {
        // The commands of one document run one after another in one folder.
        let place = Place::new();
        for example in examples.iter().filter(|example| example.document == folder) {
            run(example, &place);
        }
    }
}

fn run(example: &Example, place: &Place) {
    let binary = Path::new(env!("CARGO_BIN_EXE_ec2ql"));
    let command = example.command.replace("cargo run --quiet -- ", "ec2ql ").replace("cargo run -- ", "ec2ql ");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(binary.parent().unwrap().to_owned()).chain(std::env::split_paths(&path));
    let output = Command::new("sh")
        .args(["-e", "-c", &command])
        .env_clear()
        .env("PATH", std::env::join_paths(paths).unwrap())
        .env("HOME", place.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(place.path())
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let name = format!("{}: {}", example.document, example.command);
    assert!(output.status.success(), "{name}\n{stdout}{stderr}");
    if let Some(expected) = &example.output {
        assert_eq!(stdout.trim_end(), expected.trim_end(), "{name}\nIt prints:\n{stdout}");
    }
}

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = vec![root.join("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("md") => found.push(path),
                _ => {}
            }
        }
    }
    found.retain(|path| path.is_file());
    found.sort();
    found
}

/// The ```sh blocks that run our binary without an account; a ```text block right below one is its output.
fn examples(path: &Path) -> Vec<Example> {
    let text = std::fs::read_to_string(path).unwrap();
    let document = path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut found: Vec<Example> = Vec::new();
    let mut blocks = text.split("\n```");
    let mut before = blocks.next().unwrap_or_default();
    let mut ran = false;
    while let (Some(block), after) = (blocks.next(), blocks.next()) {
        let (kind, body) = block.split_once('\n').unwrap_or((block, ""));
        match kind {
            "sh" => {
                ran = body.starts_with("ec2ql ") || body.starts_with("cargo run ");
                if ran {
                    found.push(Example { document: document.clone(), command: body.to_owned(), output: None });
                }
            }
            "text" if ran && before.trim().is_empty() => {
                found.last_mut().unwrap().output = Some(body.to_owned());
                ran = false;
            }
            _ => ran = false,
        }
        before = after.unwrap_or_default();
    }
    found
}
