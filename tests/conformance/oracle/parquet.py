"""Part 5: Parquet that ec2ql wrote, read back by pyarrow, is the rows."""

import datetime

import pyarrow
import pyarrow.parquet

from . import documents, endpoint, model

# Pages of one statement; a file holds the rows of all of them.
PAGES = 25


def run(context):
    """One file per table from many random pages, one from an empty answer, through both ways of writing."""
    part = "5 parquet: rows read by pyarrow"
    count = 0
    for table in context.tables:
        for way in ("out-file", "copy"):
            for pages in (PAGES if table.paged else 1, 0):
                count += 1
                _check(context, part, table, way, pages)
    context.wanted[part] = count


def _check(context, part, table, way, pages):
    rng = documents.seeded(context.seed, table.name, "parquet", way, pages)
    bodies, expected = {}, []
    for n in range(max(pages, 1)):
        following = f"token-{n + 1}" if n + 1 < pages else None
        items = None if pages else 0
        body = documents.write(documents.draw(table, rng, following, items=items), rng)
        bodies[f"token-{n}" if n else None] = body
        expected += table.rows("us-east-1", model.parse(table.operation, body))
    path = context.work / f"{table.name}-{way}-{pages}.parquet"
    path.unlink(missing_ok=True)
    select = f"SELECT * FROM aws.ec2_api.{table.name} WHERE region = 'us-east-1'"
    with endpoint.Endpoint(lambda r: endpoint.Answer(bodies[dict(r.fields).get("NextToken")])) as server:
        if way == "copy":
            outcome = context.program.run(f"COPY ({select}) TO '{path}'", server.url)
        else:
            outcome = context.program.run(select, server.url, "-O", str(path))
    case = f"{table.name} by {way}, {pages} pages, seed {context.seed}"
    if outcome.code != 0:
        context.report.failed(part, case, f"exit code {outcome.code}: {outcome.errors.strip()}")
        return
    read = pyarrow.parquet.read_table(path)
    types = {name: _type(shape) for name, (_, _, shape) in table.columns.items()}
    types = {"region": pyarrow.string(), **types}
    actual_types = {field.name: _plain(field.type) for field in read.schema}
    if str(types) != str(actual_types):
        wrong = [f"{n}: {types.get(n)} as {actual_types.get(n)}" for n in {*types, *actual_types} if types.get(n) != actual_types.get(n)]
        context.report.failed(part, case, f"types: {wrong or 'order of the columns'}")
        return
    context.report.equal(part, case, expected, [_times(row) for row in read.to_pylist()])


def _type(shape):
    """The type that the model implies."""
    if shape is None:
        return pyarrow.int32()
    if shape.type_name == "structure":
        return pyarrow.struct([(model.wire(n, s), _type(s)) for n, s in shape.members.items()])
    if shape.type_name == "list":
        return pyarrow.list_(_type(shape.member))
    return {
        "string": pyarrow.string(), "boolean": pyarrow.bool_(), "integer": pyarrow.int32(), "long": pyarrow.int64(),
        "double": pyarrow.float64(), "float": pyarrow.float64(), "timestamp": pyarrow.timestamp("ms", "UTC"),
        "blob": pyarrow.binary(),
    }[shape.type_name]


def _plain(type_):
    """A type without what does not matter to a reader: names of list items, nullability, views."""
    if pyarrow.types.is_struct(type_):
        return pyarrow.struct([(field.name, _plain(field.type)) for field in type_])
    if pyarrow.types.is_list(type_) or pyarrow.types.is_large_list(type_):
        return pyarrow.list_(_plain(type_.value_type))
    return pyarrow.string() if pyarrow.types.is_string_view(type_) else type_


def _times(value):
    if isinstance(value, dict):
        return {name: _times(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_times(inner) for inner in value]
    return model.milliseconds(value) if isinstance(value, datetime.datetime) else value
