//! What the service model says about one operation, in the catalog's terms.

use std::ops::RangeInclusive;

use ec2ql_catalog::{Field, Level, Parameter, ParameterKind, Type};

use crate::model::{Model, Reference, Shape};

/// The facts about one operation and the place of its rows.
pub(crate) struct Facts {
    /// Per level of the rows, the fields of its items.
    pub(crate) levels: Vec<Vec<Field>>,
    pub(crate) parameters: Vec<Parameter>,
    /// The documented filters, in the order of the documentation.
    pub(crate) filters: Vec<Listed>,
    pub(crate) page_rows: Option<RangeInclusive<u32>>,
}

impl Facts {
    pub(crate) fn new(model: &Model, operation: &str, rows: &[Level]) -> Result<Self, String> {
        let operation = model.operation(operation)?;
        let output = operation.output.as_ref().ok_or("the operation has no output")?;
        let levels = levels(model, model.shape(&output.shape)?, rows)?;

        let mut facts = Self { levels, parameters: Vec::new(), filters: Vec::new(), page_rows: None };
        let Some(input) = &operation.input else { return Ok(facts) };
        let input = model.shape(&input.shape)?;
        for (name, reference) in &input.members.0 {
            let shape = model.shape(&reference.shape)?;
            let parameter = parameter(model, name, reference, input.required.contains(name))?;
            match parameter.kind {
                ParameterKind::Filters => facts.filters = documented_filters(&reference.documentation),
                ParameterKind::PageRows => facts.page_rows = range(shape),
                _ => {}
            }
            facts.parameters.push(parameter);
        }
        Ok(facts)
    }
}

/// The only list of structures in the operation's response: where a new table's rows are.
pub(crate) fn only_list(model: &Model, operation: &str) -> Result<String, String> {
    let output = model.operation(operation)?.output.as_ref().ok_or("the operation has no output")?;
    let mut lists = Vec::new();
    for (name, reference) in &model.shape(&output.shape)?.members.0 {
        let shape = model.shape(&reference.shape)?;
        if shape.kind == "list" && model.item(shape)?.kind == "structure" {
            lists.push(reference.response_name(name));
        }
    }
    match lists.as_slice() {
        [list] => Ok((*list).to_owned()),
        lists => Err(format!("the response has {} lists ({}): say --rows LIST/item", lists.len(), lists.join(", "))),
    }
}

fn levels(model: &Model, response: &Shape, rows: &[Level]) -> Result<Vec<Vec<Field>>, String> {
    let mut levels = Vec::new();
    let mut holder = response;
    for level in rows {
        let named = |(name, reference): &&(String, Reference)| reference.response_name(name) == level.list;
        let list = holder.members.0.iter().find(named);
        let (_, list) = list.ok_or_else(|| format!("the model has no list {}", level.list))?;
        holder = model.item(model.shape(&list.shape)?)?;
        levels.push(fields(model, holder)?);
    }
    Ok(levels)
}

fn fields(model: &Model, structure: &Shape) -> Result<Vec<Field>, String> {
    let field = |(name, reference): &(String, Reference)| {
        let wire = reference.response_name(name).to_owned();
        let shape = model.shape(&reference.shape)?;
        let data_type = data_type(model, shape).map_err(|fault| format!("{wire}: {fault}"))?;
        Ok(Field { name: wire.clone(), wire, data_type, sensitive: shape.sensitive, description: None })
    };
    structure.members.0.iter().map(field).collect()
}

/// The service model has no recursive response, so this ends.
fn data_type(model: &Model, shape: &Shape) -> Result<Type, String> {
    Ok(match shape.kind.as_str() {
        "string" => Type::Text,
        "boolean" => Type::Boolean,
        "integer" => Type::Int32,
        "long" => Type::Int64,
        "float" | "double" => Type::Float64,
        "timestamp" => Type::Timestamp,
        "blob" => Type::Binary,
        "list" => Type::List(Box::new(data_type(model, model.item(shape)?)?)),
        "structure" => Type::Struct(fields(model, shape)?),
        other => return Err(format!("the model's type \"{other}\" is new to the generator")),
    })
}

fn parameter(model: &Model, member: &str, reference: &Reference, required: bool) -> Result<Parameter, String> {
    let shape = model.shape(&reference.shape)?;
    let name = reference.request_name(member);
    let kind = match shape.kind.as_str() {
        "string" if name == "NextToken" => ParameterKind::Token,
        "integer" if name == "MaxResults" => ParameterKind::PageRows,
        "string" => ParameterKind::Text,
        "boolean" => ParameterKind::Boolean,
        "integer" | "long" => ParameterKind::Integer,
        "timestamp" => ParameterKind::Timestamp,
        "list" => match model.item(shape)? {
            item if item.kind == "string" => ParameterKind::TextList,
            item if is_filter(item) => ParameterKind::Filters,
            _ => return Err(format!("the parameter {name} is a list of structures, which table files cannot say")),
        },
        other => return Err(format!("the parameter {name} is a {other}, which table files cannot say")),
    };
    let values_max = if kind == ParameterKind::TextList { shape.max.and_then(whole) } else { None };
    Ok(Parameter { name, kind, required, values_max, description: None })
}

fn is_filter(shape: &Shape) -> bool {
    let names: Vec<&str> = shape.members.0.iter().map(|(name, _)| name.as_str()).collect();
    shape.kind == "structure" && names == ["Name", "Values"]
}

fn range(shape: &Shape) -> Option<RangeInclusive<u32>> {
    Some(shape.min.and_then(whole)?.max(1)..=shape.max.and_then(whole)?)
}

fn whole(number: f64) -> Option<u32> {
    format!("{number}").parse().ok()
}

/// A filter in the documentation.
#[derive(Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    /// The values of a closed set: `<code>a</code> | <code>b</code>`.
    pub(crate) values: Vec<String>,
}

/// The filters: the first `<code>` of each item of the outermost lists, or, where the documentation
/// has none, a `<code>` before the word "filter".
fn documented_filters(documentation: &str) -> Vec<Listed> {
    let mut filters: Vec<Listed> = Vec::new();
    let mut depth = 0;
    let mut rest = documentation;
    while let Some(start) = rest.find('<') {
        let tag = rest.get(start..).unwrap_or_default();
        if tag.starts_with("<ul>") {
            depth += 1;
        } else if tag.starts_with("</ul>") {
            depth -= 1;
        } else if depth == 1 && tag.starts_with("<li>") {
            filters.extend(listed(tag));
        }
        rest = tag.get(1..).unwrap_or_default();
    }
    if filters.is_empty()
        && let Some((before, _)) = documentation.split_once("</code> filter")
        && let Some((_, name)) = before.rsplit_once("<code>")
    {
        filters.push(Listed { name: name.to_owned(), values: Vec::new() });
    }
    filters
}

/// `tag:<key>` stands for any key; some pages set only `tag` in code.
fn listed(item: &str) -> Option<Listed> {
    let item = item.split("</li>").next()?;
    let (name, rest) = item.split_once("<code>")?.1.split_once("</code>")?;
    let any_tag = name.starts_with("tag:") || (name == "tag" && rest.starts_with(":&lt;"));
    let name = if any_tag { "tag:*" } else { name.trim() };
    Some(Listed { name: name.to_owned(), values: alternatives(rest).unwrap_or_default() })
}

/// The longest run of `<code>a</code> | <code>b</code>`.
fn alternatives(text: &str) -> Option<Vec<String>> {
    let mut runs: Vec<Vec<String>> = vec![Vec::new()];
    for piece in text.split("<code>").skip(1) {
        let (value, after) = piece.split_once("</code>")?;
        runs.last_mut()?.push(value.trim().to_owned());
        if after.trim() != "|" {
            runs.push(Vec::new());
        }
    }
    runs.into_iter().filter(|run| run.len() > 1).max_by_key(Vec::len)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::documented_filters;

    #[expect(clippy::needless_pass_by_value, reason = "expect![...] reads best as an argument")]
    fn check(documentation: &str, expected: Expect) {
        let lines = documented_filters(documentation).into_iter().map(|f| format!("{} {:?}\n", f.name, f.values));
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn filters_are_read_from_the_documentation() {
        check("<p>The filters.</p>", expect![""]);
        check(
            "<p>Filter tasks using the <code>task-state</code> filter and one of: <code>active</code>.</p>",
            expect![[r#"
                task-state []
            "#]],
        );
        check(
            "<ul> <li> <p> <code>state</code> - One of (<code>a</code> | <code>b</code>).</p> </li> \
             <li> <p> <code>severity</code> - See:</p> <ul> <li> <p> <code>a</code> - A.</p> </li> </ul> </li> \
             <li> <p> <code>tag:&lt;key&gt;</code> - Use <code>x</code> or <code>y</code>.</p> </li> \
             <li> <p> <code>tag</code>:&lt;key&gt; - Tags.</p> </li> <li> <p> <code>name </code> – N.</p> </li> </ul> <note> <p>Use <code>x</code>.</p> </note>",
            expect![[r#"
                state ["a", "b"]
                severity []
                tag:* []
                tag:* []
                name []
            "#]],
        );
    }
}
