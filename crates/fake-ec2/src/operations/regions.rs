//! Regions and their zones. Neither is paged.

use super::{DEFAULT, Ids, Operation, filter};
use crate::element::Fields;
use crate::envelope::Failure;
use crate::query::Query;
use crate::world::region;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeRegions",
        set: "regionInfo",
        flags: &["DryRun", "AllRegions"],
        ids: &[Ids { parameter: "RegionName", path: "regionName", form: None, unknown: unknown_region }],
        filters: &[
            filter("endpoint", "regionEndpoint"),
            filter("opt-in-status", "optInStatus"),
            filter("region-name", "regionName"),
        ],
        visible: region_is_visible,
        rows: region::regions,
        ..DEFAULT
    },
    Operation {
        name: "DescribeAvailabilityZones",
        set: "availabilityZoneInfo",
        flags: &["DryRun", "AllAvailabilityZones"],
        ids: &[
            Ids { parameter: "ZoneName", path: "zoneName", form: None, unknown: unknown_zone },
            Ids { parameter: "ZoneId", path: "zoneId", form: None, unknown: unknown_zone },
        ],
        filters: &[
            filter("group-long-name", "groupLongName"),
            filter("group-name", "groupName"),
            filter("message", "messageSet/item/message"),
            filter("opt-in-status", "optInStatus"),
            filter("parent-zone-id", "parentZoneId"),
            filter("parent-zone-name", "parentZoneName"),
            filter("region-name", "regionName"),
            filter("state", "zoneState"),
            filter("zone-id", "zoneId"),
            filter("zone-name", "zoneName"),
            filter("zone-type", "zoneType"),
        ],
        visible: zone_is_visible,
        rows: region::zones,
        ..DEFAULT
    },
];

fn region_is_visible(query: &Query, region: &Fields) -> bool {
    let named = !query.list("RegionName").is_empty();
    named || query.flag("AllRegions") || is_enabled(region)
}

fn zone_is_visible(query: &Query, zone: &Fields) -> bool {
    query.flag("AllAvailabilityZones") || is_enabled(zone)
}

fn is_enabled(row: &Fields) -> bool {
    row.values("optInStatus") != ["not-opted-in"]
}

fn unknown_region(names: &[&str]) -> Failure {
    Failure::bad("InvalidParameterValue", format!("Invalid region names: [{}]", names.join(", ")))
}

fn unknown_zone(names: &[&str]) -> Failure {
    Failure::bad("InvalidParameterValue", format!("Invalid availability zones: [{}]", names.join(", ")))
}
