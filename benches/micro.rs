//! The parts of ec2ql by themselves, without network and files.
//!
//! ```sh
//! cargo bench -p ec2ql -p ec2ql-engine --bench micro
//! ```
//!
//! Decoding is measured through a session, so that planning and signing are in its figure; over ten pages they are
//! less than a hundredth of it. With `--repeat JOB N` the program does one of the jobs of [`repeat`] N times and
//! prints nothing: `cargo xtask instructions` counts what that takes.

#![expect(clippy::unwrap_used, reason = "what cannot be measured must not be reported")]
#![expect(clippy::wildcard_imports, reason = "each module is a chapter of this file")]

mod canned;
mod pages;

use std::sync::LazyLock;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use ec2ql_ec2::{Call, encode, parameters};

use self::canned::{Canned, plan, rows, runtime};
use self::pages::Work;

const ALL: &str = "SELECT * FROM import_image_tasks WHERE region = 'us-east-1'";
const TWO_COLUMNS: &str = "SELECT importTaskId, status FROM import_image_tasks WHERE region = 'us-east-1'";
/// Every item is entered and left, nothing is built, and nothing stands above the scan.
const NO_COLUMN: &str = "SELECT 1 FROM import_image_tasks WHERE region = 'us-east-1'";
const PLANNED: &str = "SELECT status, count(*) AS tasks FROM import_image_tasks \
                       WHERE region IN ('us-east-1', 'eu-west-1') AND tags['wave'] = '7' GROUP BY status ORDER BY tasks DESC";

static INDENTED: LazyLock<Canned> = LazyLock::new(|| Canned::new(Work::ImageTasks, true, 10, 1_000));
static COMPACT: LazyLock<Canned> = LazyLock::new(|| Canned::new(Work::ImageTasks, false, 10, 1_000));

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "--repeat", job, times] => repeat(job, times.parse().unwrap()),
        _ => divan::main(),
    }
}

/// Does a job so many times. What is done once, such as the start of the program, goes away in the difference of two
/// counts.
fn repeat(job: &str, times: usize) {
    let pages = Canned::new(Work::ImageTasks, job.contains("indented"), 1, 250);
    let (runtime, session) = (runtime(), pages.session());
    let sql = match job {
        "decode-indented" | "decode-compact" => ALL,
        "decode-two-columns-indented" => TWO_COLUMNS,
        "plan" => PLANNED,
        _ => return,
    };
    for _ in 0..times {
        if job == "plan" {
            black_box(plan(&runtime, &session, sql));
        } else {
            assert_eq!(rows(&runtime, &session, sql), 250);
        }
    }
}

mod decode {
    use super::*;

    /// What the XML library takes when nobody looks at its events: a floor.
    #[divan::bench(args = [true, false])]
    fn bare_quick_xml(bencher: Bencher, indented: bool) {
        let pages = pages(indented);
        bencher.counter(bytes(pages)).bench_local(|| {
            for body in pages.0.iter() {
                let mut reader = quick_xml::Reader::from_str(std::str::from_utf8(body).unwrap());
                loop {
                    match black_box(reader.read_event().unwrap()) {
                        quick_xml::events::Event::Eof => break,
                        event => drop(event),
                    }
                }
            }
        });
    }

    #[divan::bench(args = [true, false])]
    fn every_column(bencher: Bencher, indented: bool) {
        scan(bencher, indented, ALL);
    }

    #[divan::bench(args = [true, false])]
    fn two_columns(bencher: Bencher, indented: bool) {
        scan(bencher, indented, TWO_COLUMNS);
    }

    #[divan::bench(args = [true, false])]
    fn no_column(bencher: Bencher, indented: bool) {
        scan(bencher, indented, NO_COLUMN);
    }

    #[divan::bench(args = ["import_snapshot_tasks", "images", "instances"])]
    fn every_column_of(bencher: Bencher, table: &str) {
        let work = match table {
            "images" => Work::Images,
            "instances" => Work::Instances,
            _ => Work::SnapshotTasks,
        };
        let sql = format!("SELECT * FROM {table} WHERE region = 'us-east-1'");
        read(bencher, &Canned::new(work, true, 10, 1_000), &sql);
    }

    fn scan(bencher: Bencher, indented: bool, sql: &str) {
        read(bencher, pages(indented), sql);
    }

    fn read(bencher: Bencher, pages: &Canned, sql: &str) {
        let (runtime, session) = (runtime(), pages.session());
        bencher.counter(bytes(pages)).bench_local(|| assert_eq!(rows(&runtime, &session, sql), 10_000));
    }

    fn pages(indented: bool) -> &'static Canned {
        if indented { &INDENTED } else { &COMPACT }
    }

    fn bytes(pages: &Canned) -> BytesCount {
        BytesCount::new(pages.0.iter().map(bytes::Bytes::len).sum::<usize>())
    }
}

mod request {
    use super::*;

    fn call() -> Call {
        let mut parameters = parameters::filter("Filters", 1, "tag:wave", &["7"]);
        let ids: Vec<String> = (0..200).map(|n| format!("import-ami-{n:017x}")).collect();
        parameters.extend(parameters::list("ImportTaskId", &ids));
        Call { operation: "DescribeImportImageTasks".to_owned(), region: "us-east-1".to_owned(), parameters }
    }

    /// The form of a request with 200 ids.
    #[divan::bench]
    fn encoded(bencher: Bencher) {
        let call = call();
        bencher.bench_local(|| encode(black_box(&call)));
    }

    /// A whole call without network: encode, sign, look at the answer's head.
    #[divan::bench]
    fn encoded_and_signed(bencher: Bencher) {
        let pages = Canned::new(Work::ImageTasks, true, 1, 2);
        let (runtime, client, call) = (runtime(), pages.client(), call());
        bencher.bench_local(|| runtime.block_on(client.call(black_box(&call))).unwrap());
    }
}

mod statement {
    use super::*;

    #[divan::bench]
    fn session_made(bencher: Bencher) {
        let pages = Canned::new(Work::ImageTasks, true, 1, 2);
        bencher.bench_local(|| pages.session());
    }

    /// From text to a plan that can run.
    #[divan::bench(args = ["SELECT 1", ALL, PLANNED])]
    fn planned(bencher: Bencher, sql: &str) {
        let pages = Canned::new(Work::ImageTasks, true, 1, 2);
        let (runtime, session) = (runtime(), pages.session());
        bencher.bench_local(|| plan(&runtime, &session, black_box(sql)));
    }
}
