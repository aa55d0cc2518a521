"""Random statements, in the words of ec2ql and of DuckDB."""

import dataclasses

from .predicates import Node, Predicates, combine, leaf, literal, negate
from .world import ACCOUNT, DISKS, OWNERS, TABLES, TAG_KEYS, TAGGED

# Columns that mean an id of another table.
LINKS = [
    ("import_image_tasks", "imageId", "images", "imageId"), ("images", "imageId", "import_image_tasks", "imageId"),
    (DISKS, "importTaskId", "import_image_tasks", "importTaskId"), ("import_image_tasks", "importTaskId", DISKS, "importTaskId"),
    (DISKS, "snapshotId", "snapshots", "snapshotId"), ("snapshots", "snapshotId", DISKS, "snapshotId"),
    ("import_snapshot_tasks", "snapshotTaskDetail.snapshotId", "snapshots", "snapshotId"),
    ("snapshots", "volumeId", "volumes", "volumeId"), ("volumes", "volumeId", "snapshots", "volumeId"),
    ("volumes", "snapshotId", "snapshots", "snapshotId"), ("snapshots", "snapshotId", "volumes", "snapshotId"),
    ("images", "sourceImageId", "images", "imageId"), ("images", "imageId", "images", "sourceImageId"),
    ("images", "imageId", "images", "imageId"), ("import_image_tasks", "status", "import_image_tasks", "status"),
    ("volumes", "status", "snapshots", "status"), ("images", "name", "snapshots", "description"),
]


@dataclasses.dataclass
class Statement:
    """A statement in both dialects; `refused` when no region is bound, `ordered` when the order of rows counts."""

    ec2ql: str
    duck: str
    kind: str
    refused: bool = False
    ordered: bool = False


class Grammar:
    """Statements over a world."""

    def __init__(self, world, rng):
        self.world = world
        self.rng = rng
        self.predicates = Predicates(world, rng)
        self.kinds = [
            (6, self.simple), (2, self.aggregate), (2, self.count), (4, self.inner_join), (3, self.outer_join),
            (3, self.in_subquery), (2, self.region_subquery), (2, self.exists), (2, self.derived), (2, self.twice),
            (1, self.set_operation), (1, self.scalar), (1, self.owner), (1, self.limit), (1, self.values_join),
            (3, self.join_above), (2, self.twice_apart),
        ]

    def statement(self):
        weights, kinds = zip(*self.kinds)
        kind = self.rng.choices(kinds, weights)[0]
        statement = kind()
        statement.kind = kind.__name__
        return statement

    # Parts.

    def table(self):
        return self.rng.choice(list(TABLES))

    def places(self, name, alias, most=4):
        """Some columns, as text."""
        columns = [f"{alias}.region", *(f"{alias}.{column.name}" for column in TABLES[name].columns)]
        if name in TAGGED:
            columns.append(f"{alias}.tags[{literal(self.rng.choice(TAG_KEYS))}]")
        return self.rng.sample(columns, self.rng.randint(1, min(most, len(columns))))

    def select(self, places, source, where=None, tail="", distinct=False, ordered=True):
        """A select with names of its own for its columns, sometimes wholly ordered and cut."""
        rng = self.rng
        outputs = ", ".join(f"{place} AS c{n}" for n, place in enumerate(places))
        cut = ordered and rng.random() < 0.25
        if cut:
            directions = ["ASC NULLS FIRST", "ASC NULLS LAST", "DESC NULLS FIRST", "DESC NULLS LAST"]
            keys = [f"c{n} {rng.choice(directions)}" for n in range(len(places))]
            tail += f" ORDER BY {', '.join(keys)} LIMIT {rng.choice([0, 1, 3, 5, 10])}"
            if rng.random() < 0.3:
                tail += f" OFFSET {rng.choice([0, 1, 4])}"
        head = f"SELECT {'DISTINCT ' if distinct else ''}{outputs} FROM "
        source = source if isinstance(source, Node) else leaf(source)
        where = where or leaf("true")
        texts = [f"{head}{s} WHERE {w}{tail}" for s, w in ((source.ec2ql, where.ec2ql), (source.duck, where.duck))]
        return Statement(*texts, "", ordered=cut)

    # Kinds.

    def simple(self):
        name = self.table()
        where = self.predicates.bound(name, "t")
        return self.select(self.places(name, "t"), f"{name} t", where, distinct=self.rng.random() < 0.2)

    def aggregate(self):
        name = self.table()
        keys = self.places(name, "t", 2)
        aggregates = self._aggregates(name)
        having = self.rng.choice(["", "", " HAVING count(*) > 1"])
        tail = f" GROUP BY {', '.join(keys)}{having}"
        return self.select([*keys, *aggregates], f"{name} t", self.predicates.bound(name, "t"), tail)

    def _aggregates(self, name):
        table = TABLES[name]
        texts = [column.name for column in table.columns_of("VARCHAR")]
        numbers = [column.name for column in table.columns_of("INTEGER", "BIGINT")] or None
        some = ["count(*)", f"count(t.{self.rng.choice(texts)})", f"count(DISTINCT t.{self.rng.choice(texts)})",
                f"min(t.{self.rng.choice(texts)})", f"max(t.{self.rng.choice(texts)})", "count(DISTINCT t.region)",
                f"count(*) FILTER (WHERE t.{self.rng.choice(texts)} IS NULL)"]
        if numbers:
            some.append(f"sum(t.{self.rng.choice(numbers)})")
        return self.rng.sample(some, self.rng.randint(1, 3))

    def count(self):
        name = self.table()
        return self.select(self._aggregates(name), f"{name} t", self.predicates.bound(name, "t"), ordered=False)

    def link(self):
        """Two tables, and the columns that refer from one to the other."""
        return self.rng.choice(LINKS)

    def joined(self, word, a, b, on, where=None):
        places = self.places(a, "a", 3) + self.places(b, "b", 3)
        condition = [f"{a} a {word} {b} b ON {text}" for text in (on.ec2ql, on.duck)]
        return self.select(places, Node("leaf", *condition), where)

    def inner_join(self):
        rng = self.rng
        a, key, b, other = self.link()
        on = leaf(f"a.region = b.region AND a.{key} = b.{other}") if rng.random() < 0.9 else leaf("a.region = b.region")
        if rng.random() < 0.2:
            on = combine("AND", on, self.predicates.other(b, "b"))
        # Either side may be the one that is bound.
        where = self.predicates.bound(*rng.choice([(a, "a"), (b, "b")]))
        if rng.random() < 0.3:
            where = combine("AND", where, self.predicates.tree(b, "b", 1, regions=0))
        return self.joined("JOIN", a, b, on, where)

    def outer_join(self):
        rng = self.rng
        a, key, b, other = self.link()
        on = leaf(f"a.region = b.region AND a.{key} = b.{other}")
        if rng.random() < 0.3:
            on = combine("AND", on, self.predicates.other(b, "b"))
        word = rng.choice(["LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        if word == "FULL JOIN":
            sides = [self.side(name, alias) for name, alias in ((a, "a"), (b, "b"))]
            places = self.places(a, "a", 3) + self.places(b, "b", 3)
            texts = (f"{sides[0][n]} FULL JOIN {sides[1][n]} ON a.region = b.region AND a.{key} = b.{other}" for n in (0, 1))
            return self.select(places, Node("leaf", *texts))
        kept = (a, "a") if word == "LEFT JOIN" else (b, "b")
        where = self.predicates.bound(*kept)
        if rng.random() < 0.2:
            where = combine("AND", where, self.predicates.other(*((b, "b") if kept[1] == "a" else (a, "a"))))
        return self.joined(word, a, b, on, where)

    def side(self, name, alias):
        """A bounded table as a derived one; ec2ql's `*` leaves `tags` out."""
        where = self.predicates.bound(name, "t")
        every = "t.*, t.tags" if name in TAGGED else "*"
        texts = ((every, where.ec2ql), ("*", where.duck))
        return [f"(SELECT {columns} FROM {name} t WHERE {text}) {alias}" for columns, text in texts]

    def in_subquery(self):
        rng = self.rng
        a, key, b, other = self.link()
        inner = self.predicates.bound(b, "b")
        alone = rng.random() < 0.85
        word = "NOT IN" if rng.random() < 0.3 else "IN"
        correlated = rng.choice(["", "", "b.region = a.region AND "])
        texts = (f"a.{key} {word} (SELECT b.{other} FROM {b} b WHERE {correlated}{text})" for text in (inner.ec2ql, inner.duck))
        condition = Node("leaf", *texts)
        if rng.random() < 0.15:
            condition = negate(condition)
        rest = self.predicates.bound(a, "a")
        if not alone:
            condition = combine("AND", self.predicates.regions("a"), combine("OR", condition, self.predicates.other(a, "a")))
            return self.select(self.places(a, "a"), f"{a} a", condition)
        return self.select(self.places(a, "a"), f"{a} a", combine("AND", rest, condition))

    def region_subquery(self):
        rng = self.rng
        a, b = self.table(), self.table()
        pattern = rng.choice(["us-%", "%-1", "%", "zz%", "eu-west-_"])
        names = f"FROM regions r WHERE r.regionName LIKE '{pattern}'"
        values = ", ".join(f"({literal(rng.choice(self.world.regions))})" for _ in range(2))
        inner = self.predicates.bound(b, "b")
        sides = (inner.ec2ql, inner.duck)
        source = rng.choice([
            leaf(f"a.region IN (SELECT r.regionName {names})"),
            leaf(f"a.region = (SELECT {rng.choice(['min', 'max'])}(r.regionName) {names})"),
            leaf(f"a.region IN (SELECT v.r FROM (VALUES {values}) v(r))"),
            leaf(f"EXISTS (SELECT 1 {names} AND r.regionName = a.region)"),
            Node("leaf", *(f"a.region IN (SELECT b.region FROM {b} b WHERE {text})" for text in sides)),
            Node("leaf", *(f"a.region = (SELECT max(b.region) FROM {b} b WHERE {text})" for text in sides)),
        ])
        where = combine("AND", source, self.predicates.tree(a, "a", 1)) if rng.random() < 0.6 else source
        return self.select(self.places(a, "a"), f"{a} a", where)

    def exists(self):
        rng = self.rng
        a, key, b, other = self.link()
        inner = self.predicates.bound(b, "b")
        word = rng.choice(["EXISTS", "EXISTS", "NOT EXISTS"])
        on = f"b.region = a.region AND b.{other} = a.{key}"
        texts = (f"{word} (SELECT 1 FROM {b} b WHERE {on} AND {text})" for text in (inner.ec2ql, inner.duck))
        return self.select(self.places(a, "a"), f"{a} a", combine("AND", self.predicates.bound(a, "a"), Node("leaf", *texts)))

    def derived(self):
        """A derived table or a CTE, bound from outside."""
        rng = self.rng
        name = self.table()
        inner = self.predicates.tree(name, "t", regions=0)
        column = rng.choice([TABLES[name].id, rng.choice([c.name for c in TABLES[name].columns if "." not in c.name])])
        form = rng.choice(["plain", "group", "distinct", "union"])
        grouped = " GROUP BY t.region, t." + column if form == "group" else ""
        first = "DISTINCT t.region" if form == "distinct" else "t.region"
        texts = []
        for text in (inner.ec2ql, inner.duck):
            select = f"SELECT {first}, t.{column} AS k FROM {name} t WHERE {text}{grouped}"
            if form == "union":
                select = f"{select} UNION ALL SELECT t.region, t.{column} AS k FROM {name} t"
            texts.append(f"({select}) d")
        outer = self.predicates.regions("d")
        return self.select(["d.region", "d.k"], Node("leaf", *texts), outer)

    def twice(self):
        """A CTE that is read twice: asked once."""
        name = self.table()
        table = TABLES[name]
        where = self.predicates.bound(name, "t")
        place = self.rng.choice([c.name for c in table.columns if "." not in c.name])
        on = self.rng.choice(["x.region = y.region AND x.i = y.i", "x.k = y.k AND x.i < y.i"])
        texts = []
        for text in (where.ec2ql, where.duck):
            inner = f"SELECT t.region, t.{table.id} AS i, t.{place} AS k FROM {name} t WHERE {text}"
            outputs = "x.region AS c0, x.i AS c1, y.i AS c2, y.k AS c3"
            texts.append(f"WITH w AS ({inner}) SELECT {outputs} FROM w x JOIN w y ON {on}")
        return Statement(*texts, "")

    def twice_apart(self):
        """A CTE that is read twice, each time in other regions: asked once where they are the same."""
        name = self.table()
        table = TABLES[name]
        place = self.rng.choice([c.name for c in table.columns if "." not in c.name])
        inner = self.predicates.tree(name, "t", 1, regions=0)
        sides = [self.predicates.regions(alias) for alias in ("x", "y")]
        texts = []
        for side in ("ec2ql", "duck"):
            where = " AND ".join(getattr(one, side) for one in sides)
            read = f"SELECT t.region, t.{table.id} AS i, t.{place} AS k FROM {name} t WHERE {getattr(inner, side)}"
            outputs = "x.region AS c0, x.i AS c1, y.region AS c2, y.k AS c3"
            texts.append(f"WITH w AS ({read}) SELECT {outputs} FROM w x JOIN w y ON x.i = y.i WHERE {where}")
        return Statement(*texts, "")

    def join_above(self):
        """Regions, and perhaps ids, from VALUES above a join: on the side that it keeps they reach its tables."""
        rng = self.rng
        a, key, b, other = self.link()
        word = rng.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "EXISTS", "NOT EXISTS"])
        on = f"a.region = b.region AND a.{key} = b.{other}"
        kept, name, column = ("b", b, other) if word == "RIGHT JOIN" else ("a", a, key)
        names = rng.choice([("region", "k"), ("r", "k"), ("k", "region")])
        outputs = f"{kept}.region AS {names[0]}, {kept}.{column} AS {names[1]}, {kept}.{TABLES[name].id} AS i"
        if word in ("EXISTS", "NOT EXISTS"):
            # A semi join could take a filter over its key to another column of that name: such a filter is not handed on.
            text = rng.choice([column.name for column in TABLES[b].columns_of("VARCHAR") if column.name != key])
            rest = rng.choice(["", f" AND b.{text} IS DISTINCT FROM a.{TABLES[a].id}"])
            where = self.predicates.bound(b, "b") if word == "NOT EXISTS" else leaf("true")
            texts = [f"SELECT {outputs} FROM {a} a WHERE {word} (SELECT 1 FROM {b} b WHERE {on}{rest} AND {where_})"
                     for where_ in (where.ec2ql, where.duck)]
        else:
            more = "b" if kept == "a" else "a"
            outputs += f", {more}.region AS more, {more}.{key if more == 'a' else other} AS last"
            where = self.predicates.tree(name, kept, 1, regions=0)
            texts = [f"SELECT {outputs} FROM {a} a {word} {b} b ON {on} WHERE {text}" for text in (where.ec2ql, where.duck)]
        pairs = ", ".join(f"({literal(rng.choice(self.world.regions))}, {literal(self.world.values(name, column, rng))})"
                          for _ in range(rng.randint(1, 6)))
        condition = f"d.{names[0]} = v.r" + (f" AND d.{names[1]} = v.k" if rng.random() < 0.5 else "")
        turned = rng.random() < 0.5
        sources = []
        for text in texts:
            sides = [f"(VALUES {pairs}) v(r, k)", f"({text}) d"]
            sources.append(" JOIN ".join(reversed(sides) if turned else sides) + f" ON {condition}")
        return self.select([f"d.{names[0]}", f"d.{names[1]}", "d.i", "v.k"], Node("leaf", *sources))

    def set_operation(self):
        rng = self.rng
        a, key, b, other = self.link()
        word = rng.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"])
        sides = [(self.predicates.bound(a, "a"), f"SELECT a.region AS c0, a.{key} AS c1 FROM {a} a"),
                 (self.predicates.bound(b, "b"), f"SELECT b.region AS c0, b.{other} AS c1 FROM {b} b")]
        texts = (
            f" {word} ".join(f"{head} WHERE {getattr(where, side)}" for where, head in sides) for side in ("ec2ql", "duck")
        )
        return Statement(*texts, "")

    def scalar(self):
        a, key, b, other = self.link()
        inner = self.predicates.bound(b, "b")
        most = f"a.{key} = (SELECT max(b.{other}) FROM {b} b WHERE"
        texts = (f"{most} {text})" for text in (inner.ec2ql, inner.duck))
        return self.select(self.places(a, "a"), f"{a} a", combine("AND", self.predicates.bound(a, "a"), Node("leaf", *texts)))

    def owner(self):
        """A request parameter, which DuckDB gets as what it means."""
        rng = self.rng
        name = rng.choice(["images", "snapshots"])
        column = TABLES[name].owner
        accounts = {**{account: account for account in OWNERS}, "self": ACCOUNT, "amazon": "137112412989"}
        said = rng.sample(list(accounts), rng.randint(1, 2))
        text = f"t.owner = {literal(said[0])}" if len(said) == 1 else f"t.owner IN ({', '.join(map(literal, said))})"
        duck = f"t.{column} IN ({', '.join(literal(accounts[one]) for one in said)})"
        where = combine("AND", leaf(text, duck), self.predicates.bound(name, "t"))
        return self.select(self.places(name, "t"), f"{name} t", where)

    def limit(self):
        """Some rows, whichever: their number is what counts."""
        name = self.table()
        where = self.predicates.bound(name, "t")
        count = self.rng.choice([1, 2, 5, 7, 20])
        head = f"SELECT count(*) AS c0 FROM (SELECT t.region FROM {name} t WHERE"
        texts = (f"{head} {text} LIMIT {count}) d" for text in (where.ec2ql, where.duck))
        return Statement(*texts, "")

    def values_join(self):
        """Regions, and perhaps ids, from VALUES, on either side."""
        rng = self.rng
        name = self.table()
        table = TABLES[name]
        ids = rng.random() < 0.6
        pairs = []
        for _ in range(rng.randint(1, 6)):
            key = self.world.values(name, table.id, rng)
            pairs.append(f"({literal(rng.choice(self.world.regions))}, {literal(key)})")
        values = f"(VALUES {', '.join(pairs)}) v(r, k)"
        on = "t.region = v.r" + (f" AND t.{table.id} = v.k" if ids else "")
        source = rng.choice([
            f"{name} t JOIN {values} ON {on}", f"{values} JOIN {name} t ON {on}", f"{values} LEFT JOIN {name} t ON {on}",
            f"{name} t RIGHT JOIN {values} ON {on}",
        ])
        inner = "LEFT" not in source and "RIGHT" not in source
        where = self.predicates.tree(name, "t", 1) if inner and rng.random() < 0.5 else None
        return self.select([*self.places(name, "t"), "v.r", "v.k"], source, where)
