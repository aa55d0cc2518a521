//! The programs that are compared: ours in the release profile, and the peers from the Python package registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::measure::{self, Cost};
use super::work::{Data, Job};
use crate::files::root;

/// Versions that fit each other.
const PACKAGES: &[&str] = &["boto3==1.44.5", "botocore==1.44.8", "awscli==1.46.3"];

/// Where the programs are, and the folder that they run in.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) ours: PathBuf,
    venv: Option<PathBuf>,
    pub(crate) folder: PathBuf,
}

impl Programs {
    pub(crate) fn prepare(peers: bool) -> Result<Self, String> {
        let ours = match std::env::var_os("EC2QL_BIN") {
            Some(path) => fs::canonicalize(&path).map_err(|error| format!("EC2QL_BIN={}: {error}", path.display()))?,
            None => build(&["build", "--release", "--package", "ec2ql"])?,
        };
        let target = target_folder()?;
        let folder = target.join("bench");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let venv = if peers { Some(make_venv(&folder)?) } else { None };
        Ok(Self { ours, venv, folder })
    }

    /// Runs our program with these arguments, and checks that it printed this line.
    pub(crate) fn run_ours(&self, arguments: &[&str], expected: &str) -> Result<Cost, String> {
        let (cost, printed) = measure::run(&self.ours, arguments, &self.folder)?;
        check(&printed, expected)?;
        Ok(cost)
    }

    /// Does a job once.
    pub(crate) fn run(&self, job: Job, data: Data, url: &str, rows: usize) -> Result<Cost, String> {
        if let Some((sql, file)) = job.sql(data) {
            if let Some(file) = &file {
                // An existing file is refused.
                let _ = fs::remove_file(self.folder.join(file));
            }
            let arguments = ["--endpoint-url", url, "-v", "-o", "csv", "--no-header", "-c", &sql];
            let expected = if file.is_some() { format!("COPY {rows}") } else { rows.to_string() };
            return self.run_ours(&arguments, &expected);
        }
        let Some(venv) = &self.venv else { return Err("the peers are not installed".to_owned()) };
        let script = root().join("benches/peers.py");
        let (command, query) = data.aws_command();
        let aws = ["ec2", command, "--endpoint-url", url, "--region", "us-east-1", "--output", "json"];
        match job {
            Job::AwsJson => Ok(measure::run(&venv.join("bin/aws"), &aws, &self.folder)?.0),
            Job::AwsCount => {
                let aws: Vec<&str> = aws.into_iter().chain(["--query", query]).collect();
                let (cost, printed) = measure::run(&venv.join("bin/aws"), &aws, &self.folder)?;
                check(&printed, &rows.to_string())?;
                Ok(cost)
            }
            _ => {
                let arguments = [&*script.to_string_lossy(), url, data.work().operation()];
                let (cost, printed) = measure::run(&venv.join("bin/python"), &arguments, &self.folder)?;
                check(&printed, &rows.to_string())?;
                Ok(cost)
            }
        }
    }

    /// The versions of everything that took part.
    pub(crate) fn versions(&self) -> String {
        let ours = said(&self.ours, &["--version"]);
        let rustc = said(Path::new("rustc"), &["--version"]);
        let peers = self.venv.as_ref().map(|venv| {
            let python = said(&venv.join("bin/python"), &["--version"]);
            format!("; {python}, {}", PACKAGES.join(", ").replace("==", " "))
        });
        format!("{ours}, built with {rustc}{}", peers.unwrap_or_default())
    }
}

fn check(printed: &str, expected: &str) -> Result<(), String> {
    let said = printed.lines().any(|line| line == expected);
    if said { Ok(()) } else { Err(format!("it printed {printed:?}, not {expected:?}")) }
}

/// Builds something with cargo, and gives the executable.
pub(crate) fn build(arguments: &[&str]) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).args(["--locked", "--message-format", "json-render-diagnostics"]).current_dir(root());
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo {} failed", arguments.join(" ")));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut executables = messages.filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)));
    executables.next_back().ok_or_else(|| format!("cargo {} made nothing to run", arguments.join(" ")))
}

fn target_folder() -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = this.ancestors().nth(2).ok_or("this program lies in no target folder")?;
    Ok(folder.to_owned())
}

fn make_venv(folder: &Path) -> Result<PathBuf, String> {
    let venv = folder.join("venv");
    let mark = venv.join(PACKAGES.join(","));
    if mark.exists() {
        return Ok(venv);
    }
    quietly(Path::new("python3"), &["-m", "venv", &venv.to_string_lossy()])?;
    let mut install = vec!["install", "--quiet", "--disable-pip-version-check"];
    install.extend(PACKAGES);
    quietly(&venv.join("bin/pip"), &install)?;
    fs::write(mark, "").map_err(|error| error.to_string())?;
    Ok(venv)
}

fn quietly(program: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{} {}: {}", program.display(), arguments.join(" "), String::from_utf8_lossy(&output.stderr)))
}

/// The first line that a program prints.
fn said(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}
