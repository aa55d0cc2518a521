//! The imports of the wave: what each is, and how far it has come.

use super::machine::{self, System};
use super::plan::{self, plan};
use super::{DAY, GIB, HOUR, MINUTE, Scene};

/// EC2 shows a task for this long after its end.
const SHOWN_AFTER_END: i64 = 7 * DAY;
/// A task that ends badly is `deleting` for this long before it is `deleted`.
const DELETING: i64 = MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Snapshot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
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
    pub(crate) description: Option<String>,
    pub(crate) system: System,
    pub(crate) arm: bool,
    pub(crate) encrypted: bool,
    pub(crate) disks: Vec<Disk>,
    /// None: no `tagSet` at all, as in answers of old.
    pub(crate) tags: Option<Vec<(String, String)>>,
    pub(crate) submitted: i64,
    pub(crate) duration: i64,
    pub(crate) fate: Fate,
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
const SNAPSHOT_STAGES: &[Stage] = &[(0, "pending", 0), (60, "downloading/converting", 3), (1000, "", 100)];

/// All imports that were submitted in the scene's region, in the order of their submission.
pub(crate) fn submitted(scene: &Scene) -> Vec<Import> {
    let Some(region) = scene.wave_number() else {
        return Vec::new();
    };
    let imports = (0..plan::SLOTS).map(|slot| plan(scene, slot, region));
    imports.filter(|import| import.submitted <= scene.now).collect()
}

/// Those that EC2 still shows.
pub(crate) fn shown(scene: &Scene) -> Vec<Import> {
    let mut imports = submitted(scene);
    imports.retain(|import| scene.now < import.ends() + SHOWN_AFTER_END);
    imports
}

impl Disk {
    /// EBS counts whole GiB.
    pub(crate) fn gib(&self) -> i64 {
        (self.bytes + GIB - 1) / GIB
    }
}

impl Import {
    pub(crate) fn architecture(&self) -> &'static str {
        if self.arm { "arm64" } else { "x86_64" }
    }

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
            status: if now < self.ends() { "deleting" } else { "deleted" },
            message,
            percent: None,
            done: worked.min(1000),
        };
        match self.fate {
            Fate::Completes if worked >= 1000 => {
                Progress { status: "completed", message: None, percent: None, done: 1000 }
            }
            Fate::Fails(done, message) if worked >= done => ended(Some(message)),
            Fate::Cancelled(done) if worked >= done => ended(Some("User initiated task cancellation.")),
            Fate::Stalls(_) if now >= self.ends() - DELETING => ended(Some(machine::STALL_FAILURE)),
            Fate::Stalls(done) => self.active(worked.min(done)),
            _ => self.active(worked),
        }
    }

    fn active(&self, done: i64) -> Progress {
        let stages = if self.kind == Kind::Image { IMAGE_STAGES } else { SNAPSHOT_STAGES };
        let next = stages.iter().position(|(from, _, _)| *from > done).unwrap_or(stages.len() - 1);
        let at = next.saturating_sub(1);
        let (from, stage, low) = stages.get(at).copied().unwrap_or_default();
        let (to, _, high) = stages.get(next).copied().unwrap_or_default();
        let percent = low + (high - low) * (done - from) / (to - from).max(1);
        // A snapshot import that was only just submitted has been seen with this status too.
        let fresh = self.kind == Kind::Snapshot && done < 30;
        let status = if fresh { "pending" } else { "active" };
        Progress { status, message: Some(stage), percent: Some(percent), done }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed assertion is the point of a test")]

    use super::*;
    use crate::world::{DEMO_START, unix};
    use std::time::SystemTime;

    fn scene(minutes: i64) -> Scene {
        let start = SystemTime::UNIX_EPOCH + DEMO_START;
        let mut scene = Scene::new(1, "eu-west-1", start, start).unwrap();
        scene.now = unix(start) + minutes * MINUTE;
        scene
    }

    #[test]
    fn a_wave_comes_and_goes() {
        let counts = [-1, 2, 60, 165, 400].map(|minutes| shown(&scene(minutes)).len());
        assert_eq!(counts, [0, 1, 14, 39, 40]);
        assert_eq!(shown(&scene(9 * 24 * 60)).len(), 0);
        // What came of it stays.
        assert_eq!(submitted(&scene(9 * 24 * 60)).len(), 40);
    }

    #[test]
    fn work_goes_forward_through_its_stages() {
        for import in submitted(&scene(400)) {
            let mut last = import.progress(import.submitted);
            for minute in 1..2_000 {
                let next = import.progress(import.submitted + minute * MINUTE);
                assert!(next.done >= last.done, "{import:?}");
                assert!(next.percent.is_none() || next.percent >= last.percent, "{import:?}");
                last = next;
            }
            assert!(matches!(last.status, "completed" | "deleted"), "{import:?}");
            assert_eq!(last.percent, None);
        }
    }

    #[test]
    fn fates() {
        let minutes = 40 * 60;
        let end = |message: &str| {
            let ended = submitted(&scene(minutes)).into_iter();
            let ended = ended.map(|import| import.progress(scene(minutes).now).message.unwrap_or_default());
            ended.filter(|said| said.contains(message)).count()
        };
        assert_eq!(end("Error: ") + end("Failure: "), 6, "four fail, two stall and fail");
        assert_eq!(end("cancellation"), 2);
        assert_eq!(end(""), 40);
    }

    #[test]
    fn a_task_is_shown_for_seven_days_after_its_end() {
        let import = submitted(&scene(400)).remove(0);
        let minutes = (import.ends() - scene(0).now + SHOWN_AFTER_END) / MINUTE;
        let is_shown = |minutes| shown(&scene(minutes)).iter().any(|shown| shown.id == import.id);
        assert!(is_shown(minutes));
        assert!(!is_shown(minutes + 1));
    }
}
