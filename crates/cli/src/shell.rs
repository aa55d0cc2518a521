//! The shell: reads statements until their `;`, runs them, and stays when one fails.

mod command;
mod history;
mod input;

use std::io::{self, Write as _};

use ec2ql_engine::Statement;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};

use crate::escape::visible_lines;
use crate::report::{Exit, report, report_late, say};
use crate::run::{Place, Runner, Stop};
use command::Command;
use history::History;
use input::{Input, is_complete};

const PROMPT: &str = "ec2ql> ";
const PROMPT_MORE: &str = "    -> ";

struct Shell {
    runner: Runner,
    editor: Editor<Input, FileHistory>,
    history: History,
}

/// What was typed.
enum Typed {
    Text(String),
    /// Ctrl-C: the line is forgotten.
    Nothing,
    End,
}

/// Runs until its user leaves.
pub(crate) async fn run(runner: Runner) -> Exit {
    let on_terminal = runner.terminal.stderr;
    let config = Config::builder().auto_add_history(false).max_history_size(history::ENTRIES_MAX);
    let editor = config.and_then(|config| Editor::with_config(config.build()));
    let mut editor: Editor<Input, FileHistory> = match editor {
        Ok(editor) => editor,
        Err(error) => {
            say(&format!("ERROR 58030: the terminal cannot be used: {error}\n"), on_terminal);
            return Exit::Output;
        }
    };
    editor.set_helper(Some(Input));
    let history = History::open(&mut editor);
    let mut shell = Shell { runner, editor, history };
    shell.greet();
    shell.attend().await
}

impl Shell {
    fn greet(&self) {
        let mut text = format!("ec2ql {}. Statements end with ;  \\? lists the commands.\n", env!("CARGO_PKG_VERSION"));
        if let Some(endpoint) = self.runner.connection.custom_endpoint() {
            text.extend(["All requests go to ", &endpoint, ", not to AWS.\n"]);
        }
        print(&text);
    }

    async fn attend(&mut self) -> Exit {
        loop {
            let text = match self.read() {
                Ok(Typed::Text(text)) => text,
                Ok(Typed::Nothing) => continue,
                Ok(Typed::End) => return Exit::Done,
                Err(error) => {
                    say(&format!("ERROR 58030: the terminal cannot be read: {error}\n"), self.runner.terminal.stderr);
                    return Exit::Output;
                }
            };
            self.runner.signals.clear_interrupt();
            let end = match Command::parse(&text) {
                None => self.sql(&text).await,
                Some(Ok(command)) => self.command(command).await,
                Some(Err(reason)) => {
                    print(&format!("{reason}\n"));
                    None
                }
            };
            if let Some(exit) = end {
                return exit;
            }
        }
    }

    /// One statement or command. A terminal without editing gives it line by line.
    fn read(&mut self) -> Result<Typed, ReadlineError> {
        let mut text = String::new();
        loop {
            let prompt = if text.is_empty() { PROMPT } else { PROMPT_MORE };
            let prompting = self.runner.signals.prompting();
            let line = tokio::task::block_in_place(|| self.editor.readline(prompt));
            drop(prompting);
            match line {
                Ok(line) => text.push_str(&line),
                Err(ReadlineError::Interrupted) => return Ok(Typed::Nothing),
                Err(ReadlineError::Eof) => return Ok(Typed::End),
                Err(ReadlineError::Signal(_)) => continue,
                Err(error) => return Err(error),
            }
            if is_complete(&text) {
                break;
            }
            text.push('\n');
        }
        self.history.add(&mut self.editor, text.trim());
        Ok(Typed::Text(text))
    }

    async fn sql(&self, text: &str) -> Option<Exit> {
        match self.runner.connection.session.parse(text) {
            Ok(statements) => self.run(statements).await,
            Err(error) => {
                report(&error, &self.runner.connection.trace, self.runner.terminal.stderr);
                None
            }
        }
    }

    /// Gives how the shell ends, if a signal ends it.
    async fn run(&self, statements: Vec<Statement>) -> Option<Exit> {
        for statement in statements {
            match self.runner.run(statement, Place::Stdout("")).await {
                Ok(None) => {}
                Ok(Some(tag)) => print(&format!("{tag}\n")),
                Err(Stop::Asked(Exit::Interrupted)) => {
                    print("cancelled\n");
                    return None;
                }
                // A bug in one statement does not end the session.
                Err(Stop::Asked(Exit::Usage)) => return None,
                Err(Stop::Asked(exit)) => return Some(exit),
                Err(Stop::Late(limit)) => {
                    report_late(limit, self.runner.terminal.stderr);
                    return None;
                }
                Err(Stop::Failed(error)) => {
                    report(&error, &self.runner.connection.trace, self.runner.terminal.stderr);
                    return None;
                }
            }
        }
        None
    }

    async fn command(&mut self, command: Command) -> Option<Exit> {
        match command {
            Command::Quit => return Some(Exit::Done),
            Command::Help => print(command::HELP),
            Command::Tables => return self.sql("SHOW TABLES").await,
            Command::Describe(table) => return self.sql(&format!("DESCRIBE {table}")).await,
            Command::Connection => print(&self.runner.connection.describe()),
            Command::Timing => {
                self.runner.timing = !self.runner.timing;
                print(&format!("timing is {}\n", if self.runner.timing { "on" } else { "off" }));
            }
            Command::Output(None) => print(&format!("output is {}\n", self.runner.output)),
            Command::Output(Some(output)) if output.wants_one_result() => {
                print(&format!("{output} is not for a terminal: write COPY (SELECT ...) TO 'rows.{output}';\n"));
            }
            Command::Output(Some(output)) => {
                self.runner.output = output;
                print(&format!("output is {output}\n"));
            }
        }
        None
    }
}

fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    // Nothing is left to tell when the terminal is gone; the next line read says so.
    let _ = stdout.write_all(visible_lines(text).as_bytes()).and_then(|()| stdout.flush());
}
