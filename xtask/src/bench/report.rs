//! The results as text: a table for the terminal and for the page, and a chart.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::measure::Cost;
use super::to_f64;
use super::work::{Data, Job};
use crate::files::{read, root, update};

const PAGE: &str = "docs/performance.md";
const CHART: &str = "docs/performance.svg";
const BEGIN: &str = "<!-- Written by `cargo xtask bench --write`: begin -->";
const END: &str = "<!-- Written by `cargo xtask bench --write`: end -->";

/// One program over one listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listing {
    pub(crate) data: Data,
    pub(crate) compact: bool,
    pub(crate) rows: usize,
    pub(crate) bytes: u64,
    pub(crate) job: Job,
    pub(crate) cost: Cost,
}

/// One figure that is not about a listing.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) cost: Cost,
    /// What else there is to say: a ratio.
    pub(crate) note: String,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) listings: Vec<Listing>,
    pub(crate) figures: Vec<Figure>,
}

impl Listing {
    /// The listing that the chart shows.
    fn is_main(&self) -> bool {
        self.data == Data::ImageTasks && !self.compact
    }

    fn rows_per_cpu_s(&self) -> f64 {
        to_f64(self.rows) / self.cost.cpu_s.max(1e-3)
    }
}

impl Results {
    /// How many times boto3's rows per CPU second this is, over the same bytes.
    fn times_boto3(&self, listing: &Listing) -> Option<f64> {
        let same = |other: &&Listing| {
            other.job == Job::Boto3 && other.data == listing.data && other.compact == listing.compact
        };
        let boto3 = self.listings.iter().find(same)?;
        Some(listing.rows_per_cpu_s() / boto3.rows_per_cpu_s())
    }

    /// The tables, in Markdown.
    pub(crate) fn tables(&self) -> String {
        let mut text = String::new();
        let mut last = None;
        for listing in &self.listings {
            let key = (listing.data.name(), listing.compact);
            if last.replace(key) != Some(key) {
                let form = if listing.compact { "compact" } else { "indented, as EC2 sends" };
                let megabytes = listing.bytes / 1_000_000;
                let _ = writeln!(
                    text,
                    "\n**{} {}, {form}, {megabytes} MB of XML**\n",
                    thousands(listing.rows),
                    listing.data.title()
                );
                text.push_str("| client | work | CPU s | wall s | rows per CPU s | peak memory, MB | × boto3 |\n");
                text.push_str("|---|---|---:|---:|---:|---:|---:|\n");
            }
            let cost = listing.cost;
            let times = self.times_boto3(listing).map(|times| format!("{times:.1}")).unwrap_or_default();
            let _ = writeln!(
                text,
                "| {} | {} | {:.2} | {:.2} | {} | {:.0} | {times} |",
                listing.job.client(),
                listing.job.title(),
                cost.cpu_s,
                cost.wall_s,
                thousands(rounded(listing.rows_per_cpu_s())),
                cost.resident_mb,
            );
        }
        if !self.figures.is_empty() {
            text.push_str("\n**Start, regions and memory**\n\n");
            text.push_str(
                "| what | CPU s | wall s | peak memory, MB | of it anonymous, MB | |\n|---|---:|---:|---:|---:|---|\n",
            );
        }
        for Figure { title, cost, note } in &self.figures {
            let Cost { cpu_s, wall_s, resident_mb, anonymous_mb } = cost;
            let _ = writeln!(
                text,
                "| {title} | {cpu_s:.3} | {wall_s:.3} | {resident_mb:.1} | {anonymous_mb:.1} | {note} |"
            );
        }
        text
    }

    /// Puts the tables into the page, between its marks, and draws the chart.
    pub(crate) fn write(&self, versions: &str, command: &str) -> Result<String, String> {
        let path = root().join(PAGE);
        let page = read(&path)?;
        let (before, rest) = page.split_once(BEGIN).ok_or_else(|| format!("{PAGE} has no line {BEGIN}"))?;
        let (_, after) = rest.split_once(END).ok_or_else(|| format!("{PAGE} has no line {END}"))?;
        let tables = self.tables();
        let machine = machine();
        let charted = self.listings.iter().any(Listing::is_main);
        let image = if charted { "![Rows per CPU second](performance.svg)\n\n" } else { "" };
        let text = format!(
            "{before}{BEGIN}\n\n{image}Command: `{command}`\n\nMachine: {machine}.\n\nPrograms: {versions}.\n{tables}\n{END}{after}"
        );
        update(&path, &text, false)?;
        if charted {
            update(&root().join(CHART), &self.chart(), false)?;
        }
        Ok(format!("{PAGE} is written"))
    }

    /// Rows per CPU second of the main listing, as bars.
    fn chart(&self) -> String {
        let bars: Vec<&Listing> = self.listings.iter().filter(|listing| listing.is_main()).collect();
        let longest = bars.iter().map(|bar| bar.rows_per_cpu_s()).fold(1.0, f64::max);
        let height = 70 + 30 * bars.len();
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\" height=\"{height}\" viewBox=\"0 0 900 {height}\" \
             font-family=\"sans-serif\" font-size=\"14\">\n<rect width=\"900\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             <text x=\"20\" y=\"30\" font-size=\"17\" fill=\"#1b1f24\">Rows per CPU second, {} image tasks</text>\n",
            bars.first().map(|bar| thousands(bar.rows)).unwrap_or_default()
        );
        for (index, bar) in bars.into_iter().enumerate() {
            let y = 50 + 30 * index;
            let (rows, ours) = (bar.rows_per_cpu_s(), bar.job.is_ours());
            let (width, colour) = ((480.0 * rows / longest).max(1.0), if ours { "#1f6feb" } else { "#8b949e" });
            let label = format!("{}: {}", bar.job.client(), bar.job.title().replace('`', ""));
            let _ = writeln!(
                svg,
                "<text x=\"300\" y=\"{0}\" text-anchor=\"end\" fill=\"#1b1f24\">{label}</text>\
                 <rect x=\"310\" y=\"{y}\" width=\"{width:.1}\" height=\"20\" fill=\"{colour}\"/>\
                 <text x=\"{1:.1}\" y=\"{0}\" fill=\"#1b1f24\">{2}</text>",
                y + 15,
                318.0 + width,
                thousands(rounded(rows)),
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// What the figures were made on.
fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let proc = |name: &str| fs::read_to_string(Path::new("/proc").join(name)).unwrap_or_default();
    let after = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).map(str::to_owned);
        line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned())).unwrap_or_else(|| "?".to_owned())
    };
    let model = after(&proc("cpuinfo"), "model name");
    let memory = after(&proc("meminfo"), "MemTotal");
    let load = proc("loadavg").split(' ').next().unwrap_or_default().to_owned();
    let system = proc("sys/kernel/osrelease").trim().to_owned();
    format!(
        "{processors} processors ({model}), {memory} of memory, {} {system}, load average {load} at the end",
        std::env::consts::OS
    )
}

/// 12345 as 12,345.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a figure for people")]
fn rounded(value: f64) -> usize {
    value.round() as usize
}
