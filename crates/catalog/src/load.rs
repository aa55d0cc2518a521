//! Reads one file of the catalog. Whatever it cannot vouch for is refused with line, column and reason.

mod columns;
mod file;
mod request;
mod view;

use std::ops::RangeInclusive;

use toml::de::DeTable;

use self::columns::{Declared, columns};
use self::file::{File, Keys, Text, numbers};
use self::request::{filters, parameters};
use crate::{Error, Filter, Level, Parameter, ParameterKind, Relation, Table, TableName};

const KEYS: [&str; 14] = [
    "description",
    "notes",
    "source",
    "operation",
    "rows",
    "wrapper",
    "omit",
    "any_region",
    "page_rows",
    "not_found",
    "examples",
    "columns",
    "parameters",
    "filters",
];

/// The table or view that `text`, the file at `path`, describes.
///
/// # Errors
/// The text is not TOML, or does not follow the format of table files.
pub(crate) fn load(path: &str, name: TableName, text: &str) -> Result<Relation, Error> {
    let file = File { path, text };
    let document = file.parse()?;
    if document.contains_key("query") {
        return Ok(Relation::View(view::view(&file, name, &document)?.into()));
    }
    Ok(Relation::Table(table(&file, name, &document)?.into()))
}

/// What the file of a schema says of it.
pub(crate) fn schema(path: &str, text: &str) -> Result<String, Error> {
    let file = File { path, text };
    Keys::new(&file, &file.parse()?, 0, &["description"])?.text("description")?.sentence(&file)
}

fn table(file: &File<'_>, name: TableName, document: &DeTable<'_>) -> Result<Table, Error> {
    let keys = Keys::new(file, document, 0, &KEYS)?;
    let rows = rows(file, &keys)?;
    let declared = columns(file, keys.table("columns")?, rows.len())?;
    let parameters = parameters(file, keys.table("parameters")?)?;
    let filters = match keys.optional_table("filters")? {
        Some(table) => filters(file, table)?,
        None => Vec::new(),
    };
    check_pushdown(file, &declared, &parameters, &filters)?;
    let page_rows = page_rows(file, &keys, &parameters)?;
    let examples = examples(file, &keys, &name)?;

    Ok(Table {
        description: keys.text("description")?.sentence(file)?,
        notes: sentences(file, &keys, "notes")?,
        source: keys.text("source")?.link(file)?,
        operation: keys.text("operation")?.wire_name(file)?,
        rows,
        omitted: keys.texts("omit")?.into_iter().map(|path| path.value).collect(),
        columns: declared.into_iter().map(|declared| declared.column).collect(),
        parameters,
        filters,
        any_region: keys.flag("any_region")?,
        page_rows,
        not_found: keys.texts("not_found")?.into_iter().map(|code| code.value).collect(),
        examples,
        name,
    })
}

/// `reservationSet/item/instancesSet/item`: a list and its item, down to the rows.
fn rows(file: &File<'_>, keys: &Keys<'_>) -> Result<Vec<Level>, Error> {
    let path = keys.text("rows")?;
    let parts: Vec<&str> = path.value.split('/').collect();
    let mut levels = Vec::new();
    for pair in parts.chunks(2) {
        let &[list, "item"] = pair else {
            return Err(path.refuse(file, "is not a path of lists and their items, such as imagesSet/item"));
        };
        levels.push(Level { list: list.to_owned(), wrapper: None });
    }
    if let (Some(wrapper), Some(last)) = (keys.optional_text("wrapper")?, levels.last_mut()) {
        last.wrapper = Some(wrapper.wire_name(file)?);
    }
    Ok(levels)
}

fn page_rows(file: &File<'_>, keys: &Keys<'_>, parameters: &[Parameter]) -> Result<Option<RangeInclusive<u32>>, Error> {
    let Some(value) = keys.value("page_rows") else {
        return Ok(None);
    };
    let range = match numbers(value).as_deref() {
        Some(&[min, max]) if 0 < min && min <= max => min..=max,
        _ => {
            return Err(file.refuse(
                value.span(),
                "page_rows is not the least and the greatest number of rows on a page, such as [5, 1000]",
            ));
        }
    };
    if parameters.iter().all(|parameter| parameter.kind != ParameterKind::PageRows) {
        return Err(file.refuse(value.span(), "page_rows needs a parameter of the type \"page-rows\""));
    }
    Ok(Some(range))
}

/// A pushdown may name only what the same file declares.
fn check_pushdown(
    file: &File<'_>,
    declared: &[Declared],
    parameters: &[Parameter],
    filters: &[Filter],
) -> Result<(), Error> {
    for Declared { id, filter, .. } in declared {
        if let Some(id) = id
            && !parameters.iter().any(|p| p.name == id.value && p.kind == ParameterKind::TextList)
        {
            return Err(id.refuse(file, "is not a parameter of the type \"list<text>\" in this file"));
        }
        if let Some(filter) = filter
            && !filters.iter().any(|known| known.name == filter.value)
        {
            return Err(filter.refuse(file, "is not a filter in this file"));
        }
    }
    Ok(())
}

fn sentences(file: &File<'_>, keys: &Keys<'_>, key: &str) -> Result<Vec<String>, Error> {
    keys.texts(key)?.into_iter().map(|text| text.sentence(file)).collect()
}

/// A table that nobody shows how to use is half a table, and a test runs every example.
fn examples(file: &File<'_>, keys: &Keys<'_>, name: &TableName) -> Result<Vec<String>, Error> {
    let full_name = name.to_string();
    let examples = keys.texts("examples")?;
    if examples.is_empty() {
        return Err(file.refuse(0..0, "the file has no example query"));
    }
    let checked = |example: Text| {
        if example.value.contains(&full_name) {
            return Ok(example.value);
        }
        Err(example.refuse(file, &format!("does not query {full_name}")))
    };
    examples.into_iter().map(checked).collect()
}
