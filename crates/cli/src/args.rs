//! The command line: raw arguments become an [`Invocation`] before any work.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use ec2ql_engine::Error;
use ec2ql_engine::export::Format;
use url::Url;

use crate::output::Output;
use crate::report::Exit;

const EXAMPLES: &str = "\
Examples:
  ec2ql
      The shell. \\? lists its commands.
  ec2ql --demo -c \"SELECT importTaskId, progress FROM import_image_tasks WHERE region = 'us-east-1'\"
      A first look: an embedded endpoint with made-up data, no account needed.
  ec2ql --profile prod --region us-east-1,eu-west-1 -c \"SELECT region, count(*) FROM images GROUP BY region\"
      Two regions of an account, read at once.
  ec2ql -c \"SELECT * FROM snapshots WHERE region = 'eu-west-1'\" -O snapshots.parquet
      Into a file that appears whole or not at all.
  ec2ql -o json < report.sql | jq length
      SQL on standard input, rows on standard output.

Exit codes:
  0 done, 1 wrong SQL or arguments, 4 AWS, network or credentials, 5 output, 7 a limit or time-out,
  130 interrupted, 143 terminated, 141 the reader of standard output went away.";

/// SQL over the EC2 API.
#[expect(clippy::struct_excessive_bools, reason = "they are switches of the command line")]
#[derive(Debug, Parser)]
#[command(name = "ec2ql", version, about = "SQL over the EC2 API, VM Import/Export first.", after_help = EXAMPLES)]
struct Raw {
    /// Run SQL and leave; several statements are separated by `;`, and the option may be repeated
    #[arg(short = 'c', long = "command", value_name = "SQL", conflicts_with = "file")]
    commands: Vec<String>,
    /// Run the SQL of a file and leave; `-` is standard input
    #[arg(short = 'f', long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How rows are written: table, line, csv, json, jsonl, markdown, parquet, arrow (default: table on a terminal, else csv)
    #[arg(short = 'o', long, value_name = "FORMAT")]
    output: Option<Output>,
    /// Write the rows of the one result to a file; its extension says the format unless -o does
    #[arg(short = 'O', long, value_name = "PATH")]
    out_file: Option<PathBuf>,
    /// Let --out-file replace an existing file
    #[arg(long, requires = "out_file")]
    overwrite: bool,
    /// The regions that are asked when a statement names none, and the only ones it may name
    #[arg(long, value_name = "LIST")]
    region: Option<String>,
    /// The profile of the AWS configuration to use, before any credentials in the environment
    #[arg(long, value_name = "NAME", conflicts_with = "demo")]
    profile: Option<String>,
    /// Ask this endpoint instead of AWS's, for every region
    #[arg(long, value_name = "URL", conflicts_with = "demo")]
    endpoint_url: Option<Url>,
    /// Use the embedded endpoint with its made-up data; no account, no network
    #[arg(long)]
    demo: bool,
    /// Only ask AWS whether the requests of each statement are allowed: one row per region and operation
    #[arg(long)]
    dry_run: bool,
    /// Say on standard error how long each statement took
    #[arg(long)]
    timing: bool,
    /// Leave out the column names (csv, table, markdown)
    #[arg(long)]
    no_header: bool,
    /// Stop a statement that takes longer: 30s, 10m, 1h; a number alone is seconds, and 0 is no limit
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Whether answers come compressed: on, off, or auto, from endpoints that are not on this machine (default: auto)
    #[arg(long, value_name = "WHEN")]
    compression: Option<String>,
    /// Say on standard error what is asked, and what it took
    #[arg(short = 'v', long)]
    verbose: bool,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) source: Source,
    /// None: it depends on whether standard output is a terminal.
    pub(crate) output: Option<Output>,
    pub(crate) out_file: Option<OutFile>,
    pub(crate) endpoint: Endpoint,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) timing: bool,
    pub(crate) header: bool,
    pub(crate) verbose: bool,
}

/// Where SQL comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The shell, or standard input where that is no terminal.
    Input,
    Texts(Vec<String>),
    File(PathBuf),
    Stdin,
}

#[derive(Debug)]
pub(crate) struct OutFile {
    pub(crate) path: PathBuf,
    pub(crate) output: Output,
    pub(crate) overwrite: bool,
}

/// Who answers.
#[derive(Debug)]
pub(crate) enum Endpoint {
    Demo,
    Aws { profile: Option<String>, url: Option<Url> },
}

/// Arguments that are wrong, or ask for help: the text, and where it goes.
#[derive(Debug)]
pub(crate) struct Answer(clap::Error);

impl Answer {
    /// Prints it; gives how the process ends.
    pub(crate) fn print(&self) -> Result<Exit, Error> {
        let printed = self.0.print().and_then(|()| std::io::stdout().flush());
        match self.0.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                printed.map(|()| Exit::Done).map_err(|error| Error::output("standard output", error))
            }
            // Nothing is left to do when even this cannot be written.
            _ => Ok(Exit::Usage),
        }
    }
}

impl Invocation {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Answer> {
        let raw = Raw::command().try_get_matches_from(arguments).and_then(|found| Raw::from_arg_matches(&found));
        raw.and_then(Self::from_raw).map_err(|error| Answer(error.format(&mut Raw::command())))
    }

    fn from_raw(raw: Raw) -> Result<Self, clap::Error> {
        let source = match (raw.commands, raw.file) {
            (commands, None) if commands.is_empty() => Source::Input,
            (commands, None) => Source::Texts(commands),
            (_, Some(path)) if path.as_os_str() == "-" => Source::Stdin,
            (_, Some(path)) => Source::File(path),
        };
        let out_file = match raw.out_file {
            None => None,
            Some(path) => {
                let output = raw.output.or_else(|| Output::from_extension(&path)).ok_or_else(|| {
                    let message = format!(
                        "\"{}\" does not say its format: end it in .csv, .json, .jsonl, .parquet or .arrow, or add -o",
                        path.display()
                    );
                    clap::Error::raw(ErrorKind::ValueValidation, message)
                })?;
                Some(OutFile { path, output, overwrite: raw.overwrite })
            }
        };
        if out_file.is_some() && source == Source::Input && std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            let message = "--out-file needs a statement: add -c, -f, or SQL on standard input";
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, message));
        }
        let endpoint =
            if raw.demo { Endpoint::Demo } else { Endpoint::Aws { profile: raw.profile, url: raw.endpoint_url } };
        let dry_run = raw.dry_run.then(|| "on".to_owned());
        let settings = [
            ("ec2ql.regions", raw.region),
            ("ec2ql.statement_timeout", raw.timeout),
            ("ec2ql.dry_run", dry_run),
            ("ec2ql.compression", raw.compression),
        ];
        Ok(Self {
            source,
            output: raw.output,
            out_file,
            endpoint,
            settings: settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
            timing: raw.timing,
            header: !raw.no_header,
            verbose: raw.verbose,
        })
    }
}

impl std::str::FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "table" => Self::Table,
            "line" => Self::Line,
            "markdown" | "md" => Self::Markdown,
            other => Self::Data(other.parse::<Format>().map_err(|_| {
                "the formats are table, line, csv, json, jsonl, markdown, parquet and arrow".to_owned()
            })?),
        })
    }
}

impl Output {
    fn from_extension(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "md" => Some(Self::Markdown),
            _ => Format::from_extension(path).map(Self::Data),
        }
    }
}
