//! A test per `.slt` file, and a test per table of the catalog. `UPDATE_EXPECT=1` writes the answers into the files.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use sqllogictest::{
    AsyncDB, DefaultColumnType, ExpectedError, MakeConnection, QueryExpect, Record, Runner, StatementExpect,
};
use sqltest::{Database, Place, SEPARATOR, same};

type Parsed = Record<DefaultColumnType>;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sql").canonicalize().unwrap();
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no .slt file under {}", root.display());
    let mut trials: Vec<_> = files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(&root).unwrap().display().to_string();
            Trial::test(name, move || run(&file))
        })
        .collect();
    // Not while the files are being written.
    let tables = ec2ql_catalog::Catalog::embedded();
    for table in tables.names().filter(|_| !updating()) {
        let folder = match table.schema.as_str() {
            "ec2_api" => root.join("tables").join(&table.table),
            schema => root.join(schema),
        };
        let full_name = table.to_string();
        trials.push(Trial::test(format!("{table} has a row asserted"), move || row_is_asserted(&folder, &full_name)));
        let (schema, name) = (table.schema.clone(), table.table.clone());
        trials.push(Trial::test(format!("{table} has examples that run"), move || examples_run(&schema, &name)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn updating() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            files.push(path);
        }
    }
}

fn run(file: &Path) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        if updating() {
            spread_errors(file)?;
            let columns = sqllogictest::strict_column_validator;
            let mut runner = runner(file).await?;
            runner
                .update_test_file(file, SEPARATOR, same, Clone::clone, columns)
                .await
                .map_err(|error| error.to_string())?;
        }
        errors_are_whole(&sqllogictest::parse_file(file)?)?;
        let mut runner = runner(file).await?;
        runner.run_file_async(file).await?;
        runner.shutdown_async().await;
        Ok(())
    })
}

/// Makes room for the whole text of each expected error: the crate itself would write a pattern on one line.
fn spread_errors(file: &Path) -> std::io::Result<()> {
    let mut spread = String::new();
    for record in std::fs::read_to_string(file)?.split_inclusive("\n\n") {
        let head = record.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
        let is_error = head.starts_with("query error") || head.starts_with("statement error");
        if is_error && !record.lines().any(|line| line == "----") {
            let verb = head.split_whitespace().next().unwrap_or_default();
            let record = record.replacen(head, &format!("{verb} error"), 1);
            spread = spread + record.trim_end() + "\n----\n?\n\n\n";
        } else {
            spread += record;
        }
    }
    std::fs::write(file, spread)
}

/// Runs one file from a fresh start, and compares values as they are.
async fn runner(file: &Path) -> Result<Runner<Database, impl MakeConnection<Conn = Database>>, Failed> {
    let place = Arc::new(Place::new(file).await?);
    let mut runner = Runner::new(move || {
        let place = Arc::clone(&place);
        async move { Database::new(place) }
    });
    runner.with_validator(same);
    runner.with_column_validator(sqllogictest::strict_column_validator);
    runner.with_normalizer(Clone::clone);
    Ok(runner)
}

/// An expected error is its whole text under `----`: a pattern would let a lost detail or hint pass.
fn errors_are_whole(records: &[Parsed]) -> Result<(), Failed> {
    for record in records {
        let (Record::Statement { expected: StatementExpect::Error(expected), loc: at, .. }
        | Record::Query { expected: QueryExpect::Error(expected), loc: at, .. }) = record
        else {
            continue;
        };
        if !matches!(expected, ExpectedError::Multiline(text) if !text.is_empty()) {
            return Err(format!("{at}: put the error's text under ----").into());
        }
    }
    Ok(())
}

/// The examples of a table's file are what the documentation shows.
fn examples_run(schema: &str, table: &str) -> Result<(), Failed> {
    let table = ec2ql_catalog::Catalog::embedded().relation(schema, table).ok_or("no such table")??;
    if table.examples().is_empty() {
        return Err("its file has no example".into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut database = Database::new(Arc::new(Place::new(Path::new("")).await?))?;
        for example in table.examples() {
            database.run(example).await.map_err(|error| format!("{example}\n{error}"))?;
        }
        Ok(())
    })
}

fn row_is_asserted(folder: &Path, table: &str) -> Result<(), Failed> {
    let mut files = Vec::new();
    if folder.is_dir() {
        walk(folder, &mut files);
    }
    let asserted = |file: &PathBuf| {
        let records: Vec<Parsed> = sqllogictest::parse_file(file).unwrap_or_default();
        records.iter().any(|record| {
            matches!(record, Record::Query { sql, expected: QueryExpect::Results { results, .. }, .. }
                if !results.is_empty() && sql.to_ascii_lowercase().contains(table))
        })
    };
    if files.iter().any(asserted) {
        Ok(())
    } else {
        Err(format!("no .slt in {} asserts a row of {table}", folder.display()).into())
    }
}
