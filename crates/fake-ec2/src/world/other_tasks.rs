//! Tasks that are not imports of images or snapshots: exports, stores, and imports of the old kind.

use super::image::completed;
use super::import::Kind;
use super::{DAY, GIB, HOUR, MINUTE, Scene, iso};
use crate::element::Fields;

/// Exports per region, one every twelve minutes.
const EXPORTS: i64 = 8;
const STORES: i64 = 6;
const CONVERSIONS: i64 = 5;
/// EC2 shows store tasks for so long.
const STORES_SHOWN: i64 = 31 * DAY;

/// The number of a task, when it began, and how much of its work is done (per mille).
fn tasks(scene: &Scene, count: i64, every: i64, duration: i64) -> Vec<(i64, i64, i64)> {
    if scene.wave_number().is_none() {
        return Vec::new();
    }
    let all = (0..count).map(|n| (n, scene.start + n * every));
    let begun = all.filter(|(_, began)| *began <= scene.now && scene.now < began + duration + 7 * DAY);
    begun.map(|(n, began)| (n, began, (scene.now - began) * 1000 / duration)).collect()
}

fn image_id(scene: &Scene, n: i64) -> String {
    let mut images = completed(scene, Kind::Image).map(|(import, _)| import.image_id);
    let nth = images.nth(usize::try_from(n).unwrap_or_default());
    nth.unwrap_or_else(|| format!("ami-{}", scene.dice(&format!("gone/{n}")).hex(17)))
}

/// `DescribeExportImageTasks`.
pub(crate) fn export_image_tasks(scene: &Scene) -> Vec<Fields> {
    let bucket = format!("example-vm-exports-{}", scene.region);
    let one = |(n, _, done): (i64, i64, i64)| {
        let (status, message, progress) = match (n, done) {
            (3, 400..) => (
                "deleted",
                Some("ClientError: Insufficient permissions - please verify bucket ownership and write permissions"),
                None,
            ),
            (_, 1000..) => ("completed", None, None),
            (_, 800..) => ("active", Some("converting"), Some(85)),
            (_, 300..) => ("active", Some("updating"), Some(21 + (done - 300) / 8)),
            _ => ("active", Some("validating"), Some(done / 20)),
        };
        let location = Fields::new().text("s3Bucket", &bucket).optional("s3Prefix", (n % 2 == 0).then_some("exports/"));
        let name = [("Name".to_owned(), format!("export {n}"))];
        Fields::new()
            .optional("description", (n % 3 != 0).then(|| format!("Copy of machine no. {n} <for \"audit\">")))
            .text("exportImageTaskId", format!("export-ami-{}", scene.dice(&format!("export-ami/{n}")).hex(17)))
            .text("imageId", image_id(scene, n))
            .optional("progress", progress)
            .group("s3ExportLocation", location)
            .text("status", status)
            .optional("statusMessage", message)
            .tags(if n % 2 == 0 { &name } else { &[] })
    };
    tasks(scene, EXPORTS, 20 * MINUTE, 45 * MINUTE).into_iter().map(one).collect()
}

/// `DescribeExportTasks`.
pub(crate) fn export_tasks(scene: &Scene) -> Vec<Fields> {
    let one = |(n, _, done): (i64, i64, i64)| {
        let id = format!("export-i-{}", scene.dice(&format!("export-i/{n}")).hex(17));
        let (state, message) = match (n, done) {
            (2, 500..) => ("cancelled", "Task expired and automatically canceled"),
            (_, 1000..) => ("completed", ""),
            _ => ("active", "Progress: 0%"),
        };
        let to = Fields::new()
            .text("diskImageFormat", if n % 2 == 0 { "vmdk" } else { "VHD" })
            .optional("containerFormat", (n % 2 == 0).then_some("ova"))
            .text("s3Bucket", format!("example-vm-exports-{}", scene.region))
            .text("s3Key", format!("vms/{id}.ova"));
        let instance = Fields::new()
            .text("instanceId", format!("i-{}", scene.dice(&format!("exported/{n}")).hex(17)))
            .text("targetEnvironment", "vmware");
        Fields::new()
            .text("exportTaskId", id)
            .text("description", "")
            .text("state", state)
            .text("statusMessage", message)
            // When the instance is gone, EC2 leaves this empty.
            .group("instanceExport", if n == 2 { Fields::new() } else { instance })
            .group("exportToS3", to)
            .optional_tags((n == 1).then_some(&[("Name".to_owned(), "old mail server".to_owned())]))
    };
    tasks(scene, 4, 30 * MINUTE, 50 * MINUTE).into_iter().map(one).collect()
}

/// `DescribeStoreImageTasks`.
pub(crate) fn store_image_tasks(scene: &Scene) -> Vec<Fields> {
    let all = (0..STORES).map(|n| (n, scene.start - 3 * DAY + n * 15 * HOUR));
    let shown = all
        .filter(|(_, began)| scene.wave_number().is_some() && *began <= scene.now && scene.now < began + STORES_SHOWN);
    let one = |(n, began): (i64, i64)| {
        let done = (scene.now - began) * 100 / (14 * HOUR);
        let (state, percent, reason) = match (n, done) {
            (1, 70..) => ("Failed", 70, "AccessDenied: Access Denied"),
            (_, 100..) => ("Completed", 100, ""),
            _ => ("InProgress", done, ""),
        };
        let id = format!("ami-{}", scene.dice(&format!("stored/{n}")).hex(17));
        Fields::new()
            .text("amiId", &id)
            .text("taskStartTime", iso(began).replace(".000Z", ".981Z"))
            .text("bucket", format!("example-image-store-{}", scene.region))
            .text("s3objectKey", format!("{id}.bin"))
            .text("progressPercentage", percent)
            .text("storeTaskState", state)
            .text("storeTaskFailureReason", reason)
    };
    shown.map(one).collect()
}

/// `DescribeConversionTasks`: imports of single instances and volumes.
pub(crate) fn conversion_tasks(scene: &Scene) -> Vec<Fields> {
    let one = |(n, began, done): (i64, i64, i64)| {
        let mut dice = scene.dice(&format!("conversion/{n}"));
        let volume_import = n % 2 == 0;
        let noun = if volume_import { "vol" } else { "i" };
        let (state, message) = match (n, done) {
            (4, 200..) => ("cancelled", Some("ClientError: Unsupported image format".to_owned())),
            (_, 1000..) => ("completed", None),
            _ => ("active", Some(format!("Progress: {}%", done / 10))),
        };
        let bytes = dice.between(1, 20) * GIB + 512;
        let converted = bytes * done.min(1000) / 1000;
        let image = Fields::new()
            .text("format", dice.pick(&["VMDK", "RAW", "VHD"]))
            .text("size", bytes)
            .text("importManifestUrl", "https://s3.amazonaws.com/example-vm-exports/disk.vmdkmanifest.xml?Expires=1294855591&Signature=EXAMPLE%3D")
            .optional("checksum", (n == 2).then_some("ccb1b0536a4a70e86016b85229b5c6b10b14a4eb"));
        let volume = Fields::new()
            .text("size", bytes / GIB + 1)
            .optional("id", (done >= 1000).then(|| format!("vol-{}", dice.hex(17))));
        let part = Fields::new()
            .text("bytesConverted", converted)
            .text("availabilityZone", format!("{}a", scene.region))
            .text("description", if n == 0 { "" } else { "disk of an old machine" })
            .group("image", image)
            .group("volume", volume);
        let task = Fields::new()
            .text("conversionTaskId", format!("import-{noun}-{}", dice.hex(17)))
            .text("expirationTime", iso(began + 7 * DAY).replace(":00.000Z", "Z"));
        let task = if volume_import {
            task.group("importVolume", part)
        } else {
            let part = part.text("status", state).optional("statusMessage", message.as_ref());
            let instance = Fields::new()
                .list("volumes", [part])
                .text("instanceId", format!("i-{}", dice.hex(17)))
                .text("platform", "Windows")
                .text("description", "");
            task.group("importInstance", instance)
        };
        task.text("state", state)
            .optional("statusMessage", message)
            .optional_tags((n == 3).then_some(&[("wave".to_owned(), "0".to_owned())]))
    };
    tasks(scene, CONVERSIONS, 40 * MINUTE, 70 * MINUTE).into_iter().map(one).collect()
}
