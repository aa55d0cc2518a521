//! Exit codes, signals, and readers that go away.

use std::io::{BufRead as _, BufReader, Read as _};
use std::time::{Duration, Instant};

use expect_test::expect;

use crate::process::{Ended, Place};
use crate::standin::{Answer, StandIn};

const IMAGES: &str = "SELECT imageId FROM images WHERE region = 'us-east-1'";

fn place(endpoint: &StandIn) -> Place {
    Place::new()
        .set("AWS_ACCESS_KEY_ID", "AKIATEST")
        .set("AWS_SECRET_ACCESS_KEY", "CANARY")
        .set("AWS_ENDPOINT_URL_EC2", &endpoint.url)
        .set("AWS_MAX_ATTEMPTS", "1")
}

fn failing(status: u16, code: &'static str) -> StandIn {
    StandIn::start(move |_| {
        let error = format!("<Error><Code>{code}</Code><Message>denied</Message></Error>");
        let text = format!("<Response><Errors>{error}</Errors><RequestID>r-9</RequestID></Response>");
        Answer::Status(status, "text/xml", text)
    })
}

#[test]
fn what_aws_refuses_ends_with_4() {
    let endpoint = failing(403, "UnauthorizedOperation");
    expect![[r#"
        --- stderr
        ERROR 42501: not authorized to call "DescribeImages" in region "us-east-1"
        detail: AWS returned UnauthorizedOperation (request r-9) after 1 attempt: denied.
        hint: Grant ec2:DescribeImages, or leave the region out: region <> 'us-east-1'.
        --- exit 4
    "#]]
    .assert_eq(&place(&endpoint).run(&["-c", IMAGES]).to_string());
    let endpoint = failing(401, "AuthFailure");
    expect![[r#"
        --- stderr
        ERROR 28P01: AWS did not accept the credentials for "DescribeImages" in region "us-east-1"
        detail: AWS returned AuthFailure (request r-9) after 1 attempt: denied.
        hint: Check the key and its secret with \conninfo. AWS says the same of a region that the account has not enabled: is "us-east-1" enabled?
        --- exit 4
    "#]].assert_eq(&place(&endpoint).run(&["-c", IMAGES]).to_string());
    assert_eq!(endpoint.seen().len(), 1);
}

#[test]
fn what_cannot_be_written_ends_with_5() {
    if cfg!(target_os = "linux") {
        let place = Place::new();
        expect![[r#"
            --- stderr
            ERROR 58030: cannot write "/dev/full"
            detail: No space left on device (os error 28)
            --- exit 5
        "#]]
        .assert_eq(&place.run(&["-c", "SELECT 1", "-o", "csv", "-O", "/dev/full"]).to_string());
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = place.command(&["-c", "SELECT 1"]).stdout(full).output().unwrap();
        expect![[r#"
            --- stderr
            ERROR 58030: cannot write standard output
            detail: No space left on device (os error 28)
            --- exit 5
        "#]]
        .assert_eq(&Ended::of(output).to_string());
        for asked in ["--help", "--version"] {
            let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
            let ended = Ended::of(place.command(&[asked]).stdout(full).output().unwrap());
            assert!(
                ended.code == Some(5) && ended.stderr.starts_with("ERROR 58030: cannot write standard output\n"),
                "{ended}"
            );
        }
    }
}

/// What cannot be read has the same codes wherever it is named.
#[cfg(unix)]
#[test]
fn what_cannot_be_read_ends_with_5() {
    let place = Place::new();
    expect![[r#"
        --- stderr
        ERROR 58P01: cannot read "missing.sql"
        detail: No such file or directory (os error 2)
        --- exit 5
    "#]]
    .assert_eq(&place.run(&["-f", "missing.sql"]).to_string());
    expect![[r#"
        --- stderr
        ERROR 58030: cannot read "."
        detail: Is a directory (os error 21)
        --- exit 5
    "#]]
    .assert_eq(&place.run(&["-f", "."]).to_string());
    expect![[r#"
        --- stderr
        ERROR 58P01: cannot read "missing.csv"
        detail: No such file or directory (os error 2)
        --- exit 5
    "#]]
    .assert_eq(&place.run(&["-c", "SELECT * FROM 'missing.csv'"]).to_string());
}

#[test]
fn what_takes_too_long_ends_with_7() {
    let endpoint = StandIn::start(|_| Answer::Silence);
    expect![[r#"
        --- stderr
        ERROR 57014: the statement took longer than 0.1 s
        hint: Give it more time: --timeout 10m, or SET ec2ql.statement_timeout = '10m'.
        --- exit 7
    "#]]
    .assert_eq(&place(&endpoint).run(&["--timeout", "100ms", "-c", IMAGES]).to_string());
}

#[cfg(unix)]
#[test]
fn signals_end_it_in_order() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let endpoint = StandIn::start(|_| Answer::Silence);
        let place = place(&endpoint);
        let child = place.command(&["-c", IMAGES, "-O", "images.csv"]).spawn().unwrap();
        endpoint.wait();
        kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(code), "", ""), "{signal}");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "{signal}: an unfinished file is left");
        assert_eq!(endpoint.seen().len(), 1);
    }
}

/// S05: a computation that does not give way ends when it must, and takes its file along.
#[cfg(unix)]
#[test]
fn a_busy_statement_ends_too() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    const BUSY: &str = "SELECT count(*) FROM generate_series(1, 1000000) AS a, generate_series(1, 1000000) AS b";
    let place = Place::new();
    let begun = Instant::now();
    let ended = place.run(&["--timeout", "200ms", "-O", "count.csv", "-c", BUSY]);
    assert_eq!(ended.code, Some(7), "{ended}");
    assert!(ended.stderr.starts_with("ERROR 57014: the statement took longer than 0.2 s\n"), "{ended}");
    let child = place.command(&["-O", "count.csv", "-c", BUSY]).spawn().unwrap();
    while std::fs::read_dir(place.path()).unwrap().count() == 0 {
        std::thread::yield_now();
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(Ended::of(child.wait_with_output().unwrap()).code, Some(130));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// O03: whatever kills it, there is no file under the target's name, and what is left can be told by its name.
#[cfg(unix)]
#[test]
fn a_kill_leaves_no_target() {
    let endpoint = StandIn::start(|_| Answer::Silence);
    let place = place(&endpoint);
    let mut child = place.command(&["-c", IMAGES, "-O", "images.csv"]).spawn().unwrap();
    endpoint.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    let names: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let [name] = names.try_into().unwrap();
    assert!(name.to_str().unwrap().starts_with(".ec2ql-"), "{name:?}");
}

/// O07: the reader takes one line and goes; a reader that goes while there is nothing to write is noticed too.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let place_ = Place::new();
    let mut child =
        place_.command(&["-c", "SELECT n, repeat('x', 100) FROM generate_series(1, 1000000) AS t(n)"]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(141), ""));

    // Who writes to a file does not care.
    let mut child = place_.command(&["-O", "one.csv", "-c", "SELECT 1 AS a"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(Ended::of(child.wait_with_output().unwrap()).code, Some(0));

    let endpoint = StandIn::start(|_| Answer::Silence);
    let place = place(&endpoint);
    let mut child = place.command(&["-c", IMAGES]).spawn().unwrap();
    endpoint.wait();
    let gone = Instant::now();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(141), ""));
    assert!(gone.elapsed() < Duration::from_secs(2), "{:?}", gone.elapsed());
}
