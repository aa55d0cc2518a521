"""Part 3: moto's server, which checks signatures, and boto3's rows from the same server."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
import botocore.config

from . import program

REGION = "us-east-1"
# What is set up before authentication begins: a user, its policy, its key.
SETUP_ACTIONS = 3
START_TIMEOUT_S = 60
TABLES = ["images", "snapshots", "volumes", "instances", "regions", "availability_zones"]
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


@contextlib.contextmanager
def server(folder):
    """moto on a free port, with authentication after the first actions."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = pathlib.Path(folder, "moto.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": str(SETUP_ACTIONS)}
    command = [str(pathlib.Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, log)
            yield url
        finally:
            process.terminate()
            process.wait()


def _wait(url, process, log):
    """Until the server answers."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5).read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"moto did not start: {log.read_text()}")


def client(service, url, access_key, secret_key):
    """A boto3 client of a loopback server."""
    return boto3.client(
        service, region_name=REGION, endpoint_url=url, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
        config=botocore.config.Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True),
    )


def run(context):
    """The whole part."""
    with server(context.work) as url:
        iam = client("iam", url, "any", "thing")
        iam.create_user(UserName="reader")
        iam.put_user_policy(UserName="reader", PolicyName="all", PolicyDocument=ALLOW_ALL)
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        access_key, secret_key = key["AccessKeyId"], key["SecretAccessKey"]
        ec2 = client("ec2", url, access_key, secret_key)
        made = _populate(ec2)
        keys = {"access_key": access_key, "secret_key": secret_key}
        _authentication(context, url, keys)
        _tables(context, url, keys, ec2)
        _conditions(context, url, keys, ec2, made)


def _populate(ec2):
    """Things to read, with tags and with text that wants escaping."""
    image = ec2.describe_images()["Images"][0]["ImageId"]
    tags = [{"Key": "wave", "Value": "7"}, {"Key": "odd <&> 🚀", "Value": " a\n\"b\" "}, {"Key": "empty", "Value": ""}]
    instances = ec2.run_instances(
        ImageId=image, MinCount=5, MaxCount=5, InstanceType="t3.micro",
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )["Instances"]
    ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2)
    volumes = []
    for size in (1, 8, 16384):
        volumes.append(ec2.create_volume(
            AvailabilityZone=f"{REGION}a", Size=size, TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )["VolumeId"])
    snapshots = [
        ec2.create_snapshot(VolumeId=volume, Description=f"Created by <me> & \"you\" {volume}")["SnapshotId"]
        for volume in volumes
    ]
    ec2.create_tags(Resources=[snapshots[0]], Tags=tags)
    return {"instances": [i["InstanceId"] for i in instances], "volumes": volumes, "snapshots": snapshots}


def _authentication(context, url, keys):
    """A right key is let in, a wrong one is refused and named as such."""
    part = "3 moto: authentication"
    sql = f"SELECT regionName FROM aws.ec2_api.regions WHERE region = '{REGION}'"
    attempts = {
        "right": (keys, 0, ""),
        "wrong secret": (keys | {"secret_key": "x" + keys["secret_key"][1:]}, 4, "28P01"),
        "unknown key": (keys | {"access_key": "AKIAUNKNOWNUNKNOWN00"}, 4, "28P01"),
    }
    for name, (used, code, sqlstate) in attempts.items():
        outcome = context.program.run(sql, url, "-o", "json", **used)
        context.report.equal(part, name, [code, True], [outcome.code, sqlstate in outcome.errors])
    context.wanted[part] = len(attempts)


def boto3_rows(table, ec2, **arguments):
    """The rows of every page, as boto3 reads them."""
    operation = "".join(("_" if c.isupper() else "") + c.lower() for c in table.operation).lstrip("_")
    if ec2.can_paginate(operation):
        pages = ec2.get_paginator(operation).paginate(**arguments)
    else:
        pages = [getattr(ec2, operation)(**arguments)]
    return [row for page in pages for row in table.rows(REGION, page)]


def _tables(context, url, keys, ec2):
    """Whole tables."""
    part = "3 moto: boto3's rows"
    for table in (table for table in context.all_tables if table.name in TABLES):
        expected = boto3_rows(table, ec2)
        if not expected:
            context.report.failed(part, table.name, "moto has no row of it: the case proves nothing")
            continue
        sql = f"SELECT * FROM aws.ec2_api.{table.name} WHERE region = '{REGION}'"
        _compare(context, part, table, sql, url, keys, expected)
    context.wanted[part] = len(TABLES)


def _conditions(context, url, keys, ec2, made):
    """Ids, unknown ids, tags and limits, against moto's own reading of them."""
    part = "3 moto: ids, tags, limits"
    tables = {table.name: table for table in context.all_tables}
    tagged = {"Filters": [{"Name": "tag:wave", "Values": ["7"]}]}
    columns = {"instances": ("instanceId", "InstanceIds", "i-00000000000000001"), "volumes": ("volumeId", "VolumeIds", "vol-00000000000000001"),
               "snapshots": ("snapshotId", "SnapshotIds", "snap-00000000000000001")}
    count = 0
    for name, (column, parameter, unknown) in columns.items():
        ids = made[name][:2]
        listed = ", ".join(f"'{i}'" for i in [*ids, unknown])
        start = f"SELECT * FROM aws.ec2_api.{name} WHERE region = '{REGION}'"
        cases = [
            (f"{start} AND {column} = '{ids[0]}'", boto3_rows(tables[name], ec2, **{parameter: ids[:1]})),
            # An id that does not exist is no row, and must not cost the others of its request.
            (f"{start} AND {column} IN ({listed})", boto3_rows(tables[name], ec2, **{parameter: ids})),
            (f"{start} AND {column} = '{unknown}'", []),
            (f"{start} AND tags['wave'] = '7'", boto3_rows(tables[name], ec2, **tagged)),
        ]
        for sql, expected in cases:
            count += 1
            _compare(context, part, tables[name], sql, url, keys, expected, ordered=False)
        count += 1
        outcome = context.program.rows(f"{start} LIMIT 2", url, **keys)
        context.report.equal(part, f"{start} LIMIT 2", 2, len(outcome[0]))
    context.wanted[part] = count


def _compare(context, part, table, sql, url, keys, expected, ordered=True):
    try:
        rows = context.program.rows(sql, url, **keys)[0]
    except program.Failed as error:
        context.report.failed(part, sql, str(error))
        return
    actual = [table.read(row) for row in rows]
    if not ordered:
        expected, actual = sorted(expected, key=str), sorted(actual, key=str)
    context.report.equal(part, sql, expected, actual, expected_json=json.dumps(expected, default=str, indent=1))
