"""The EC2 model as botocore ships it, and the SQL rows that it implies.

Nothing here is read from this project but the list of its tables: which operation a table belongs to comes from the
table's file, everything else (where the rows are, what a column is called, its type) from botocore.
"""

import datetime
import functools
import pathlib
import re
import tomllib

import botocore.parsers
import botocore.serialize
import botocore.session

UTC = datetime.timezone.utc

# Tables whose rows are not the operation's only list: the SDK names that lead to the row, and what a row has of its parents.
NESTED = {
    "instances": ("Reservations", "Instances"),
    "import_image_task_snapshots": ("ImportImageTasks", "SnapshotDetails"),
}
DISKS = "import_image_task_snapshots"


@functools.cache
def service():
    return botocore.session.get_session().get_service_model("ec2")


def wire(name, shape):
    """The element name of a member."""
    return shape.serialization.get("name", name)


class Table:
    """One SQL table, described by the model."""

    def __init__(self, name, operation):
        self.name = name
        self.operation = operation
        self.output = service().operation_model(operation).output_shape
        lists = [n for n, s in self.output.members.items() if s.type_name == "list"]
        self.path = NESTED.get(name) or (lists[0],)
        if name not in NESTED and len(lists) != 1:
            raise SystemExit(f"{name}: {operation} has the lists {lists}; say in NESTED where the rows are")
        self.levels = []
        shape = self.output
        for step in self.path:
            shape = shape.members[step].member
            self.levels.append(shape)
        self.paged = "NextToken" in self.output.members

    @functools.cached_property
    def columns(self):
        """SQL name -> (level, SDK member name, shape); level 0 is the outermost item."""
        row = len(self.levels) - 1
        columns = {}
        if self.name == DISKS:
            task = self.levels[0].members["ImportTaskId"]
            columns[wire("ImportTaskId", task)] = (0, "ImportTaskId", task)
            columns["position"] = (None, None, None)
        own = {wire(n, s): (row, n, s) for n, s in self.levels[row].members.items()}
        if self.name != DISKS:
            for level, shape in enumerate(self.levels[:-1]):
                for n, s in shape.members.items():
                    if n == self.path[level + 1]:
                        continue
                    name = wire(n, s)
                    if name in own:
                        # The row's own field keeps its name, the parent's gets a prefix.
                        parent = re.sub(r"Set$|s$", "", self.path[level])
                        name = parent[0].lower() + parent[1:] + name[0].upper() + name[1:]
                    columns[name] = (level, n, s)
        return columns | own

    def rows(self, region, parsed):
        """The rows that botocore's parse of one answer implies, keyed by column."""
        return list(self._rows(region, parsed, 0, []))

    def _rows(self, region, parent, level, parents):
        for position, item in enumerate(parent.get(self.path[level], []), start=1):
            items = [*parents, item]
            if level + 1 < len(self.levels):
                yield from self._rows(region, item, level + 1, items)
                continue
            row = {"region": region}
            for name, (at, member, shape) in self.columns.items():
                row[name] = position if member is None else value(shape, items[at].get(member))
            yield row

    def read(self, row):
        """A row as ec2ql printed it in JSON, in the types of `rows`."""
        out = {}
        for name, printed in row.items():
            _, member, shape = self.columns.get(name, (None, None, None))
            out[name] = printed if member is None else read(shape, printed)
        return out


def value(shape, parsed):
    """A value of botocore's in the project's terms: wire names, explicit nulls, times in milliseconds."""
    if parsed is None:
        return None
    if shape.type_name == "structure":
        return {wire(n, s): value(s, parsed.get(n)) for n, s in shape.members.items()}
    if shape.type_name == "list":
        return [value(shape.member, item) for item in parsed]
    if shape.type_name == "timestamp":
        return milliseconds(parsed)
    if shape.type_name in ("float", "double"):
        return float(parsed)
    if shape.type_name == "blob":
        return bytes(parsed).hex()
    return parsed


def read(shape, printed):
    """A value as ec2ql printed it in JSON, in the terms of `value`."""
    if printed is None:
        return None
    if shape.type_name == "structure" and isinstance(printed, dict):
        members = {wire(n, s): s for n, s in shape.members.items()}
        return {n: read(members[n], v) if n in members else v for n, v in printed.items()}
    if shape.type_name == "list" and isinstance(printed, list):
        return [read(shape.member, item) for item in printed]
    if shape.type_name == "timestamp" and isinstance(printed, str):
        return milliseconds(datetime.datetime.fromisoformat(printed.replace("Z", "+00:00")))
    if shape.type_name in ("float", "double") and isinstance(printed, int | float):
        return float(printed)
    return printed


def milliseconds(time):
    """A time as the project keeps it: UTC, cut to the millisecond."""
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def parse(operation, body, status=200):
    """What botocore's own EC2 parser makes of a body."""
    parser = botocore.parsers.ResponseParserFactory().create_parser("ec2")
    response = {"body": body, "headers": {}, "status_code": status}
    return parser.parse(response, service().operation_model(operation).output_shape)


def serialize(operation, arguments):
    """The form fields that botocore's own serialiser writes, sorted."""
    serializer = botocore.serialize.create_serializer("ec2", include_validation=True)
    request = serializer.serialize_to_request(arguments, service().operation_model(operation))
    return sorted((name, str(text)) for name, text in request["body"].items())


def tables(root):
    """Every table of the catalog."""
    files = sorted(pathlib.Path(root, "crates/catalog/aws/ec2_api").glob("*.toml"))
    found = [Table(file.stem, tomllib.loads(file.read_text())["operation"]) for file in files]
    if not found:
        raise SystemExit("no table file under crates/catalog/aws/ec2_api")
    return found
