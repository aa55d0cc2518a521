//! Every command in the documents runs, and prints what they say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::{Ended, Place};
use crate::standin::StandIn;

/// A command of a document, and the output that stands below it, if any.
struct Example {
    document: String,
    command: String,
    output: Option<String>,
}

/// Where a document has an account, there is a stand-in for AWS; where it has an emulator, the same.
const EMULATOR: &str = "http://127.0.0.1:5000";
const ACCOUNT: &str = "[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = CANARY\n\
                       [migration]\naws_access_key_id = AKIATEST\naws_secret_access_key = CANARY\n";

#[test]
fn commands_of_the_documents_run() {
    let documents = documents();
    let ec2 = StandIn::ec2();
    let mut commands = 0;
    for path in &documents {
        // The commands of one document run one after another in one folder.
        let place = Place::new().file(".aws/credentials", ACCOUNT);
        for example in examples(path) {
            run(&example, &place, &ec2);
            commands += 1;
        }
    }
    assert!(commands >= 8, "only {commands} commands were found in {documents:?}");
}

fn run(example: &Example, place: &Place, ec2: &StandIn) {
    let binary = Path::new(env!("CARGO_BIN_EXE_ec2ql"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(binary.parent().unwrap().to_owned()).chain(std::env::split_paths(&path));
    let mut command = example.command.replace("cargo run --quiet -- ", "ec2ql ").replace("cargo run -- ", "ec2ql ");
    let shows_terminal = example.output.as_ref().is_some_and(|output| output.starts_with([' ', '-']));
    if shows_terminal && !command.contains(" -o ") {
        // What a person sees; here there is no terminal.
        command = command.replace("ec2ql ", "ec2ql -o table ");
    }
    let output = Command::new("sh")
        .args(["-e", "-c", &command.replace(EMULATOR, &ec2.url)])
        .env_clear()
        .env("PATH", std::env::join_paths(paths).unwrap())
        .env("HOME", place.path())
        .env("AWS_ENDPOINT_URL_EC2", &ec2.url)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(place.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let ended = Ended::of(output);
    let name = format!("{}: {}", example.document, example.command);
    assert_eq!(ended.code, Some(0), "{name}\n{ended}");
    if let Some(expected) = &example.output {
        assert_eq!(ended.stdout.trim_end(), expected.trim_end(), "{name}\nIt prints:\n{}", ended.stdout);
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

/// The ```sh blocks that run our binary; the next block is its output when it is a ```text block.
fn examples(path: &Path) -> Vec<Example> {
    let text = std::fs::read_to_string(path).unwrap();
    let document = path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut found: Vec<Example> = Vec::new();
    let mut ran = false;
    // Every other part is inside a block.
    for block in format!("\n{text}").split("\n```").skip(1).step_by(2) {
        let (kind, body) = block.split_once('\n').unwrap_or((block, ""));
        let runs =
            kind == "sh" && body.lines().any(|line| line.starts_with("ec2ql ") || line.starts_with("cargo run -- "));
        if runs {
            found.push(Example { document: document.clone(), command: body.to_owned(), output: None });
        } else if kind == "text" && ran {
            found.last_mut().unwrap().output = Some(body.to_owned());
        }
        ran = runs;
    }
    found
}
