//! `cargo xtask bench`: ec2ql beside boto3 and the AWS CLI, over the same bytes.

mod bare;
pub(crate) mod endpoint;
pub(crate) mod measure;
#[path = "../../benches/pages.rs"]
mod pages;
pub(crate) mod programs;
mod report;
mod work;

use clap::{Args, ValueEnum};

use self::endpoint::{Endpoint, Served};
use self::measure::Cost;
use self::programs::Programs;
use self::report::{Figure, Listing, Results};
use self::work::{Data, Job};

/// Rows of a page, unless instances, whose rows are longer.
const PAGE_ROWS: usize = 1_000;
/// How often a program of some milliseconds is run: the middle one counts.
const SHORT_RUNS: usize = 15;
/// Regions that any account has.
const REGIONS: &str = "us-east-1,us-east-2,us-west-1,us-west-2,ap-south-1,ap-northeast-1,ap-northeast-2,ap-northeast-3,\
                       ap-southeast-1,ap-southeast-2,ca-central-1,eu-central-1,eu-west-1,eu-west-2,eu-west-3,eu-north-1,sa-east-1";

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Rows of a listing; instances have a fifth of it.
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// How often ec2ql does each job; the run with the middle CPU time counts. The peers do it once.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Leave boto3 and the AWS CLI out.
    #[arg(long)]
    no_peers: bool,
    /// Put the result into docs/performance.md and its chart.
    #[arg(long, conflicts_with = "no_peers")]
    write: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    ImageTasks,
    SnapshotTasks,
    Images,
    Instances,
    Compact,
    Start,
    Regions,
    Overlap,
    Compression,
    Memory,
}

/// Runs the bench and gives its tables.
///
/// # Errors
/// A program cannot be built, installed or run, or one does not deliver every row.
pub(crate) fn run(arguments: &BenchArguments) -> Result<String, String> {
    let programs = Programs::prepare(!arguments.no_peers)?;
    let mut results = Results::default();
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    for data in Data::ALL {
        if wanted(Part::of(data)) {
            listing(&programs, arguments, (data, false), &mut results)?;
        }
    }
    if wanted(Part::Compact) {
        listing(&programs, arguments, (Data::ImageTasks, true), &mut results)?;
    }
    if wanted(Part::Start) {
        start(&programs, &mut results)?;
    }
    if wanted(Part::Regions) {
        regions(&programs, &mut results)?;
    }
    if wanted(Part::Overlap) {
        overlap(&programs, arguments.rows, &mut results)?;
    }
    if wanted(Part::Compression) {
        compression(&programs, arguments.rows / 5, &mut results)?;
    }
    if wanted(Part::Memory) {
        memory(&programs, arguments.rows, &mut results)?;
    }
    if arguments.write {
        let command: Vec<String> = std::env::args().skip(1).collect();
        println!("{}", results.tables());
        return results.write(&programs.versions(), &format!("cargo xtask {}", command.join(" ")));
    }
    Ok(results.tables())
}

impl Part {
    fn of(data: Data) -> Self {
        match data {
            Data::ImageTasks => Self::ImageTasks,
            Data::SnapshotTasks => Self::SnapshotTasks,
            Data::Images => Self::Images,
            Data::Instances => Self::Instances,
        }
    }
}

/// Every job on one listing; the programs take turns.
fn listing(
    programs: &Programs,
    arguments: &BenchArguments,
    (data, compact): (Data, bool),
    results: &mut Results,
) -> Result<(), String> {
    let rows = if data == Data::Instances { arguments.rows / 5 } else { arguments.rows };
    let page_rows = PAGE_ROWS.min(rows);
    let served = Served { data, compact, page_rows, ..image_tasks(page_rows, rows / page_rows, 0) };
    let endpoint = Endpoint::start(served)?;
    let jobs = data.jobs(compact).into_iter().filter(|job| job.is_ours() || !arguments.no_peers);
    let mut costs: Vec<(Job, Vec<Cost>)> = jobs.map(|job| (job, vec![])).collect();
    for turn in 0..arguments.runs.max(1) {
        for (job, costs) in &mut costs {
            if job.is_ours() || turn == 0 {
                eprintln!("{} {} {}", data.title(), job.client(), job.title());
                let cost = programs.run(*job, data, &endpoint.url, served.rows());
                costs.push(cost.map_err(|fault| format!("{}, {}: {fault}", job.client(), job.title()))?);
            }
        }
    }
    results.listings.extend(costs.into_iter().map(|(job, costs)| Listing {
        data,
        compact,
        rows: served.rows(),
        bytes: endpoint.bytes,
        job,
        cost: middle(costs),
    }));
    Ok(())
}

/// A start with nothing to do, and one with one page to read.
fn start(programs: &Programs, results: &mut Results) -> Result<(), String> {
    let endpoint = Endpoint::start(image_tasks(PAGE_ROWS, 1, 0))?;
    let bare = ["--no-header", "-o", "csv", "-c", "SELECT 1"];
    let one = "SELECT 1 FROM import_image_tasks WHERE region = 'us-east-1' LIMIT 1";
    let limited = ["--endpoint-url", &*endpoint.url, "--no-header", "-o", "csv", "-c", one];
    for (title, arguments) in [("cold `SELECT 1`", &bare[..]), ("cold `SELECT ... LIMIT 1` of 1,000 rows", &limited)] {
        eprintln!("{title}");
        let costs = (0..SHORT_RUNS).map(|_| programs.run_ours(arguments, "1")).collect::<Result<Vec<_>, _>>()?;
        let most = costs.iter().map(|cost| cost.anonymous_mb).fold(0.0, f64::max);
        let cost = Cost { anonymous_mb: most, ..middle(costs) };
        results.figures.push(Figure { title: title.to_owned(), cost, note: format!("middle of {SHORT_RUNS}") });
    }
    Ok(())
}

/// 17 regions cost the time of one, and little CPU.
fn regions(programs: &Programs, results: &mut Results) -> Result<(), String> {
    for rows in [10, PAGE_ROWS] {
        let endpoint = Endpoint::start(image_tasks(rows, 1, 100))?;
        let mut one_wall_s = 0.0;
        for (count, regions) in [(1, "us-east-1"), (17, REGIONS)] {
            let sql = "COPY (SELECT * FROM import_image_tasks) TO 'regions.parquet' OPTIONS (OVERWRITE true)";
            let arguments = ["--endpoint-url", &*endpoint.url, "--region", regions, "-v", "-c", sql];
            let expected = format!("COPY {}", rows * count);
            eprintln!("{count} regions, {rows} rows each");
            let runs = (0..SHORT_RUNS).map(|_| programs.run_ours(&arguments, &expected));
            let cost = middle(runs.collect::<Result<Vec<_>, _>>()?);
            let note = if count == 1 {
                String::new()
            } else {
                format!("{:.2} × the wall time of one", cost.wall_s / one_wall_s)
            };
            one_wall_s = cost.wall_s;
            let title = format!("{count} region{} × {rows} rows, 100 ms latency", if count == 1 { "" } else { "s" });
            results.figures.push(Figure { title, cost, note });
        }
    }
    Ok(())
}

/// Pages that take a while to come are decoded and written while the next is on its way.
fn overlap(programs: &Programs, rows: usize, results: &mut Results) -> Result<(), String> {
    let pages = rows / PAGE_ROWS;
    for latency_ms in [0, 20] {
        let endpoint = Endpoint::start(image_tasks(PAGE_ROWS, pages, latency_ms))?;
        eprintln!("{pages} pages, {latency_ms} ms latency");
        let cost = programs.run(Job::Everything("parquet"), Data::ImageTasks, &endpoint.url, rows)?;
        let ours = endpoint.end()?;
        let endpoint = Endpoint::start(image_tasks(PAGE_ROWS, pages, latency_ms))?;
        bare::receive(&endpoint.url, Data::ImageTasks, pages)?;
        let least = endpoint.end()?;
        let note = format!(
            "{:.2} s from the first request to the last byte; {:.2} s for a client that looks at nothing",
            ours.span_s, least.span_s
        );
        let title = format!("{pages} pages to parquet, {latency_ms} ms latency");
        results.figures.push(Figure { title, cost, note });
    }
    Ok(())
}

/// What it costs to decompress, and what it saves on a link.
fn compression(programs: &Programs, rows: usize, results: &mut Results) -> Result<(), String> {
    let pages = rows / PAGE_ROWS;
    let sql =
        "COPY (SELECT * FROM import_image_tasks WHERE region = 'us-east-1') TO 'gzip.parquet' OPTIONS (OVERWRITE true)";
    for megabits in [0, 100] {
        for (setting, gzip) in [("off", false), ("on", true)] {
            let endpoint = Endpoint::start(Served { megabits, gzip, ..image_tasks(PAGE_ROWS, pages, 0) })?;
            let arguments = ["--endpoint-url", &*endpoint.url, "--compression", setting, "-v", "-c", sql];
            eprintln!("compression {setting}, {megabits} megabits a second");
            let runs = (0..3).map(|_| programs.run_ours(&arguments, &format!("COPY {}", pages * PAGE_ROWS)));
            let cost = middle(runs.collect::<Result<Vec<_>, _>>()?);
            let link = if megabits == 0 { String::new() } else { format!(", {megabits} Mbit/s") };
            let title = format!("{pages} pages to parquet, compression {setting}{link}");
            let note = format!("{:.1} MB received", endpoint.megabytes());
            results.figures.push(Figure { title, cost, note });
        }
    }
    Ok(())
}

/// Ten times the rows in the same memory.
fn memory(programs: &Programs, rows: usize, results: &mut Results) -> Result<(), String> {
    for format in ["parquet", "csv"] {
        let mut once_mb = 0.0;
        for rounds in [1, 10] {
            let endpoint = Endpoint::start(image_tasks(PAGE_ROWS, rows / PAGE_ROWS, 0).times(rounds))?;
            eprintln!("memory, {format} × {rounds}");
            let cost = programs.run(Job::Everything(format), Data::ImageTasks, &endpoint.url, rows * rounds)?;
            let note = if rounds == 1 {
                String::new()
            } else {
                format!("{:.2} × the peak of a tenth", cost.resident_mb / once_mb)
            };
            once_mb = cost.resident_mb;
            let title = format!("{} image tasks to {format}", rows * rounds);
            results.figures.push(Figure { title, cost, note });
        }
    }
    Ok(())
}

fn image_tasks(page_rows: usize, pages: usize, latency_ms: usize) -> Served {
    let (data, compact) = (Data::ImageTasks, false);
    Served { data, compact, page_rows, pages, rounds: 1, latency_ms, megabits: 0, gzip: false }
}

/// The run with the middle CPU time.
fn middle(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by(|a, b| a.cpu_s.total_cmp(&b.cpu_s));
    costs.get(costs.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn to_f64(value: usize) -> f64 {
    value as f64
}
