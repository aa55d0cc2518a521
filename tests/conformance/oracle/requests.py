"""Part 2: bodies are botocore's serialiser's, signatures are botocore's signer's."""

import datetime
import unittest.mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session

from . import documents, endpoint, model, program

TOKEN = "session/token+with=signs//" + "x" * 300
BODIES, SIGNATURES = "2 bodies: botocore's serialiser", "2 signatures: botocore's signer"
SIGNED = "content-type;host;x-amz-date"


class Case:
    """A statement and the calls that it must make, in any order. `pages` are the tokens that the endpoint hands out."""

    def __init__(self, sql, operation, calls, pages=(), regions=None):
        self.sql = sql  # with {region} where the region belongs
        self.operation = operation
        self.calls = calls  # arguments as boto3 takes them; made in each region
        self.pages = pages
        self.regions = regions  # those that the statement names itself; None: it is given one


def _case(table, operation, condition, arguments, pages=(), tail=""):
    sql = f"SELECT * FROM aws.ec2_api.{table} WHERE region = '{{region}}' {condition} {tail};"
    return Case(sql, operation, [arguments, *({**arguments, "NextToken": token} for token in pages)], pages)


def _filters(**filters):
    """Filters in boto3's form; `__` stands for `:` and `_` for `-` in a name."""
    names = {name: name.replace("__", ":").replace("_", "-") for name in filters}
    return {"Filters": [{"Name": names[name], "Values": values} for name, values in filters.items()]}


def cases():
    """The statements of this part."""
    images, image_op = "import_image_tasks", "DescribeImportImageTasks"
    snaps, snap_op = "import_snapshot_tasks", "DescribeImportSnapshotTasks"
    both = [(images, image_op), (snaps, snap_op)]
    for table, operation in both:
        yield _case(table, operation, "", {})
        yield _case(table, operation, "AND importTaskId = 'import-1'", {"ImportTaskIds": ["import-1"]})
        yield _case(table, operation, "AND importTaskId IN ('a', 'b c', 'd+e', 'f&g=h', 'ü', '%41')",
                    {"ImportTaskIds": ["%41", "a", "b c", "d+e", "f&g=h", "ü"]})
        yield _case(table, operation, "AND tags['wave'] = '7'", _filters(tag__wave=["7"]))
        # The two import tables get no page size, whatever the limit.
        yield _case(table, operation, "", {}, tail="LIMIT 3")
        yield _case(table, operation, "", {}, pages=["a/b+c==", "second page & more=%20"])
    # Patterns of EC2's are escaped, and nothing in a value becomes a parameter.
    for text, sent in [
        ("*", "\\*"), ("?", "\\?"), ("a\\b", "a\\\\b"), ("x&Action=TerminateInstances", None), ("a\nFilter.1.Name=b", None),
        ("it''s", "it's"), ("+ %2B", None), ("🚀 עברית", None),
    ]:
        yield _case(images, image_op, f"AND tags['wave'] = '{text}'", _filters(tag__wave=[text if sent is None else sent]))
    yield _case(images, image_op, "AND status = 'active'", _filters(task_state=["active"]))
    yield _case(images, image_op, "AND status IN ('active', 'deleted', 'completed', 'deleting')",
                _filters(task_state=["active", "completed", "deleted", "deleting"]))
    # EC2 may read an empty value as no filter.
    yield _case(images, image_op, "AND tags['wave'] = ''", {})
    # A state that AWS does not document for the filter is looked for in all tasks.
    yield _case(images, image_op, "AND status = 'pending'", {})
    yield _case(images, image_op, "AND status = 'active' AND tags['wave'] IN ('7', '8')",
                _filters(task_state=["active"], tag__wave=["7", "8"]))
    # Ids are the narrowest; operations are known to ignore or refuse filters beside them.
    yield _case(images, image_op, "AND status = 'active' AND tags['wave'] = '7' AND importTaskId = 'i'", {"ImportTaskIds": ["i"]})
    yield _case("export_tasks", "DescribeExportTasks", "AND exportTaskId = 'export-i-1'", {"ExportTaskIds": ["export-i-1"]})
    yield _case("export_image_tasks", "DescribeExportImageTasks", "AND exportImageTaskId IN ('e1', 'e2')",
                {"ExportImageTaskIds": ["e1", "e2"]})
    yield _case("conversion_tasks", "DescribeConversionTasks", "AND conversionTaskId = 'import-i-1'",
                {"ConversionTaskIds": ["import-i-1"]})
    yield _case("store_image_tasks", "DescribeStoreImageTasks", "AND amiId = 'ami-1'", {"ImageIds": ["ami-1"]})
    for table, operation, column, parameter in [
        ("images", "DescribeImages", "imageId", "ImageIds"), ("snapshots", "DescribeSnapshots", "snapshotId", "SnapshotIds"),
        ("volumes", "DescribeVolumes", "volumeId", "VolumeIds"), ("instances", "DescribeInstances", "instanceId", "InstanceIds"),
    ]:
        # EC2 treats a listing that is not paged worse: a page is as large as the operation documents.
        listing = {"MaxResults": 1000}
        yield _case(table, operation, "", listing)
        yield _case(table, operation, f"AND {column} IN ('x-1', 'x-2')", {parameter: ["x-1", "x-2"]})
        # Ids and a page size exclude each other.
        yield _case(table, operation, f"AND {column} = 'x-1'", {parameter: ["x-1"]}, tail="LIMIT 7")
        yield _case(table, operation, "", {"MaxResults": 7}, tail="LIMIT 7")
        yield _case(table, operation, "AND tags['wave'] = 'a*b'", _filters(tag__wave=["a\\*b"]) | listing)
        yield _case(table, operation, "", listing, pages=["token=="])
    yield _case("export_image_tasks", "DescribeExportImageTasks", "", {"MaxResults": 500})
    yield _case("store_image_tasks", "DescribeStoreImageTasks", "", {"MaxResults": 200})
    yield _case("regions", "DescribeRegions", "", {})
    yield _case("availability_zones", "DescribeAvailabilityZones", "", {})
    regions = ["us-east-1", "eu-west-1", "us-gov-east-1", "cn-northwest-1", "us-isof-south-1"]
    listed = ", ".join(f"'{region}'" for region in regions)
    yield Case(f"SELECT * FROM aws.ec2_api.{images} WHERE region IN ({listed});", image_op, [{}], regions=regions)


def run(context):
    """Every statement twice: with lasting credentials, and with a session token."""
    context.wanted[BODIES] = context.wanted[SIGNATURES] = 0
    for session_token in (None, TOKEN):
        for batch in _batches(cases(), _known_regions()):
            _check_batch(context, batch, session_token)


def _known_regions():
    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return sorted({region for partition in partitions for region in session.get_available_regions("ec2", partition)})


def _batches(waiting, known):
    """Statements that run in one process. Each has regions of its own, which tell whose request it was."""
    batch, free = [], list(known)
    for case in waiting:
        if not free or (case.regions and not set(case.regions) <= set(free)):
            yield batch
            batch, free = [], list(known)
        regions = case.regions or [free[0]]
        free = [region for region in free if region not in regions]
        batch.append((case, regions))
    yield batch


def _check_batch(context, batch, session_token):
    of_region = {region: case for case, regions in batch for region in regions}
    with endpoint.Endpoint(lambda request: _answer(of_region[_region(request)], request)) as server:
        sql = "\n".join(case.sql.replace("{region}", regions[0]) for case, regions in batch)
        outcome = context.program.run(sql, server.url, "-o", "json", token=session_token)
        requests, url = server.requests, server.url
    if outcome.code != 0:
        case = batch[min(len(outcome.arrays), len(batch) - 1)][0]
        context.report.failed(BODIES, case.sql, f"exit code {outcome.code}: {outcome.errors.strip()}")
    for case, regions in batch:
        context.wanted[BODIES] += 1
        expected = sorted([region, *model.serialize(case.operation, call)] for region in regions for call in case.calls)
        mine = [request for request in requests if _region(request) in regions]
        context.report.equal(BODIES, case.sql, expected, sorted([_region(r), *sorted(r.fields)] for r in mine))
        context.wanted[SIGNATURES] += len(regions) * len(case.calls)
        for request in mine:
            _check_signature(context, case, request, url, session_token)


def _answer(case, request):
    """An empty answer to every call, with the case's tokens in turn."""
    following = dict(zip([None, *case.pages], [*case.pages, None]))
    fields = dict(request.fields)
    content = [documents.Element("requestId", "r-1")]
    token = following.get(fields.get("NextToken"))
    if token:
        content.append(documents.Element("nextToken", token))
    root = documents.Element(fields["Action"] + "Response", content)
    return endpoint.Answer(documents.write(root, documents.seeded(0, "plain")))


def _region(request):
    return request.headers["Authorization"].split("Credential=")[1].split("/")[2]


def _check_signature(context, case, request, url, session_token):
    """The whole Authorization header, computed again by botocore from what arrived."""
    authorization = request.headers["Authorization"]
    signed = authorization.split("SignedHeaders=")[1].split(",")[0]
    wanted = SIGNED + (";x-amz-security-token" if session_token else "")
    again = botocore.awsrequest.AWSRequest(
        method=request.method, url=url + request.path, data=request.body,
        headers={"Content-Type": request.headers["Content-Type"]},
    )
    date = datetime.datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    credentials = botocore.credentials.Credentials(program.ACCESS_KEY, program.SECRET_KEY, session_token)
    with unittest.mock.patch("botocore.auth.get_current_datetime", lambda *a, **k: date):
        botocore.auth.SigV4Auth(credentials, "ec2", _region(request)).add_auth(again)
    arrived = {"SignedHeaders": signed, "Authorization": authorization, "Token": request.headers.get("X-Amz-Security-Token")}
    expected = {"SignedHeaders": wanted, "Authorization": again.headers["Authorization"], "Token": again.headers.get("X-Amz-Security-Token")}
    context.report.equal(SIGNATURES, case.sql, expected, arrived)
