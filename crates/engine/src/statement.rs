//! What each kind of statement does.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::common::format::ExplainStatementOptions;
use datafusion::execution::SessionState;
use datafusion::sql::parser::{CopyToSource, CopyToStatement, ResetStatement, Statement as Parsed};
use datafusion::sql::sqlparser::ast::{
    CreateView, Expr, Ident, ObjectName, ObjectNamePart, ObjectType, Set, Statement as Sql, Use, Value,
};
use futures::StreamExt;

use crate::dry_run;
use crate::error::{Error, Reason};
use crate::explain;
use crate::export::{self, Format};
use crate::names;
use crate::parse::Command;
use crate::scope::{CATALOG, SESSION_SCHEMA, SessionScope};
use crate::session::{Outcome, Rows, Session, Statement};
use crate::settings::Settings;
use crate::show;

pub(crate) async fn run(session: &Session, state: SessionState, command: Command) -> Result<Outcome, Error> {
    let statement = match command {
        Command::Sql(statement) => statement,
        Command::Show(show) => return show::run(session, &state, &show).map(one_batch),
    };
    match statement {
        Parsed::Statement(sql) => Box::pin(run_sql(session, state, *sql)).await,
        Parsed::CopyTo(copy) => run_copy(session, state, copy).await,
        Parsed::Explain(explain) => match explain.options {
            // Other forms are DataFusion's own.
            ExplainStatementOptions { analyze, verbose: false, format: None, .. } => {
                self::explain(session, state, *explain.statement, analyze).await
            }
            _ => query(session, state, Parsed::Explain(explain)).await,
        },
        Parsed::Reset(ResetStatement::Variable(name)) => reset(session, &name),
        Parsed::CreateExternalTable(_) => Err(Error::new(Reason::NotSupported(
            "CREATE EXTERNAL TABLE is not needed: a file is a table under its path, FROM 'wave.csv'".into(),
        ))),
    }
}

async fn run_sql(session: &Session, state: SessionState, sql: Sql) -> Result<Outcome, Error> {
    match sql {
        Sql::Query(_) | Sql::Explain { .. } => query(session, state, Parsed::Statement(Box::new(sql))).await,
        Sql::Set(set) => run_set(session, &set),
        Sql::ShowVariable { variable } => show::variable(session, &variable).map(one_batch),
        Sql::ExplainTable { ref table_name, hive_format, .. } => {
            let table_name = table_name.clone();
            session.open_files(&state, &Parsed::Statement(Box::new(sql))).await?;
            show::describe(&state, &table_name, hive_format.is_some()).map(one_batch)
        }
        Sql::Use(Use::Object(name)) => show::use_schema(session, &state, &name),
        Sql::CreateView(view) => create_view(session, state, view).await,
        Sql::Drop { object_type: ObjectType::View, names, if_exists, .. } => {
            drop_views(session, &state, &names, if_exists)
        }
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            Err(not_supported(&words.join(" ")))
        }
    }
}

async fn query(session: &Session, state: SessionState, statement: Parsed) -> Result<Outcome, Error> {
    let dry_run = Settings::of(state.config_options()).dry_run;
    let planned = session.plan(state, statement).await?;
    if dry_run {
        return dry_run::run(&planned).await.map(one_batch);
    }
    planned.rows().map(Outcome::Rows)
}

/// Nothing is sent, unless it is to be analyzed.
async fn explain(session: &Session, state: SessionState, statement: Parsed, analyze: bool) -> Result<Outcome, Error> {
    let dry_run = Settings::of(state.config_options()).dry_run;
    let planned = session.plan(state, statement).await?;
    if analyze && dry_run {
        return dry_run::run(&planned).await.map(one_batch);
    }
    if !analyze {
        return Ok(one_batch(explain::plan(&planned.optimized, &planned.physical)?));
    }
    let mut rows = planned.rows()?;
    while let Some(batch) = rows.stream.next().await {
        batch?;
    }
    Ok(one_batch(explain::analyzed(&session.costs(planned.number), &planned.physical)?))
}

async fn run_copy(session: &Session, state: SessionState, copy: CopyToStatement) -> Result<Outcome, Error> {
    let path = Path::new(&copy.target).to_owned();
    let format = match &copy.stored_as {
        Some(name) => name.parse::<Format>()?,
        None => Format::from_extension(&path).ok_or_else(|| {
            Error::usage(
                format!("\"{}\" does not say which format it has", copy.target),
                Some("End it in .csv, .json, .jsonl, .parquet or .arrow, or write STORED AS PARQUET."),
            )
        })?,
    };
    let (overwrite, options) = copy_options(&copy)?;
    if !options.header && format != Format::Csv {
        let message = format!("the option HEADER of COPY says nothing about {}", format.name());
        return Err(Error::usage(message, Some("Only csv has a header. Leave HEADER out, or write STORED AS CSV.")));
    }
    if !copy.partitioned_by.is_empty() {
        return Err(not_supported("COPY ... PARTITIONED BY"));
    }
    let source = match &copy.source {
        CopyToSource::Query(query) => query.to_string(),
        CopyToSource::Relation(name) => format!("SELECT * FROM {name}"),
    };
    let Some(Statement(Command::Sql(statement))) = session.parse(&source)?.pop() else {
        return Err(not_supported("COPY of nothing"));
    };
    match query(session, state, statement).await? {
        Outcome::Rows(rows) => {
            let target = export::Target::create(&path, overwrite)?;
            let count = export::copy_into(rows, target, format, options).await?;
            Ok(Outcome::Done(format!("COPY {count}")))
        }
        done @ Outcome::Done(_) => Ok(done),
    }
}

/// Whether an existing file may be replaced, and how the format is written.
fn copy_options(copy: &CopyToStatement) -> Result<(bool, export::Options), Error> {
    let mut overwrite = false;
    let mut options = export::Options::default();
    for (name, value) in &copy.options {
        let on = match value {
            Value::Boolean(on) => Some(*on),
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        };
        let what = match name.to_ascii_lowercase().as_str() {
            "overwrite" => &mut overwrite,
            "header" | "format.has_header" => &mut options.header,
            _ => {
                let message = format!("COPY has no option \"{name}\"");
                return Err(Error::usage(message, Some("There are OVERWRITE and HEADER: OPTIONS (OVERWRITE true).")));
            }
        };
        *what = on.ok_or_else(|| Error::usage(format!("the option {name} of COPY is true or false"), None))?;
    }
    Ok((overwrite, options))
}

fn run_set(session: &Session, set: &Set) -> Result<Outcome, Error> {
    let Set::SingleAssignment { variable, values, .. } = set else { return Err(not_supported(&set.to_string())) };
    let values: Vec<String> = values.iter().map(setting_text).collect();
    session.set(&dotted(variable), &values.join(","))?;
    Ok(Outcome::Done("SET".into()))
}

fn reset(session: &Session, name: &ObjectName) -> Result<Outcome, Error> {
    let name = dotted(name);
    let defaults = crate::settings::Settings::default();
    let Some((_, value, _)) = defaults.rows().find(|(known, ..)| known.eq_ignore_ascii_case(&name)) else {
        let near = names::nearest(&name, defaults.rows().map(|(name, ..)| name));
        return Err(Error::new(Reason::UnknownSetting { name, near }));
    };
    session.set(&name, &value)?;
    Ok(Outcome::Done("RESET".into()))
}

fn setting_text(value: &Expr) -> String {
    match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        Expr::Identifier(name) => name.value.clone(),
        other => other.to_string(),
    }
}

/// A person's views live in the session, under bare names.
async fn create_view(session: &Session, state: SessionState, mut view: CreateView) -> Result<Outcome, Error> {
    view.name = session_name(&view.name)?;
    let statement = Parsed::Statement(Box::new(Sql::CreateView(view)));
    let plan = session.resolve(&state, statement).await?;
    session.context().execute_logical_plan(plan).await?;
    Ok(Outcome::Done("CREATE VIEW".into()))
}

fn drop_views(
    session: &Session,
    state: &SessionState,
    views: &[ObjectName],
    if_exists: bool,
) -> Result<Outcome, Error> {
    for name in views {
        let name = session_name(name)?;
        let found = SessionScope { state }.find(&parts(&name))?;
        let schema = session.context().catalog(CATALOG).and_then(|catalog| catalog.schema(SESSION_SCHEMA));
        match (found, schema) {
            (Some((full, _)), Some(schema)) => {
                if let Some(view) = full.last() {
                    schema.deregister_table(view)?;
                }
            }
            _ if if_exists => {}
            _ => return Err(Error::usage(format!("there is no view {name}"), None)),
        }
    }
    Ok(Outcome::Done("DROP VIEW".into()))
}

fn session_name(name: &ObjectName) -> Result<ObjectName, Error> {
    let [ObjectNamePart::Identifier(bare)] = name.0.as_slice() else {
        let message = format!("a view has a bare name, not {name}");
        return Err(Error::usage(message, Some("Views live in the session: CREATE VIEW mine AS SELECT ...")));
    };
    Ok(ObjectName::from(vec![Ident::new(CATALOG), Ident::new(SESSION_SCHEMA), bare.clone()]))
}

/// The parts of a name as written.
pub(crate) fn parts(name: &ObjectName) -> Vec<names::Part> {
    name.0
        .iter()
        .filter_map(ObjectNamePart::as_ident)
        .map(|ident| names::Part { value: ident.value.clone(), quoted: ident.quote_style.is_some() })
        .collect()
}

fn dotted(name: &ObjectName) -> String {
    let parts: Vec<String> = parts(name).into_iter().map(|part| part.value).collect();
    parts.join(".")
}

fn one_batch(batch: RecordBatch) -> Outcome {
    let schema = batch.schema();
    Outcome::Rows(Rows { schema: Arc::clone(&schema), stream: futures::stream::iter([Ok(batch)]).boxed() })
}

fn not_supported(what: &str) -> Error {
    Error::new(Reason::NotSupported(format!("{what} is not supported")))
}
