//! The shell, on a terminal of its own.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::process::Place;
use crate::standin::{Answer, StandIn};

const PATIENCE: Duration = Duration::from_secs(30);

/// A running shell and its screen, as the bytes that came.
pub(crate) struct Shell {
    child: Child,
    keyboard: File,
    bytes: Receiver<Vec<u8>>,
    unread: String,
}

impl Shell {
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        Self::start_on(100, place, arguments)
    }

    fn start_on(columns: u16, place: &Place, arguments: &[&str]) -> Self {
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = place.command(arguments);
        if !place.has("TERM") {
            command.env("TERM", "xterm");
        }
        command.stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().unwrap();
        drop(command);
        drop(pty.slave);
        let keyboard = File::from(pty.master);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end is an error here: the other side is closed.
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, bytes, unread: String::new() }
    }

    fn keys(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for a text; gives all that came before it.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.unread.find(text) {
                let before = self.unread[..at].to_owned();
                self.unread.drain(..at + text.len());
                return before;
            }
            let bytes = self.bytes.recv_timeout(PATIENCE);
            let bytes = bytes.unwrap_or_else(|_| panic!("no {text:?} came, but {:?}", self.unread));
            self.unread.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    /// Types a line at the prompt; gives what comes before the end that is waited for.
    pub(crate) fn enter(&mut self, line: &str, end: &str) -> String {
        self.until("ec2ql> ");
        self.keys(&format!("{line}\r"));
        self.until(end).replace("\r\n", "\n")
    }

    /// The same for a line that prints rows.
    fn rows(&mut self, line: &str) -> String {
        let shown = self.enter(line, "\r\n(");
        self.until(" row");
        shown + "\n"
    }

    pub(crate) fn leave(mut self, keys: &str) {
        self.until("ec2ql> ");
        self.keys(keys);
        assert_eq!(self.end(), Some(0));
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn end(mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            // What is still printed is taken, so that it is not what the process waits for.
            let silent = self.bytes.recv_timeout(Duration::from_millis(20)).is_err();
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(!silent || begun.elapsed() < PATIENCE, "it does not end; unread: {:?}", self.unread);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn statements_and_commands() {
    let place = Place::new();
    let mut shell = Shell::start(&place, &["--demo"]);
    shell.until("\\? lists the commands.");
    let shown = shell.rows("SELECT count(*) > 0 AS found FROM images WHERE region = 'us-east-1';");
    assert!(shown.contains(" found\n-------\n true\n"), "{shown}");
    // Several lines, with what only looks like an end.
    shell.until("ec2ql> ");
    shell.keys("SELECT ';' AS a -- not yet ;\r, 'x\ry' AS b;\r");
    shell.until(" ; | x\\ny");
    assert!(shell.rows("\\d").contains("import_image_tasks"));
    assert!(shell.rows("\\d import_image_tasks").contains("importTaskId"));
    let shown = shell.enter("\\conninfo", "(embedded)");
    assert!(shown.contains("endpoint:    http://127.0.0.1:") && !shown.contains("EXAMPLEKEY"), "{shown}");
    shell.enter("\\o json", "output is json");
    shell.enter("SELECT 1 AS a;", "[\r\n{\"a\":1}\r\n]");
    shell.enter("\\timing", "timing is on");
    shell.enter("SET ec2ql.pushdown = off;", "Time: ");
    shell.enter("SELECT * FROM nowhere;", "ERROR 42P01");
    shell.enter("\\nope", "there is no command \\nope");
    shell.enter("\\?", "cancel the running statement");
    shell.leave("\\q\r");
}

/// Z01: nothing in a value reaches the terminal as more than text, and a signature is not shown.
#[test]
fn values_are_shown_not_obeyed() {
    let place = Place::new();
    let mut shell = Shell::start(&place, &[]);
    shell.enter(
        "SELECT chr(27) || ']0;x' || chr(7) || chr(8238) || chr(155) || '1m' AS a;",
        r" \u{1b}]0;x\u{7}\u{202e}\u{9b}1m",
    );
    shell.enter("SELECT 1 AS \"a\u{202e}b\";", r" a\u{202e}b");
    let shown = shell.enter("SELECT * FROM \"a\u{202e}b\";", r"a\u{202e}b");
    assert!(shown.contains("ERROR 42P01"), "{shown:?}");
    let shown = shell.rows("SELECT 'https://b.s3.amazonaws.com/k?X-Amz-Signature=abc' AS url;");
    assert!(shown.contains("\n https://b.s3.amazonaws.com/k?X-Amz-Signature=***\n"), "{shown:?}");
    for format in ["csv", "json", "jsonl"] {
        shell.enter(&format!("\\o {format}"), "output is");
        let shown = shell.enter(
            "SELECT chr(155) || '1m' || 'https://b/k?X-Amz-Signature=abc' AS u, 'done' AS v;",
            if format == "csv" { ",done" } else { "done\"}" },
        );
        // JSON has a form of its own for them.
        let escape = if format == "csv" { r"\u{9b}" } else { r"\u009b" };
        assert!(shown.contains(&format!("{escape}1mhttps://b/k?X-Amz-Signature=***")), "{shown:?}");
    }
    shell.enter("\\o table", "output is");
    // Too wide for the screen: wrapped where it can be read, one value a line where not.
    shell.enter("SELECT repeat('x', 300) AS a, 'yes' AS b;", "xxx | yes\r\n xxx");
    let wide: Vec<_> = (0..30).map(|n| format!("'abcdefghij' AS c{n}")).collect();
    shell.enter(&format!("SELECT {};", wide.join(", ")), "-[ 1 ]-\r\nc0  | abcdefghij");
    // Ctrl-D.
    shell.leave("\u{4}");
}

/// What is typed or pasted while the shell is busy waits for it, in pieces of any size.
#[test]
fn what_is_typed_ahead_is_kept() {
    let place = Place::new();
    let mut shell = Shell::start(&place, &[]);
    shell.until("ec2ql> ");
    for end in ["\r", "\n"] {
        let statements: Vec<_> = (11..=50).map(|n| format!("SELECT {n} * 1000 + 7 AS pasted;{end}")).collect();
        shell.keys(&statements.concat());
        for n in 11..=50 {
            shell.until(&format!("\r\n  {}\r\n(1 row)", n * 1000 + 7));
        }
    }
    // While a statement runs, in two pieces.
    shell.keys("SELECT count(*) AS busy FROM generate_series(1, 30000) AS a, generate_series(1, 30000) AS b;\r");
    shell.until("\r1 s");
    shell.keys("SELECT 41 + ");
    shell.keys("1 AS typed;\rSELECT 2 + 3 AS last;\r");
    let shown = shell.until(" 900000000\r\n");
    assert!(!shown.contains("page"), "nobody was asked: {shown:?}");
    shell.until("    42\r\n(1 row)");
    shell.until("    5\r\n(1 row)");
    shell.leave("\u{4}");
}

/// Z03: an interrupt ends the statement, not the shell; at the prompt it forgets the line.
#[test]
fn an_interrupt_returns_to_the_prompt() {
    let endpoint = StandIn::start(|_| Answer::Silence);
    let place = Place::new()
        .set("AWS_ACCESS_KEY_ID", "AKIATEST")
        .set("AWS_SECRET_ACCESS_KEY", "CANARY")
        .set("AWS_ENDPOINT_URL_EC2", &endpoint.url);
    let mut shell = Shell::start(&place, &[]);
    shell.until("not to AWS");
    for _ in 0..2 {
        // The line of progress comes after a second.
        shell.enter("SELECT imageId FROM images WHERE region = 'us-east-1';", "waiting for the first page");
        shell.signal(Signal::SIGINT);
        shell.until("cancelled");
    }
    shell.until("ec2ql> ");
    shell.keys("SELECT 'half\u{3}");
    shell.enter("SELECT 41 + 1 AS whole;", " 42\r\n(1 row)");
    // A termination at the prompt ends it at once.
    shell.until("ec2ql> ");
    shell.signal(Signal::SIGTERM);
    assert_eq!(shell.end(), Some(143));
}

#[test]
fn history_is_private_and_keeps_no_secrets() {
    let place = Place::new();
    let mut shell = Shell::start(&place, &[]);
    for statement in [
        "SELECT 1 AS kept;",
        "SELECT 'AKIAIOSFODNN7EXAMPLE' AS a;",
        "SELECT 'x' AS password;",
        "SELECT 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' AS b;",
    ] {
        shell.rows(statement);
    }
    shell.leave("\\q\r");
    let state = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/state" };
    let path = place.path().join(state).join("ec2ql/history");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("kept") && !text.contains("AKIA") && !text.contains("wJalr") && !text.contains("password"),
        "{text}"
    );

    // The next shell has it: up twice (the last line was \q), and enter.
    let mut shell = Shell::start(&place, &[]);
    let shown = shell.rows("\u{1b}[A\u{1b}[A");
    assert!(shown.contains("kept\n------"), "{shown:?}");
    shell.leave("\u{4}");

    // A file that others could read is closed to them, also one that is no history.
    for content in [text.as_bytes(), b"#V2\n\xff\xfe"] {
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        Shell::start(&place, &[]).leave("\\q\r");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// Z06: a history file that cannot be used is done without.
#[test]
fn a_shell_works_without_history() {
    let place = Place::new().set("XDG_STATE_HOME", "/dev/null/nowhere");
    let mut shell = Shell::start(&place, &[]);
    shell.rows("SELECT 1 AS a;");
    shell.leave("\u{4}");
}

/// Z05: screens of odd sizes, and terminals that know no escape sequences.
#[test]
fn odd_terminals() {
    let place = Place::new();
    for columns in [0, 1, 10_000] {
        let mut screen = Shell::start_on(columns, &place, &["-c", "SELECT repeat('x', 50) AS a, 'y' AS b"]);
        screen.until("row)");
        assert_eq!(screen.end(), Some(0), "{columns}");
    }
    for columns in [1, 10_000] {
        let mut shell = Shell::start_on(columns, &place, &[]);
        shell.enter("SELECT 6 * 7 AS a;", "(1 row)");
        shell.leave("\u{4}");
    }
    let dumb = Place::new().set("TERM", "dumb").set("NO_COLOR", "1");
    let mut shell = Shell::start(&dumb, &[]);
    let shown = shell.enter("SELECT 1 AS a,\r2 AS b;", "(1 row)");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    shell.leave("\u{4}");
}
