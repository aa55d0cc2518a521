//! What one run of a program costs.
//!
//! The program is the only child of a process of its own, whose child's usage is therefore the program's.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// CPU seconds are user and system time of all threads.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) cpu_s: f64,
    pub(crate) wall_s: f64,
    /// Peak resident memory.
    pub(crate) resident_mb: f64,
    /// The most anonymous memory that was seen. Looked up again and again, so a short peak may be missed.
    pub(crate) anonymous_mb: f64,
}

const PRINTED_BYTES_MAX: u64 = 4_096;

/// Runs a program; gives what it cost, and what it printed on both streams.
pub(crate) fn run(program: &Path, arguments: &[&str], folder: &Path) -> Result<(Cost, String), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let stdout = folder.join("stdout");
    let file = std::fs::File::create(&stdout).map_err(|error| error.to_string())?;
    let mut command = Command::new(this);
    command.arg("bench-measure").arg("--").arg(program).args(arguments).current_dir(folder);
    command.env_clear().envs(ENVIRONMENT.iter().copied()).env("HOME", folder);
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    let output = command.stdin(Stdio::null()).stdout(file).stderr(Stdio::piped()).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().last().unwrap_or_default();
    let cost = serde_json::from_str(last).map_err(|_| format!("{}: {errors}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{} {}: {errors}", program.display(), arguments.join(" ")));
    }
    // A long output is data, and nobody looks at it.
    let file = std::fs::File::open(&stdout).map_err(|error| error.to_string())?;
    let mut printed = String::new();
    let _ = file.take(PRINTED_BYTES_MAX).read_to_string(&mut printed);
    Ok((cost, printed + &errors))
}

/// Nothing of the user's configuration takes part, and nobody asks a metadata service.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_PAGER", ""),
    ("LANG", "C.UTF-8"),
];

/// `bench-measure`: runs the program, and writes its cost as the last line of standard error.
pub(crate) fn measure(command: &[OsString]) -> Result<String, String> {
    let [program, arguments @ ..] = command else { return Err("nothing to run".to_owned()) };
    let begin = Instant::now();
    let child = Command::new(program).args(arguments).spawn();
    let mut child = child.map_err(|error| format!("{}: {error}", program.display()))?;
    let status = Path::new("/proc").join(child.id().to_string()).join("status");
    let mut anonymous_kb = 0;
    let mut wait = Duration::ZERO;
    let ended = loop {
        if let Some(ended) = child.try_wait().map_err(|error| error.to_string())? {
            break ended;
        }
        anonymous_kb = anonymous_kb.max(anonymous_kb_of(&status));
        // A program of some milliseconds is watched closely, a longer one must not be disturbed.
        std::thread::sleep(wait);
        if begin.elapsed() > Duration::from_millis(200) {
            wait = Duration::from_millis(5);
        }
    };
    let wall_s = begin.elapsed().as_secs_f64();
    let (cpu_us, resident_bytes) = usage_of_children()?;
    let cost = Cost {
        cpu_s: to_f64(cpu_us) / 1e6,
        wall_s,
        resident_mb: to_f64(resident_bytes) / 1e6,
        anonymous_mb: to_f64(anonymous_kb) * 1024.0 / 1e6,
    };
    eprintln!("{}", serde_json::to_string(&cost).map_err(|error| error.to_string())?);
    if ended.success() { Ok(String::new()) } else { Err(ended.to_string()) }
}

/// Microseconds of CPU, and bytes of resident memory at their peak.
#[cfg(unix)]
fn usage_of_children() -> Result<(i64, i64), String> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let cpu_us = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // macOS counts bytes, the others kibibytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1_024 };
    Ok((cpu_us, usage.max_rss() * unit))
}

#[cfg(not(unix))]
fn usage_of_children() -> Result<(i64, i64), String> {
    Err("what a program costs is measured on Unix only".to_owned())
}

/// Linux only; 0 elsewhere, and once the program has ended.
fn anonymous_kb_of(status: &Path) -> i64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|value| value.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn to_f64(value: i64) -> f64 {
    value as f64
}
