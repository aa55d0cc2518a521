//! Images and snapshots: what completed imports leave behind, and a few that were there before.

use super::import::{self, Disk, Import, Kind};
use super::tasks::kms_key;
use super::{ACCOUNT, DAY, GIB, MINUTE, Scene, iso};
use crate::element::Fields;

/// `DescribeImages`.
pub(crate) fn images(scene: &Scene) -> Vec<Fields> {
    let mut images: Vec<Fields> =
        completed(scene, Kind::Image).map(|(import, at)| imported_image(scene, &import, at)).collect();
    if scene.wave_number().is_some() {
        images.push(public_image(scene));
        images.push(disabled_image(scene));
    }
    images
}

/// `DescribeSnapshots`.
pub(crate) fn snapshots(scene: &Scene) -> Vec<Fields> {
    let of = |kind| {
        completed(scene, kind).flat_map(|(import, at)| {
            let disks = import.disks.iter().map(|disk| snapshot(scene, &import, disk, at));
            disks.collect::<Vec<_>>()
        })
    };
    of(Kind::Image).chain(of(Kind::Snapshot)).collect()
}

/// Imports that completed, and when.
pub(crate) fn completed(scene: &Scene, kind: Kind) -> impl Iterator<Item = (Import, i64)> {
    let now = scene.now;
    let imports = import::submitted(scene).into_iter().filter(move |import| import.kind == kind);
    imports.filter_map(move |import| import.completed(now).map(|at| (import, at)))
}

fn imported_image(scene: &Scene, import: &Import, at: i64) -> Fields {
    let system = import.system;
    let mappings = import.disks.iter().map(|disk| {
        let ebs = Fields::new()
            .text("snapshotId", &disk.snapshot_id)
            .text("volumeSize", disk.gib())
            .text("deleteOnTermination", false)
            .text("volumeType", "gp2")
            .text("encrypted", import.encrypted);
        Fields::new().text("deviceName", &disk.device).group("ebs", ebs)
    });
    Fields::new()
        .text("imageId", &import.image_id)
        .text("imageLocation", format!("{ACCOUNT}/{}", import.id))
        .text("imageState", if scene.now < at + MINUTE { "pending" } else { "available" })
        .text("imageOwnerId", ACCOUNT)
        .text("creationDate", iso(at))
        .text("isPublic", false)
        .text("architecture", import.architecture())
        .text("imageType", "machine")
        .optional("platform", (system.platform == "Windows").then_some("windows"))
        .text("name", &import.id)
        .text("description", format!("AWS-VMImport service: {} - {}", system.platform, system.title))
        .text("rootDeviceType", "ebs")
        .text("rootDeviceName", "/dev/sda1")
        .list("blockDeviceMapping", mappings)
        .text("virtualizationType", "hvm")
        .optional_tags(import.tags.as_deref())
        .text("hypervisor", "xen")
        .text("enaSupport", true)
        .optional("bootMode", system.boot_mode)
        .text("platformDetails", system.platform_details())
        .text("usageOperation", system.usage_operation)
        .text("deregistrationProtection", "disabled")
}

fn public_image(scene: &Scene) -> Fields {
    let mut dice = scene.dice("image/public");
    let id = format!("ami-{}", dice.hex(17));
    let created = scene.start - 40 * DAY;
    let ebs = Fields::new()
        .text("deleteOnTermination", true)
        .text("iops", 3000)
        .text("snapshotId", format!("snap-{}", dice.hex(17)))
        .text("volumeSize", 8)
        .text("volumeType", "gp3")
        .text("throughput", 125)
        .text("encrypted", false)
        .text("VolumeInitializationRate", 100);
    let ephemeral = Fields::new().text("deviceName", "/dev/sdb").text("virtualName", "ephemeral0");
    Fields::new()
        .text("imageId", id)
        .text("imageLocation", "amazon/al2023-ami-2023.9.20261001.0-kernel-6.1-arm64")
        .text("imageState", "available")
        .text("imageOwnerId", "137112412989")
        .text("creationDate", iso(created))
        .text("isPublic", true)
        .text("architecture", "arm64")
        .text("imageType", "machine")
        .text("imageOwnerAlias", "amazon")
        .text("name", "al2023-ami-2023.9.20261001.0-kernel-6.1-arm64")
        .text("description", "Amazon Linux 2023 AMI 2023.9.20261001.0 arm64 HVM kernel-6.1")
        .text("rootDeviceType", "ebs")
        .text("rootDeviceName", "/dev/xvda")
        .list("blockDeviceMapping", [Fields::new().text("deviceName", "/dev/xvda").group("ebs", ebs), ephemeral])
        .text("virtualizationType", "hvm")
        .list("tagSet", [])
        .text("hypervisor", "xen")
        .text("enaSupport", true)
        .text("sriovNetSupport", "simple")
        .text("bootMode", "uefi")
        .text("tpmSupport", "v2.0")
        .text("imdsSupport", "v2.0")
        .text("deprecationTime", iso(created + 90 * DAY))
        .text("platformDetails", "Linux/UNIX")
        .text("usageOperation", "RunInstances")
}

/// Shown only to who asks for disabled images too.
fn disabled_image(scene: &Scene) -> Fields {
    let id = format!("ami-{}", scene.dice("image/disabled").hex(17));
    let reason = Fields::new()
        .text("code", "Client.InvalidSnapshot")
        .text("message", "Client.InvalidSnapshot: \"trial\" & error");
    let codes = Fields::new().text("productCode", "aw0evgkw8e5c1q413zgy5pjce").text("type", "marketplace");
    Fields::new()
        .text("imageId", id)
        .text("imageLocation", format!("{ACCOUNT}/trial run"))
        .text("imageState", "disabled")
        .text("imageOwnerId", ACCOUNT)
        .text("creationDate", iso(scene.start - 9 * DAY))
        .text("isPublic", false)
        .list("productCodes", [codes])
        .text("architecture", "x86_64")
        .text("imageType", "machine")
        .group("stateReason", reason)
        .text("name", "trial run")
        .text("rootDeviceType", "ebs")
        .list("blockDeviceMapping", [])
        .text("virtualizationType", "hvm")
        .text("hypervisor", "xen")
        .text("lastLaunchedTime", iso(scene.start - 8 * DAY))
}

fn snapshot(scene: &Scene, import: &Import, disk: &Disk, at: i64) -> Fields {
    Fields::new()
        .text("snapshotId", &disk.snapshot_id)
        // Imported snapshots have this volume, which nobody ever sees.
        .text("volumeId", "vol-ffffffff")
        .text("status", "completed")
        .text("startTime", iso(at - 4 * MINUTE))
        .text("progress", "100%")
        .text("ownerId", ACCOUNT)
        .text("volumeSize", disk.gib())
        .text("description", format!("Created by AWS-VMImport service for {}", import.id))
        .optional_tags(import.tags.as_deref())
        .text("encrypted", import.encrypted)
        .optional("kmsKeyId", import.encrypted.then(|| kms_key(scene)))
        .text("storageTier", "standard")
        .text("completionTime", iso(at))
        .text("fullSnapshotSizeInBytes", disk.bytes / GIB * GIB)
        .text("sseType", if import.encrypted { "sse-kms" } else { "none" })
}
