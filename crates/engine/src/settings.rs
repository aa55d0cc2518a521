//! What a user may set: `SET ec2ql.name = value`, on the command line, or by the program that embeds the tables.

use std::any::Any;
use std::time::Duration;

use datafusion::common::Result;
use datafusion::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use ec2ql_ec2::Gzip;

use crate::error::{Error, Reason};
use crate::names::nearest;

/// The settings of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Regions that a statement without a region asks, and the only ones it may ask; empty: a statement must say.
    pub regions: Vec<String>,
    /// Ids and filters go into the requests. Off: everything is listed, with the same answer.
    pub pushdown: bool,
    /// `MaxResults` of listings; none: EC2's own page size.
    pub page_rows: Option<u32>,
    /// Regions read at once.
    pub regions_at_once: usize,
    /// Values that a join may hand to the requests of a table; above, the table is listed.
    pub join_values: usize,
    /// Requests are sent with `DryRun`: whether they are allowed is the answer.
    pub dry_run: bool,
    /// A statement may run so long; none: as long as it takes.
    pub statement_timeout: Option<Duration>,
    /// Which endpoints are asked for compressed answers.
    pub compression: Gzip,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            regions: vec![],
            pushdown: true,
            page_rows: None,
            regions_at_once: 40,
            join_values: 2_000,
            dry_run: false,
            statement_timeout: None,
            compression: Gzip::default(),
        }
    }
}

/// A setting: its name, and what it does.
const ALL: [(&str, &str); 8] = [
    (
        "regions",
        "Regions that are asked when a statement names none, and the only ones it may name; 'all' is every enabled one.",
    ),
    ("pushdown", "Whether ids and filters go into the requests; the answer is the same (on, off)."),
    ("page_rows", "Rows per page of a listing (MaxResults); 0 leaves it to EC2."),
    ("regions_at_once", "Regions that are read at the same time (1 to 100)."),
    ("join_values", "Values that a join may hand to the requests of a table; above, the table is listed."),
    ("dry_run", "Whether requests only ask AWS for permission (on, off)."),
    ("statement_timeout", "How long a statement may run ('30s', '10m'); 0 is for ever."),
    ("compression", "Whether answers come compressed: on, off, or auto, from endpoints that are not on this machine."),
];

const AUTO: &str = "auto";

impl ConfigExtension for Settings {
    const PREFIX: &'static str = "ec2ql";
}

impl ExtensionOptions for Settings {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let wrong = |reason: &str| {
            let (name, value, reason) = (format!("ec2ql.{key}"), value.to_owned(), reason.to_owned());
            Err(Error::new(Reason::Setting { name, value, reason }).into())
        };
        match key.to_ascii_lowercase().as_str() {
            "regions" => {
                self.regions =
                    value.split(',').map(str::trim).filter(|region| !region.is_empty()).map(str::to_owned).collect();
            }
            "pushdown" => match parse_switch(value) {
                Some(on) => self.pushdown = on,
                None => return wrong("it is on or off"),
            },
            "page_rows" => match value.parse() {
                Ok(0) => self.page_rows = None,
                Ok(rows) => self.page_rows = Some(rows),
                Err(_) => return wrong("it is a number of rows"),
            },
            "regions_at_once" => match value.parse() {
                Ok(count @ 1..=100) => self.regions_at_once = count,
                _ => return wrong("it is a number from 1 to 100"),
            },
            "join_values" => match value.parse() {
                Ok(count) => self.join_values = count,
                Err(_) => return wrong("it is a number of values"),
            },
            "dry_run" => match parse_switch(value) {
                Some(on) => self.dry_run = on,
                None => return wrong("it is on or off"),
            },
            "statement_timeout" => match parse_duration(value) {
                Some(Duration::ZERO) => self.statement_timeout = None,
                Some(time) => self.statement_timeout = Some(time),
                None => return wrong("it is a time such as '30s', '10m' or '1h'"),
            },
            "compression" => match value.to_ascii_lowercase().as_str() {
                AUTO => self.compression = Gzip::Remote,
                other => match parse_switch(other) {
                    Some(on) => self.compression = if on { Gzip::Always } else { Gzip::Never },
                    None => return wrong("it is auto, on or off"),
                },
            },
            _ => {
                let near = nearest(key, ALL.iter().map(|(name, _)| *name))
                    .into_iter()
                    .map(|name| format!("ec2ql.{name}"))
                    .collect();
                return Err(Error::new(Reason::UnknownSetting { name: format!("ec2ql.{key}"), near }).into());
            }
        }
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        ALL.iter()
            .map(|(name, description)| ConfigEntry {
                key: format!("ec2ql.{name}"),
                value: Some(self.value(name)),
                description,
            })
            .collect()
    }
}

impl Settings {
    /// The settings that a session holds.
    pub(crate) fn of(options: &datafusion::config::ConfigOptions) -> Self {
        options.extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Name, value and description of every setting.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (String, String, &'static str)> + '_ {
        ALL.iter().map(|(name, description)| (format!("ec2ql.{name}"), self.value(name), *description))
    }

    fn value(&self, name: &str) -> String {
        match name {
            "regions" => self.regions.join(","),
            "pushdown" => switch(self.pushdown).to_owned(),
            "dry_run" => switch(self.dry_run).to_owned(),
            "join_values" => self.join_values.to_string(),
            "page_rows" => self.page_rows.unwrap_or(0).to_string(),
            "regions_at_once" => self.regions_at_once.to_string(),
            "compression" => match self.compression {
                Gzip::Remote => AUTO.to_owned(),
                fixed => switch(fixed == Gzip::Always).to_owned(),
            },
            _ => self.statement_timeout.map_or_else(|| "0".into(), |time| format!("{}ms", time.as_millis())),
        }
    }
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn parse_switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Some(true),
        "off" | "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// `250ms`, `30s`, `10m`, `2h`; a bare number is seconds.
pub(crate) fn parse_duration(value: &str) -> Option<Duration> {
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let unit_ms = match unit.trim() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(unit_ms)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, ms) in [
            ("30", Some(30_000)),
            ("250ms", Some(250)),
            ("10m", Some(600_000)),
            ("1h", Some(3_600_000)),
            ("0", Some(0)),
            ("", None),
            ("x", None),
            ("5 parsec", None),
            ("99999999999999999h", None),
        ] {
            assert_eq!(parse_duration(text).map(|time| time.as_millis()), ms, "{text}");
        }
    }
}
