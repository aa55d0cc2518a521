//! `fake-ec2`: the endpoint as a program. It prints its address and runs until standard input ends.

use std::io::Write as _;
use std::time::SystemTime;

use chrono::DateTime;
use fake_ec2::{Fake, Options};
use tokio::io::AsyncReadExt as _;

const USAGE: &str = "\
usage: fake-ec2 [--port N] [--seed N] [--now RFC3339|real] [--access-key KEY] [--secret-key KEY]

Prints the address, then runs until standard input ends.
  --now   the clock: stands at a time, or is the real one (a wave that is 165 minutes old);
          without it, the demo's own, which begins at 2026-11-16T10:45:00Z and runs";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), String> {
    let options = options(std::env::args().skip(1))?;
    let fake = Fake::start(options)
        .await
        .map_err(|error| error.to_string())?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", fake.url())
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())?;
    let mut input = Vec::new();
    let mut stdin = tokio::io::stdin();
    while stdin
        .read_buf(&mut input)
        .await
        .map_err(|error| error.to_string())?
        > 0
    {
        input.clear();
    }
    Ok(())
}

fn options(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        if name == "--help" {
            return Err(USAGE.to_owned());
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("{name}: {value} is not a number"))
        };
        match name.as_str() {
            "--port" => {
                options.port = value
                    .parse()
                    .map_err(|_| format!("{value} is not a port"))?
            }
            "--seed" => options.seed = number()?,
            "--access-key" => options.access_key.clone_from(&value),
            "--secret-key" => options.secret_key.clone_from(&value),
            "--now" => options = clock(options, &value)?,
            _ => return Err(format!("unknown option {name}\n{USAGE}")),
        }
    }
    Ok(options)
}

fn clock(mut options: Options, value: &str) -> Result<Options, String> {
    if value == "real" {
        let age = (options.now)()
            .duration_since(options.wave_start)
            .unwrap_or_default();
        options.wave_start = SystemTime::now() - age;
        options.now = std::sync::Arc::new(SystemTime::now);
        return Ok(options);
    }
    let time = DateTime::parse_from_rfc3339(value).map_err(|error| format!("{value}: {error}"))?;
    options.now = std::sync::Arc::new(move || time.into());
    Ok(options)
}
