//! The regions, whether the account may use them, and their zones.

use super::Scene;
use crate::element::Fields;

/// Where the wave imports to.
pub(crate) const WAVE: [&str; 5] = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1"];

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

const fn region(name: &'static str, opt_in: OptIn, geography: &'static str, zones: &'static str) -> Region {
    Region { name, opt_in, geography, zones }
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
    region("us-east-1", OptIn::NotRequired, "United States of America", "abcdef"),
    region("us-east-2", OptIn::NotRequired, "United States of America", "abc"),
    region("us-west-1", OptIn::NotRequired, "United States of America", "ac"),
    region("us-west-2", OptIn::NotRequired, "United States of America", "abcd"),
];

pub(crate) fn find(name: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.name == name)
}

pub(crate) fn is_enabled(name: &str) -> bool {
    find(name).is_some_and(|region| region.opt_in != OptIn::NotOptedIn)
}

/// `use1-az1`: the ids of zones are the same in every account, the letters are not.
pub(crate) fn zone_id(region: &str, number: usize) -> String {
    let mut parts = region.split('-');
    let area = parts.next().unwrap_or_default();
    let direction = match parts.next().unwrap_or_default() {
        "northeast" => "ne",
        "southeast" => "se",
        other => other.get(..1).unwrap_or_default(),
    };
    format!("{area}{direction}{}-az{number}", parts.next().unwrap_or_default())
}

/// `DescribeRegions`: the same whatever region is asked.
pub(crate) fn regions(_: &Scene) -> Vec<Fields> {
    let one = |region: &Region| {
        Fields::new()
            .text("regionName", region.name)
            .text("regionEndpoint", format!("ec2.{}.amazonaws.com", region.name))
            .text("optInStatus", region.opt_in.as_str())
            .list("geographySet", [Fields::new().text("name", region.geography)])
    };
    REGIONS.iter().map(one).collect()
}

/// `DescribeAvailabilityZones`.
pub(crate) fn zones(scene: &Scene) -> Vec<Fields> {
    let Some(region) = find(&scene.region) else {
        return Vec::new();
    };
    let letters = region.zones.chars().zip(1..);
    let mut zones: Vec<Fields> = letters
        .map(|(letter, number)| {
            let name = format!("{}{letter}", region.name);
            zone(region, OptIn::NotRequired, region.name, &name, &zone_id(region.name, number))
                .text("zoneType", "availability-zone")
        })
        .collect();
    if region.name == "us-west-2" {
        let parent = Fields::new().text("parentZoneName", "us-west-2a").text("parentZoneId", "usw2-az1");
        let local = zone(region, OptIn::NotOptedIn, "us-west-2-lax-1", "us-west-2-lax-1a", "usw2-lax1-az1");
        zones.push(local.text("zoneType", "local-zone").extend(parent));
    }
    zones
}

fn zone(region: &Region, opt_in: OptIn, group: &str, name: &str, id: &str) -> Fields {
    Fields::new()
        .text("zoneName", name)
        .text("zoneState", "available")
        .text("regionName", region.name)
        .list("messageSet", [])
        .text("zoneId", id)
        .text("groupName", group)
        .text("networkBorderGroup", group)
        .text("optInStatus", opt_in.as_str())
        .list("geographySet", [Fields::new().text("name", region.geography)])
}
