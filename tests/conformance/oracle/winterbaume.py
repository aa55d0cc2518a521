"""Part 4: the import tables read what an endpoint of another author answers."""

import contextlib
import pathlib
import subprocess

from . import moto

TABLES = ["import_image_tasks", "import_snapshot_tasks"]


@contextlib.contextmanager
def server(context):
    """`winterbaume-ec2` on a free port, built in its own tree."""
    manifest = pathlib.Path(context.root, "tests/conformance/winterbaume/Cargo.toml")
    target = context.target / "conformance-winterbaume"
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--manifest-path", manifest, "--target-dir", target], check=True)
    process = subprocess.Popen([target / "debug/conformance-winterbaume"], stdout=subprocess.PIPE)
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.terminate()
        process.wait()


def run(context):
    """Imports are started through boto3 and read by both."""
    rows_part, condition_part = "4 winterbaume: boto3's rows", "4 winterbaume: conditions"
    tables = {table.name: table for table in context.all_tables}
    with server(context) as url:
        ec2 = moto.client("ec2", url, "any", "thing")
        _populate(ec2)
        keys = {}
        for name in TABLES:
            table = tables[name]
            expected = sorted(moto.boto3_rows(table, ec2), key=str)
            if len(expected) < 3:
                context.report.failed(rows_part, name, f"only {len(expected)} tasks: the case proves nothing")
                continue
            sql = f"SELECT * FROM aws.ec2_api.{name} WHERE region = 'us-east-1'"
            moto._compare(context, rows_part, table, sql, url, keys, expected, ordered=False)
            # The endpoint ignores ids and filters, as EC2 is known to do: the rows are sifted again.
            one = expected[0]["importTaskId"]
            some = [row for row in expected if row["importTaskId"] == one]
            moto._compare(context, condition_part, table, f"{sql} AND importTaskId = '{one}'", url, keys, some, ordered=False)
            tagged = [row for row in expected if {"key": "wave", "value": "7"} in (row["tagSet"] or [])]
            moto._compare(context, condition_part, table, f"{sql} AND tags['wave'] = '7'", url, keys, tagged, ordered=False)
    context.wanted[rows_part] = len(TABLES)
    context.wanted[condition_part] = 2 * len(TABLES)


def _populate(ec2):
    for wave in ("7", "7", "8"):
        tags = [{"Key": "wave", "Value": wave}, {"Key": "odd", "Value": "<&>"}]
        ec2.import_image(
            Description=f"wave-{wave}-<&>-ü", Architecture="x86_64", Platform="Linux", LicenseType="BYOL",
            TagSpecifications=[{"ResourceType": "import-image-task", "Tags": tags}],
        )
        ec2.import_snapshot(
            Description=f"wave-{wave}", DiskContainer={"Format": "VMDK", "Url": "s3://bucket/disk.vmdk"},
            TagSpecifications=[{"ResourceType": "import-snapshot-task", "Tags": tags}],
        )
