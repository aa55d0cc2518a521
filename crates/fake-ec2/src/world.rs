//! The account whose data is answered: a pure function of seed, region, start of the wave and time.

pub(crate) mod image;
mod import;
pub(crate) mod instance;
mod machine;
pub(crate) mod other_tasks;
mod plan;
pub(crate) mod region;
pub(crate) mod tasks;

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use crate::auth;
use crate::dice::Dice;
use crate::envelope::Failure;

/// 2026-11-16T08:00:00Z: the demo's wave begins on a Monday morning.
pub(crate) const DEMO_START: Duration = Duration::from_hours(498_560);
/// How old the wave is when the demo starts: most imports are under way or done.
pub(crate) const DEMO_AGE: Duration = Duration::from_mins(165);
/// The account's number.
pub(crate) const ACCOUNT: &str = "123456789012";

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const GIB: i64 = 1 << 30;

/// One region at one time. Times are Unix seconds.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) region: String,
    pub(crate) start: i64,
    pub(crate) now: i64,
    seed: u64,
}

impl Scene {
    /// A region that is not enabled answers as if the key were unknown.
    pub(crate) fn new(seed: u64, region: &str, start: SystemTime, now: SystemTime) -> Result<Self, Failure> {
        if !region::is_enabled(region) {
            return Err(auth::unknown_credentials());
        }
        Ok(Self { region: region.to_owned(), start: unix(start), now: unix(now), seed })
    }

    /// Dice for one thing in this region.
    pub(crate) fn dice(&self, name: &str) -> Dice {
        Dice::new(self.seed, &format!("{}/{name}", self.region))
    }

    /// The scene in a region with imports; empty elsewhere.
    fn wave_number(&self) -> Option<usize> {
        region::WAVE.iter().position(|region| *region == self.region)
    }
}

fn unix(time: SystemTime) -> i64 {
    DateTime::<Utc>::from(time).timestamp()
}

/// `2026-11-16T08:00:00.000Z`, as EC2 writes most times.
pub(crate) fn iso(seconds: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// For the `Date` header.
pub(crate) fn http_date(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
