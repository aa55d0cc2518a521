//! `ec2ql`: SQL over the EC2 API, from a shell, from scripts, into files.

mod args;
mod aws;
mod connection;
mod credentials;
mod escape;
mod output;
mod progress;
mod report;
mod run;
mod shell;
mod signals;
mod source;
mod terminal;

use std::process::ExitCode;
use std::sync::Arc;

use args::{Invocation, Source};
use connection::Connection;
use report::{Exit, report, say};
use run::{Batch, Runner};
use signals::Signals;
use terminal::Terminal;

/// Planning recurses: its threads have a known stack, whatever the system gives.
const STACK_BYTES: usize = 64 << 20;
const THREADS_MAX: usize = 8;

fn main() -> ExitCode {
    let invocation = match Invocation::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(answer) => return code(answer.print().unwrap_or_else(|error| failed(&error))),
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, THREADS_MAX);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("ERROR 53000: no threads can be started: {error}\n"), Terminal::look().stderr);
            return code(Exit::Limit);
        }
    };
    // A task of its own, because the main thread's stack is the system's.
    let exit = runtime.block_on(async { tokio::spawn(start(invocation)).await });
    // A write that hangs must not keep the process alive.
    runtime.shutdown_background();
    // After a panic, which has said its part.
    code(exit.unwrap_or(Exit::Usage))
}

/// Reports what went wrong before there was anybody to ask.
fn failed(error: &ec2ql_engine::Error) -> Exit {
    report(error, &credentials::Trace::default(), Terminal::look().stderr);
    Exit::of(error)
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

async fn start(invocation: Invocation) -> Exit {
    let terminal = Terminal::look();
    let interactive = invocation.source == Source::Input && terminal.stdin;
    let texts = match source::texts(&invocation.source, interactive) {
        Ok(texts) => texts,
        Err(error) => return failed(&error),
    };
    let signals = match Signals::listen(interactive) {
        Ok(signals) => signals,
        Err(error) => {
            say(&format!("ERROR 53000: signals cannot be received: {error}\n"), terminal.stderr);
            return Exit::Limit;
        }
    };
    let connection = match Connection::open(&invocation.endpoint, invocation.settings).await {
        Ok(connection) => Arc::new(connection),
        Err(error) => return failed(&error),
    };
    let output = invocation.output.unwrap_or(output::Output::default_for(terminal.stdout));
    let runner = Runner {
        connection,
        signals,
        terminal,
        output,
        header: invocation.header,
        timing: invocation.timing,
        verbose: invocation.verbose,
        interactive,
    };
    match texts {
        None => shell::run(runner).await,
        Some(texts) => Batch { runner, out_file: invocation.out_file }.run(&texts).await,
    }
}
