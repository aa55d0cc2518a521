//! AWS's standard retry mode, with the numbers that its SDKs use since 2026.
//!
//! No crate is used for it: the general ones (`backon`, `backoff`) know neither the bucket nor two bases nor the
//! server's own delay, and AWS's is tied to its SDK's orchestrator. The arithmetic is all there is to it.

use std::time::Duration;

use crate::{Error, Kind};

/// How often a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The most requests for one page: the first and its retries.
    pub attempts_max: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts_max: 3 }
    }
}

/// Why another attempt may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Throttle,
    Transient,
}

impl Cause {
    pub(crate) fn of(error: &Error) -> Option<Self> {
        match error.kind() {
            Kind::Throttled => Some(Self::Throttle),
            _ if error.is_retryable() => Some(Self::Transient),
            _ => None,
        }
    }

    fn base_s(self) -> f64 {
        match self {
            Self::Throttle => 1.0,
            Self::Transient => 0.05,
        }
    }

    fn cost(self) -> u32 {
        match self {
            Self::Throttle => 5,
            Self::Transient => 14,
        }
    }
}

/// How long to wait before retry `retry` (from 0): `random` × min(base × 2^retry, 20 s). What the server asks for in
/// `x-amz-retry-after` (milliseconds) counts between that and 5 s more; nonsense in it is ignored.
pub(crate) fn delay(cause: Cause, retry: u32, random: f64, retry_after: Option<&str>) -> Duration {
    const DELAY_MAX_S: f64 = 20.0;
    const RETRY_AFTER_EXTRA_MAX: Duration = Duration::from_secs(5);
    let seconds = random.clamp(0.0, 1.0) * (cause.base_s() * 2_f64.powi(retry.min(16).cast_signed())).min(DELAY_MAX_S);
    let own = Duration::from_secs_f64(seconds);
    match retry_after.and_then(|value| value.trim().parse::<u64>().ok()) {
        Some(wanted_ms) => Duration::from_millis(wanted_ms).clamp(own, own + RETRY_AFTER_EXTRA_MAX),
        None => own,
    }
}

/// The retries that a region may still have. It keeps an outage from being answered with many times the load.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: u32,
}

impl Bucket {
    const TOKENS_MAX: u32 = 500;

    /// Takes what a retry costs and gives it back as a number; `None` when there is not enough.
    pub(crate) fn take(&mut self, cause: Cause) -> Option<u32> {
        let cost = cause.cost();
        self.tokens = self.tokens.checked_sub(cost)?;
        Some(cost)
    }

    /// A request succeeded: its last retry's cost comes back, or 1 when it had none.
    pub(crate) fn give_back(&mut self, last_cost: Option<u32>) {
        self.tokens = self.tokens.saturating_add(last_cost.unwrap_or(1)).min(Self::TOKENS_MAX);
    }
}

impl Default for Bucket {
    fn default() -> Self {
        Self { tokens: Self::TOKENS_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cause: Cause, retry: u32, random: f64, retry_after: Option<&str>, expected_ms: u64) {
        assert_eq!(delay(cause, retry, random, retry_after), Duration::from_millis(expected_ms));
    }

    #[test]
    fn the_delay_doubles_up_to_twenty_seconds() {
        check(Cause::Throttle, 0, 1.0, None, 1_000);
        check(Cause::Throttle, 1, 0.5, None, 1_000);
        check(Cause::Throttle, 9, 1.0, None, 20_000);
        check(Cause::Throttle, u32::MAX, 1.0, None, 20_000);
        check(Cause::Transient, 0, 1.0, None, 50);
        check(Cause::Transient, 1, 1.0, None, 100);
        check(Cause::Transient, 0, 0.0, None, 0);
    }

    #[test]
    fn the_servers_delay_is_clamped_or_ignored() {
        check(Cause::Transient, 0, 1.0, Some("0"), 50);
        check(Cause::Transient, 0, 1.0, Some("3000"), 3_000);
        check(Cause::Transient, 0, 1.0, Some("1000000000000"), 5_050);
        check(Cause::Transient, 0, 1.0, Some("-5"), 50);
        check(Cause::Transient, 0, 1.0, Some("soon"), 50);
        check(Cause::Transient, 0, 1.0, Some("99999999999999999999999"), 50);
    }

    #[test]
    fn the_bucket_runs_dry_and_fills_again() {
        let mut bucket = Bucket::default();
        assert_eq!(std::iter::from_fn(|| bucket.take(Cause::Transient)).count(), 35);
        assert_eq!(std::iter::from_fn(|| bucket.take(Cause::Throttle)).count(), 2);
        bucket.give_back(Some(14));
        bucket.give_back(None);
        assert_eq!(bucket.tokens, 15);
        (0..1_000).for_each(|_| bucket.give_back(None));
        assert_eq!(bucket.tokens, 500);
    }
}
