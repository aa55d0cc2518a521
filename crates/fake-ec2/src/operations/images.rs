//! Images, snapshots and volumes.

use super::{DEFAULT, Ids, Operation, TAG, filter};
use crate::element::Fields;
use crate::envelope::Failure;
use crate::filter::Known;
use crate::page::Paging;
use crate::query::Query;
use crate::world::{ACCOUNT, image, instance};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeImages",
        set: "imagesSet",
        flags: &["DryRun", "IncludeDeprecated", "IncludeDisabled"],
        lists: &["Owner", "ExecutableBy"],
        ids: &[Ids {
            parameter: "ImageId",
            path: "imageId",
            form: Some(("ami-", "InvalidAMIID.Malformed")),
            unknown: unknown_image,
        }],
        filters: IMAGE_FILTERS,
        paging: Some(Paging { rows: 1..=1_000, ids: Some("imageIdsSet") }),
        visible: image_is_visible,
        rows: image::images,
        ..DEFAULT
    },
    Operation {
        name: "DescribeSnapshots",
        set: "snapshotSet",
        lists: &["Owner", "RestorableBy"],
        ids: &[Ids {
            parameter: "SnapshotId",
            path: "snapshotId",
            form: Some(("snap-", "InvalidSnapshotID.Malformed")),
            unknown: unknown_snapshot,
        }],
        filters: SNAPSHOT_FILTERS,
        paging: Some(Paging { rows: 5..=1_000, ids: Some("snapshotSet") }),
        visible: snapshot_is_visible,
        rows: image::snapshots,
        ..DEFAULT
    },
    Operation {
        name: "DescribeVolumes",
        set: "volumeSet",
        flags: &["DryRun", "IncludeManagedResources"],
        ids: &[Ids {
            parameter: "VolumeId",
            path: "volumeId",
            form: Some(("vol-", "InvalidVolumeID.Malformed")),
            unknown: unknown_volume,
        }],
        filters: VOLUME_FILTERS,
        paging: Some(Paging { rows: 5..=1_000, ids: Some("volumeSet") }),
        rows: instance::volumes,
        ..DEFAULT
    },
];

const IMAGE_FILTERS: &[Known] = &[
    filter("architecture", "architecture"),
    filter("block-device-mapping.delete-on-termination", "blockDeviceMapping/item/ebs/deleteOnTermination"),
    filter("block-device-mapping.device-name", "blockDeviceMapping/item/deviceName"),
    filter("block-device-mapping.encrypted", "blockDeviceMapping/item/ebs/encrypted"),
    filter("block-device-mapping.snapshot-id", "blockDeviceMapping/item/ebs/snapshotId"),
    filter("block-device-mapping.volume-size", "blockDeviceMapping/item/ebs/volumeSize"),
    filter("block-device-mapping.volume-type", "blockDeviceMapping/item/ebs/volumeType"),
    filter("creation-date", "creationDate"),
    filter("description", "description"),
    filter("ena-support", "enaSupport"),
    filter("hypervisor", "hypervisor"),
    filter("image-id", "imageId"),
    filter("image-type", "imageType"),
    filter("is-public", "isPublic"),
    filter("kernel-id", "kernelId"),
    filter("manifest-location", "imageLocation"),
    filter("name", "name"),
    filter("owner-alias", "imageOwnerAlias"),
    filter("owner-id", "imageOwnerId"),
    filter("platform", "platform"),
    filter("product-code", "productCodes/item/productCode"),
    filter("product-code.type", "productCodes/item/type"),
    filter("ramdisk-id", "ramdiskId"),
    filter("root-device-name", "rootDeviceName"),
    filter("root-device-type", "rootDeviceType"),
    filter("source-image-id", "sourceImageId"),
    filter("source-image-region", "sourceImageRegion"),
    filter("source-instance-id", "sourceInstanceId"),
    filter("sriov-net-support", "sriovNetSupport"),
    filter("state", "imageState"),
    filter("state-reason-code", "stateReason/code"),
    filter("state-reason-message", "stateReason/message"),
    filter("virtualization-type", "virtualizationType"),
    TAG,
];

const SNAPSHOT_FILTERS: &[Known] = &[
    filter("description", "description"),
    filter("encrypted", "encrypted"),
    filter("owner-alias", "ownerAlias"),
    filter("owner-id", "ownerId"),
    filter("progress", "progress"),
    filter("snapshot-id", "snapshotId"),
    filter("start-time", "startTime"),
    filter("status", "status"),
    filter("storage-tier", "storageTier"),
    filter("transfer-type", "transferType"),
    filter("volume-id", "volumeId"),
    filter("volume-size", "volumeSize"),
    TAG,
];

const VOLUME_FILTERS: &[Known] = &[
    filter("attachment.attach-time", "attachmentSet/item/attachTime"),
    filter("attachment.delete-on-termination", "attachmentSet/item/deleteOnTermination"),
    filter("attachment.device", "attachmentSet/item/device"),
    filter("attachment.instance-id", "attachmentSet/item/instanceId"),
    filter("attachment.status", "attachmentSet/item/status"),
    filter("availability-zone", "availabilityZone"),
    filter("availability-zone-id", "availabilityZoneId"),
    filter("create-time", "createTime"),
    filter("encrypted", "encrypted"),
    filter("fast-restored", "fastRestored"),
    filter("multi-attach-enabled", "multiAttachEnabled"),
    filter("operator.managed", "operator/managed"),
    filter("operator.principal", "operator/principal"),
    filter("size", "size"),
    filter("snapshot-id", "snapshotId"),
    filter("status", "status"),
    filter("volume-id", "volumeId"),
    filter("volume-type", "volumeType"),
    TAG,
];

fn image_is_visible(query: &Query, image: &Fields) -> bool {
    let disabled = image.values("imageState") == ["disabled"];
    let public = image.values("isPublic") == ["true"];
    let executable = query.list("ExecutableBy");
    (query.flag("IncludeDisabled") || !disabled)
        && is_owned(query, &[image.values("imageOwnerId"), image.values("imageOwnerAlias")])
        // Nothing is shared with single accounts here.
        && (executable.is_empty() || public && executable.iter().any(|by| by == "all"))
}

fn snapshot_is_visible(query: &Query, snapshot: &Fields) -> bool {
    let restorable = query.list("RestorableBy");
    is_owned(query, &[snapshot.values("ownerId"), snapshot.values("ownerAlias")])
        && (restorable.is_empty() || restorable.iter().any(|by| by == "self" || by == ACCOUNT))
}

fn is_owned(query: &Query, owners: &[Vec<&str>; 2]) -> bool {
    let asked = query.list("Owner");
    let real = |owner: &String| if owner == "self" { ACCOUNT.to_owned() } else { owner.clone() };
    asked.is_empty() || asked.iter().map(real).any(|asked| owners.iter().flatten().any(|owner| *owner == asked))
}

/// All that are unknown are named, in brackets.
pub(super) fn unknown_image(ids: &[&str]) -> Failure {
    let message = match ids {
        [id] => format!("The image id '[{id}]' does not exist"),
        ids => format!("The image ids '[{}]' do not exist", ids.join(", ")),
    };
    Failure::bad("InvalidAMIID.NotFound", message)
}

/// Only the first one is named.
fn unknown_snapshot(ids: &[&str]) -> Failure {
    let id = ids.first().unwrap_or(&"");
    Failure::bad("InvalidSnapshot.NotFound", format!("The snapshot '{id}' does not exist."))
}

/// Only the first one is named.
fn unknown_volume(ids: &[&str]) -> Failure {
    let id = ids.first().unwrap_or(&"");
    Failure::bad("InvalidVolume.NotFound", format!("The volume '{id}' does not exist."))
}
