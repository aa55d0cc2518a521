//! `DescribeImportImageTasks` and `DescribeImportSnapshotTasks`. Their filters are `Filters.N`.

use super::{Ids, Operation, TAG, all_visible};
use crate::envelope::Failure;
use crate::filter::Known;
use crate::page::Paging;
use crate::world::tasks;

const PARAMETERS: &[&str] = &["DryRun"];
const IDS: &[Ids] = &[Ids {
    parameter: "ImportTaskId",
    path: "importTaskId",
    unknown,
}];
/// The model gives no range. AWS's general guide for EC2 asks for up to 1000.
const PAGING: Paging = Paging {
    rows: 1..=1_000,
    ids: None,
};

const TASK_STATE: Known = Known {
    name: "task-state",
    path: "status",
    values: &["active", "completed", "deleting", "deleted"],
};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeImportImageTasks",
        set: "importImageTaskSet",
        nested: None,
        flags: PARAMETERS,
        lists: &[],
        ids: IDS,
        filter_parameter: Some("Filters"),
        filters: &[TASK_STATE, TAG],
        paging: Some(PAGING),
        visible: all_visible,
        rows: tasks::import_image_tasks,
    },
    // AWS documents no filter here, and people found that the status cannot be filtered by.
    Operation {
        name: "DescribeImportSnapshotTasks",
        set: "importSnapshotTaskSet",
        nested: None,
        flags: PARAMETERS,
        lists: &[],
        ids: IDS,
        filter_parameter: Some("Filters"),
        filters: &[TAG],
        paging: Some(PAGING),
        visible: all_visible,
        rows: tasks::import_snapshot_tasks,
    },
];

/// There is no `.NotFound` for import tasks: a task that is gone is "malformed".
fn unknown(ids: &[&str]) -> Failure {
    let message = format!("Invalid conversion task id: \"{}\"", ids.join("\", \""));
    Failure::bad("InvalidConversionTaskId.Malformed", message)
}
