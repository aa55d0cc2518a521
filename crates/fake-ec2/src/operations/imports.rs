//! `DescribeImportImageTasks` and `DescribeImportSnapshotTasks`. Their filters are `Filters.N`.

use super::{DEFAULT, Ids, Operation, TAG, filter};
use crate::envelope::Failure;
use crate::filter::Known;
use crate::page::Paging;
use crate::world::tasks;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeImportImageTasks",
        set: "importImageTaskSet",
        ids: IDS,
        filter_parameter: Some("Filters"),
        filters: &[TASK_STATE, TAG],
        paging: Some(PAGING),
        rows: tasks::import_image_tasks,
        ..DEFAULT
    },
    // AWS documents no filter here, and people found that the status cannot be filtered by.
    Operation {
        name: "DescribeImportSnapshotTasks",
        set: "importSnapshotTaskSet",
        ids: IDS,
        filter_parameter: Some("Filters"),
        filters: &[TAG],
        paging: Some(PAGING),
        rows: tasks::import_snapshot_tasks,
        ..DEFAULT
    },
];

const IDS: &[Ids] = &[Ids { parameter: "ImportTaskId", path: "importTaskId", form: None, unknown }];
/// The model gives no range. AWS's general guide for EC2 asks for up to 1000.
const PAGING: Paging = Paging { rows: 1..=1_000, ids: None };

const TASK_STATE: Known =
    Known { values: &["active", "completed", "deleting", "deleted"], ..filter("task-state", "status") };

/// There is no `.NotFound` for import tasks: a task that is gone is "malformed".
fn unknown(ids: &[&str]) -> Failure {
    let message = format!("Invalid conversion task id: \"{}\"", ids.join("\", \""));
    Failure::bad("InvalidConversionTaskId.Malformed", message)
}
