//! The imports of the wave: what each is, and how far it has come.

use super::machine::{self, System};
use super::{DAY, HOUR, MINUTE, Scene};

/// Imports per region.
const SLOTS: usize = 40;
/// One is submitted after the other, this many seconds apart.
const SUBMITTED_EVERY: i64 = 255;
/// EC2 shows a task for this long after its end.
const SHOWN_AFTER_END: i64 = 7 * DAY;
/// A task that ends badly is `deleting` for this long before it is `deleted`.
const DELETING: i64 = MINUTE;
const GIB: i64 = 1 << 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Snapshot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Completes,
    /// After this part of the work (per mille).
    Fails(i64, &'static str),
    Cancelled(i64),
    /// The progress stops here, and a day later the task fails.
    Stalls(i64),
}

/// A disk of an import.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub(crate) device: String,
    pub(crate) bytes: i64,
    pub(crate) format: &'static str,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) url: Option<String>,
    pub(crate) snapshot_id: String,
}

/// One import, as it was submitted.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) slot: usize,
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) image_id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) system: System,
    pub(crate) arm: bool,
    pub(crate) encrypted: bool,
    pub(crate) disks: Vec<Disk>,
    /// None: no `tagSet` at all, as in answers of old.
    pub(crate) tags: Option<Vec<(String, String)>>,
    pub(crate) submitted: i64,
    pub(crate) duration: i64,
    fate: Fate,
}

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) status: &'static str,
    pub(crate) message: Option<&'static str>,
    pub(crate) percent: Option<i64>,
    /// The part of the work that is done, per mille.
    pub(crate) done: i64,
}

/// From which part of the work (per mille) a stage is shown, and with which percentage it begins.
type Stage = (i64, &'static str, i64);

const IMAGE_STAGES: &[Stage] = &[
    (0, "pending", 2),
    (20, "validating", 3),
    (80, "validated", 19),
    (120, "converting", 22),
    (600, "updating", 39),
    (690, "updated", 45),
    (730, "preparing to boot", 50),
    (780, "booting", 62),
    (870, "booted", 73),
    (900, "preparing ami", 79),
    (1000, "", 100),
];
const SNAPSHOT_STAGES: &[Stage] = &[
    (0, "pending", 0),
    (60, "downloading/converting", 3),
    (1000, "", 100),
];

/// All imports that were submitted in the scene's region, in the order of their submission.
pub(crate) fn submitted(scene: &Scene) -> Vec<Import> {
    let Some(region) = scene.wave_number() else {
        return Vec::new();
    };
    let imports = (0..SLOTS).map(|slot| plan(scene, slot, region));
    imports
        .filter(|import| import.submitted <= scene.now)
        .collect()
}

/// Those that EC2 still shows.
pub(crate) fn shown(scene: &Scene) -> Vec<Import> {
    let mut imports = submitted(scene);
    imports.retain(|import| scene.now < import.ends() + SHOWN_AFTER_END);
    imports
}

impl Import {
    pub(crate) fn ends(&self) -> i64 {
        let part = |done: i64| self.submitted + self.duration * done / 1000;
        match self.fate {
            Fate::Completes => part(1000),
            Fate::Fails(done, _) | Fate::Cancelled(done) => part(done) + DELETING,
            Fate::Stalls(_) => self.submitted + 26 * HOUR,
        }
    }

    /// When it completed, if it has by `now`.
    pub(crate) fn completed(&self, now: i64) -> Option<i64> {
        (self.fate == Fate::Completes && now >= self.ends()).then(|| self.ends())
    }

    pub(crate) fn progress(&self, now: i64) -> Progress {
        let worked = (now - self.submitted) * 1000 / self.duration.max(1);
        let ended = |message| Progress {
            status: if now < self.ends() {
                "deleting"
            } else {
                "deleted"
            },
            message,
            percent: None,
            done: worked.min(1000),
        };
        match self.fate {
            Fate::Completes if worked >= 1000 => Progress {
                status: "completed",
                message: None,
                percent: None,
                done: 1000,
            },
            Fate::Fails(done, message) if worked >= done => ended(Some(message)),
            Fate::Cancelled(done) if worked >= done => {
                ended(Some("User initiated task cancellation."))
            }
            Fate::Stalls(_) if now >= self.ends() - DELETING => ended(Some(machine::STALL_FAILURE)),
            Fate::Stalls(done) => self.active(worked.min(done)),
            _ => self.active(worked),
        }
    }

    fn active(&self, done: i64) -> Progress {
        let stages = if self.kind == Kind::Image {
            IMAGE_STAGES
        } else {
            SNAPSHOT_STAGES
        };
        let next = stages
            .iter()
            .position(|(from, _, _)| *from > done)
            .unwrap_or(stages.len() - 1);
        let at = next.saturating_sub(1);
        let (from, stage, low) = stages.get(at).copied().unwrap_or_default();
        let (to, _, high) = stages.get(next).copied().unwrap_or_default();
        let percent = low + (high - low) * (done - from) / (to - from).max(1);
        // A snapshot import that was only just submitted has been seen with this status too.
        let fresh = self.kind == Kind::Snapshot && done < 30;
        let status = if fresh { "pending" } else { "active" };
        Progress {
            status,
            message: Some(stage),
            percent: Some(percent),
            done,
        }
    }
}

fn plan(scene: &Scene, slot: usize, region: usize) -> Import {
    let mut dice = scene.dice(&format!("import/{slot}"));
    let kind = if slot % 3 == 2 {
        Kind::Snapshot
    } else {
        Kind::Image
    };
    let noun = if kind == Kind::Image { "ami" } else { "snap" };
    // Newer ids end in a "t".
    let id = format!(
        "import-{noun}-{}{}",
        dice.hex(if slot < 30 { 17 } else { 16 }),
        if slot < 30 { "" } else { "t" }
    );
    let image_id = format!("ami-{}", dice.hex(17));
    let name = format!("{}-{:03}", dice.pick(machine::ROLES), region * SLOTS + slot);
    let system = dice.pick(machine::SYSTEMS);
    let owner = dice.pick(machine::OWNERS);
    let count = if kind == Kind::Image {
        dice.pick(&[1, 1, 1, 1, 2, 2, 3])
    } else {
        1
    };
    let disks: Vec<Disk> = (0..count).map(|n| disk(scene, slot, &name, n)).collect();
    let gib: i64 = disks.iter().map(|disk| disk.bytes / GIB).sum();
    let minutes = if kind == Kind::Image { 28 } else { 6 };
    let steps = i64::try_from(slot).unwrap_or_default();
    let fate = fate(slot, region, kind);
    Import {
        slot,
        kind,
        id,
        image_id,
        description: machine::description(slot, format!("{name}: {} ({gib} GiB)", system.title)),
        system,
        arm: system.platform == "Linux" && dice.pick(&[false, false, false, true]),
        encrypted: dice.pick(&[true, false]),
        tags: tags(slot, &name, owner),
        name,
        disks,
        submitted: scene.start + steps * SUBMITTED_EVERY + dice.between(0, 90),
        duration: minutes * MINUTE + gib * 6 + dice.between(0, 600),
        fate,
    }
}

/// The same number of each fate in every region, at other places.
fn fate(slot: usize, region: usize, kind: Kind) -> Fate {
    let place = (slot + region) % SLOTS;
    let failures = if kind == Kind::Image {
        machine::IMAGE_FAILURES
    } else {
        machine::SNAPSHOT_FAILURES
    };
    let (done, message) = failures
        .get((slot / 2 + region) % failures.len())
        .copied()
        .unwrap_or_default();
    match place {
        4 | 11 | 19 | 26 => Fate::Fails(done, message),
        7 | 23 => Fate::Cancelled(340),
        9 | 16 => Fate::Stalls(410),
        _ => Fate::Completes,
    }
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
        device: if n == 0 {
            "/dev/sda1".to_owned()
        } else {
            format!("/dev/sd{letter}")
        },
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
    let mut tags = vec![
        tag("wave", if slot < 24 { "1" } else { "2" }),
        tag("Name", name),
        tag("Owner", owner),
    ];
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
