//! One value a line, for rows that are wider than a screen.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use ec2ql_engine::Error;
use ec2ql_engine::export::{Cells, Encoder, Style};
use unicode_width::UnicodeWidthStr as _;

use super::{Page, row_count};

pub(super) struct Line {
    page: Page,
    labels: Vec<String>,
    label_width: usize,
    count: u64,
}

impl Line {
    pub(super) fn new(schema: &SchemaRef, page: Page) -> Self {
        let labels: Vec<_> = schema.fields().iter().map(|field| page.text(Some(field.name().as_bytes()))).collect();
        let label_width = labels.iter().map(|label| label.width()).max().unwrap_or_default();
        Self { page, labels, label_width, count: 0 }
    }
}

impl Encoder for Line {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let style = Style::default();
        let mut cells = Cells::new(batch, &style)?;
        for row in 0..batch.num_rows() {
            self.count += 1;
            let mut text = format!("-[ {} ]-\n", self.count);
            for (column, label) in self.labels.iter().enumerate() {
                text.push_str(label);
                text.push_str(&" ".repeat(self.label_width.saturating_sub(label.width())));
                text.push_str(" | ");
                text.push_str(&self.page.text(cells.get(column, row)?));
                text.push('\n');
            }
            self.page.put(&text)?;
        }
        self.page.flush()
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.page.put(&row_count(self.count))?;
        self.page.flush()
    }
}
