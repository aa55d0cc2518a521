"""Part 1: the rows that ec2ql prints are botocore's parse of the same bytes."""

import copy
import itertools
import json
import pathlib
import tomllib

from . import documents, endpoint, model

REGIONS = ["us-east-1", "eu-west-1", "ap-northeast-3", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"]
# Statements that one process runs: the start of a process is paid once for so many documents.
BATCH_STATEMENTS = 200
# Cases of each documented difference, per table.
DIFFERENCE_CASES = 60
REQUEST_ID = b"<requestId>"


class Case:
    """A statement, the pages that answer it, and the rows it must give."""

    def __init__(self, name, table, sql, pages, expected):
        self.name = name
        self.table = table
        self.sql = sql
        self.pages = pages  # (token that asks for the page, body)
        self.expected = expected

    @property
    def files(self):
        bodies = {f"page{n}_xml": body for n, (_, body) in enumerate(self.pages, start=1)}
        return bodies | {"statement_sql": self.sql}


class Queue:
    """Serves the pages of one case after another; a request without a token starts the next case."""

    def __init__(self, cases, chunk):
        self.cases = cases
        self.at = -1
        self.chunk = chunk
        self.strays = []

    def __call__(self, request):
        fields = dict(request.fields)
        token = fields.get("NextToken")
        if token is None:
            self.at += 1
        case = self.cases[self.at] if self.at < len(self.cases) else None
        if case is None or fields.get("Action") != case.table.operation:
            self.strays.append(request)
            return endpoint.Answer(b"no such page", status=400)
        for wanted, body in case.pages:
            if wanted == token:
                return endpoint.Answer(body, chunk=self.chunk)
        self.strays.append(request)
        return endpoint.Answer(b"no such token", status=400)


def random_case(table, seed, number):
    """Case `number` of a table: one page as a rule, sometimes up to three."""
    rng = documents.seeded(seed, table.name, number)
    region = rng.choice(REGIONS)
    tokens = [None]
    if table.paged and rng.random() < 0.1:
        tokens += [f"{n}" + rng.choice(["", "a+b/c=", "&x=1", "% ", "é\n", "'\"", "Z" * 1000]) for n in range(rng.randint(1, 2))]
    pages, expected = [], []
    for n, token in enumerate(tokens):
        following = tokens[n + 1] if n + 1 < len(tokens) else None
        body = documents.write(documents.draw(table, rng, following), rng)
        pages.append((token, body))
        expected += table.rows(region, model.parse(table.operation, body))
    names = ["region", *table.columns]
    if rng.random() < 0.2:
        names = rng.sample(names, rng.randint(1, min(4, len(names))))
        expected = [{name: row[name] for name in names} for row in expected]
        sql = f"SELECT {', '.join(names)} FROM aws.ec2_api.{table.name} WHERE region = '{region}';"
    else:
        sql = f"SELECT * FROM aws.ec2_api.{table.name} WHERE region = '{region}';"
    return Case(f"{table.name} seed {seed} case {number}", table, sql, pages, expected)


def run_cases(context, part, cases):
    """Runs cases in batches, one process each; a case that fails costs the rest of its batch a new process."""
    rest = list(cases)
    while rest:
        batch, rest = rest[:BATCH_STATEMENTS], rest[BATCH_STATEMENTS:]
        queue = Queue(batch, chunk=context.rng.choice([None, 1 << 12, 1 << 16]))
        with endpoint.Endpoint(queue) as server:
            outcome = context.program.run("\n".join(case.sql for case in batch), server.url, "-o", "json")
        arrays = outcome.arrays
        for case, rows in zip(batch, arrays):
            context.report.equal(part, case.name, case.expected, [case.table.read(row) for row in rows], **case.files)
        done = len(arrays)
        if outcome.code == 0 and done == len(batch) and not queue.strays:
            continue
        if done < len(batch):
            case = batch[done]
            reason = f"exit code {outcome.code}: {outcome.errors.strip() or 'nothing printed'}"
            context.report.failed(part, case.name, reason, **case.files)
            rest = batch[done + 1:] + rest
        else:
            strays = [stray.body for stray in queue.strays[:3]]
            context.report.failed(part, batch[0].name, f"exit code {outcome.code}, requests nobody expected: {strays}")


def random_documents(context):
    """The bulk: random documents for every table."""
    for table in context.tables:
        numbers = range(context.cases) if context.case is None else [context.case]
        part = f"1 random documents: {table.name}"
        run_cases(context, part, (random_case(table, context.seed, n) for n in numbers))
        context.wanted[part] = len(numbers)


def differences(context):
    """Where the project says that it differs from botocore, and does so on purpose."""
    for table in context.tables:
        kinds = set(_kinds(table.levels[-1]))
        cases = []
        if kinds - {"string"}:
            cases += [_empty_case(table, context.seed, n) for n in range(DIFFERENCE_CASES)]
        if table.operation == "DescribeConversionTasks":
            cases += [_wrapped_case(table, context.seed, n) for n in range(DIFFERENCE_CASES)]
        if cases:
            part = f"1 documented differences: {table.name}"
            run_cases(context, part, cases)
            context.wanted[part] = len(cases)
    _refusals(context)


def _kinds(shape):
    if shape.type_name == "structure":
        for member in shape.members.values():
            yield from _kinds(member)
    elif shape.type_name == "list":
        yield from _kinds(shape.member)
    else:
        yield shape.type_name


def _empty_case(table, seed, number):
    """An empty number, boolean or time is NULL, as if the element were absent: botocore fails on it or says false."""
    rng = documents.seeded(seed, table.name, "empty", number)
    full = documents.draw(table, rng, items=2)
    without = copy.deepcopy(full)
    _empty(full, without, table.output, rng)
    body = documents.write(full, rng, raw_returns=False)
    plain = documents.write(without, rng, raw_returns=False)
    expected = table.rows("us-east-1", model.parse(table.operation, plain))
    sql = f"SELECT * FROM aws.ec2_api.{table.name} WHERE region = 'us-east-1';"
    return Case(f"{table.name} seed {seed} empty {number}", table, sql, [(None, body)], expected)


def _empty(full, without, shape, rng):
    """Empties scalars that are not text in one tree and takes them out of the other."""
    if shape.type_name == "list":
        for one, other in zip(full.content, without.content):
            _empty(one, other, shape.member, rng)
        return
    if shape.type_name != "structure":
        return
    members = {model.wire(n, s): s for n, s in shape.members.items()}
    kept = []
    for one, other in zip(full.content, without.content):
        member = members.get(one.tag)
        if member is None or member.type_name == "string":
            kept.append(other)
        elif isinstance(one.content, str) and rng.random() < 0.5:
            one.content = ""
        else:
            _empty(one, other, member, rng)
            kept.append(other)
    without.content = kept


def _wrapped_case(table, seed, number):
    """AWS's API reference shows each task inside one more element, botocore's model does not: both are read."""
    rng = documents.seeded(seed, table.name, "wrapped", number)
    root = documents.draw(table, rng, items=2)
    plain = documents.write(root, rng, raw_returns=False)
    expected = table.rows("us-east-1", model.parse(table.operation, plain))
    for child in root.content:
        if child.items:
            for item in child.content:
                item.content = [documents.Element("conversionTask", item.content)]
    body = documents.write(root, rng, raw_returns=False)
    sql = f"SELECT * FROM aws.ec2_api.{table.name} WHERE region = 'us-east-1';"
    return Case(f"{table.name} seed {seed} wrapped {number}", table, sql, [(None, body)], expected)


# Text that is no value of its type. botocore takes any text but `true` for false and fails on the others.
NO_VALUE = {
    "boolean": ["True", "1", "yes", " true", "false\n"],
    "integer": ["1.5", "x", "2147483648", "1e3", "5 GiB"],
    "long": ["9223372036854775808", "0x10", "-"],
    "double": ["abc", "1,5", "1.0 2.0"],
    "timestamp": ["yesterday", "2020-13-01T00:00:00Z", "2020-01-01T25:00:00Z"],
}


def _refusals(context):
    """Text that does not parse is an error that names the column and the value, never NULL and never a guess."""
    part = "1 documented differences: text that is no value"
    turns = {kind: itertools.cycle(texts) for kind, texts in NO_VALUE.items()}
    context.wanted[part] = 0
    for table in context.tables:
        for name, (level, _, shape) in table.columns.items():
            if shape is None or level != len(table.levels) - 1 or shape.type_name not in turns:
                continue
            # A process each: every column has one text, every text has its turn.
            context.wanted[part] += 1
            _refusal(context, part, table, name, next(turns[shape.type_name]))


def _refusal(context, part, table, name, text):
    item = documents.Element("item", [documents.Element(name, text)])
    for level in reversed(range(len(table.path))):
        parent = table.levels[level - 1] if level else table.output
        member = parent.members[table.path[level]]
        content = [documents.Element(model.wire(table.path[level], member), [item], items=True)]
        item = documents.Element("item", content)
    root = documents.Element(table.operation + "Response", [documents.Element("requestId", "r-1"), *item.content])
    body = documents.write(root, documents.seeded(context.seed, table.name, name, text))
    sql = f"SELECT * FROM aws.ec2_api.{table.name} WHERE region = 'us-east-1'"
    with endpoint.Endpoint(lambda request: endpoint.Answer(body)) as server:
        outcome = context.program.run(sql, server.url, "-o", "json")
    named = name in outcome.errors and text.strip() in outcome.errors
    if outcome.code == 4 and named:
        context.report.passed(part)
        return
    reason = f"exit code {outcome.code} (4 expected), column and value named: {named}: {outcome.errors.strip()}"
    context.report.failed(part, f"{table.name}.{name} = {text!r}", reason, page_xml=body)


def samples(context):
    """Real answers, and AWS's own examples."""
    folder = pathlib.Path(context.root, "tests/conformance/samples")
    index = tomllib.loads((folder / "INDEX.toml").read_text())["sample"]
    stored = {file.name for file in folder.glob("*.xml")}
    if stored != {sample["file"] for sample in index}:
        raise SystemExit(f"INDEX.toml and the files disagree: {stored ^ {s['file'] for s in index}}")
    part = "1 samples: rows"
    failing = "1 samples: errors"
    cases, homeless = [], 0
    context.wanted[failing] = 0
    for sample in index:
        body = (folder / sample["file"]).read_bytes()
        _known_parse(folder, sample, body)
        tables = [table for table in context.all_tables if table.operation == sample["operation"]]
        homeless += not tables
        for table in (table for table in tables if table in context.tables):
            if sample.get("status", 200) != 200:
                context.wanted[failing] += 1
                _error_sample(context, failing, table, sample, body)
            else:
                cases.append(_sample_case(table, sample, body))
                if REQUEST_ID not in body:
                    context.wanted[failing] += 1
                    _error_sample(context, failing, table, sample, body)
    run_cases(context, part, cases)
    context.wanted[part] = len(cases)
    if homeless:
        context.report.note(f"{homeless} samples are answers of operations that no table of the catalog reads")


def _known_parse(folder, sample, body):
    """The oracle itself: botocore still parses the sample as it did when the sample was taken."""
    file = folder / sample["file"].replace(".rendered.xml", ".xml").replace(".xml", ".expected.json")
    if not file.exists():
        return
    expected = json.loads(file.read_text())
    try:
        parsed = json.loads(json.dumps(model.parse(sample["operation"], body, sample.get("status", 200)), default=str))
    except Exception as error:  # noqa: BLE001, any failure of the parser is what the file may expect
        parsed = {"failure": type(error).__name__}
    if parsed != expected:
        raise SystemExit(f"{file.name}: botocore now parses {parsed}")


def _sample_case(table, sample, body):
    """A sample as a case. AWS's printed examples lack the request id, without which no answer is taken for whole."""
    if REQUEST_ID not in body:
        head, end, rest = body.partition(b'/">')
        body = head + end + REQUEST_ID + b"from-the-test</requestId>" + rest
    plain = body
    if sample.get("wrapped"):
        for tag in (b"<conversionTask>", b"</conversionTask>"):
            plain = plain.replace(tag, b"")
    expected = table.rows("us-east-1", model.parse(table.operation, plain))
    sql = f"SELECT * FROM aws.ec2_api.{table.name} WHERE region = 'us-east-1';"
    return Case(f"{sample['file']} as {table.name}", table, sql, [(None, body)], expected)


def _error_sample(context, part, table, sample, body):
    """An answer that is an error: the statement fails with AWS's code and request id, and prints no row."""
    status = sample.get("status", 200)
    sql = f"SELECT * FROM aws.ec2_api.{table.name} WHERE region = 'us-east-1'"
    with endpoint.Endpoint(lambda request: endpoint.Answer(body, status=status)) as server:
        outcome = context.program.run(sql, server.url, "-o", "json")
    wanted = [str(status)] if status != 200 else ["request id"]
    if status != 200 and not sample.get("html"):
        parsed = model.parse(sample["operation"], body, status)
        wanted = [parsed["Error"]["Code"], parsed["ResponseMetadata"]["RequestId"]]
    missing = [text for text in wanted if text not in outcome.errors]
    if outcome.code == 4 and not missing and not outcome.output.strip():
        context.report.passed(part)
        return
    reason = f"exit code {outcome.code} (4 expected), not in the message: {missing}: {outcome.errors.strip()}"
    context.report.failed(part, f"{sample['file']} as {table.name}", reason, page_xml=body)
