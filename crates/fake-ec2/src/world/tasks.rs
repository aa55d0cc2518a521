//! Import tasks, as EC2 describes them.

use super::Scene;
use super::import::{self, Disk, Import, Kind, Progress};
use crate::element::Fields;

pub(crate) fn import_image_tasks(scene: &Scene) -> Vec<Fields> {
    let imports = import::shown(scene).into_iter().filter(|import| import.kind == Kind::Image);
    imports.map(|import| image_task(scene, &import)).collect()
}

pub(crate) fn import_snapshot_tasks(scene: &Scene) -> Vec<Fields> {
    let imports = import::shown(scene).into_iter().filter(|import| import.kind == Kind::Snapshot);
    imports.map(|import| snapshot_task(scene, &import)).collect()
}

fn image_task(scene: &Scene, import: &Import) -> Fields {
    let progress = import.progress(scene.now);
    // What the machine is, is known once it was looked at.
    let seen = progress.done >= 80;
    let system = import.system;
    let fields = Fields::new()
        .optional("architecture", seen.then_some(import.architecture()))
        .optional("description", import.description.as_ref())
        .optional("encrypted", import.encrypted.then_some(true))
        .optional("hypervisor", (import.slot.is_multiple_of(11)).then_some("xen"))
        .optional("imageId", import.completed(scene.now).map(|_| &import.image_id))
        .text("importTaskId", &import.id)
        .optional("kmsKeyId", import.encrypted.then(|| kms_key(scene)))
        .optional("licenseType", seen.then_some(system.license))
        .optional("platform", seen.then_some(system.platform))
        .optional("progress", progress.percent)
        .list("snapshotDetailSet", import.disks.iter().map(|disk| image_disk(disk, import, &progress)))
        .text("status", progress.status)
        .optional("statusMessage", progress.message);
    fields
        .optional_tags(import.tags.as_deref())
        .list("licenseSpecifications", license_specifications(scene, import))
        .optional("usageOperation", seen.then_some(system.usage_operation))
        .optional("bootMode", system.boot_mode.filter(|_| seen))
}

fn image_disk(disk: &Disk, import: &Import, progress: &Progress) -> Fields {
    let converted = progress.done >= 600;
    let several = import.disks.len() > 1;
    let active = progress.status == "active" && several && !converted;
    let completed = progress.status == "completed";
    location(
        Fields::new()
            .optional("deviceName", completed.then_some(&disk.device))
            .text("diskImageSize", double(if progress.done < 10 { 0 } else { disk.bytes }))
            .optional("format", (progress.done >= 10).then_some(disk.format))
            .optional("progress", progress.percent.filter(|_| active))
            .optional("snapshotId", completed.then_some(&disk.snapshot_id))
            .text("status", if converted { "completed" } else { "active" })
            .optional("statusMessage", active.then_some("downloading/converting")),
        disk,
    )
}

fn snapshot_task(scene: &Scene, import: &Import) -> Fields {
    let progress = import.progress(scene.now);
    let details = import.disks.iter().map(|disk| {
        let known = progress.done >= 30;
        location(
            Fields::new()
                .optional("description", import.description.as_ref())
                .text("diskImageSize", double(if known { disk.bytes } else { 0 }))
                .optional("encrypted", import.encrypted.then_some(true))
                .optional("format", known.then_some(disk.format))
                .optional("kmsKeyId", import.encrypted.then(|| kms_key(scene)))
                .optional("progress", progress.percent)
                // EC2 writes it, empty, before there is one.
                .text("snapshotId", import.completed(scene.now).map_or("", |_| &disk.snapshot_id))
                .text("status", progress.status)
                .optional("statusMessage", progress.message),
            disk,
        )
    });
    let fields = Fields::new().optional("description", import.description.as_ref()).text("importTaskId", &import.id);
    let fields = details.fold(fields, |fields, detail| fields.group("snapshotTaskDetail", detail));
    fields.optional_tags(import.tags.as_deref())
}

fn location(fields: Fields, disk: &Disk) -> Fields {
    let bucket = Fields::new().text("s3Bucket", &disk.bucket).text("s3Key", &disk.key);
    match &disk.url {
        Some(url) if url.starts_with("https:") => fields.text("url", url),
        Some(url) => fields.text("url", url).group("userBucket", bucket),
        None => fields.group("userBucket", bucket),
    }
}

fn license_specifications(scene: &Scene, import: &Import) -> Option<Fields> {
    let arn = format!(
        "arn:aws:license-manager:{}:{}:license-configuration:lic-0123456789abcdef0123456789abcdef",
        scene.region,
        super::ACCOUNT
    );
    import.slot.is_multiple_of(13).then(|| Fields::new().text("licenseConfigurationArn", arn))
}

pub(crate) fn kms_key(scene: &Scene) -> String {
    let id = scene.dice("kms").uuid();
    format!("arn:aws:kms:{}:{}:key/{id}", scene.region, super::ACCOUNT)
}

/// Sizes are written by Java's `Double.toString`: `1.073741824E10` from 10 million on.
fn double(bytes: i64) -> String {
    let digits = bytes.to_string();
    if digits.len() <= 7 {
        return format!("{digits}.0");
    }
    let (first, rest) = digits.split_at(1);
    let fraction = rest.trim_end_matches('0');
    format!("{first}.{}E{}", if fraction.is_empty() { "0" } else { fraction }, rest.len())
}

#[cfg(test)]
mod tests {
    use super::double;

    #[test]
    fn doubles_as_java_writes_them() {
        for (bytes, text) in [
            (0, "0.0"),
            (512, "512.0"),
            (9_999_999, "9999999.0"),
            (10_000_000, "1.0E7"),
            (705_638_400, "7.056384E8"),
            (3_115_815_424, "3.115815424E9"),
            (10_737_418_240, "1.073741824E10"),
        ] {
            assert_eq!(double(bytes), text);
        }
    }
}
