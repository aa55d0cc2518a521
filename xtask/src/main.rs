//! Development tasks. `cargo xtask catalog` brings the table files up to date with the EC2 service
//! model; `cargo xtask docs` writes the pages about the tables; `cargo xtask bench` measures.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a development tool that talks to a person")]

mod bench;
mod catalog;
mod comments;
mod docs;
mod facts;
mod files;
mod instructions;
mod merge;
mod model;
mod write;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Rewrite the table files from the EC2 service model, keeping what people wrote.
    Catalog {
        /// The service model, service-2.json or service-2.json.gz; without it, the pinned botocore is downloaded.
        #[arg(long, value_name = "PATH")]
        model: Option<PathBuf>,
        /// Change nothing, and fail if anything would change.
        #[arg(long)]
        check: bool,
        /// Start the file of a new table: its SQL name and its operation.
        #[arg(long, num_args = 2, value_names = ["TABLE", "OPERATION"], conflicts_with = "check")]
        new: Option<Vec<String>>,
        /// Where the rows of the new table are, such as imagesSet/item, if the response has several lists.
        #[arg(long, value_name = "PATH", requires = "new")]
        rows: Option<String>,
    },
    /// Write docs/tables.md and docs/tables/ from the table files.
    Docs {
        /// Change nothing, and fail if anything would change.
        #[arg(long)]
        check: bool,
    },
    /// Measure ec2ql beside boto3 and the AWS CLI, over the same bytes; the variable `EC2QL_BIN` names a binary to take.
    Bench(bench::BenchArguments),
    /// Count the instructions of decoding and planning with valgrind, against benches/instructions.json.
    Instructions(instructions::InstructionsArguments),
    #[command(hide = true)]
    BenchEndpoint(bench::endpoint::Served),
    #[command(hide = true)]
    BenchMeasure {
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Catalog { model, check, new, rows } => catalog::run(model.as_deref(), check, new.as_deref(), rows),
        Task::Docs { check } => docs::run(check),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Instructions(arguments) => instructions::run(&arguments),
        Task::BenchEndpoint(served) => bench::endpoint::serve(served),
        Task::BenchMeasure { command } => bench::measure::measure(&command),
    };
    match done {
        Ok(summary) => {
            if !summary.is_empty() {
                println!("{summary}");
            }
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}
