//! Instances that were launched from imported images, and their volumes.

use super::image::completed;
use super::import::{Disk, Import, Kind};
use super::tasks::kms_key;
use super::{ACCOUNT, HOUR, MINUTE, Scene, iso, region};
use crate::element::Fields;

/// One launch: a reservation.
struct Launch {
    import: Import,
    reservation: String,
    zone: String,
    zone_id: String,
    at: i64,
    machines: Vec<Machine>,
}

struct Machine {
    id: String,
    address: String,
    /// One for each disk.
    volumes: Vec<String>,
    interface: String,
    stopped: bool,
}

/// `DescribeInstances`.
pub(crate) fn reservations(scene: &Scene) -> Vec<Fields> {
    let one = |launch: &Launch| {
        let instances = launch.machines.iter().zip(0..);
        let instances = instances.map(|(machine, index)| instance(scene, launch, machine, index));
        Fields::new()
            .text("reservationId", &launch.reservation)
            .text("ownerId", ACCOUNT)
            .list("groupSet", [])
            .list("instancesSet", instances)
    };
    launches(scene).iter().map(one).collect()
}

/// `DescribeVolumes`.
pub(crate) fn volumes(scene: &Scene) -> Vec<Fields> {
    let attached = launches(scene).into_iter().flat_map(|launch| {
        let disks = launch.machines.iter().flat_map(|machine| {
            let disks = machine.volumes.iter().zip(&launch.import.disks);
            disks.map(|(id, disk)| volume(scene, &launch, disk, id, Some(machine)))
        });
        disks.collect::<Vec<_>>()
    });
    let loose =
        completed(scene, Kind::Snapshot).filter(|(import, _)| import.slot.is_multiple_of(2)).map(|(import, at)| {
            let launch = launch(scene, import, at);
            let id = format!("vol-{}", scene.dice(&format!("volume/{}", launch.import.slot)).hex(17));
            launch.import.disks.iter().map(|disk| volume(scene, &launch, disk, &id, None)).collect::<Vec<_>>()
        });
    attached.chain(loose.flatten()).collect()
}

/// Half of the images are tried out, twelve minutes after they were made.
fn launches(scene: &Scene) -> Vec<Launch> {
    let imports = completed(scene, Kind::Image).filter(|(import, _)| import.slot.is_multiple_of(2));
    let launches = imports.map(|(import, at)| launch(scene, import, at + 12 * MINUTE));
    launches.filter(|launch| launch.at <= scene.now).collect()
}

fn launch(scene: &Scene, import: Import, at: i64) -> Launch {
    let mut dice = scene.dice(&format!("launch/{}", import.slot));
    let zones = region::find(&scene.region).map_or("a", |region| region.zones);
    let number = usize::try_from(dice.between(0, 3)).unwrap_or_default() % zones.len();
    let letter = zones.chars().nth(number).unwrap_or('a');
    let count = dice.pick(&[1, 1, 2, 3]);
    let machines = (0..count).map(|_| Machine {
        id: format!("i-{}", dice.hex(17)),
        address: format!("10.{}.{}.{}", import.slot, dice.between(0, 256), dice.between(4, 255)),
        volumes: import.disks.iter().map(|_| format!("vol-{}", dice.hex(17))).collect(),
        interface: format!("eni-{}", dice.hex(17)),
        stopped: dice.pick(&[false, false, false, true]),
    });
    let machines = machines.collect();
    Launch {
        reservation: format!("r-{}", dice.hex(17)),
        zone: format!("{}{letter}", scene.region),
        zone_id: region::zone_id(&scene.region, number + 1),
        machines,
        at,
        import,
    }
}

impl Launch {
    fn state(&self, machine: &Machine, now: i64) -> (u8, &'static str) {
        match now - self.at {
            age if age < MINUTE => (0, "pending"),
            age if machine.stopped && age > HOUR => (80, "stopped"),
            _ => (16, "running"),
        }
    }
}

fn instance(scene: &Scene, launch: &Launch, machine: &Machine, index: u32) -> Fields {
    let system = launch.import.system;
    let (code, state) = launch.state(machine, scene.now);
    let stopped = format!("User initiated ({} GMT)", iso(launch.at + HOUR).replace(".000Z", "").replace('T', " "));
    let placement = Fields::new()
        .text("availabilityZone", &launch.zone)
        .text("groupName", "")
        .text("tenancy", "default")
        .text("availabilityZoneId", &launch.zone_id);
    let mappings = machine.volumes.iter().zip(&launch.import.disks).map(|(volume, disk)| {
        let ebs = Fields::new()
            .text("volumeId", volume)
            .text("status", "attached")
            .text("attachTime", iso(launch.at + 1))
            .text("deleteOnTermination", disk.device == "/dev/sda1");
        Fields::new().text("deviceName", &disk.device).group("ebs", ebs)
    });
    let host = format!("ip-{}.{}.compute.internal", machine.address.replace('.', "-"), scene.region);
    Fields::new()
        .text("instanceId", &machine.id)
        .text("imageId", &launch.import.image_id)
        .group("instanceState", Fields::new().text("code", code).text("name", state))
        .text("privateDnsName", &host)
        .text("dnsName", "")
        .text("reason", if state == "stopped" { stopped.as_str() } else { "" })
        .optional("keyName", (launch.import.slot.is_multiple_of(4)).then_some("migration key"))
        .text("amiLaunchIndex", index)
        .list("productCodes", [])
        .text("instanceType", if launch.import.arm { "m7g.large" } else { "m6i.large" })
        .text("launchTime", iso(launch.at))
        .group("placement", placement)
        .optional("platform", (system.platform == "Windows").then_some("windows"))
        .group("monitoring", Fields::new().text("state", "disabled"))
        .text("subnetId", format!("subnet-{}", scene.dice(&launch.zone).hex(17)))
        .text("vpcId", vpc(scene))
        .text("privateIpAddress", &machine.address)
        .text("sourceDestCheck", true)
        .list("groupSet", [security_group(scene)])
        .text("architecture", launch.import.architecture())
        .text("rootDeviceType", "ebs")
        .text("rootDeviceName", "/dev/sda1")
        .list("blockDeviceMapping", mappings)
        .text("virtualizationType", "hvm")
        .text("clientToken", scene.dice(&machine.id).uuid())
        .optional_tags(launch.import.tags.as_deref())
        .text("hypervisor", "xen")
        .list("networkInterfaceSet", [interface(scene, launch, machine, &host)])
        .text("ebsOptimized", false)
        .text("enaSupport", true)
        .group("cpuOptions", Fields::new().text("coreCount", 1).text("threadsPerCore", 2))
        .group("hibernationOptions", Fields::new().text("configured", false))
        .extend(options(launch))
}

fn options(launch: &Launch) -> Fields {
    let system = launch.import.system;
    let metadata = Fields::new()
        .text("state", "applied")
        .text("httpTokens", "required")
        .text("httpPutResponseHopLimit", 2)
        .text("httpEndpoint", "enabled");
    Fields::new()
        .group("metadataOptions", metadata)
        .group("enclaveOptions", Fields::new().text("enabled", false))
        .optional("bootMode", system.boot_mode)
        .text("platformDetails", system.platform_details())
        .text("usageOperation", system.usage_operation)
        .text("usageOperationUpdateTime", iso(launch.at))
        .group("maintenanceOptions", Fields::new().text("autoRecovery", "default"))
        .text("currentInstanceBootMode", if system.boot_mode == Some("uefi") { "uefi" } else { "legacy-bios" })
}

fn interface(scene: &Scene, launch: &Launch, machine: &Machine, host: &str) -> Fields {
    let attachment = Fields::new()
        .text("attachmentId", machine.interface.replace("eni-", "eni-attach-"))
        .text("deviceIndex", 0)
        .text("status", "attached")
        .text("attachTime", iso(launch.at))
        .text("deleteOnTermination", true)
        .text("networkCardIndex", 0);
    let address =
        Fields::new().text("privateIpAddress", &machine.address).text("privateDnsName", host).text("primary", true);
    Fields::new()
        .text("networkInterfaceId", &machine.interface)
        .text("subnetId", format!("subnet-{}", scene.dice(&launch.zone).hex(17)))
        .text("vpcId", vpc(scene))
        .text("description", "")
        .text("ownerId", ACCOUNT)
        .text("status", "in-use")
        .text("privateIpAddress", &machine.address)
        .text("sourceDestCheck", true)
        .list("groupSet", [security_group(scene)])
        .group("attachment", attachment)
        .list("privateIpAddressesSet", [address])
        .list("ipv6AddressesSet", [])
        .text("interfaceType", "interface")
}

fn vpc(scene: &Scene) -> String {
    format!("vpc-{}", scene.dice("vpc").hex(17))
}

fn security_group(scene: &Scene) -> Fields {
    Fields::new().text("groupId", format!("sg-{}", scene.dice("sg").hex(17))).text("groupName", "default")
}

fn volume(scene: &Scene, launch: &Launch, disk: &Disk, id: &str, machine: Option<&Machine>) -> Fields {
    let attachments = machine.map(|machine| {
        Fields::new()
            .text("volumeId", id)
            .text("instanceId", &machine.id)
            .text("device", &disk.device)
            .text("status", "attached")
            .text("attachTime", iso(launch.at + 1))
            .text("deleteOnTermination", disk.device == "/dev/sda1")
    });
    Fields::new()
        .text("volumeId", id)
        .text("size", disk.gib())
        .text("snapshotId", &disk.snapshot_id)
        .text("availabilityZone", &launch.zone)
        .text("availabilityZoneId", &launch.zone_id)
        .text("status", if machine.is_some() { "in-use" } else { "available" })
        .text("createTime", iso(launch.at))
        .list("attachmentSet", attachments)
        .optional_tags(launch.import.tags.as_deref())
        .text("volumeType", "gp3")
        .text("iops", 3000)
        .text("encrypted", launch.import.encrypted)
        .optional("kmsKeyId", launch.import.encrypted.then(|| kms_key(scene)))
        .text("multiAttachEnabled", false)
        .text("throughput", 125)
}
