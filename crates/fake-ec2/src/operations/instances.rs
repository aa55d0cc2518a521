//! Instances. EC2 counts, filters and pages them, not their reservations.

use super::{DEFAULT, Ids, Nested, Operation, TAG, filter};
use crate::envelope::Failure;
use crate::filter::Known;
use crate::page::Paging;
use crate::world::instance;

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    name: "DescribeInstances",
    set: "reservationSet",
    nested: Some(Nested { list: "instancesSet", prefix: "instancesSet/item/", key: "reservationId" }),
    flags: &["DryRun", "IncludeManagedResources"],
    ids: &[Ids {
        parameter: "InstanceId",
        path: "instancesSet/item/instanceId",
        form: Some(("i-", "InvalidInstanceID.Malformed")),
        unknown,
    }],
    filters: FILTERS,
    paging: Some(Paging { rows: 5..=1_000, ids: Some("instancesSet") }),
    rows: instance::reservations,
    ..DEFAULT
}];

/// A filter on a field of the instance itself.
macro_rules! of_instance {
    ($name:literal, $path:literal) => {
        filter($name, concat!("instancesSet/item/", $path))
    };
}

const FILTERS: &[Known] = &[
    of_instance!("architecture", "architecture"),
    of_instance!("availability-zone", "placement/availabilityZone"),
    of_instance!("availability-zone-id", "placement/availabilityZoneId"),
    of_instance!("block-device-mapping.attach-time", "blockDeviceMapping/item/ebs/attachTime"),
    of_instance!("block-device-mapping.delete-on-termination", "blockDeviceMapping/item/ebs/deleteOnTermination"),
    of_instance!("block-device-mapping.device-name", "blockDeviceMapping/item/deviceName"),
    of_instance!("block-device-mapping.status", "blockDeviceMapping/item/ebs/status"),
    of_instance!("block-device-mapping.volume-id", "blockDeviceMapping/item/ebs/volumeId"),
    of_instance!("boot-mode", "bootMode"),
    of_instance!("capacity-reservation-id", "capacityReservationId"),
    of_instance!("client-token", "clientToken"),
    of_instance!("current-instance-boot-mode", "currentInstanceBootMode"),
    of_instance!("dns-name", "dnsName"),
    of_instance!("ebs-optimized", "ebsOptimized"),
    of_instance!("ena-support", "enaSupport"),
    of_instance!("enclave-options.enabled", "enclaveOptions/enabled"),
    of_instance!("hibernation-options.configured", "hibernationOptions/configured"),
    of_instance!("hypervisor", "hypervisor"),
    of_instance!("image-id", "imageId"),
    of_instance!("instance-id", "instanceId"),
    of_instance!("instance-lifecycle", "instanceLifecycle"),
    of_instance!("instance-state-code", "instanceState/code"),
    of_instance!("instance-state-name", "instanceState/name"),
    of_instance!("instance-type", "instanceType"),
    of_instance!("instance.group-id", "groupSet/item/groupId"),
    of_instance!("instance.group-name", "groupSet/item/groupName"),
    of_instance!("ip-address", "ipAddress"),
    of_instance!("key-name", "keyName"),
    of_instance!("launch-index", "amiLaunchIndex"),
    of_instance!("launch-time", "launchTime"),
    of_instance!("metadata-options.http-endpoint", "metadataOptions/httpEndpoint"),
    of_instance!("metadata-options.http-tokens", "metadataOptions/httpTokens"),
    of_instance!("monitoring-state", "monitoring/state"),
    of_instance!("network-interface.network-interface-id", "networkInterfaceSet/item/networkInterfaceId"),
    of_instance!("network-interface.subnet-id", "networkInterfaceSet/item/subnetId"),
    of_instance!("network-interface.vpc-id", "networkInterfaceSet/item/vpcId"),
    filter("owner-id", "ownerId"),
    of_instance!("platform", "platform"),
    of_instance!("platform-details", "platformDetails"),
    of_instance!("private-dns-name", "privateDnsName"),
    of_instance!("private-ip-address", "privateIpAddress"),
    of_instance!("product-code", "productCodes/item/productCode"),
    of_instance!("reason", "reason"),
    filter("requester-id", "requesterId"),
    filter("reservation-id", "reservationId"),
    of_instance!("root-device-name", "rootDeviceName"),
    of_instance!("root-device-type", "rootDeviceType"),
    of_instance!("source-dest-check", "sourceDestCheck"),
    of_instance!("state-reason-code", "stateReason/code"),
    of_instance!("outpost-arn", "outpostArn"),
    of_instance!("spot-instance-request-id", "spotInstanceRequestId"),
    of_instance!("subnet-id", "subnetId"),
    of_instance!("tpm-support", "tpmSupport"),
    TAG,
    of_instance!("tenancy", "placement/tenancy"),
    of_instance!("usage-operation", "usageOperation"),
    of_instance!("virtualization-type", "virtualizationType"),
    of_instance!("vpc-id", "vpcId"),
];

fn unknown(ids: &[&str]) -> Failure {
    let message = match ids {
        [id] => format!("The instance ID '{id}' does not exist"),
        ids => format!("The instance IDs '{}' do not exist", ids.join(", ")),
    };
    Failure::bad("InvalidInstanceID.NotFound", message)
}
