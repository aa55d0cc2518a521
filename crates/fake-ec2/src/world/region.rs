//! The regions, and whether the account may use them.

/// Where the wave imports to.
pub(crate) const WAVE: [&str; 5] = [
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
];

/// Whether an account may use a region, in EC2's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptIn {
    NotRequired,
    OptedIn,
    NotOptedIn,
}

impl OptIn {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotRequired => "opt-in-not-required",
            Self::OptedIn => "opted-in",
            Self::NotOptedIn => "not-opted-in",
        }
    }
}

/// Name, status, geography, the letters of its zones.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) name: &'static str,
    pub(crate) opt_in: OptIn,
    pub(crate) geography: &'static str,
    pub(crate) zones: &'static str,
}

const fn region(
    name: &'static str,
    opt_in: OptIn,
    geography: &'static str,
    zones: &'static str,
) -> Region {
    Region {
        name,
        opt_in,
        geography,
        zones,
    }
}

pub(crate) const REGIONS: &[Region] = &[
    region("af-south-1", OptIn::NotOptedIn, "South Africa", "abc"),
    region("ap-east-1", OptIn::NotOptedIn, "Hong Kong", "abc"),
    region("ap-northeast-1", OptIn::NotRequired, "Japan", "acd"),
    region("ap-northeast-2", OptIn::NotRequired, "Korea", "abcd"),
    region("ap-northeast-3", OptIn::NotRequired, "Japan", "abc"),
    region("ap-south-1", OptIn::NotRequired, "India", "abc"),
    region("ap-southeast-1", OptIn::NotRequired, "Singapore", "abc"),
    region("ap-southeast-2", OptIn::NotRequired, "Australia", "abc"),
    region("ca-central-1", OptIn::NotRequired, "Canada", "abd"),
    region("eu-central-1", OptIn::NotRequired, "Germany", "abc"),
    region("eu-central-2", OptIn::OptedIn, "Switzerland", "abc"),
    region("eu-north-1", OptIn::NotRequired, "Sweden", "abc"),
    region("eu-south-1", OptIn::NotOptedIn, "Italy", "abc"),
    region("eu-west-1", OptIn::NotRequired, "Ireland", "abc"),
    region("eu-west-2", OptIn::NotRequired, "United Kingdom", "abc"),
    region("eu-west-3", OptIn::NotRequired, "France", "abc"),
    region("me-south-1", OptIn::NotOptedIn, "Bahrain", "abc"),
    region("sa-east-1", OptIn::NotRequired, "Brazil", "abc"),
    region(
        "us-east-1",
        OptIn::NotRequired,
        "United States of America",
        "abcdef",
    ),
    region(
        "us-east-2",
        OptIn::NotRequired,
        "United States of America",
        "abc",
    ),
    region(
        "us-west-1",
        OptIn::NotRequired,
        "United States of America",
        "ac",
    ),
    region(
        "us-west-2",
        OptIn::NotRequired,
        "United States of America",
        "abcd",
    ),
];

pub(crate) fn find(name: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.name == name)
}

pub(crate) fn is_enabled(name: &str) -> bool {
    find(name).is_some_and(|region| region.opt_in != OptIn::NotOptedIn)
}
