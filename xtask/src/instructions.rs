//! `cargo xtask instructions`: how many instructions fixed jobs take, against committed figures.
//!
//! Callgrind counts them on a simulated processor, so that the machine and its load do not matter. What still matters:
//! the architecture, for which there are figures of one only; the compiler's version; which of its routines the C
//! library takes, which is the same everywhere once it is told to take the plainest ones; and the seeds of hash tables.
//! Hence a margin.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use clap::{Args, ValueEnum};

use crate::bench::programs::build;
use crate::files::{read, root, update};

const FIGURES: &str = "benches/instructions.json";
/// More than this over the committed figure is a failure; less than this under it asks for a new figure.
const MARGIN_PERCENT: f64 = 10.0;
/// The committed figures are of this architecture.
const ARCHITECTURE: &str = "x86_64";
/// The C library has routines for each generation of processors; without these features all of them take the first.
const PLAIN_ROUTINES: &str = "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-BMI2,-ERMS,-FSRM,-MOVBE";
/// The jobs of benches/micro.rs, and how often each is done for the count.
const JOBS: &[(&str, u64)] =
    &[("decode-indented", 4), ("decode-compact", 4), ("decode-two-columns-indented", 4), ("plan", 10)];

type Counts = BTreeMap<String, u64>;

#[derive(Debug, Args)]
pub(crate) struct InstructionsArguments {
    /// The profile to build with; each has figures of its own.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Commit to the counts of this run instead of checking them.
    #[arg(long)]
    write: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profile {
    Release,
    Dev,
}

/// Counts every job and compares.
///
/// # Errors
/// Valgrind is not there, the program cannot be built, or a job takes more than its figure and the margin.
pub(crate) fn run(arguments: &InstructionsArguments) -> Result<String, String> {
    if std::env::consts::ARCH != ARCHITECTURE {
        return Ok(format!("nothing is compared: the figures are of {ARCHITECTURE}"));
    }
    said("--version").map_err(|error| format!("valgrind is needed: {error}"))?;
    let profile = arguments.profile.name();
    // The packages are those that other commands build together, so that nothing is built twice.
    let program =
        build(&["build", "--profile", profile, "--package", "ec2ql", "--package", "ec2ql-engine", "--bench", "micro"])?;
    let counts: Counts = JOBS
        .iter()
        .map(|(job, times)| Ok((String::from(*job), count(&program, job, *times)?)))
        .collect::<Result<_, String>>()?;
    let path = root().join(FIGURES);
    let mut figures = figures(&path)?;
    if arguments.write {
        figures.insert(profile.to_owned(), counts);
        let text = serde_json::to_string_pretty(&figures).map_err(|error| error.to_string())?;
        update(&path, &format!("{text}\n"), false)?;
        return Ok(format!("{FIGURES} is written:\n{text}"));
    }
    compare(&counts, &figures.remove(profile).unwrap_or_default())
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }
}

fn figures(path: &Path) -> Result<BTreeMap<String, Counts>, String> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_str(&read(path)?).map_err(|error| format!("{FIGURES}: {error}"))
}

/// What one more time of the job takes.
fn count(program: &Path, job: &str, times: u64) -> Result<u64, String> {
    let once = collected(program, job, 1)?;
    let often = collected(program, job, 1 + times)?;
    Ok(often.saturating_sub(once) / times)
}

fn collected(program: &Path, job: &str, times: u64) -> Result<u64, String> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    command.env("GLIBC_TUNABLES", PLAIN_ROUTINES);
    let output = command.args(["--repeat", job, &times.to_string()]).output().map_err(|error| error.to_string())?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let line = errors.lines().find_map(|line| line.split_once("Collected :"));
    let count = line.and_then(|(_, count)| count.trim().parse().ok());
    count.filter(|_| output.status.success()).ok_or_else(|| format!("valgrind, {job}: {errors}"))
}

fn said(argument: &str) -> Result<(), String> {
    Command::new("valgrind").arg(argument).output().map(drop).map_err(|error| error.to_string())
}

fn compare(counts: &Counts, figures: &Counts) -> Result<String, String> {
    let mut lines = vec![];
    let mut worse = vec![];
    for (job, &count) in counts {
        let Some(&figure) = figures.get(job) else {
            worse.push(format!("{job} takes {count} instructions, and {FIGURES} has no figure for it"));
            continue;
        };
        // The difference first: the quotient of neighbours of the margin is not exact.
        let percent = 100.0 * (to_f64(count) - to_f64(figure)) / to_f64(figure);
        let line = format!("{job}: {count} instructions, {percent:+.1} % against {figure}");
        if percent > MARGIN_PERCENT {
            worse.push(format!("{line}; {MARGIN_PERCENT} % are allowed"));
        } else {
            let hint = if percent < -MARGIN_PERCENT { ": better; commit to it with --write" } else { "" };
            lines.push(line + hint);
        }
    }
    if worse.is_empty() { Ok(lines.join("\n")) } else { Err(worse.join("\n")) }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
fn to_f64(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::{Counts, compare};

    fn counts(count: u64) -> Counts {
        Counts::from([("plan".to_owned(), count)])
    }

    #[test]
    fn more_than_the_margin_is_a_failure() {
        for (count, passes) in [(900, true), (1_000, true), (1_100, true), (1_101, false)] {
            assert_eq!(compare(&counts(count), &counts(1_000)).is_ok(), passes, "{count}");
        }
        assert!(compare(&counts(1), &Counts::new()).is_err());
    }
}
