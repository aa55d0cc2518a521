//! Decoding allocates for columns, never for values.

#![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

#[path = "../../../benches/canned.rs"]
mod canned;
#[path = "../../../benches/pages.rs"]
mod pages;

use canned::{Canned, rows, runtime};
use pages::Work;

/// How many allocations a scan of one page with so many rows makes, planning and request included.
fn allocations(work: Work, table: &str, page_rows: usize) -> u64 {
    let pages = Canned::new(work, true, 1, page_rows);
    let (runtime, session) = (runtime(), pages.session());
    let sql = format!("SELECT * FROM {table} WHERE region = 'us-east-1'");
    // What is made once, such as the table from its file, is made before.
    assert_eq!(rows(&runtime, &session, &sql), page_rows);
    allocation_counter::measure(|| assert_eq!(rows(&runtime, &session, &sql), page_rows)).count_total
}

#[test]
fn more_rows_allocate_no_more_than_their_columns_grow() {
    for (work, table) in [
        (Work::ImageTasks, "import_image_tasks"),
        (Work::SnapshotTasks, "import_snapshot_tasks"),
        (Work::Images, "images"),
        (Work::Instances, "instances"),
    ] {
        let (few, many) = (allocations(work, table, 500), allocations(work, table, 2_000));
        // 1,500 rows more have at least 30,000 values more. Each buffer doubles twice for them: some hundreds at most.
        assert!(many < few + 500, "{table}: {few} allocations for 500 rows, {many} for 2,000");
    }
}
