//! Tasks that are not imports of images or snapshots. Their filters are `Filter.N`.

use super::{DEFAULT, Ids, Operation, TAG, filter};
use crate::envelope::Failure;
use crate::filter::Known;
use crate::page::Paging;
use crate::world::other_tasks;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeExportImageTasks",
        set: "exportImageTaskSet",
        ids: &[Ids {
            parameter: "ExportImageTaskId",
            path: "exportImageTaskId",
            form: Some(("export-ami-", "InvalidExportTaskID.Malformed")),
            unknown: export,
        }],
        filters: &[IGNORED_TASK_STATE, TAG],
        paging: Some(Paging { rows: 1..=500, ids: None }),
        rows: other_tasks::export_image_tasks,
        ..DEFAULT
    },
    Operation {
        name: "DescribeExportTasks",
        set: "exportTaskSet",
        // Not even `DryRun`.
        flags: &[],
        ids: &[Ids {
            parameter: "ExportTaskId",
            path: "exportTaskId",
            form: Some(("export-i-", "InvalidExportTaskID.Malformed")),
            unknown: export,
        }],
        filters: &[TAG],
        rows: other_tasks::export_tasks,
        ..DEFAULT
    },
    Operation {
        name: "DescribeConversionTasks",
        set: "conversionTasks",
        ids: &[Ids { parameter: "ConversionTaskId", path: "conversionTaskId", form: None, unknown: conversion }],
        filter_parameter: None,
        rows: other_tasks::conversion_tasks,
        ..DEFAULT
    },
    Operation {
        name: "DescribeStoreImageTasks",
        set: "storeImageTaskResultSet",
        ids: &[Ids {
            parameter: "ImageId",
            path: "amiId",
            form: Some(("ami-", "InvalidAMIID.Malformed")),
            unknown: super::images::unknown_image,
        }],
        filters: &[STORE_STATE, filter("bucket", "bucket")],
        ids_beat_filters: true,
        paging: Some(Paging { rows: 1..=200, ids: Some("imageIdsSet") }),
        rows: other_tasks::store_image_tasks,
        ..DEFAULT
    },
];

/// Documented, and ignored by EC2 (aws-cli issue 9558).
const IGNORED_TASK_STATE: Known =
    Known { values: &["active", "completed", "deleting", "deleted"], ignored: true, ..filter("task-state", "status") };

const STORE_STATE: Known =
    Known { values: &["InProgress", "Completed", "Failed"], ..filter("task-state", "storeTaskState") };

fn export(ids: &[&str]) -> Failure {
    let message = format!("The export task ID '{}' does not exist", ids.join(", "));
    Failure::bad("InvalidExportTaskID.NotFound", message)
}

fn conversion(ids: &[&str]) -> Failure {
    let message = format!("The conversion task ID '{}' is not valid", ids.join(", "));
    Failure::bad("InvalidConversionTaskId", message)
}
