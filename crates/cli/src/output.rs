//! How rows are printed: for people here, for programs by the engine's encoders.

mod line;
mod markdown;
mod table;

use std::borrow::Cow;
use std::io::{self, Write};

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use ec2ql_engine::Error;
use ec2ql_engine::export::{self, Encoder, Format};

use crate::escape::{masked, visible, visible_json, visible_lines};

/// A format of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    Table,
    Line,
    Markdown,
    Data(Format),
}

/// How it is printed, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) header: bool,
    pub(crate) to_file: bool,
    /// Columns of the screen; none: no screen, and nothing is cut, escaped or masked.
    pub(crate) width: Option<usize>,
}

/// An encoder of rows.
pub(crate) fn encoder(
    output: Output,
    schema: &SchemaRef,
    out: Box<dyn Write + Send>,
    what: &str,
    style: Style,
) -> Result<Box<dyn Encoder>, Error> {
    let out = Page { out, what: what.to_owned(), style };
    Ok(match output {
        Output::Table => Box::new(table::Table::new(schema, out)),
        Output::Line => Box::new(line::Line::new(schema, out)),
        Output::Markdown => Box::new(markdown::Markdown::new(schema, out)?),
        Output::Data(format) => {
            let options = export::Options { header: style.header, to_file: style.to_file };
            let out = match style.width {
                Some(_) => {
                    let visible = match format {
                        Format::Json | Format::Jsonl => visible_json,
                        _ => visible_lines,
                    };
                    Box::new(ForEyes { out: out.out, line: Vec::new(), visible })
                }
                None => out.out,
            };
            return export::encoder(format, schema, out, what, options);
        }
    })
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Line => "line",
            Self::Markdown => "markdown",
            Self::Data(format) => format.name(),
        })
    }
}

impl Output {
    pub(crate) fn default_for(terminal: bool) -> Self {
        if terminal { Self::Table } else { Self::Data(Format::Csv) }
    }

    /// What stands between two results on one stream.
    pub(crate) fn separator(self) -> &'static str {
        match self {
            Self::Table | Self::Line | Self::Markdown | Self::Data(Format::Csv) => "\n",
            Self::Data(_) => "",
        }
    }

    /// Whether only one result fits into a stream.
    pub(crate) fn wants_one_result(self) -> bool {
        matches!(self, Self::Data(format) if format.is_binary())
    }
}

/// Where people's formats are printed.
struct Page {
    out: Box<dyn Write + Send>,
    what: String,
    style: Style,
}

impl Page {
    fn put(&mut self, text: &str) -> Result<(), Error> {
        self.out.write_all(text.as_bytes()).map_err(|error| Error::output(self.what.clone(), error))
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(|error| Error::output(self.what.clone(), error))
    }

    /// A value or name as one line. On a screen nothing in it can act, and no signature can be read.
    fn text(&self, value: Option<&[u8]>) -> String {
        let Some(value) = value else { return "NULL".to_owned() };
        let text = String::from_utf8_lossy(value);
        match self.style.width {
            Some(_) => masked(&visible(&text)).into_owned(),
            None => text.replace("\r\n", "\\n").replace('\n', "\\n"),
        }
    }
}

/// A program's format on a screen: line by line, nothing in it can act, and no signature can be read.
struct ForEyes {
    out: Box<dyn Write + Send>,
    /// What has come of a line that has not ended.
    line: Vec<u8>,
    visible: fn(&str) -> Cow<'_, str>,
}

impl ForEyes {
    fn show(&mut self, bytes: usize) -> io::Result<()> {
        let rest = self.line.split_off(bytes);
        let text = String::from_utf8_lossy(&self.line);
        self.out.write_all(masked(&(self.visible)(&text)).as_bytes())?;
        self.line = rest;
        Ok(())
    }
}

impl Write for ForEyes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') {
            self.show(end + 1)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.show(self.line.len())?;
        self.out.flush()
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

fn row_count(count: u64) -> String {
    format!("({count} {})\n", crate::progress::plural(count, "row"))
}
