//! `SHOW`, `DESCRIBE` and `USE`: what there is, and how it is named.

mod describe;
mod pushed;
mod resources;

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::compute::kernels::comparison::ilike;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::CatalogProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{Ident, ObjectName};

pub(crate) use self::describe::describe;

use crate::error::Error;
use crate::functions::in_expressions;
use crate::names::{NameError, NameErrorKind, Part, nearest};
use crate::parse::{Show, Shown};
use crate::scope::CATALOG;
use crate::session::{Outcome, Session};
use crate::statement::parts;

/// `SHOW [EXTENDED] what [IN place] [LIKE 'pattern']`.
pub(crate) fn run(session: &Session, state: &SessionState, show: &Show) -> Result<RecordBatch, Error> {
    let place: Option<Vec<Part>> = show.place.as_ref().map(parts);
    let place = place.as_deref();
    let like = |batch: RecordBatch, column: usize| filtered(batch, column, show.like.as_deref());
    match show.what {
        Shown::Providers => like(resources::providers()?, 0),
        Shown::Services => like(resources::services(state, place)?, 0),
        Shown::Resources => like(resources::resources(state, place, show.extended)?, 0),
        Shown::Methods => like(resources::methods(state, place, show.extended)?, 0),
        Shown::Tables => like(resources::tables(state, place, show.extended)?, 1),
        Shown::Columns => match &show.place {
            Some(table) if show.extended => like(describe(state, table, true)?, 1),
            Some(table) => like(describe(state, table, false)?, 0),
            None => Err(Error::usage("SHOW COLUMNS needs a table", Some("SHOW COLUMNS IN aws.ec2_api.images"))),
        },
        Shown::Functions => like(functions(state)?, 0),
        Shown::Settings => like(settings(session, |_| true)?, 0),
    }
}

/// `SHOW name`: one setting.
pub(crate) fn variable(session: &Session, variable: &[Ident]) -> Result<RecordBatch, Error> {
    let name: Vec<&str> = variable.iter().map(|part| part.value.as_str()).collect();
    let name = name.join(".");
    let found = settings(session, |known| known.eq_ignore_ascii_case(&name))?;
    if found.num_rows() > 0 {
        return Ok(found);
    }
    let known = session.settings().rows().map(|(name, ..)| name).collect::<Vec<_>>();
    let things = ["PROVIDERS", "SERVICES", "RESOURCES", "METHODS", "TABLES", "COLUMNS", "FUNCTIONS", "SETTINGS"];
    let near = nearest(&name, known.iter().map(String::as_str).chain(things));
    let hint = near
        .first()
        .map_or_else(|| "SHOW SETTINGS lists the settings.".to_owned(), |near| format!("Did you mean SHOW {near}?"));
    Err(Error::usage(format!("there is nothing called \"{name}\" to show"), Some(&hint)))
}

/// `USE schema`: where bare names are looked up, after the session's own views.
pub(crate) fn use_schema(session: &Session, state: &SessionState, name: &ObjectName) -> Result<Outcome, Error> {
    let place = parts(name);
    let schemas = schemas(state, Some(&place))?;
    let [schema] = schemas.as_slice() else {
        let message = format!("{name} has several schemas");
        return Err(Error::usage(
            message,
            Some(&format!("Say which: USE {CATALOG}.{}.", schemas.join(&format!(", USE {CATALOG}.")))),
        ));
    };
    session.context().state_ref().write().config_mut().options_mut().catalog.default_schema.clone_from(schema);
    Ok(Outcome::Done("USE".into()))
}

fn settings(session: &Session, wanted: impl Fn(&str) -> bool) -> Result<RecordBatch, Error> {
    let mut rows: [Vec<String>; 3] = Default::default();
    for (name, value, description) in session.settings().rows().filter(|(name, ..)| wanted(name)) {
        push(&mut rows, [name, value, description.to_owned()]);
    }
    text_batch(["name", "value", "description"], rows)
}

fn functions(state: &SessionState) -> Result<RecordBatch, Error> {
    let mut found: Vec<[String; 3]> = in_expressions(state)
        .map(|(name, kind)| {
            let says = match kind {
                "scalar" => state.scalar_functions().get(name).and_then(|function| function.documentation()),
                "lambda" => state.higher_order_functions().get(name).and_then(|function| function.documentation()),
                "aggregate" => state.aggregate_functions().get(name).and_then(|function| function.documentation()),
                _ => state.window_functions().get(name).and_then(|function| function.documentation()),
            };
            let sentence = says.map(|says| first_sentence(&says.description)).unwrap_or_default();
            [name.to_owned(), kind.to_owned(), sentence]
        })
        .collect();
    found.sort();
    let mut rows: [Vec<String>; 3] = Default::default();
    for row in found {
        push(&mut rows, row);
    }
    text_batch(["name", "kind", "description"], rows)
}

fn first_sentence(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.').to_owned() + "."
}

/// The schemas that a place names, sorted: all, those of the catalog, or one.
fn schemas(state: &SessionState, place: Option<&[Part]>) -> Result<Vec<String>, Error> {
    let mut names = catalog(state).map(|catalog| catalog.schema_names()).unwrap_or_default();
    names.sort_unstable();
    let schema = match place {
        None => return Ok(names),
        Some([catalog]) if catalog.matches(CATALOG) => return Ok(names),
        Some([schema]) => schema,
        Some([catalog, schema]) if catalog.matches(CATALOG) => schema,
        Some(parts) => return Err(no_schema(parts, &names)),
    };
    match names.iter().find(|name| schema.matches(name)) {
        Some(name) => Ok(vec![name.clone()]),
        None => Err(no_schema(place.unwrap_or_default(), &names)),
    }
}

fn no_schema(parts: &[Part], names: &[String]) -> Error {
    let name = dotted(parts);
    let known = names.iter().map(|schema| format!("{CATALOG}.{schema}"));
    name_error(NameErrorKind::Schema, nearest(&name, known), name)
}

fn name_error(kind: NameErrorKind, candidates: Vec<String>, name: String) -> Error {
    NameError { kind, name, candidates, looked_at: vec![], position: None, advice: None }.into()
}

fn catalog(state: &SessionState) -> Option<Arc<dyn CatalogProvider>> {
    state.catalog_list().catalog(CATALOG)
}

fn dotted(parts: &[Part]) -> String {
    let parts: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
    parts.join(".")
}

fn filtered(batch: RecordBatch, column: usize, like: Option<&str>) -> Result<RecordBatch, Error> {
    let Some(pattern) = like else { return Ok(batch) };
    let kept = ilike(&batch.column(column), &StringArray::new_scalar(pattern));
    let kept = kept.and_then(|kept| filter_record_batch(&batch, &kept));
    Ok(kept.map_err(DataFusionError::from)?)
}

fn push<const N: usize>(columns: &mut [Vec<String>; N], row: [String; N]) {
    for (column, value) in columns.iter_mut().zip(row) {
        column.push(value);
    }
}

fn text_batch<const N: usize>(names: [&str; N], columns: [Vec<String>; N]) -> Result<RecordBatch, Error> {
    let schema = Schema::new(names.iter().map(|name| Field::new(*name, DataType::Utf8, false)).collect::<Vec<_>>());
    let columns = columns.into_iter().map(|column| Arc::new(StringArray::from(column)) as ArrayRef).collect();
    Ok(RecordBatch::try_new(Arc::new(schema), columns).map_err(DataFusionError::from)?)
}
