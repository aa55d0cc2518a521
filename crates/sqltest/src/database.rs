//! A session as `sqllogictest` wants it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use ec2ql_ec2::{Http, HttpConfig, Transport};
use ec2ql_engine::{Outcome, Rows, Session};
use fake_ec2::Fake;
use futures::StreamExt;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::canned::Canned;
use crate::setup::WAVE_AGE;
use crate::{Error, Setup, text};

/// How the names of files begin that are not finished yet.
const UNFINISHED: &str = ".ec2ql-";

type Output = DBOutput<DefaultColumnType>;

/// What the connections of one file share.
#[derive(Debug)]
pub struct Place {
    fake: Fake,
    fake_options: fake_ec2::Options,
    now: SystemTime,
    transport: Canned,
    folder: TempDir,
    beside: PathBuf,
    calls_shown: Mutex<usize>,
}

impl Place {
    /// Starts the endpoint of a file. Its clock stands.
    ///
    /// # Errors
    /// No port, no folder, or no HTTP client can be had.
    pub async fn new(file: &Path) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::of_file(error.to_string());
        let mut options = fake_ec2::Options::default();
        let now = options.wave_start + WAVE_AGE;
        options.now = Arc::new(move || now);
        let fake = Fake::start(options.clone()).await.map_err(failed)?;
        let http = Http::new(HttpConfig::default()).map_err(|error| Error::of_file(error.to_string()))?;
        Ok(Self {
            fake,
            fake_options: options,
            now,
            transport: Canned::new(Arc::new(http)),
            folder: TempDir::new().map_err(failed)?,
            beside: file.parent().unwrap_or(Path::new("")).to_owned(),
            calls_shown: Mutex::new(0),
        })
    }

    /// Text that is the same in every run.
    fn settled(&self, text: &str) -> String {
        let folder = self.folder.path().to_string_lossy();
        let text = text.replace(&*folder, "{dir}").replace(&self.fake.url(), "{endpoint}");
        // A file that is being written has a random name.
        let mut parts = text.split(UNFINISHED);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, rest| {
            text + UNFINISHED + "..." + rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric())
        })
    }

    async fn calls(&self) -> Output {
        let requests = self.fake.requests();
        let mut shown = self.calls_shown.lock().await;
        let rows = requests.iter().skip(*shown).map(|request| {
            let parameters: Vec<_> = request.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            [request.region.clone(), request.action.clone(), parameters.join(" "), request.status.to_string()]
                .map(|value| text::plain(&value))
                .into()
        });
        let rows: Vec<_> = rows.collect();
        *shown = requests.len();
        texts(rows)
    }

    fn files(&self) -> Result<Output, Error> {
        let entries = std::fs::read_dir(self.folder.path()).map_err(|error| Error::of_file(error.to_string()))?;
        let mut names: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(texts(names.into_iter().map(|name| vec![name]).collect()))
    }

    fn cat(&self, name: &str) -> Result<Output, Error> {
        let text = std::fs::read_to_string(self.folder.path().join(name))
            .map_err(|error| Error::of_file(error.to_string()))?;
        Ok(texts(text.lines().map(|line| vec![text::plain(line)]).collect()))
    }

    fn answer(&self, line: &str) -> Result<Output, Error> {
        let mut words = line.split_whitespace();
        let (Some(operation), Some(file)) = (words.next(), words.next()) else {
            return Err(Error::of_file("ANSWER <operation> <file> [status]"));
        };
        let status = words.next().map_or(Ok(200), str::parse).map_err(|_| Error::of_file("the status is no number"))?;
        let body = std::fs::read(self.beside.join(file)).map_err(|error| Error::of_file(format!("{file}: {error}")))?;
        self.transport.answer(operation, status, body);
        Ok(DBOutput::StatementComplete(0))
    }
}

/// One connection of a file: a session at the file's endpoint.
#[derive(Debug)]
pub struct Database {
    place: Arc<Place>,
    setup: Setup,
    session: Session,
}

impl Database {
    /// A new session.
    ///
    /// # Errors
    /// The session cannot be made.
    pub fn new(place: Arc<Place>) -> Result<Self, Error> {
        let setup = Setup::new(&place.fake_options);
        let session = start(&place, &setup)?;
        Ok(Self { place, setup, session })
    }

    async fn answer(&mut self, statement: &str) -> Result<Output, Error> {
        let (word, rest) = statement.split_once(char::is_whitespace).unwrap_or((statement, ""));
        match word {
            "FAKE" => {
                self.place.fake.script(rest).map_err(Error::of_file)?;
                Ok(DBOutput::StatementComplete(0))
            }
            "SESSION" => {
                self.setup = Setup::new(&self.place.fake_options).with(rest)?;
                self.session = start(&self.place, &self.setup)?;
                Ok(DBOutput::StatementComplete(0))
            }
            "ANSWER" => self.place.answer(rest),
            "CALLS" => Ok(self.place.calls().await),
            "FILES" => self.place.files(),
            "CAT" => self.place.cat(rest),
            "HEADER" => Box::pin(self.sql(rest, true)).await,
            _ => Box::pin(self.sql(statement, false)).await,
        }
    }

    /// Runs every statement of a text; the last one's outcome is the answer.
    async fn sql(&self, text: &str, header: bool) -> Result<Output, Error> {
        let text = text.replace("{dir}", &self.place.folder.path().to_string_lossy());
        let mut output = DBOutput::StatementComplete(0);
        for statement in self.session.parse(&text)? {
            output = match Box::pin(self.session.run(statement)).await? {
                Outcome::Rows(rows) => collect(rows, header).await?,
                Outcome::Done(_) => DBOutput::StatementComplete(0),
            };
        }
        Ok(output)
    }
}

#[async_trait]
impl AsyncDB for Database {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<Output, Error> {
        let output = self.answer(sql.trim()).await.map_err(|error| error.map(|text| self.place.settled(&text)))?;
        Ok(match output {
            DBOutput::Rows { types, rows } => {
                let settled = |row: Vec<String>| row.iter().map(|value| self.place.settled(value)).collect();
                DBOutput::Rows { types, rows: rows.into_iter().map(settled).collect() }
            }
            done => done,
        })
    }

    async fn shutdown(&mut self) {}

    fn error_sql_state(error: &Error) -> Option<String> {
        error.sqlstate().map(str::to_owned)
    }
}

fn start(place: &Place, setup: &Setup) -> Result<Session, Error> {
    let transport: Arc<dyn Transport> = Arc::new(place.transport.clone());
    setup.session(&place.fake.url(), place.now, transport)
}

async fn collect(mut rows: Rows, header: bool) -> Result<Output, Error> {
    let mut all = Vec::new();
    if header {
        all.push(rows.schema.fields().iter().map(|field| field.name().clone()).collect());
    }
    while let Some(batch) = rows.stream.next().await {
        all.extend(text::rows(&batch?).map_err(|error| Error::of_file(error.to_string()))?);
    }
    Ok(DBOutput::Rows { types: types(&rows.schema), rows: all })
}

fn types(schema: &SchemaRef) -> Vec<DefaultColumnType> {
    let of = |data_type: &DataType| match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DefaultColumnType::Text,
        data_type if data_type.is_integer() => DefaultColumnType::Integer,
        data_type if data_type.is_floating() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Any,
    };
    schema.fields().iter().map(|field| of(field.data_type())).collect()
}

fn texts(rows: Vec<Vec<String>>) -> Output {
    let width = rows.first().map_or(1, Vec::len);
    DBOutput::Rows { types: vec![DefaultColumnType::Text; width], rows }
}
