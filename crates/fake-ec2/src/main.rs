//! `fake-ec2`: the endpoint as a program. It prints its address and runs until standard input ends.

use std::io::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::DateTime;
use fake_ec2::{Fake, Options, SeenRequest};
use tokio::io::{AsyncBufReadExt as _, BufReader};

const USAGE: &str = "\
usage: fake-ec2 [--port N] [--seed N] [--now RFC3339|real] [--page-rows N] [--script FILE]
                [--access-key KEY] [--secret-key KEY]

Prints the address, then runs until standard input ends. A line of input is a line of the script,
`requests` or `clear-requests`; what it answers ends with a line `ok` or `error: ...`.
  --now   the clock: stands at a time, or is the real one (a wave that is 165 minutes old);
          without it, the demo's own, which begins at 2026-11-16T10:45:00Z and runs";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), String> {
    let arguments = arguments(std::env::args().skip(1))?;
    let fake = Fake::start(arguments.options).await.map_err(|error| error.to_string())?;
    for line in arguments.script.lines() {
        fake.script(line)?;
    }
    say(&fake.url())?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
        say(&obey(&fake, line.trim()))?;
    }
    Ok(())
}

fn say(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| error.to_string())
}

/// One line of input.
fn obey(fake: &Fake, line: &str) -> String {
    match line {
        "requests" => {
            let mut lines: Vec<String> = fake.requests().iter().map(describe).collect();
            lines.push("ok".to_owned());
            lines.join("\n")
        }
        "clear-requests" => {
            fake.clear_requests();
            "ok".to_owned()
        }
        line => match fake.script(line) {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("error: {error}"),
        },
    }
}

fn describe(request: &SeenRequest) -> String {
    let SeenRequest { action, region, page, status, .. } = request;
    let parameters = request.parameters.iter().map(|(name, value)| format!(" {name}={value:?}"));
    format!("{status} {action} region={region} page={page}{}", parameters.collect::<String>())
}

#[derive(Debug)]
struct Arguments {
    options: Options,
    script: String,
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut options = Options::default();
    let mut script = String::new();
    while let Some(name) = words.next() {
        if name == "--help" {
            return Err(USAGE.to_owned());
        }
        let value = words.next().ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
        let wrong = || format!("{name}: {value} is not a number");
        match name.as_str() {
            "--port" => options.port = value.parse().map_err(|_| wrong())?,
            "--seed" => options.seed = value.parse().map_err(|_| wrong())?,
            "--page-rows" => options.page_rows = value.parse().map_err(|_| wrong())?,
            "--access-key" => options.access_key.clone_from(&value),
            "--secret-key" => options.secret_key.clone_from(&value),
            "--now" => set_clock(&mut options, &value)?,
            "--script" => {
                script = std::fs::read_to_string(&value).map_err(|error| format!("{value}: {error}"))?;
            }
            _ => return Err(format!("unknown option {name}\n{USAGE}")),
        }
    }
    Ok(Arguments { options, script })
}

fn set_clock(options: &mut Options, value: &str) -> Result<(), String> {
    if value == "real" {
        let age = (options.now)().duration_since(options.wave_start).unwrap_or_default();
        options.wave_start = SystemTime::now() - age;
        options.now = Arc::new(SystemTime::now);
        return Ok(());
    }
    let time = DateTime::parse_from_rfc3339(value).map_err(|error| format!("{value}: {error}"))?;
    options.now = Arc::new(move || time.into());
    Ok(())
}
