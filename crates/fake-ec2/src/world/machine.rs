//! What is imported: machines and disks of a company that moves, and what people write about them.

/// An operating system as VM Import sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct System {
    pub(crate) title: &'static str,
    pub(crate) platform: &'static str,
    pub(crate) usage_operation: &'static str,
    pub(crate) license: &'static str,
    pub(crate) boot_mode: Option<&'static str>,
}

impl System {
    /// The name that the bill uses.
    pub(crate) fn platform_details(&self) -> &'static str {
        match self.usage_operation {
            "RunInstances:0002" => "Windows",
            "RunInstances:0010" => "Red Hat Enterprise Linux",
            "RunInstances:000g" => "SUSE Linux",
            _ => "Linux/UNIX",
        }
    }
}

const fn linux(title: &'static str, usage_operation: &'static str, boot_mode: Option<&'static str>) -> System {
    System { title, platform: "Linux", usage_operation, license: "BYOL", boot_mode }
}

const fn windows(title: &'static str) -> System {
    System {
        title,
        platform: "Windows",
        usage_operation: "RunInstances:0002",
        license: "AWS",
        boot_mode: Some("legacy-bios"),
    }
}

pub(crate) const SYSTEMS: &[System] = &[
    linux("Ubuntu 22.04.4 LTS", "RunInstances", Some("uefi")),
    linux("Ubuntu 20.04.6 LTS", "RunInstances", Some("legacy-bios")),
    linux("Debian GNU/Linux 12", "RunInstances", None),
    linux("Red Hat Enterprise Linux 9.4", "RunInstances:0010", Some("uefi-preferred")),
    linux("SUSE Linux Enterprise Server 15 SP5", "RunInstances:000g", Some("legacy-bios")),
    windows("Microsoft Windows Server 2019 Datacenter"),
    windows("Microsoft Windows Server 2016 Standard"),
];

pub(crate) const FORMATS: &[&str] = &["VMDK", "OVA", "RAW", "VHD", "vmdk", "ova", "VHDX"];
pub(crate) const OWNERS: &[&str] = &["maria", "jörg", "o'neill", "li wei", "ops@example.com"];
pub(crate) const ROLES: &[&str] = &["app", "db", "web", "erp", "file", "build", "mail", "ldap"];

/// Why imports fail: after which part of the work (per mille), on which platform if not on all, and
/// in the words that people have met.
pub(crate) const IMAGE_FAILURES: &[(i64, &str, &str)] = &[
    (650, "Linux", "ClientError: Unsupported kernel version 5.8.0-59-generic"),
    (60, "", "ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]"),
    (
        850,
        "Windows",
        "FirstBootFailure: This import request failed because the Windows instance failed to boot and establish network connectivity.",
    ),
    (90, "", "ClientError: Disk validation failed [Unsupported specified file format]"),
    (640, "", "ClientError: EFI partition detected. UEFI booting is not supported in EC2."),
    (660, "Linux", "ClientError: Multiple different grub/menu.lst files found."),
    (620, "", "ServerError: an internal error has occurred during conversion."),
];
pub(crate) const SNAPSHOT_FAILURES: &[(i64, &str, &str)] = &[
    (80, "", "ClientError: Disk validation failed [Unsupported specified file format]"),
    (700, "", "ClientError: Uncompressed data has invalid length"),
    (120, "", "ClientError: Footers not identical"),
];
pub(crate) const STALL_FAILURE: &str = "ServerError: an internal error has occurred during conversion.";

/// The people who describe machines do not think of parsers. By the number of the import.
pub(crate) fn description(slot: usize, ordinary: String) -> Option<String> {
    let text = match slot {
        3 => "Mainframe \"blue\" & <friends> 🚚",
        6 => "",
        8 => "نظام الفواتير / שלום",
        13 => "Zu\u{308}rich, Zürich, 東京, 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
        18 => "two\nlines and a\ttab, a lone & and ]]>",
        21 => return None,
        24 => "=SUM(A1:A9)",
        29 => "invoice\u{202e}gpj.exe",
        33 => "  blanks before and after  ",
        36 => "it's 'quoted'; -- not a comment",
        _ => return Some(ordinary),
    };
    Some(text.to_owned())
}
