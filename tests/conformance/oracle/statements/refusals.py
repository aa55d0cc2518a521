"""Random statements whose region nothing binds."""

from .predicates import Node, combine, leaf


class Refusals:
    """Statements of a grammar that have to be refused."""

    def __init__(self, grammar, duck):
        self.grammar = grammar
        self.duck = duck
        self.rng = grammar.rng
        self.predicates = grammar.predicates

    def statement(self):
        """One of them."""
        kind = self.rng.choice([
            self.open_where, self.open_where, self.kept_side, self.anti, self.no_equality, self.full, self.under_or,
        ])
        statement = kind()
        while "LIMIT 0" in statement.ec2ql:  # Nothing is planned for no rows.
            statement = kind()
        statement.kind, statement.refused = f"refused, {kind.__name__}", True
        return statement

    def open_where(self):
        name = self.grammar.table()
        where = self.predicates.open(name, "t") if self.rng.random() < 0.9 else None
        # What can never hold needs no region.
        while where and not self.duck.rows(f"SELECT 1 FROM {name} t WHERE {where.duck}"):
            where = self.predicates.open(name, "t")
        return self.grammar.select(self.grammar.places(name, "t"), f"{name} t", where)

    def kept_side(self):
        a, key, b, other = self.grammar.link()
        inner = self.grammar.side(b, "b")
        source = Node("leaf", *(f"{a} a LEFT JOIN {text} ON a.region = b.region AND a.{key} = b.{other}" for text in inner))
        return self.grammar.select(self.grammar.places(a, "a"), source)

    def full(self):
        a, key, b, other = self.grammar.link()
        inner = self.grammar.side(b, "b")
        source = Node("leaf", *(f"{text} FULL JOIN {a} a ON a.region = b.region AND a.{key} = b.{other}" for text in inner))
        return self.grammar.select(self.grammar.places(a, "a"), source)

    def anti(self):
        a = self.grammar.table()
        condition = self.rng.choice([
            "a.region NOT IN (SELECT r.regionName FROM regions r)",
            "NOT EXISTS (SELECT 1 FROM regions r WHERE r.regionName = a.region)",
        ])
        return self.grammar.select(self.grammar.places(a, "a"), f"{a} a", leaf(condition))

    def no_equality(self):
        a, key, b, other = self.grammar.link()
        on = self.rng.choice([f"a.{key} = b.{other}", "a.region < b.region", f"a.region <> b.region AND a.{key} = b.{other}"])
        return self.grammar.joined("JOIN", a, b, leaf(on), self.predicates.regions("a", 0))

    def under_or(self):
        a = self.grammar.table()
        condition = combine("OR", leaf("a.region IN (SELECT r.regionName FROM regions r)"), self.predicates.open(a, "a"))
        return self.grammar.select(self.grammar.places(a, "a"), f"{a} a", condition)
