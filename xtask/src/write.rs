//! Writes a table file, always in the same form.

use std::fmt::Write as _;

use ec2ql_catalog::{Column, Field, Filter, Parameter, Table, Type};

use crate::comments::Comments;

/// The text of the table's file, with the comments above the lines that they stood above.
pub(crate) fn write(table: &Table, comments: Comments) -> Result<String, String> {
    let mut writer = Writer { out: String::new(), section: "", comments };
    writer.head(table);
    writer.section("columns");
    for column in &table.columns {
        writer.column(column, table.rows.len());
    }
    if !table.parameters.is_empty() {
        writer.section("parameters");
    }
    for parameter in &table.parameters {
        writer.parameter(parameter);
    }
    if !table.filters.is_empty() {
        writer.section("filters");
    }
    for Filter { name, values } in &table.filters {
        writer.line(name, &list(values));
    }
    match writer.comments.left() {
        None => Ok(writer.out),
        Some(comment) => Err(format!("the line below this comment goes; move or delete it: {comment}")),
    }
}

struct Writer {
    out: String,
    section: &'static str,
    comments: Comments,
}

impl Writer {
    fn head(&mut self, table: &Table) {
        self.line("description", &text(&table.description));
        self.lines("notes", &table.notes);
        self.line("source", &text(&table.source));
        self.line("operation", &text(&table.operation));
        let levels: Vec<String> = table.rows.iter().map(|level| format!("{}/item", level.list)).collect();
        self.line("rows", &text(&levels.join("/")));
        if let Some(wrapper) = table.rows.last().and_then(|level| level.wrapper.as_ref()) {
            self.line("wrapper", &text(wrapper));
        }
        if !table.omitted.is_empty() {
            self.line("omit", &list(&table.omitted));
        }
        if table.any_region {
            self.line("any_region", "true");
        }
        if let Some(range) = &table.page_rows {
            self.line("page_rows", &format!("[{}, {}]", range.start(), range.end()));
        }
        if !table.not_found.is_empty() {
            self.line("not_found", &list(&table.not_found));
        }
        self.lines("examples", &table.examples);
    }

    fn column(&mut self, column: &Column, levels: usize) {
        let climbs = "../".repeat(levels.saturating_sub(column.level + 1));
        let path = climbs + &column.wire;
        let mut keys = vec![format!("type = {}", text(&column.data_type.to_string()))];
        if path != column.name && column.data_type != Type::Position {
            keys.push(format!("wire = {}", text(&path)));
        }
        keys.extend(column.id.as_ref().map(|id| format!("id = {}", text(id))));
        if column.listed {
            keys.push("listed = true".to_owned());
        }
        keys.extend(column.filter.as_ref().map(|filter| format!("filter = {}", text(filter))));
        if column.sensitive {
            keys.push("sensitive = true".to_owned());
        }
        keys.push(format!("description = {}", text(&column.description)));
        self.line(&column.name, &inline(&keys));
        self.fields(&column.name, &column.data_type);
    }

    fn fields(&mut self, parent: &str, data_type: &Type) {
        for field in data_type.fields().unwrap_or_default() {
            let path = format!("{parent}.{}", field.name);
            self.line(&path, &field_value(field));
            self.fields(&path, &field.data_type);
        }
    }

    fn parameter(&mut self, parameter: &Parameter) {
        let name = if parameter.kind.is_list() { format!("{}.N", parameter.name) } else { parameter.name.clone() };
        let kind = text(&parameter.kind.to_string());
        let mut keys = vec![format!("type = {kind}")];
        if parameter.required {
            keys.push("required = true".to_owned());
        }
        keys.extend(parameter.values_max.map(|max| format!("max = {max}")));
        keys.extend(parameter.description.as_ref().map(|description| format!("description = {}", text(description))));
        let value = if keys.len() == 1 { kind } else { inline(&keys) };
        self.line(&name, &value);
    }

    fn section(&mut self, section: &'static str) {
        self.section = section;
        self.out.push('\n');
        self.comments_above("");
        let _ = writeln!(self.out, "[{section}]");
    }

    fn line(&mut self, key: &str, value: &str) {
        self.comments_above(key);
        let bare = key.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
        let key = if bare { key.to_owned() } else { text(key) };
        let _ = writeln!(self.out, "{key} = {value}");
    }

    /// A list with one line for each text.
    fn lines(&mut self, key: &str, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        let lines: Vec<String> = texts.iter().map(|line| format!("  {},", text(line))).collect();
        self.line(key, &format!("[\n{}\n]", lines.join("\n")));
    }

    fn comments_above(&mut self, key: &str) {
        for comment in self.comments.take(self.section, key) {
            self.out.push_str(&comment);
            self.out.push('\n');
        }
    }
}

fn field_value(field: &Field) -> String {
    let kind = text(&field.data_type.to_string());
    let mut keys = vec![format!("type = {kind}")];
    if field.wire != field.name {
        keys.push(format!("wire = {}", text(&field.wire)));
    }
    if field.sensitive {
        keys.push("sensitive = true".to_owned());
    }
    keys.extend(field.description.as_ref().map(|description| format!("description = {}", text(description))));
    if keys.len() == 1 { kind } else { inline(&keys) }
}

fn inline(keys: &[String]) -> String {
    format!("{{ {} }}", keys.join(", "))
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|item| text(item)).collect();
    format!("[{}]", texts.join(", "))
}

/// A basic TOML string. What the loader accepts has no control characters.
fn text(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
