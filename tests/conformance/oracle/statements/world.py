"""Random data, as EC2 would hold it: rows by table and region."""

import dataclasses

REGIONS = [
    "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1", "ap-south-1", "ap-southeast-2",
    "sa-east-1", "ca-central-1",
]
HOME = "us-east-1"
ACCOUNT = "111122223333"
OWNERS = {ACCOUNT: "self", "137112412989": "amazon", "444455556666": "444455556666"}
# What a filter's pattern, a LIKE, a quoting or an encoding could get wrong.
TEXTS = [
    "", "a", "A", "ab", "a b", " a", "a ", "web-*", "web-1", "web-12", "50%", "50%*", "5_0", "500", "back\\slash", "\\*", "*",
    "?", "a?c", "abc", "it's", '"quoted"', "<&>", "x&Filter.1.Value.2=y", "a=b", "1+1", "Größe", "größe", "日本語", "🚀", "e\u0301",
    "\u00e9", "NULL", "null", "true", "%", "_", "line\nbreak", "tab\t", ";--", "a,b", "]]>", "\u00a0", "7", "07", "{}", "z" * 80,
]
TAG_KEYS = ["wave", "Wave", "Owner", "odd key", "quote's", "50%", "*", "a:b", "ü"]
TAG_VALUES = [*TEXTS, "7", "7", "8", "8", "maria", "maria"]


@dataclasses.dataclass
class Column:
    """A column: its name, its type in DuckDB, what a random value is."""

    name: str
    type: str
    draw: object
    filter: str = None


@dataclasses.dataclass
class Table:
    """A table of the catalog, as far as statements speak of it."""

    name: str
    operation: str
    set: str
    id: str
    parameter: str
    columns: list
    not_found: str = ""
    malformed: str = ""
    prefix: str = "Filter"
    pages: bool = True
    # Documented values of a filter; one that is not named here takes any.
    closed: dict = dataclasses.field(default_factory=dict)
    # The column that the parameter `Owner` is about.
    owner: str = None

    def columns_of(self, *types):
        return [column for column in self.columns if column.type in types]


def pick(*values, null=0.15):
    """One of these, or NULL."""
    return lambda rng: None if rng.random() < null else rng.choice(values)


TEXT = pick(*TEXTS)
STATES = pick("active", "active", "completed", "deleted", "deleting", "pending", "Active", "act*", "")
PROGRESS = pick("0", "5", "28", "99", "100", "", null=0.4)
SIZES = pick(0.0, 1.5, 705638400.0, 1073741824.0, 1e10, -1.0)
BOOLEAN = pick(True, False)
ARCHITECTURE = pick("x86_64", "arm64", "i386", "x86_64 ")
BOOT = pick("uefi", "legacy-bios", "uefi-preferred", null=0.4)


def identifier(prefix, count, null=0.0, empty=0.0):
    """Ids from a small pool, so that references meet, and the same id stands in several regions."""
    def draw(rng):
        at = rng.random()
        if at < null:
            return None
        return "" if at < null + empty else f"{prefix}-{rng.randrange(count):08x}{'0123456789abcdef'[count % 16]}"
    return draw


AMI, SNAP, VOLUME, TASK, SNAP_TASK = ("ami", 14), ("snap", 14), ("vol", 14), ("import-ami", 12), ("import-snap", 12)
DISK = [
    Column("description", "VARCHAR", TEXT), Column("deviceName", "VARCHAR", pick("/dev/sda1", "/dev/sdb", "")),
    Column("diskImageSize", "DOUBLE", SIZES), Column("format", "VARCHAR", pick("VMDK", "vmdk", "OVA", "RAW")),
    Column("progress", "VARCHAR", PROGRESS), Column("snapshotId", "VARCHAR", identifier(*SNAP, null=0.2, empty=0.1)),
    Column("status", "VARCHAR", STATES), Column("statusMessage", "VARCHAR", TEXT),
]
TASKS = {"task-state": ["active", "completed", "deleting", "deleted"]}
IMPORT = {"prefix": "Filters", "pages": False, "not_found": "InvalidConversionTaskId",
          "malformed": "InvalidConversionTaskId.Malformed"}
TABLES = {table.name: table for table in [
    Table("import_image_tasks", "DescribeImportImageTasks", "importImageTaskSet", "importTaskId", "ImportTaskId", [
        Column("importTaskId", "VARCHAR", identifier(*TASK)), Column("description", "VARCHAR", TEXT),
        Column("architecture", "VARCHAR", ARCHITECTURE), Column("encrypted", "BOOLEAN", BOOLEAN),
        Column("imageId", "VARCHAR", identifier(*AMI, null=0.3, empty=0.05)),
        Column("licenseType", "VARCHAR", pick("AWS", "BYOL")), Column("platform", "VARCHAR", pick("Windows", "Linux", "")),
        Column("progress", "VARCHAR", PROGRESS), Column("status", "VARCHAR", STATES, "task-state"),
        Column("statusMessage", "VARCHAR", TEXT), Column("bootMode", "VARCHAR", BOOT),
    ], closed=TASKS, **IMPORT),
    Table("import_snapshot_tasks", "DescribeImportSnapshotTasks", "importSnapshotTaskSet", "importTaskId", "ImportTaskId", [
        Column("importTaskId", "VARCHAR", identifier(*SNAP_TASK)), Column("description", "VARCHAR", TEXT),
        *[Column(f"snapshotTaskDetail.{column.name}", column.type, column.draw) for column in DISK if column.name != "deviceName"],
        Column("snapshotTaskDetail.encrypted", "BOOLEAN", BOOLEAN),
    ], **IMPORT),
    # Its rows are the disks of the first table's, which are not drawn again.
    Table("import_image_task_snapshots", "DescribeImportImageTasks", None, "importTaskId", "ImportTaskId", [
        Column("importTaskId", "VARCHAR", identifier(*TASK)), Column("position", "BIGINT", pick(1, 2, 3, null=0)), *DISK,
    ], closed=TASKS, **IMPORT),
    Table("images", "DescribeImages", "imagesSet", "imageId", "ImageId", [
        Column("imageId", "VARCHAR", identifier(*AMI)), Column("name", "VARCHAR", TEXT, "name"),
        Column("description", "VARCHAR", TEXT, "description"),
        Column("imageState", "VARCHAR", pick("available", "available", "pending", "failed", "deregistered", ""), "state"),
        Column("architecture", "VARCHAR", ARCHITECTURE, "architecture"),
        Column("platform", "VARCHAR", pick("windows", "Windows", null=0.6), "platform"),
        Column("imageOwnerId", "VARCHAR", pick(*OWNERS, null=0), "owner-id"), Column("isPublic", "BOOLEAN", BOOLEAN),
        Column("bootMode", "VARCHAR", BOOT, "boot-mode"),
        Column("sourceImageId", "VARCHAR", identifier(*AMI, null=0.4), "source-image-id"),
        Column("creationDate", "VARCHAR", pick("2026-03-02T08:15:00.000Z", "2025-12-31T23:59:59.000Z", "2026-03-02")),
    ], not_found="InvalidAMIID.NotFound", malformed="InvalidAMIID.Malformed", owner="imageOwnerId", closed={
        "architecture": ["i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac"], "platform": ["windows"],
        "state": ["available", "pending", "failed"], "boot-mode": ["legacy-bios", "uefi", "uefi-preferred"],
    }),
    Table("snapshots", "DescribeSnapshots", "snapshotSet", "snapshotId", "SnapshotId", [
        Column("snapshotId", "VARCHAR", identifier(*SNAP)),
        Column("volumeId", "VARCHAR", identifier(*VOLUME, null=0.1), "volume-id"),
        Column("status", "VARCHAR", pick("pending", "completed", "error", "recoverable", ""), "status"),
        Column("ownerId", "VARCHAR", pick(*OWNERS, null=0), "owner-id"), Column("description", "VARCHAR", TEXT, "description"),
        Column("volumeSize", "INTEGER", pick(0, 1, 8, 8, 100, 16384)), Column("encrypted", "BOOLEAN", BOOLEAN),
        Column("progress", "VARCHAR", pick("100%", "28%", "")),
        Column("storageTier", "VARCHAR", pick("standard", "archive", "Standard"), "storage-tier"),
    ], not_found="InvalidSnapshot.NotFound", malformed="InvalidSnapshotID.Malformed", owner="ownerId", closed={
        "status": ["pending", "completed", "error"], "storage-tier": ["archive", "standard"],
    }),
    Table("volumes", "DescribeVolumes", "volumeSet", "volumeId", "VolumeId", [
        Column("volumeId", "VARCHAR", identifier(*VOLUME)),
        Column("snapshotId", "VARCHAR", identifier(*SNAP, null=0.1, empty=0.2), "snapshot-id"),
        Column("status", "VARCHAR", pick("creating", "available", "in-use", "error", "attaching"), "status"),
        Column("size", "INTEGER", pick(1, 8, 100)), Column("iops", "INTEGER", pick(100, 3000, null=0.5)),
        Column("volumeType", "VARCHAR", pick("gp2", "gp3", "io1", "gp*"), "volume-type"),
        Column("availabilityZone", "VARCHAR", pick("a", "b", "zone*", null=0), "availability-zone"),
        Column("encrypted", "BOOLEAN", BOOLEAN), Column("multiAttachEnabled", "BOOLEAN", BOOLEAN),
    ], not_found="InvalidVolume.NotFound", malformed="InvalidVolumeID.Malformed", closed={
        "status": ["creating", "available", "in-use", "deleting", "deleted", "error"],
        "volume-type": ["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"],
    }),
]}
DISKS = "import_image_task_snapshots"
TAGGED = [name for name in TABLES if name != DISKS]


class World:
    """Some regions and the rows in them; the last region has none."""

    def __init__(self, rng):
        self.regions = [HOME, *rng.sample(REGIONS, rng.randint(3, 5))]
        self.rows = {(name, region): [] for name in TABLES for region in self.regions}
        for name in TAGGED:
            for region in self.regions[:-1]:
                self.rows[name, region] = self._draw(TABLES[name], rng)
        for region in self.regions:
            self.rows[DISKS, region] = [
                {"importTaskId": task["importTaskId"], "position": place, **disk}
                for task in self.rows["import_image_tasks", region] for place, disk in enumerate(task["disks"] or [], 1)
            ]

    def _draw(self, table, rng):
        rows, seen = [], set()
        for _ in range(rng.choice([0, 3, 8, 12, 18])):
            row = {column.name: column.draw(rng) for column in table.columns}
            if row[table.id] in seen:
                continue
            seen.add(row[table.id])
            row["tags"] = self._tags(rng)
            if table.name == "import_image_tasks":
                disks = [{column.name: column.draw(rng) for column in DISK} for _ in range(rng.choice([0, 1, 1, 2, 3]))]
                row["disks"] = disks or rng.choice([None, []])
            rows.append(row)
        return rows

    def _tags(self, rng):
        if rng.random() < 0.15:
            return None
        tags = {key: rng.choice(TAG_VALUES) for key in rng.sample(TAG_KEYS, rng.choice([0, 1, 2, 3]))}
        return {key: None if rng.random() < 0.05 else value for key, value in tags.items()}

    def tag(self, table, key, rng):
        """A value that the tag has somewhere, or another text."""
        found = [(row["tags"] or {}).get(key) for (name, _), rows in self.rows.items() if name == table for row in rows]
        found = [value for value in found if value]
        return rng.choice(found) if found and rng.random() < 0.8 else rng.choice(TAG_VALUES)

    def values(self, table, column, rng):
        """A value that the column has somewhere, or another text."""
        found = [row[column] for (name, _), rows in self.rows.items() if name == table for row in rows]
        found = [value for value in found if value is not None]
        return rng.choice(found) if found and rng.random() < 0.8 else rng.choice(TEXTS)
