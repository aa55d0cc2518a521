//! Runs statements: rows to standard output or a file, until they end, fail, or are stopped.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ec2ql_engine::export::{self, Encoder, Target};
use ec2ql_engine::{Error, Outcome, Rows, Session, Statement};
use futures::StreamExt as _;

use crate::args::OutFile;
use crate::connection::Connection;
use crate::output::{self, Output, Style};
use crate::progress::{self, Line, plural};
use crate::report::{Exit, report, report_late, say};
use crate::signals::{self, Signals};
use crate::terminal::Terminal;

/// How long a stopped statement may take to clean up: less than what a signal grants, and not noticed at a prompt.
const ABORT: Duration = Duration::from_millis(1_500);
const ABORT_SHELL: Duration = Duration::from_millis(100);
/// How long the engine is given to notice that its time is over.
const LATE: Duration = Duration::from_millis(100);

/// What every statement is run with.
#[expect(clippy::struct_excessive_bools, reason = "they are switches of the command line")]
pub(crate) struct Runner {
    pub(crate) connection: Arc<Connection>,
    pub(crate) signals: Signals,
    pub(crate) terminal: Terminal,
    pub(crate) output: Output,
    pub(crate) header: bool,
    pub(crate) timing: bool,
    pub(crate) verbose: bool,
    /// In the shell the process goes on after a statement that was stopped.
    pub(crate) interactive: bool,
}

/// Why a statement did not end well.
pub(crate) enum Stop {
    Failed(Error),
    Asked(Exit),
    /// The engine's own limit could not act, because a computation did not give way.
    Late(Duration),
}

/// Where the rows of a statement go.
pub(crate) enum Place {
    /// Standard output, after what separates it from the result before.
    Stdout(&'static str),
    File(Target, Output),
}

impl Runner {
    /// Runs one statement to its end; gives its tag when it had no rows.
    pub(crate) async fn run(&self, statement: Statement, place: Place) -> Result<Option<String>, Stop> {
        let begun = Instant::now();
        let to_stdout = matches!(place, Place::Stdout(_));
        let line = Arc::new(Line::default());
        let style = Style { header: self.header, to_file: !to_stdout, width: self.terminal.width() };
        let job = Job { statement, place, output: self.output, style, line: Arc::clone(&line) };
        let connection = Arc::clone(&self.connection);
        // A task of its own: however long planning takes, a stop is heard.
        let mut work = tokio::spawn(async move { work(&connection.session, job).await });
        let mut ticks = tokio::time::interval_at((begun + progress::SHOWN_AFTER).into(), progress::EVERY);
        let limit = self.connection.session.settings().statement_timeout;
        let late = async {
            match limit {
                Some(limit) => tokio::time::sleep_until((begun + limit + LATE).into()).await,
                None => std::future::pending().await,
            }
        };
        let stopped = self.signals.stopped();
        let reader_gone = signals::reader_gone();
        tokio::pin!(stopped, reader_gone, late);
        let result = loop {
            tokio::select! {
                exit = &mut stopped => break Err(Stop::Asked(exit)),
                () = &mut reader_gone, if to_stdout && !self.terminal.stdout => break Err(Stop::Asked(Exit::ReaderGone)),
                () = &mut late => break Err(Stop::Late(limit.unwrap_or_default())),
                ended = &mut work => break match ended {
                    Ok(result) => result.map_err(Stop::Failed),
                    // It panicked, and has said so.
                    Err(_) => Err(Stop::Asked(Exit::Usage)),
                },
                _ = ticks.tick(), if self.terminal.stderr => line.draw(begun, self.connection.session.progress()),
            }
        };
        if let Err(Stop::Asked(_) | Stop::Late(_)) = &result
            && !work.is_finished()
        {
            work.abort();
            // It takes its unfinished file along, when it is given the time to.
            let _ = tokio::time::timeout(if self.interactive { ABORT_SHELL } else { ABORT }, &mut work).await;
        }
        line.erase();
        self.account(begun);
        result
    }

    fn account(&self, begun: Instant) {
        let elapsed = begun.elapsed();
        if self.verbose {
            let done = self.connection.session.progress();
            let source =
                self.connection.trace.source().map_or_else(String::new, |source| format!(", credentials: {source}"));
            let text = format!(
                "-- {} {}, {} {}, {} bytes of XML{source}\n",
                done.pages,
                plural(done.pages, "page"),
                done.rows,
                plural(done.rows, "row"),
                done.bytes
            );
            say(&text, self.terminal.stderr);
        }
        if self.timing {
            say(&format!("Time: {:.3} s\n", elapsed.as_secs_f64()), self.terminal.stderr);
        }
    }
}

/// A statement with all that its rows need.
struct Job {
    statement: Statement,
    place: Place,
    output: Output,
    style: Style,
    line: Arc<Line>,
}

async fn work(session: &Session, job: Job) -> Result<Option<String>, Error> {
    let Job { statement, place, output, style, line } = job;
    let rows = match Box::pin(session.run(statement)).await? {
        Outcome::Rows(rows) => rows,
        Outcome::Done(tag) => return Ok(Some(tag)),
    };
    match place {
        Place::Stdout(separator) => {
            let mut out = Screen { line };
            out.write_all(separator.as_bytes()).map_err(|error| Error::output("standard output", error))?;
            let encoder = output::encoder(output, &rows.schema, Box::new(out), "standard output", style)?;
            drive(rows, encoder).await?;
        }
        Place::File(target, Output::Data(format)) => {
            let options = export::Options { header: style.header, to_file: true };
            let count = export::copy_into(rows, target, format, options).await?;
            return Ok(Some(format!("COPY {count}")));
        }
        Place::File(target, output) => {
            let style = Style { width: None, ..style };
            let encoder = output::encoder(output, &rows.schema, target.writer()?, &target.what(), style)?;
            let count = drive(rows, encoder).await?;
            target.commit()?;
            return Ok(Some(format!("COPY {count}")));
        }
    }
    Ok(None)
}

async fn drive(rows: Rows, mut encoder: Box<dyn Encoder>) -> Result<u64, Error> {
    let mut rows = rows.detached();
    let mut count = 0;
    while let Some(batch) = rows.stream.next().await {
        let batch = batch?;
        count += batch.num_rows() as u64;
        encoder.write(&batch)?;
    }
    encoder.finish()?;
    Ok(count)
}

/// Standard output, with the line of progress out of its way.
struct Screen {
    line: Arc<Line>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.aside(|| io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.line.aside(|| io::stdout().flush())
    }
}

/// Statements that were given, not typed: all are parsed before the first runs, and the first that fails is the last.
pub(crate) struct Batch {
    pub(crate) runner: Runner,
    pub(crate) out_file: Option<OutFile>,
}

impl Batch {
    pub(crate) async fn run(self, texts: &[String]) -> Exit {
        if self.runner.verbose {
            say(&self.runner.connection.describe(), self.runner.terminal.stderr);
        }
        match self.run_all(texts).await {
            Ok(()) => Exit::Done,
            Err(Stop::Asked(exit)) => exit,
            Err(Stop::Late(limit)) => {
                report_late(limit, self.runner.terminal.stderr);
                Exit::Limit
            }
            Err(Stop::Failed(error)) => {
                report(&error, &self.runner.connection.trace, self.runner.terminal.stderr);
                Exit::of(&error)
            }
        }
    }

    async fn run_all(&self, texts: &[String]) -> Result<(), Stop> {
        let session = &self.runner.connection.session;
        let mut statements = Vec::new();
        for text in texts {
            statements.extend(session.parse(text).map_err(Stop::Failed)?);
        }
        let results = statements.iter().filter(|statement| statement.gives_rows()).count();
        self.check(results).map_err(Stop::Failed)?;
        let mut target = match &self.out_file {
            Some(file) => Some((Target::create(&file.path, file.overwrite).map_err(Stop::Failed)?, file.output)),
            None => None,
        };
        let mut printed = false;
        for statement in statements {
            let gives_rows = statement.gives_rows();
            let place = match target.take_if(|_| gives_rows) {
                Some((target, output)) => Place::File(target, output),
                None => Place::Stdout(if printed { self.runner.output.separator() } else { "" }),
            };
            let tag = self.runner.run(statement, place).await?;
            printed |= gives_rows;
            if let Some(tag) = tag.filter(|_| self.runner.verbose || self.runner.terminal.stderr) {
                say(&format!("{tag}\n"), self.runner.terminal.stderr);
            }
        }
        Ok(())
    }

    /// Refuses what could not be written, before anything is asked.
    fn check(&self, results: usize) -> Result<(), Error> {
        let binary = self.runner.output.wants_one_result();
        let (what, one) = match &self.out_file {
            Some(file) => (format!("--out-file \"{}\"", file.path.display()), true),
            None => (format!("{} on standard output", self.runner.output), binary),
        };
        if one && results != 1 {
            let message = format!("{what} wants exactly one result, and the statements give {results}");
            return Err(Error::usage(message, Some("Run them one by one, or write COPY (SELECT ...) TO 'file'.")));
        }
        if self.out_file.is_none() && binary && self.runner.terminal.stdout {
            let message = format!("{} is not for a terminal", self.runner.output);
            return Err(Error::usage(message, Some("Write it to a file: -O rows.parquet.")));
        }
        Ok(())
    }
}
