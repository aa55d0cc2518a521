//! Answers of EC2 in the sizes that are measured, made up from a seed: the same bytes on every machine.
//!
//! The harness (`cargo xtask bench`) serves them and the micro-benches decode them; nothing here is code of ec2ql.

use std::fmt::Write as _;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Import tasks of images, with 2 disks and 3 tags each.
    ImageTasks,
    /// Import tasks of snapshots, with 3 tags each.
    SnapshotTasks,
    /// Images, with 2 disks and 3 tags each.
    Images,
    /// Instances, two to a reservation, with an interface, 2 disks and 3 tags each.
    Instances,
}

/// One page: everything up to where its token belongs. It is kept apart, so that pages can be served in any order.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) text: String,
    work: Work,
    indented: bool,
}

impl Work {
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::ImageTasks => "DescribeImportImageTasks",
            Self::SnapshotTasks => "DescribeImportSnapshotTasks",
            Self::Images => "DescribeImages",
            Self::Instances => "DescribeInstances",
        }
    }

    fn list(self) -> &'static str {
        match self {
            Self::ImageTasks => "importImageTaskSet",
            Self::SnapshotTasks => "importSnapshotTaskSet",
            Self::Images => "imagesSet",
            Self::Instances => "reservationSet",
        }
    }
}

impl Page {
    /// The page with this number (from 0) and so many rows, which must be even for instances.
    pub(crate) fn new(work: Work, indented: bool, number: usize, rows: usize) -> Self {
        let seed = u64::try_from(number).unwrap_or_default();
        let mut xml = Xml { text: String::new(), indented, depth: 1, dice: Dice(0x9e37_79b9_7f4a_7c15 ^ (seed << 20)) };
        xml.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = write!(xml.text, "<{}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">", work.operation());
        xml.end_line();
        let request_id = format!("7a62c49f-347e-4fc4-9331-{:012x}", xml.dice.next() >> 16);
        xml.text_of("requestId", &request_id);
        xml.open(work.list());
        let items = if work == Work::Instances { rows / 2 } else { rows };
        for _ in 0..items {
            xml.group("item", |xml| match work {
                Work::ImageTasks => image_task(xml),
                Work::SnapshotTasks => snapshot_task(xml),
                Work::Images => image(xml),
                Work::Instances => reservation(xml),
            });
        }
        xml.close(work.list());
        Self { text: xml.text, work, indented }
    }

    /// What follows the text: the token of the next page, if one follows, and the end of the document.
    pub(crate) fn tail(&self, token: Option<&str>) -> String {
        let mut xml = Xml { text: String::new(), indented: self.indented, depth: 1, dice: Dice(1) };
        if let Some(token) = token {
            xml.text_of("nextToken", token);
        }
        let _ = write!(xml.text, "</{}Response>", self.work.operation());
        xml.text
    }
}

struct Xml {
    text: String,
    indented: bool,
    depth: usize,
    dice: Dice,
}

impl Xml {
    fn text_of(&mut self, name: &str, value: &str) {
        self.begin_line();
        let _ = write!(self.text, "<{name}>{value}</{name}>");
        self.end_line();
    }

    fn empty(&mut self, name: &str) {
        self.begin_line();
        let _ = write!(self.text, "<{name}/>");
        self.end_line();
    }

    fn open(&mut self, name: &str) {
        self.begin_line();
        let _ = write!(self.text, "<{name}>");
        self.end_line();
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.begin_line();
        let _ = write!(self.text, "</{name}>");
        self.end_line();
    }

    fn group(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.open(name);
        inside(self);
        self.close(name);
    }

    fn id_of(&mut self, name: &str, prefix: &str) {
        let id = self.dice.id(prefix);
        self.text_of(name, &id);
    }

    fn begin_line(&mut self) {
        if self.indented {
            (0..self.depth).for_each(|_| self.text.push_str("    "));
        }
    }

    fn end_line(&mut self) {
        if self.indented {
            self.text.push('\n');
        }
    }
}

/// Xorshift: enough to make values differ.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// 17 hexadecimal digits, as EC2's ids have.
    fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}{:016x}{:x}", self.next(), self.below(16))
    }

    /// A time of 2026.
    fn time(&mut self) -> String {
        let (month, day) = (1 + self.below(12), 1 + self.below(28));
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
    }
}

fn image_task(xml: &mut Xml) {
    let (server, wave, active) = (xml.dice.below(100_000), xml.dice.below(40), xml.dice.once_in(3));
    xml.text_of("architecture", "x86_64");
    let and = if xml.dice.once_in(10) { "&amp;" } else { "and" };
    xml.text_of(
        "description",
        &format!("Import of server-{server:05}, data centre migration, wave {wave} {and} follow-up"),
    );
    xml.text_of("encrypted", "true");
    xml.text_of("hypervisor", "xen");
    if !active {
        xml.id_of("imageId", "ami-");
    }
    xml.id_of("importTaskId", "import-ami-");
    xml.text_of("kmsKeyId", "arn:aws:kms:us-east-1:123456789012:key/96789cdb-1d1a-4a0e-8c5b-2c1f6d1b7e90");
    xml.text_of("licenseType", "BYOL");
    xml.text_of("platform", "Linux");
    if active {
        let percent = xml.dice.below(100);
        xml.text_of("progress", &percent.to_string());
    }
    xml.group("snapshotDetailSet", |xml| {
        for disk in 0..2 {
            xml.group("item", |xml| disk_detail(xml, server, disk));
        }
    });
    xml.text_of("status", if active { "active" } else { "completed" });
    if active {
        xml.text_of("statusMessage", "converting");
    }
    tags(xml, server, wave);
    xml.text_of("usageOperation", "RunInstances:0000");
    xml.text_of("bootMode", "legacy-bios");
}

fn disk_detail(xml: &mut Xml, server: u64, disk: u64) {
    xml.text_of("deviceName", if disk == 0 { "/dev/sda1" } else { "/dev/sdf" });
    let bytes = 1_000_000_000 + xml.dice.below(90_000_000_000);
    xml.text_of("diskImageSize", &format!("{bytes}.0"));
    xml.text_of("format", "VMDK");
    xml.id_of("snapshotId", "snap-");
    xml.text_of("status", "completed");
    xml.group("userBucket", |xml| {
        xml.text_of("s3Bucket", "migration-images-123456789012");
        xml.text_of("s3Key", &format!("exports/server-{server:05}/disk-{disk}.vmdk"));
    });
}

fn tags(xml: &mut Xml, server: u64, wave: u64) {
    let values =
        [("Name", format!("server-{server:05}")), ("wave", wave.to_string()), ("owner", "platform".to_owned())];
    xml.group("tagSet", |xml| {
        for (key, value) in values {
            xml.group("item", |xml| {
                xml.text_of("key", key);
                xml.text_of("value", &value);
            });
        }
    });
}

fn snapshot_task(xml: &mut Xml) {
    let (server, wave, active) = (xml.dice.below(100_000), xml.dice.below(40), xml.dice.once_in(3));
    xml.text_of("description", &format!("Data disk of server-{server:05}"));
    xml.id_of("importTaskId", "import-snap-");
    xml.group("snapshotTaskDetail", |xml| {
        xml.text_of("description", &format!("Data disk of server-{server:05}"));
        let bytes = 1_000_000_000 + xml.dice.below(90_000_000_000);
        xml.text_of("diskImageSize", &format!("{bytes}.0"));
        xml.text_of("encrypted", "false");
        xml.text_of("format", "VMDK");
        if active {
            let percent = xml.dice.below(100);
            xml.text_of("progress", &percent.to_string());
            xml.empty("snapshotId");
        } else {
            xml.id_of("snapshotId", "snap-");
        }
        xml.text_of("status", if active { "active" } else { "completed" });
        if active {
            xml.text_of("statusMessage", "downloading/converting");
        }
        xml.group("userBucket", |xml| {
            xml.text_of("s3Bucket", "migration-images-123456789012");
            xml.text_of("s3Key", &format!("exports/server-{server:05}/data.vmdk"));
        });
    });
    tags(xml, server, wave);
}

fn image(xml: &mut Xml) {
    let (server, wave) = (xml.dice.below(100_000), xml.dice.below(40));
    let (name, created) = (xml.dice.id("import-ami-"), xml.dice.time());
    xml.id_of("imageId", "ami-");
    xml.text_of("imageLocation", &format!("123456789012/{name}"));
    xml.text_of("imageState", "available");
    xml.text_of("imageOwnerId", "123456789012");
    xml.text_of("creationDate", &created);
    xml.text_of("isPublic", "false");
    xml.text_of("architecture", "x86_64");
    xml.text_of("imageType", "machine");
    xml.text_of("name", &name);
    xml.text_of("description", "AWS-VMImport service: Linux - Ubuntu 22.04.4 LTS - 5.15.0-105-generic");
    xml.text_of("rootDeviceType", "ebs");
    xml.text_of("rootDeviceName", "/dev/sda1");
    xml.group("blockDeviceMapping", |xml| {
        for device in ["/dev/sda1", "/dev/sdf"] {
            xml.group("item", |xml| {
                xml.text_of("deviceName", device);
                xml.group("ebs", |xml| {
                    xml.id_of("snapshotId", "snap-");
                    let gib = 8 + xml.dice.below(500);
                    xml.text_of("volumeSize", &gib.to_string());
                    xml.text_of("deleteOnTermination", "false");
                    xml.text_of("volumeType", "gp2");
                    xml.text_of("encrypted", "true");
                });
            });
        }
    });
    xml.text_of("virtualizationType", "hvm");
    tags(xml, server, wave);
    xml.text_of("hypervisor", "xen");
    xml.text_of("enaSupport", "true");
    xml.text_of("bootMode", "legacy-bios");
    xml.text_of("platformDetails", "Linux/UNIX");
    xml.text_of("usageOperation", "RunInstances");
    xml.text_of("deregistrationProtection", "disabled");
}

fn reservation(xml: &mut Xml) {
    xml.id_of("reservationId", "r-");
    xml.text_of("ownerId", "123456789012");
    xml.empty("groupSet");
    xml.group("instancesSet", |xml| {
        for index in 0..2 {
            xml.group("item", |xml| instance(xml, index));
        }
    });
}

fn instance(xml: &mut Xml, index: u64) {
    let (server, wave, launched) = (xml.dice.below(100_000), xml.dice.below(40), xml.dice.time());
    let address = format!("10.{}.{}.{}", xml.dice.below(256), xml.dice.below(256), 4 + xml.dice.below(250));
    let host = format!("ip-{}.ec2.internal", address.replace('.', "-"));
    xml.id_of("instanceId", "i-");
    xml.id_of("imageId", "ami-");
    xml.group("instanceState", |xml| {
        xml.text_of("code", "16");
        xml.text_of("name", "running");
    });
    xml.text_of("privateDnsName", &host);
    xml.empty("dnsName");
    xml.empty("reason");
    xml.text_of("keyName", "migration");
    xml.text_of("amiLaunchIndex", &index.to_string());
    xml.empty("productCodes");
    xml.text_of("instanceType", "m6i.large");
    xml.text_of("launchTime", &launched);
    xml.group("placement", |xml| {
        xml.text_of("availabilityZone", "us-east-1a");
        xml.empty("groupName");
        xml.text_of("tenancy", "default");
    });
    xml.group("monitoring", |xml| xml.text_of("state", "disabled"));
    xml.text_of("subnetId", "subnet-0a1b2c3d4e5f60718");
    xml.text_of("vpcId", "vpc-0a1b2c3d4e5f60718");
    xml.text_of("privateIpAddress", &address);
    xml.text_of("sourceDestCheck", "true");
    groups(xml);
    xml.text_of("architecture", "x86_64");
    xml.text_of("rootDeviceType", "ebs");
    xml.text_of("rootDeviceName", "/dev/sda1");
    xml.group("blockDeviceMapping", |xml| {
        for device in ["/dev/sda1", "/dev/sdf"] {
            xml.group("item", |xml| {
                xml.text_of("deviceName", device);
                xml.group("ebs", |xml| {
                    xml.id_of("volumeId", "vol-");
                    xml.text_of("status", "attached");
                    xml.text_of("attachTime", &launched);
                    xml.text_of("deleteOnTermination", "true");
                });
            });
        }
    });
    xml.text_of("virtualizationType", "hvm");
    xml.id_of("clientToken", "");
    tags(xml, server, wave);
    xml.text_of("hypervisor", "xen");
    xml.group("networkInterfaceSet", |xml| xml.group("item", |xml| interface(xml, &address, &host, &launched)));
    xml.text_of("ebsOptimized", "true");
    xml.text_of("enaSupport", "true");
    xml.group("cpuOptions", |xml| {
        xml.text_of("coreCount", "1");
        xml.text_of("threadsPerCore", "2");
    });
    xml.group("metadataOptions", |xml| {
        xml.text_of("state", "applied");
        xml.text_of("httpTokens", "required");
        xml.text_of("httpPutResponseHopLimit", "2");
        xml.text_of("httpEndpoint", "enabled");
    });
}

fn groups(xml: &mut Xml) {
    xml.group("groupSet", |xml| {
        xml.group("item", |xml| {
            xml.text_of("groupId", "sg-0a1b2c3d4e5f60718");
            xml.text_of("groupName", "migrated-servers");
        });
    });
}

fn interface(xml: &mut Xml, address: &str, host: &str, attached: &str) {
    xml.id_of("networkInterfaceId", "eni-");
    xml.text_of("subnetId", "subnet-0a1b2c3d4e5f60718");
    xml.text_of("vpcId", "vpc-0a1b2c3d4e5f60718");
    xml.empty("description");
    xml.text_of("ownerId", "123456789012");
    xml.text_of("status", "in-use");
    xml.text_of("macAddress", "0e:12:34:56:78:9a");
    xml.text_of("privateIpAddress", address);
    xml.text_of("privateDnsName", host);
    xml.text_of("sourceDestCheck", "true");
    groups(xml);
    xml.group("attachment", |xml| {
        xml.id_of("attachmentId", "eni-attach-");
        xml.text_of("deviceIndex", "0");
        xml.text_of("status", "attached");
        xml.text_of("attachTime", attached);
        xml.text_of("deleteOnTermination", "true");
    });
    xml.group("privateIpAddressesSet", |xml| {
        xml.group("item", |xml| {
            xml.text_of("privateIpAddress", address);
            xml.text_of("privateDnsName", host);
            xml.text_of("primary", "true");
        });
    });
}
