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
/// A value that is wider than its column goes on below itself; after so many lines it is cut.
const CELL_LINES_MAX: usize = 8;

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
        let mut text = String::new();
        self.row(names, &mut text);
        let rules: Vec<_> = self.columns.iter().map(|column| "-".repeat(column.width)).collect();
        text.extend(["-", &rules.join("-+-"), "-\n"]);
        self.page.put(&text)
    }

    fn print(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let style = Style::default();
        let mut cells = Cells::new(batch, &style)?;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            self.count += 1;
            let mut values = Vec::with_capacity(self.columns.len());
            for column in 0..self.columns.len() {
                values.push(self.page.text(cells.get(column, row)?));
            }
            text.clear();
            self.row(&values, &mut text);
            self.page.put(&text)?;
        }
        self.page.flush()
    }

    /// The values in their columns. On a screen none is wider than its column; elsewhere each is in one piece.
    fn row(&self, values: &[String], text: &mut String) {
        let on_screen = self.page.style.width.is_some();
        let pieces = |(column, value): (&Column, &String)| {
            if on_screen { wrapped(value, column.width) } else { vec![value.clone()] }
        };
        let cells: Vec<_> = self.columns.iter().zip(values).map(pieces).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        for line in 0..height {
            text.push(' ');
            for (index, (column, cell)) in self.columns.iter().zip(&cells).enumerate() {
                if index > 0 {
                    text.push_str(SEPARATOR);
                }
                let value = cell.get(line).map(String::as_str).unwrap_or_default();
                let is_padded = column.right || index + 1 < cells.len();
                let blanks = " ".repeat(if is_padded { column.width.saturating_sub(value.width()) } else { 0 });
                text.extend(if column.right { [&blanks, value] } else { [value, &blanks] });
            }
            text.push('\n');
        }
    }
}

fn wrapped(value: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = value;
    while rest.width() > width {
        if lines.len() + 1 == CELL_LINES_MAX {
            lines.push(shortened(rest, width));
            return lines;
        }
        let (line, after) = rest.split_at(break_at(rest, width));
        lines.push(line.trim_end().to_owned());
        rest = after;
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest.to_owned());
    }
    lines
}

/// Where a line of a value ends: behind the last blank or comma, unless that would leave half of it empty.
fn break_at(value: &str, width: usize) -> usize {
    let (mut cells, mut end, mut good) = (0, 0, 0);
    for (at, c) in value.char_indices() {
        cells += c.width().unwrap_or_default();
        if cells > width && at > 0 {
            break;
        }
        end = at + c.len_utf8();
        if matches!(c, ' ' | ',') && cells > width / 2 {
            good = end;
        }
    }
    if good > 0 { good } else { end }
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
    fn a_wide_value_goes_on_below() {
        assert_eq!(wrapped("import", 6), ["import"]);
        assert_eq!(
            wrapped("DescribeImages in eu-west-1, us-east-1", 20),
            ["DescribeImages in", "eu-west-1, us-east-1"]
        );
        assert_eq!(wrapped("漢字漢字漢", 5), ["漢字", "漢字", "漢"]);
        assert_eq!(wrapped("漢字", 1), ["漢", "字"]);
        let long = wrapped(&"x".repeat(100), 10);
        assert_eq!((long.len(), long.last().map(String::as_str)), (CELL_LINES_MAX, Some("xxxxxxxxx…")));
    }

    #[test]
    fn a_cut_value_fits_its_width() {
        assert_eq!(shortened("import-ami-0123", 8), "import-…");
        assert_eq!(shortened("漢字漢字", 6), "漢字…");
        assert_eq!(shortened("漢字漢字", 1), "…");
    }
}
