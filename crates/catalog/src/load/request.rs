//! `[parameters]` and `[filters]`: what a request may say.

use toml::de::{DeTable, DeValue};

use super::file::{File, Keys, Text, is_name};
use crate::{Error, Filter, Parameter, ParameterKind};

/// The request parameters, by wire name; a list's ends in `.N`.
pub(super) fn parameters(file: &File<'_>, table: &DeTable<'_>) -> Result<Vec<Parameter>, Error> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for (key, value) in table {
        let wire = Text { value: key.get_ref().clone().into_owned(), span: key.span() };
        let (kind, keys) = match value.get_ref() {
            DeValue::Table(table) => {
                let keys = Keys::new(file, table, value.span().start, &["type", "required", "max", "description"])?;
                (keys.text("type")?, Some(keys))
            }
            _ => (file.text(&wire.value, value)?, None),
        };
        let element = wire.value.strip_suffix(".N");
        let mut parameter = Parameter {
            name: element.unwrap_or(&wire.value).to_owned(),
            kind: parameter_kind(file, &kind)?,
            required: false,
            values_max: None,
            description: None,
        };
        if !is_name(&parameter.name) {
            return Err(wire.refuse(file, "is not a name of letters, digits and _"));
        }
        if parameter.kind.is_list() != element.is_some() {
            return Err(wire.refuse(file, "must end in .N if it is a list, and only then"));
        }
        if let Some(other) = parameters.iter().find(|other| other.name.eq_ignore_ascii_case(&parameter.name)) {
            return Err(wire.refuse(file, &format!("differs from \"{}\" only by case or .N", other.name)));
        }
        if let Some(keys) = keys {
            parameter.required = keys.flag("required")?;
            parameter.values_max = keys.optional_number("max")?;
            parameter.description = keys.optional_text("description")?.map(|text| text.sentence(file)).transpose()?;
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}

/// The filters, each with its documented values.
pub(super) fn filters(file: &File<'_>, table: &DeTable<'_>) -> Result<Vec<Filter>, Error> {
    let mut filters = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if name.is_empty() || name.contains(|c: char| !c.is_ascii_graphic()) {
            return Err(file.refuse(key.span(), format!("\"{name}\" is not the name of a filter")));
        }
        let values = file.texts(name, value)?.into_iter().map(|value| value.value).collect();
        filters.push(Filter { name: name.to_owned(), values });
    }
    Ok(filters)
}

fn parameter_kind(file: &File<'_>, text: &Text) -> Result<ParameterKind, Error> {
    let kinds = ParameterKind::ALL;
    if let Some((_, kind)) = kinds.iter().find(|(name, _)| *name == text.value) {
        return Ok(*kind);
    }
    let known = kinds.map(|(name, _)| name).join(", ");
    Err(text.refuse(file, &format!("is not a type of parameters; known are {known}")))
}
