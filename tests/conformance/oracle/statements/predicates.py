"""Random predicates, in the words of ec2ql and of DuckDB, and whether they bind the region."""

import dataclasses

from .world import DISKS, TABLES, TAG_KEYS, TAG_VALUES, TEXTS


@dataclasses.dataclass
class Node:
    """A predicate: a leaf, or `AND`, `OR`, `NOT` of others."""

    kind: str
    ec2ql: str
    duck: str
    parts: tuple = ()
    # A leaf over the region alone.
    region: bool = False
    # A leaf that a planner may know the answer of, so that what it binds is not for this test to say.
    constant: bool = False


def leaf(text, duck=None, **options):
    return Node("leaf", text, duck or text, **options)


def combine(word, *parts):
    """`a AND b`, `a OR b`."""
    joined = (f"({f' {word} '.join(getattr(part, side) for part in parts)})" for side in ("ec2ql", "duck"))
    return Node(word, *joined, parts)


def negate(part):
    return Node("NOT", f"NOT ({part.ec2ql})", f"NOT ({part.duck})", (part,))


def binds(node, negated=False):
    """The rule of docs/pushdown.md: what is over the region alone binds; of an AND one part suffices, of an OR all have to."""
    if node.kind == "leaf":
        return node.region
    if node.kind == "NOT":
        return binds(node.parts[0], not negated)
    answers = [binds(part, negated) for part in node.parts]
    return any(answers) if (node.kind == "AND") != negated else all(answers)


def uncertain(node):
    return node.constant or any(uncertain(part) for part in node.parts)


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def like(place, pattern, word="LIKE"):
    """In DuckDB nothing escapes unless it is said."""
    text = f"{place} {word} {literal(pattern)}"
    return leaf(text, f"{text} ESCAPE '\\'")


def like_pattern(rng, value):
    """A pattern that the value may match, with what LIKE gives a meaning written so that it has none."""
    escape = {"\\": "\\\\", "%": "\\%", "_": "\\_"}
    start = rng.randint(0, len(value))
    end = rng.randint(start, len(value))
    part = [escape.get(c, c) if rng.random() < 0.95 else "_" for c in value[start:end]]
    return ("%" if start or rng.random() < 0.3 else "") + "".join(part) + ("%" if end < len(value) or rng.random() < 0.3 else "")


class Predicates:
    """Random predicates over the columns of a table under an alias."""

    def __init__(self, world, rng):
        self.world = world
        self.rng = rng

    def region_list(self, most=3):
        count = self.rng.randint(1, min(most, len(self.world.regions)))
        return ", ".join(literal(region) for region in self.rng.sample(self.world.regions, count))

    def region(self, alias, lists=True):
        """Over the region alone; `lists` allows those that name regions."""
        rng = self.rng
        place = f"{alias}.region"
        one = rng.choice(self.world.regions)
        half = one.split("-")[0]
        upper = literal(rng.choice(["f", "us-east-1", "v"]))
        forms = [
            lambda: leaf(f"{place} = {literal(one)}"), lambda: leaf(f"{literal(one)} = {place}"),
            lambda: leaf(f"{place} IN ({self.region_list()})"), lambda: leaf(f"{place} <> {literal(one)}"),
            lambda: leaf(f"{place} NOT IN ({self.region_list()})"), lambda: like(place, f"{half}-%"),
            lambda: like(place, rng.choice(["%-1", "us-%-_", "%e%", "%st-1", "us-east-_", "__-west-%", "zz%"])),
            lambda: like(place, rng.choice(["us-%", "%-2", "eu%"]), "NOT LIKE"),
            lambda: leaf(f"{place} {rng.choice(['BETWEEN', 'NOT BETWEEN'])} 'eu' AND {upper}"),
            lambda: leaf(f"starts_with({place}, {literal(one[:rng.randint(1, 6)])})"),
            lambda: leaf(f"{place} ~ '^{half}-.*-[12]$'", f"regexp_matches({place}, '^{half}-.*-[12]$')"),
            lambda: leaf(f"regexp_like({place}, 'east|central')", f"regexp_matches({place}, 'east|central')"),
            lambda: leaf(f"{place} {rng.choice(['<', '<=', '>', '>='])} {literal(one)}"),
            lambda: leaf(f"upper({place}) = {literal(one.upper())}"), lambda: leaf(f"length({place}) = {len(one)}"),
            lambda: leaf(f"substr({place}, 1, 2) = {literal(half)}"), lambda: leaf(f"{place} || '!' = {literal(one + '!')}"),
            lambda: leaf(f"CASE WHEN {place} = {literal(one)} THEN true ELSE {place} LIKE 'eu-%' END"),
            lambda: leaf(f"{place} IS NOT DISTINCT FROM {literal(one)}"),
            lambda: leaf(f"coalesce({place}, 'x') IN ({self.region_list()})"),
        ]
        if lists:
            node = rng.choice(forms[:3] if rng.random() < 0.4 else forms)()
        else:
            node = rng.choice(forms[5:-2])()
        node.region = True
        return node

    def regions(self, alias, depth=2):
        """AND, OR, NOT of predicates over the region alone."""
        if depth == 0 or self.rng.random() < 0.6:
            return self.region(alias)
        if self.rng.random() < 0.25:
            return negate(self.regions(alias, depth - 1))
        # Of two lists of regions the planner may find that one or the other always holds, and then nothing binds.
        parts = self.regions(alias, depth - 1), self.region(alias, lists=False)
        return combine(self.rng.choice(["AND", "OR"]), *parts)

    def other(self, name, alias):
        """Over something else than the region."""
        rng, table = self.rng, TABLES[name]
        at = rng.random()
        if at < 0.2:
            return self.text(f"{alias}.{table.id}", lambda: self.world.values(name, table.id, rng))
        if at < 0.4 and name != DISKS:
            key = rng.choice(TAG_KEYS[:1] * 3 + TAG_KEYS)
            return self.text(f"{alias}.tags[{literal(key)}]", lambda: rng.choice(TAG_VALUES))
        filtered = [column for column in table.columns if column.filter]
        column = rng.choice(filtered if filtered and rng.random() < 0.5 else table.columns)
        place = f"{alias}.{column.name}"
        if rng.random() < 0.15:
            place = place.lower()
        if column.type == "VARCHAR":
            return self.text(place, lambda: self.world_value(name, column))
        if column.type == "BOOLEAN":
            return leaf(rng.choice([
                f"{place}", f"{place} = true", f"{place} = false", f"{place} IS NULL", f"{place} IS NOT TRUE",
                f"{place} IS FALSE", f"{place} <> true", f"NOT {place}", f"{place} IS NOT NULL",
            ]))
        number = literal(self.world_value(name, column, number=True))
        return leaf(rng.choice([
            f"{place} = {number}", f"{place} <> {number}", f"{place} >= {number}", f"{place} < {number}",
            f"{place} BETWEEN {number} AND 1000", f"{place} IN ({number}, 8)", f"{place} IS NULL",
        ]))

    def world_value(self, name, column, number=False):
        value = self.world.values(name, column.name, self.rng)
        return 8 if number and isinstance(value, str) else value

    def pushed(self, name, alias):
        """What becomes a parameter of a request: an id, a column with a filter, or a tag, and values that they have."""
        rng, table = self.rng, TABLES[name]
        filtered = [column for column in table.columns if column.filter]
        at = rng.random()
        if at < 0.2 or name == DISKS:
            column = table.id
        elif at < 0.45 or not filtered:
            key = rng.choice(TAG_KEYS[:1] * 3 + TAG_KEYS)
            return self.text(f"{alias}.tags[{literal(key)}]", lambda: self.world.tag(name, key, rng), pushed=True)
        else:
            chosen = rng.choice(filtered)
            column, documented = chosen.name, table.closed.get(chosen.filter)
            # One value that is not documented keeps a whole list from being sent.
            if documented and rng.random() < 0.8:
                return self.text(f"{alias}.{column}", lambda: rng.choice(documented), pushed=True)
        return self.text(f"{alias}.{column}", lambda: self.world.values(name, column, rng), pushed=True)

    def text(self, place, value, pushed=False):
        """Over a text; `pushed` wants what a request can say."""
        rng = self.rng
        one = literal(value())
        several = ", ".join(literal(value()) for _ in range(rng.randint(1, 4)))
        prefix = literal(value()[:2])
        forms = [
            lambda: leaf(f"{place} = {one}"), lambda: leaf(f"{place} = {one}"), lambda: leaf(f"{one} = {place}"),
            lambda: leaf(f"{place} IN ({several})"), lambda: leaf(f"{place} IN ({several})"),
            lambda: leaf(f"{place} = {one} OR {place} = {literal(value())}"), lambda: leaf(f"{place} IN ({several}, NULL)"),
            lambda: leaf(f"{place} <> {one}"), lambda: leaf(f"{place} NOT IN ({several})"),
            lambda: leaf(f"{place} NOT IN ({several}, NULL)", constant=True),
            lambda: like(place, like_pattern(rng, value())), lambda: like(place, like_pattern(rng, value()), "NOT LIKE"),
            lambda: leaf(f"{place} BETWEEN {one} AND {literal(value())}", constant=True),
            lambda: leaf(f"{place} {rng.choice(['<', '<=', '>', '>='])} {one}"),
            lambda: leaf(f"{place} IS NULL"), lambda: leaf(f"{place} IS NOT NULL"),
            lambda: leaf(f"{place} = NULL", constant=True), lambda: leaf(f"{place} <> NULL", constant=True),
            lambda: leaf(f"{place} IS DISTINCT FROM {one}"), lambda: leaf(f"{place} IS NOT DISTINCT FROM {one}"),
            lambda: leaf(f"starts_with({place}, {prefix})"),
            lambda: leaf(f"coalesce({place}, '') = {literal(rng.choice(TEXTS[:3]))}"),
            lambda: leaf(f"length({place}) > {rng.randint(0, 12)}"),
            lambda: leaf(f"({place} = {one}) IS NOT TRUE"), lambda: leaf(f"{place} || 'x' = {literal(value() + 'x')}"),
            lambda: leaf(f"CASE WHEN {place} = {one} THEN true ELSE false END"),
            lambda: leaf(f"NOT ({place} = {one} AND {place} IS NOT NULL)"),
            lambda: leaf(f"nullif({place}, {one}) IS NULL"),
        ]
        node = rng.choice(forms[:7] if pushed or rng.random() < 0.5 else forms)()
        node.ec2ql, node.duck = f"({node.ec2ql})", f"({node.duck})"
        return node

    def tree(self, name, alias, depth=2, regions=0.15):
        """Anything."""
        rng = self.rng
        if depth == 0 or rng.random() < 0.4:
            return self.region(alias) if rng.random() < regions else self.other(name, alias)
        if rng.random() < 0.2:
            return negate(self.tree(name, alias, depth - 1, regions))
        parts = [self.tree(name, alias, depth - 1, regions) for _ in range(rng.choice([2, 2, 3]))]
        return combine(rng.choice(["AND", "OR"]), *parts)

    def bound(self, name, alias):
        """A predicate that binds the region of the table: at the top, or in every branch of an OR, or under NOT."""
        rng = self.rng
        at = rng.random()
        if at < 0.12:
            return self.regions(alias)
        if at < 0.45:
            parts = [self.region(alias), self.pushed(name, alias)]
            if rng.random() < 0.3:
                parts.append(self.other(name, alias))
            return combine("AND", *rng.sample(parts, len(parts)))
        if at < 0.75:
            return combine("AND", *rng.sample([self.regions(alias), self.tree(name, alias)], 2))
        if at < 0.9:
            parts = [combine("AND", self.regions(alias, 1), self.tree(name, alias, 1)) for _ in range(2)]
            return combine("OR", *parts)
        bound, part = self.regions(alias, 1), self.tree(name, alias, 1)
        return negate(combine("OR", negate(bound), part))

    def open(self, name, alias):
        """A predicate that does not bind it."""
        while True:
            node = self.tree(name, alias, regions=0.4)
            if not binds(node) and not uncertain(node):
                return node
