"""An endpoint that holds a world, and reads ids, filters, owners and page sizes as EC2 does: strictly."""

import random
import re
import xml.sax.saxutils

from .. import endpoint
from .world import ACCOUNT, DISK, DISKS, TABLES

OPERATIONS = {table.operation: table for table in TABLES.values() if table.name != DISKS}
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
VALUES_MAX, FILTERS_MAX = 200, 50
IDENTIFIER = re.compile(r"^(ami|snap|vol|import-ami|import-snap)-[0-9a-f]{9}$")


class Refused(Exception):
    """An error of the service."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Service:
    """Answers for one world; `log` holds what was asked, as text."""

    def __init__(self, world, seed):
        self.world = world
        self.rng = random.Random(seed)
        self.tokens = {}
        self.log = []
        self.count = 0
        # How many requests named ids or filters, and how many ended in an error.
        self.counts = {"requests": 0, "with ids": 0, "with filters": 0, "next pages": 0, "refused": 0}
        # Some of the filters that EC2 documents do nothing.
        names = [column.filter for table in TABLES.values() for column in table.columns]
        self.ignored = {name for name in names if self.rng.random() < 0.1}

    def answer(self, request):
        self.count += 1
        fields = request.fields
        named = dict(fields)
        operation = named.pop("Action", "?")
        named.pop("Version", None)
        region = re.search(r"Credential=[^/]+/\d+/([^/]+)/ec2/", request.headers["Authorization"]).group(1)
        self.log.append(f"{region} {operation} {named}")
        self._counted(named)
        try:
            if len(dict(fields)) != len(fields):
                raise Refused("DuplicateParameter", "a field came twice")
            body = self._regions(named) if operation == "DescribeRegions" else self._page(operation, region, named)
        except Refused as refusal:
            self.log.append(f"  {refusal.code}: {refusal}")
            self.counts["refused"] += 1
            text = xml.sax.saxutils.escape(str(refusal))
            error = f"<Error><Code>{refusal.code}</Code><Message>{text}</Message></Error>"
            body = f"<Response><Errors>{error}</Errors><RequestID>r-{self.count}</RequestID></Response>"
            return endpoint.Answer(body.encode(), status=400)
        text = f'<{operation}Response xmlns="{NAMESPACE}"><requestId>r-{self.count}</requestId>{body}</{operation}Response>'
        return endpoint.Answer(text.encode())

    def _counted(self, named):
        self.counts["requests"] += 1
        self.counts["with ids"] += any(name.endswith("Id.1") for name in named)
        self.counts["with filters"] += any(name.startswith("Filter") for name in named)
        self.counts["next pages"] += "NextToken" in named

    def _regions(self, named):
        names = self.world.regions
        filters = _filters(named, "Filter")
        if named:
            raise Refused("UnknownParameter", str(named))
        for name, patterns in filters:
            if name not in ("region-name", "opt-in-status"):
                raise Refused("InvalidParameterValue", f"The filter '{name}' is invalid")
            if name == "region-name":
                names = [region for region in names if any(matches(pattern, region) for pattern in patterns)]
        items = "".join(
            f"<item><regionName>{name}</regionName><optInStatus>opt-in-not-required</optInStatus></item>" for name in names
        )
        return f"<regionInfo>{items}</regionInfo>"

    def _page(self, operation, region, named):
        token = named.pop("NextToken", None)
        size = named.get("MaxResults")
        if token is None:
            table = OPERATIONS.get(operation)
            if table is None or region not in self.world.regions:
                raise Refused("AuthFailure", f"{operation} in {region}")
            asked = dict(named)
            rows = self._select(table, region, named)
        else:
            table, home, asked, rows = self.tokens.get(token) or _invalid_token(token)
            if home != region or (named and named != asked):
                _invalid_token(token)
        # EC2 may answer with fewer rows than were asked for, or with none and a token.
        most = min(int(size) if size else 1000, self.rng.choice([0, 3, 5, 9, 1000, 1000]))
        page, rest = rows[:most], rows[most:]
        text = f"<{table.set}>{''.join(_item(table, row) for row in page)}</{table.set}>"
        if rest:
            token = f"token-{self.count}+/="
            self.tokens[token] = (table, region, asked, rest)
            text += f"<nextToken>{token}</nextToken>"
        return text

    def _select(self, table, region, named):
        size = named.pop("MaxResults", None)
        if size is not None and not 5 <= int(size) <= 1000:
            raise Refused("InvalidParameterValue", f"Value ({size}) for parameter maxResults is invalid.")
        ids = _numbered(named, table.parameter)
        filters = _filters(named, table.prefix)
        owners = _numbered(named, "Owner") if table.owner else []
        if named:
            raise Refused("UnknownParameter", f"The parameter {named} is not recognized")
        rows = self.world.rows[table.name, region]
        if ids:
            if size is not None and table.pages:
                raise Refused("InvalidParameterCombination", f"MaxResults cannot be used with {table.parameter}")
            self._check(table, ids, {row[table.id] for row in rows})
            rows = [row for row in rows if row[table.id] in ids]
        for name, patterns in filters:
            rows = self._filtered(table, rows, name, patterns)
        if owners:
            accounts = {"self": ACCOUNT, "amazon": "137112412989"}
            accounts = {accounts.get(owner, owner) for owner in owners}
            rows = [row for row in rows if row[table.owner] in accounts]
        return self.rng.sample(rows, len(rows))

    def _check(self, table, ids, known):
        """Unknown ids are an error that names all of them, some of them, more than them, or none."""
        malformed = [name for name in ids if not IDENTIFIER.match(name)]
        if malformed:
            raise Refused(table.malformed, f'Invalid id: "{malformed[0]}"')
        missing = [name for name in ids if name not in known]
        if missing:
            told = self.rng.choice([missing, missing, missing[:1], ids, []])
            raise Refused(table.not_found, f"The IDs '[{', '.join(told)}]' do not exist" if told else "Some id does not exist.")

    def _filtered(self, table, rows, name, patterns):
        if len(patterns) > VALUES_MAX or "" in patterns or any(len(pattern) > 255 for pattern in patterns):
            raise Refused("FilterLimitExceeded", f"values of {name}")
        if name.startswith("tag:"):
            return [row for row in rows if _any(patterns, (row["tags"] or {}).get(name[4:]))]
        column = next((column for column in table.columns if column.filter == name), None)
        allowed = table.closed.get(name)
        if column is None or (allowed and any(pattern not in allowed for pattern in patterns)):
            raise Refused("InvalidParameterValue", f"The filter '{name}' is invalid: {patterns}")
        if name in self.ignored:
            return rows
        return [row for row in rows if _any(patterns, row[column.name])]


def _invalid_token(token):
    raise Refused("InvalidNextToken", f"The token '{token}' is invalid")


def _any(patterns, value):
    return value is not None and any(matches(pattern, value) for pattern in patterns)


def matches(pattern, value):
    """EC2's patterns: `*`, `?`, and a backslash before what stands for itself."""
    text, at = "", 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and at + 1 < len(pattern):
            at += 1
            text += re.escape(pattern[at])
        else:
            text += {"*": ".*", "?": "."}.get(character) or re.escape(character)
        at += 1
    return re.fullmatch(text, value, re.DOTALL) is not None


def _numbered(named, prefix):
    """`Prefix.1`, `Prefix.2`, ... without a gap, taken out of `named`."""
    values = []
    while (name := f"{prefix}.{len(values) + 1}") in named:
        values.append(named.pop(name))
    return values


def _filters(named, prefix):
    filters = []
    while (name := f"{prefix}.{len(filters) + 1}.Name") in named:
        values = _numbered(named, f"{prefix}.{len(filters) + 1}.Value")
        filters.append((named.pop(name), values))
        if not values or len(filters) > FILTERS_MAX:
            raise Refused("InvalidParameterValue", "a filter without a value, or too many filters")
    return filters


def _item(table, row):
    outer = {}
    parts = []
    for column in table.columns:
        name, _, inner = column.name.partition(".")
        if inner:
            outer.setdefault(name, []).append(_element(inner, row[column.name]))
        else:
            parts.append(_element(name, row[name]))
    parts += [f"<{name}>{''.join(fields)}</{name}>" for name, fields in outer.items()]
    if row.get("disks") is not None:
        disks = ["".join(_element(column.name, disk[column.name]) for column in DISK) for disk in row["disks"]]
        parts.append(f"<snapshotDetailSet>{''.join(f'<item>{disk}</item>' for disk in disks)}</snapshotDetailSet>")
    if row["tags"] is not None:
        tags = "".join(f"<item>{_element('key', key)}{_element('value', value)}</item>" for key, value in row["tags"].items())
        parts.append(f"<tagSet>{tags}</tagSet>")
    return f"<item>{''.join(parts)}</item>"


def _element(name, value):
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    escaped = xml.sax.saxutils.escape(text, {"\r": "&#13;"})
    return f"<{name}>{escaped}</{name}>"
