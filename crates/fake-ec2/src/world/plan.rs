//! What is imported when: forty imports in each region of the wave.

use super::import::{Disk, Fate, Import, Kind};
use super::machine::{self, System};
use super::{GIB, MINUTE, Scene};

/// Imports per region.
pub(crate) const SLOTS: usize = 40;
/// One is submitted after the other, this many seconds apart.
const SUBMITTED_EVERY: i64 = 255;

/// An import, the same whenever it is looked at.
pub(crate) fn plan(scene: &Scene, slot: usize, region: usize) -> Import {
    let mut dice = scene.dice(&format!("import/{slot}"));
    let kind = if slot % 3 == 2 { Kind::Snapshot } else { Kind::Image };
    let is_image = kind == Kind::Image;
    let noun = if is_image { "ami" } else { "snap" };
    // Newer ids end in a "t".
    let id = match slot {
        0..30 => format!("import-{noun}-{}", dice.hex(17)),
        _ => format!("import-{noun}-{}t", dice.hex(16)),
    };
    let name = format!("{}-{:03}", dice.pick(machine::ROLES), region * SLOTS + slot);
    let (fate, platform) = fate(slot, region, kind);
    let system = system(dice.pick(machine::SYSTEMS), platform);
    let owner = dice.pick(machine::OWNERS);
    let count = if is_image { dice.pick(&[1, 1, 1, 1, 2, 2, 3]) } else { 1 };
    let disks: Vec<Disk> = (0..count).map(|n| disk(scene, slot, &name, n)).collect();
    let gib: i64 = disks.iter().map(Disk::gib).sum();
    let minutes = if is_image { 42 } else { 9 };
    let steps = i64::try_from(slot).unwrap_or_default();
    Import {
        slot,
        kind,
        id,
        image_id: format!("ami-{}", dice.hex(17)),
        description: machine::description(slot, format!("{name}: {} ({gib} GiB)", system.title)),
        system,
        arm: system.platform == "Linux" && dice.pick(&[false, false, false, true]),
        encrypted: dice.pick(&[true, false]),
        disks,
        tags: tags(slot, &name, owner),
        submitted: scene.start + steps * SUBMITTED_EVERY + dice.between(0, 90),
        duration: minutes * MINUTE + gib * 10 + dice.between(0, 900),
        fate,
    }
}

/// As many of each fate in every region, at other places; and the platform that it can hit.
fn fate(slot: usize, region: usize, kind: Kind) -> (Fate, &'static str) {
    let place = (slot + region) % SLOTS;
    let failures = if kind == Kind::Image { machine::IMAGE_FAILURES } else { machine::SNAPSHOT_FAILURES };
    let fails = |nth: usize| {
        let failure = failures.get((nth + 2 * region) % failures.len());
        let (after, platform, message) = failure.copied().unwrap_or_default();
        (Fate::Fails(after, message), platform)
    };
    match place {
        4 => fails(0),
        11 => fails(1),
        19 => fails(2),
        26 => fails(3),
        7 | 23 => (Fate::Cancelled(340), ""),
        9 => (Fate::Stalls(410), ""),
        16 => (Fate::Stalls(790), ""),
        _ => (Fate::Completes, ""),
    }
}

/// What was thrown, or the first that runs on the platform that is needed.
fn system(thrown: System, platform: &str) -> System {
    if platform.is_empty() || thrown.platform == platform {
        return thrown;
    }
    let fits = machine::SYSTEMS.iter().find(|system| system.platform == platform);
    fits.copied().unwrap_or(thrown)
}

fn disk(scene: &Scene, slot: usize, name: &str, n: u8) -> Disk {
    let mut dice = scene.dice(&format!("import/{slot}/disk/{n}"));
    let bucket = format!("example-vm-exports-{}", scene.region);
    let format = dice.pick(machine::FORMATS);
    let key = format!("wave-1/{name}-disk{}.{}", n + 1, format.to_lowercase());
    let url = match slot % 8 {
        // A signed link, with all the characters that such links have.
        1 => Some(format!(
            "https://{bucket}.s3.{}.amazonaws.com/{key}?X-Amz-Expires=3600&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2Fs3&X-Amz-Signature={}",
            scene.region,
            dice.hex(64)
        )),
        // People paste line ends along.
        5 => Some(format!("s3://{bucket}/{key}\n")),
        _ => None,
    };
    let letter = char::from(b'a'.saturating_add(n));
    Disk {
        device: if n == 0 { "/dev/sda1".to_owned() } else { format!("/dev/sd{letter}") },
        bytes: dice.between(2, 64) * GIB + dice.between(0, 1024) * 512 * 1024,
        format,
        bucket,
        key,
        url,
        snapshot_id: format!("snap-{}", dice.hex(17)),
    }
}

fn tags(slot: usize, name: &str, owner: &str) -> Option<Vec<(String, String)>> {
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut tags = vec![tag("wave", if slot < 24 { "1" } else { "2" }), tag("Name", name), tag("Owner", owner)];
    match slot {
        10 | 27 => return None,
        30 => return Some(Vec::new()),
        12 => tags.push(tag("cost center", "a=1&b=\"2\" <c> 💶")),
        35 => tags.push(tag("note", "")),
        38 => tags.push(tag("*", "wild?")),
        _ => {}
    }
    Some(tags)
}
