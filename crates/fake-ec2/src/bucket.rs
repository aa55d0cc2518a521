//! EC2's throttling: one token bucket for each action in each region.
//!
//! Sizes from AWS's page "Request throttling for the Amazon EC2 API".

use std::collections::HashMap;

use crate::fault::Facts;

/// So much of a bucket's content is one request.
const REQUEST: u64 = 1_000;

/// How much a bucket holds, and how much of it comes back in a millisecond (thousandths of a request).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    requests: u64,
    per_ms: Refill,
}

/// 20 a second are 20 thousandths a millisecond; half a request a second is one every two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refill {
    thousandths: u64,
    ms: u64,
}

#[derive(Debug)]
struct Bucket {
    thousandths: u64,
    at_ms: u64,
}

/// Buckets, full until they are used.
#[derive(Debug, Default)]
pub(crate) struct Buckets(HashMap<(String, String, Option<&'static str>), Bucket>);

impl Buckets {
    /// Takes one request out, if there is one.
    pub(crate) fn take(&mut self, facts: Facts<'_>) -> bool {
        let size = size(facts);
        let plain = has_plain_bucket(facts).then_some("plain");
        let key = (facts.region.to_owned(), facts.operation.to_owned(), plain);
        let full = size.requests * REQUEST;
        let bucket = self.0.entry(key).or_insert(Bucket { thousandths: full, at_ms: facts.now_ms });
        // Time that is too short for a part of a request is kept for the next look.
        let steps = facts.now_ms.saturating_sub(bucket.at_ms) / size.per_ms.ms;
        bucket.at_ms += steps * size.per_ms.ms;
        let refilled = bucket.thousandths.saturating_add(steps.saturating_mul(size.per_ms.thousandths));
        bucket.thousandths = refilled.min(full);
        let Some(left) = bucket.thousandths.checked_sub(REQUEST) else {
            return false;
        };
        bucket.thousandths = left;
        true
    }
}

fn size(facts: Facts<'_>) -> Size {
    let size = |requests, thousandths, ms| Size { requests, per_ms: Refill { thousandths, ms } };
    match facts.operation {
        "DescribeStoreImageTasks" => size(50, 1, 2),
        _ if has_plain_bucket(facts) => size(50, 10, 1),
        _ => size(100, 20, 1),
    }
}

/// Everything at once is dearer in these.
fn has_plain_bucket(facts: Facts<'_>) -> bool {
    let dear = ["DescribeInstances", "DescribeSnapshots", "DescribeVolumes"];
    facts.plain && dear.contains(&facts.operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(operation: &str, now_ms: u64) -> Facts<'_> {
        Facts { operation, region: "us-east-1", page: 1, plain: true, now_ms }
    }

    /// How many of `asked` requests at one time are let through.
    fn passed(buckets: &mut Buckets, facts: Facts<'_>, asked: usize) -> usize {
        (0..asked).filter(|_| buckets.take(facts)).count()
    }

    #[test]
    fn a_hundred_at_once_then_twenty_a_second() {
        let mut buckets = Buckets::default();
        let at = |ms: u64| facts("DescribeImportImageTasks", 1_000_000 + ms);
        assert_eq!(passed(&mut buckets, at(0), 150), 100);
        assert_eq!(passed(&mut buckets, at(49), 1), 0);
        assert_eq!(passed(&mut buckets, at(50), 2), 1);
        assert_eq!(passed(&mut buckets, at(1_050), 50), 20);
        // It does not grow above its size.
        assert_eq!(passed(&mut buckets, at(3_600_000), 150), 100);
        // A clock that goes back gives nothing.
        assert_eq!(passed(&mut buckets, at(0), 1), 0);
    }

    #[test]
    fn half_a_request_a_second() {
        let mut buckets = Buckets::default();
        let at = |ms| facts("DescribeStoreImageTasks", ms);
        assert_eq!(passed(&mut buckets, at(0), 60), 50);
        assert_eq!(passed(&mut buckets, at(1_999), 1), 0);
        assert_eq!(passed(&mut buckets, at(2_000), 2), 1);
        // Odd looks lose no time: 2,001 and 4,001 are as far apart as 2,000 and 4,000.
        assert_eq!(passed(&mut buckets, at(2_001), 1), 0);
        assert_eq!(passed(&mut buckets, at(4_000), 2), 1);
    }

    #[test]
    fn everything_at_once_is_dearer() {
        let mut buckets = Buckets::default();
        let plain = facts("DescribeInstances", 0);
        assert_eq!(passed(&mut buckets, plain, 60), 50);
        assert_eq!(passed(&mut buckets, Facts { plain: false, ..plain }, 150), 100);
    }

    #[test]
    fn regions_and_actions_do_not_share() {
        let mut buckets = Buckets::default();
        let here = facts("DescribeImages", 0);
        assert_eq!(passed(&mut buckets, here, 101), 100);
        assert_eq!(passed(&mut buckets, Facts { region: "eu-west-1", ..here }, 101), 100);
        assert_eq!(passed(&mut buckets, facts("DescribeRegions", 0), 101), 100);
    }
}
