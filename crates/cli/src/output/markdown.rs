//! A table for issues and wikis.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use ec2ql_engine::Error;
use ec2ql_engine::export::{Cells, Encoder, Style};

use super::{Page, is_number};

pub(super) struct Markdown {
    page: Page,
    columns: usize,
}

impl Markdown {
    pub(super) fn new(schema: &SchemaRef, mut page: Page) -> Result<Self, Error> {
        let (mut names, mut rule) = (String::from("|"), String::from("|"));
        for field in schema.fields() {
            let name = cell(&page, Some(field.name().as_bytes()));
            names.extend([" ", if page.style.header { &name } else { "" }, " |"]);
            rule.push_str(if is_number(field.data_type()) { " ---: |" } else { " --- |" });
        }
        page.put(&format!("{names}\n{rule}\n"))?;
        Ok(Self { page, columns: schema.fields().len() })
    }
}

impl Encoder for Markdown {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let style = Style::default();
        let mut cells = Cells::new(batch, &style)?;
        for row in 0..batch.num_rows() {
            let mut text = String::from("|");
            for column in 0..self.columns {
                text.push(' ');
                text.push_str(&cell(&self.page, cells.get(column, row)?));
                text.push_str(" |");
            }
            text.push('\n');
            self.page.put(&text)?;
        }
        self.page.flush()
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.page.flush()
    }
}

/// A value that cannot end its cell, begin markup, or be markup.
fn cell(page: &Page, value: Option<&[u8]>) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    let text = String::from_utf8_lossy(value).replace("\r\n", "\n");
    let lines: Vec<_> = text.split('\n').map(|line| escaped(&page.text(Some(line.as_bytes())))).collect();
    lines.join("<br>")
}

fn escaped(text: &str) -> String {
    let mut shown = String::new();
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        // Inside a word an underscore is only itself.
        let in_word = before.is_alphanumeric() && rest.peek().is_some_and(|after| after.is_alphanumeric());
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '_' if in_word => shown.push(c),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' => shown.extend(['\\', c]),
            _ => shown.push(c),
        }
        before = c;
    }
    shown
}
