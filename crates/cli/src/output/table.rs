//! A table whose widths come from the first rows, so that the others need not be waited for.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use ec2ql_engine::Error;
use ec2ql_engine::export::{Cells, Encoder, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::line::Line;
use super::{Page, is_number, row_count};

/// Rows and bytes that are held back to find the widths.
const HELD_ROWS_MAX: usize = 1000;
const HELD_BYTES_MAX: usize = 1024 * 1024;
/// A column that would be cut below this is not readable: such a result is printed one value a line.
const WIDTH_READABLE: usize = 8;
const SEPARATOR: &str = " | ";

pub(super) struct Table(State);

enum State {
    Holding {
        page: Page,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
        rows: usize,
        bytes: usize,
    },
    Printing(Printer),
    Lines(Box<Line>),
    /// Only while one of the others is taken.
    Empty,
}

struct Printer {
    page: Page,
    columns: Vec<Column>,
    count: u64,
}

struct Column {
    width: usize,
    right: bool,
}

impl Table {
    pub(super) fn new(schema: &SchemaRef, page: Page) -> Self {
        Self(State::Holding { page, schema: schema.clone(), batches: Vec::new(), rows: 0, bytes: 0 })
    }

    /// Widths are found now; what was held back is printed.
    fn settle(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.0, State::Empty) {
            State::Holding { page, schema, batches, .. } => {
                self.0 = settled(page, &schema, &batches)?;
                for batch in &batches {
                    self.print(batch)?;
                }
            }
            other => self.0 = other,
        }
        Ok(())
    }

    fn print(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        match &mut self.0 {
            State::Printing(printer) => printer.print(batch),
            State::Lines(lines) => lines.write(batch),
            State::Holding { .. } | State::Empty => Ok(()),
        }
    }
}

impl Encoder for Table {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let State::Holding { batches, rows, bytes, .. } = &mut self.0 else { return self.print(batch) };
        *rows += batch.num_rows();
        *bytes += batch.get_array_memory_size();
        batches.push(batch.clone());
        if *rows >= HELD_ROWS_MAX || *bytes >= HELD_BYTES_MAX { self.settle() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.settle()?;
        match self.0 {
            State::Printing(mut printer) => {
                printer.page.put(&row_count(printer.count))?;
                printer.page.flush()
            }
            State::Lines(lines) => lines.finish(),
            State::Holding { .. } | State::Empty => Ok(()),
        }
    }
}

fn settled(page: Page, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<State, Error> {
    let names: Vec<_> = schema.fields().iter().map(|field| page.text(Some(field.name().as_bytes()))).collect();
    let mut widths: Vec<_> = names.iter().map(|name| if page.style.header { name.width() } else { 0 }).collect();
    let style = Style::default();
    for batch in batches {
        let mut cells = Cells::new(batch, &style)?;
        for row in 0..batch.num_rows() {
            for (column, width) in widths.iter_mut().enumerate() {
                *width = page.text(cells.get(column, row)?).width().max(*width);
            }
        }
    }
    if let Some(screen) = page.style.width
        && !fit(&mut widths, screen)
    {
        return Ok(State::Lines(Box::new(Line::new(schema, page))));
    }
    let right = schema.fields().iter().map(|field| is_number(field.data_type()));
    let columns = widths.into_iter().zip(right).map(|(width, right)| Column { width, right }).collect();
    let mut printer = Printer { page, columns, count: 0 };
    if printer.page.style.header {
        printer.header(&names)?;
    }
    Ok(State::Printing(printer))
}

/// Narrows the widest columns until all fit; gives whether they stay readable.
fn fit(widths: &mut [usize], screen: usize) -> bool {
    let separators = widths.len().saturating_sub(1) * SEPARATOR.len() + 2;
    let room = screen.saturating_sub(separators);
    let total = |cap: usize| widths.iter().map(|width| (*width).min(cap)).sum::<usize>();
    let widest = widths.iter().copied().max().unwrap_or_default();
    let cap = (1..=widest).rev().find(|cap| total(*cap) <= room);
    let Some(cap) = cap.filter(|cap| *cap >= WIDTH_READABLE.min(widest)) else { return widths.is_empty() };
    // What is left over by equal caps goes to the first of the cut columns.
    let mut spare = room - total(cap);
    for width in widths.iter_mut().filter(|width| **width > cap) {
        let extra = usize::from(spare > 0);
        spare -= extra;
        *width = cap + extra;
    }
    true
}

impl Printer {
    fn header(&mut self, names: &[String]) -> Result<(), Error> {
        let mut text = String::from(" ");
        let mut rule = String::from("-");
        let last = self.columns.len().saturating_sub(1);
        for (index, (column, name)) in self.columns.iter().zip(names).enumerate() {
            if index > 0 {
                text.push_str(SEPARATOR);
                rule.push_str("-+-");
            }
            self.pad(column, name, index == last, &mut text);
            rule.push_str(&"-".repeat(column.width));
        }
        self.page.put(&format!("{}\n{rule}-\n", text.trim_end()))
    }

    fn print(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let style = Style::default();
        let mut cells = Cells::new(batch, &style)?;
        let last = self.columns.len().saturating_sub(1);
        for row in 0..batch.num_rows() {
            self.count += 1;
            let mut text = String::from(" ");
            for (index, column) in self.columns.iter().enumerate() {
                if index > 0 {
                    text.push_str(SEPARATOR);
                }
                let value = self.page.text(cells.get(index, row)?);
                self.pad(column, &value, index == last, &mut text);
            }
            text.push('\n');
            self.page.put(&text)?;
        }
        self.page.flush()
    }

    /// A value in its column's width; on a screen it is cut to it, elsewhere it is always whole.
    fn pad(&self, column: &Column, value: &str, last: bool, text: &mut String) {
        let width = value.width();
        let cut = self.page.style.width.is_some() && width > column.width;
        let value = if cut { shortened(value, column.width) } else { value.to_owned() };
        let blanks = " ".repeat(column.width.saturating_sub(value.width()));
        match (column.right, last) {
            (true, _) => text.extend([blanks, value]),
            (false, true) => text.push_str(&value),
            (false, false) => text.extend([value, blanks]),
        }
    }
}

fn shortened(value: &str, width: usize) -> String {
    let mut shown = String::new();
    let mut left = width.saturating_sub(1);
    for c in value.chars() {
        let cells = c.width().unwrap_or_default();
        if cells > left {
            break;
        }
        left -= cells;
        shown.push(c);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(widths: &[usize], screen: usize) -> Option<Vec<usize>> {
        let mut widths = widths.to_vec();
        fit(&mut widths, screen).then_some(widths)
    }

    #[test]
    fn the_widest_columns_give_way() {
        assert_eq!(fitted(&[5, 10], 80), Some(vec![5, 10]));
        assert_eq!(fitted(&[5, 100], 40), Some(vec![5, 30]));
        assert_eq!(fitted(&[50, 5, 60], 40), Some(vec![14, 5, 13]));
        assert_eq!(fitted(&[3; 12], 80), Some(vec![3; 12]));
        assert_eq!(fitted(&[30; 17], 80), None);
        assert_eq!(fitted(&[1; 40], 80), None);
        assert_eq!(fitted(&[], 80), Some(vec![]));
    }

    #[test]
    fn a_cut_value_fits_its_width() {
        assert_eq!(shortened("import-ami-0123", 8), "import-…");
        assert_eq!(shortened("漢字漢字", 6), "漢字…");
        assert_eq!(shortened("漢字漢字", 1), "…");
    }
}
