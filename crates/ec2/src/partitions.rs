//! Where EC2 is: the partitions, their regions, and the names of their hosts.
//!
//! The facts are those of AWS's endpoint rule set for EC2 and of `partitions.json`, as botocore ships them.

/// A group of regions with accounts, credentials and host names of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// AWS's name for it, such as `aws-cn`.
    pub name: &'static str,
    /// What a host name ends with.
    pub dns_suffix: &'static str,
    /// What the name of a dual-stack host ends with.
    pub dual_stack_dns_suffix: &'static str,
    /// Its regions are named `<prefix>-<word>-<number>` with one of these.
    pub region_prefixes: &'static [&'static str],
    /// The known regions, sorted.
    pub regions: &'static [&'static str],
    /// The FIPS host outside of dual-stack has the plain name.
    fips_is_plain: bool,
}

/// A known region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionInfo {
    /// The region's name.
    pub name: &'static str,
    /// The partition that it belongs to.
    pub partition: &'static Partition,
}

/// All partitions.
pub fn partitions() -> &'static [Partition] {
    &PARTITIONS
}

/// All known regions, partition by partition. Whether an account has enabled them only EC2 knows.
pub fn regions() -> impl Iterator<Item = RegionInfo> {
    PARTITIONS.iter().flat_map(|partition| partition.regions.iter().map(move |name| RegionInfo { name, partition }))
}

impl Partition {
    /// Whether a region of this partition could have the name: `us-east-1`, `us-gov-west-1`.
    pub fn matches(&self, region: &str) -> bool {
        const NAME_BYTES_MAX: usize = 32;
        let word = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        region.len() <= NAME_BYTES_MAX
            && self.region_prefixes.iter().any(|prefix| {
                let rest = region.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
                rest.and_then(|rest| rest.split_once('-')).is_some_and(|(place, number)| {
                    word(place) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
                })
            })
    }

    /// The name of EC2's host for a region of this partition.
    pub(crate) fn host(&self, region: &str, fips: bool, dual_stack: bool) -> String {
        let service = if fips && (dual_stack || !self.fips_is_plain) { "ec2-fips" } else { "ec2" };
        let suffix = if dual_stack { self.dual_stack_dns_suffix } else { self.dns_suffix };
        format!("{service}.{region}.{suffix}")
    }
}

static PARTITIONS: [Partition; 8] = [
    Partition {
        name: "aws",
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
        region_prefixes: &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
        regions: &[
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "me-west-1",
            "mx-central-1",
            "sa-east-1",
            "sa-west-1",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
        ],
        fips_is_plain: false,
    },
    Partition {
        name: "aws-cn",
        dns_suffix: "amazonaws.com.cn",
        dual_stack_dns_suffix: "api.amazonwebservices.com.cn",
        region_prefixes: &["cn"],
        regions: &["cn-north-1", "cn-northwest-1"],
        fips_is_plain: false,
    },
    Partition {
        name: "aws-eusc",
        dns_suffix: "amazonaws.eu",
        dual_stack_dns_suffix: "api.amazonwebservices.eu",
        region_prefixes: &["eusc-de"],
        regions: &["eusc-de-east-1"],
        fips_is_plain: false,
    },
    Partition {
        name: "aws-iso",
        dns_suffix: "c2s.ic.gov",
        dual_stack_dns_suffix: "api.aws.ic.gov",
        region_prefixes: &["us-iso"],
        regions: &["us-iso-east-1", "us-iso-west-1"],
        fips_is_plain: false,
    },
    Partition {
        name: "aws-iso-b",
        dns_suffix: "sc2s.sgov.gov",
        dual_stack_dns_suffix: "api.aws.scloud",
        region_prefixes: &["us-isob"],
        regions: &["us-isob-east-1", "us-isob-west-1"],
        fips_is_plain: false,
    },
    Partition {
        name: "aws-iso-e",
        dns_suffix: "cloud.adc-e.uk",
        dual_stack_dns_suffix: "api.cloud-aws.adc-e.uk",
        region_prefixes: &["eu-isoe"],
        regions: &["eu-isoe-west-1"],
        fips_is_plain: false,
    },
    Partition {
        name: "aws-iso-f",
        dns_suffix: "csp.hci.ic.gov",
        dual_stack_dns_suffix: "api.aws.hci.ic.gov",
        region_prefixes: &["us-isof"],
        regions: &["us-isof-east-1", "us-isof-south-1"],
        fips_is_plain: false,
    },
    Partition {
        name: "aws-us-gov",
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
        region_prefixes: &["us-gov"],
        regions: &["us-gov-east-1", "us-gov-west-1"],
        fips_is_plain: true,
    },
];
