"""Runs batches of random statements with pushdown and without, and compares their rows with DuckDB's."""

import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import shutil

from .. import endpoint, program
from .duck import Duck
from .grammar import Grammar
from .refusals import Refusals
from .service import Service
from .world import World

# Statements of one process; each batch ends with one that has to be refused.
BATCH = 125
# Batches over one world.
BATCHES = 4
UNBOUND = "ERROR 42R01"
SETTINGS = ["", "", "SET ec2ql.page_rows = 5;\n", "SET ec2ql.join_values = 2;\n"]


@dataclasses.dataclass
class Failure:
    """A statement that did not do what it should."""

    case: str
    reason: str
    record: str


def run(context):
    """All worlds, on all cores."""
    count = context.statements
    worlds = range(-(-count // (BATCH * BATCHES)))
    if context.case is not None:
        worlds = [context.case]
    names = {True: "8 statements: with pushdown", False: "8 statements: without pushdown", None: "8 statements: refused"}
    jobs = [(context.seed, world, context.program.path, str(context.work), context.unpushed) for world in worlds]
    seen = {pushdown: collections.Counter() for pushdown in (True, False)}
    kept = context.target / "conformance-statements"
    shutil.rmtree(kept, ignore_errors=True)
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        for future in concurrent.futures.as_completed([pool.submit(_world, job) for job in jobs]):
            counts, failures, asked = future.result()
            for pushdown, counted in asked.items():
                seen[pushdown].update(counted)
            for key, (ran, failed) in counts.items():
                context.report.passed(names[key], ran - failed)
            for key, failure in failures:
                kept.mkdir(parents=True, exist_ok=True)
                (kept / f"{failure.case.replace(' ', '-')}.txt").write_text(failure.record)
                context.report.failed(names[key], failure.case, failure.reason, statement_txt=failure.record)
    if context.case is None:
        share = context.unpushed
        context.wanted[names[True]] = count - count // BATCH
        context.wanted[names[False]] = int((count - count // BATCH) * share * 0.8)
        context.wanted[names[None]] = count // BATCH
    # The comparison means something when the two runs ask otherwise.
    if min(seen[True]["with ids"], seen[True]["with filters"]) == 0 or seen[False]["with ids"] + seen[False]["with filters"] > 0:
        context.report.failed(names[True], "requests", f"with pushdown {dict(seen[True])}, without {dict(seen[False])}")
    context.report.note(f"statements, with pushdown: {dict(seen[True])}")
    context.report.note(f"statements, without: {dict(seen[False])}")
    context.report.note(f"a world of statements is repeated with --seed {context.seed} --part statements --case WORLD")


def _world(job):
    """One world: its statements, in batches. What ran and failed by kind of run, and the failures."""
    seed, number, binary, work, unpushed = job
    rng = random.Random(f"{seed}/{number}")
    world = World(rng)
    grammar, duck, failures = Grammar(world, rng), Duck(world), []
    refusals = Refusals(grammar, duck)
    counts = {True: [0, 0], False: [0, 0], None: [0, 0]}
    runner = Runner(world, program.Program(binary, pathlib.Path(work, f"home-{os.getpid()}")), duck, f"{seed}/{number}")
    for batch in range(BATCHES):
        statements = [telling(grammar, duck, rng) for _ in range(BATCH - 1)] + [refusals.statement()]
        setting = rng.choice(SETTINGS)
        off = rng.random() < unpushed
        for pushdown in (True, False) if off else (True,):
            found = runner.batch(statements, pushdown, setting, batch)
            failures += found
            for key in (pushdown, None):
                counts[key][0] += sum(statement.refused == (key is None) for statement in statements)
                counts[key][1] += sum(where is key for where, _ in found)
    duck.close()
    return counts, failures, runner.asked


def telling(grammar, duck, rng):
    """A statement; mostly one that has rows."""
    statement = grammar.statement()
    for _ in range(rng.choice([0, 3, 3])):
        if duck.rows(statement.duck):
            break
        statement = grammar.statement()
    return statement


class Runner:
    """Runs statements of a world."""

    def __init__(self, world, binary, duck, seed):
        self.world, self.program, self.duck, self.seed = world, binary, duck, seed
        self.asked = {pushdown: collections.Counter() for pushdown in (True, False)}

    def batch(self, statements, pushdown, setting, number):
        """The failures of a batch. A run stops at the first error: what comes after it gets a run of its own."""
        failures = []
        expected = [None if statement.refused else self.duck.rows(statement.duck) for statement in statements]
        at = 0
        while at < len(statements):
            arrays, errors, log = self.run(statements[at:], pushdown, setting)
            for n, rows in enumerate(arrays, at):
                self.asked[pushdown]["statements with rows"] += bool(rows)
                reason = compare(statements[n], expected[n], [list(row.values()) for row in rows])
                if reason:
                    failures.append(self.failure(statements[n], expected[n], reason, pushdown, setting, f"{number}.{n}"))
            at += len(arrays)
            if at < len(statements):
                if not statements[at].refused or UNBOUND not in errors:
                    reason = errors.strip() or "no rows"
                    failures.append(self.failure(statements[at], expected[at], reason, pushdown, setting, f"{number}.{at}"))
                at += 1
        return failures

    def run(self, statements, pushdown, setting):
        """The rows of each statement up to the first that fails, its error, and what the endpoint was asked."""
        sql = "" if pushdown else "SET ec2ql.pushdown = off;\n"
        sql += setting + ";\n".join(statement.ec2ql for statement in statements) + ";\n"
        service = Service(self.world, self.seed)
        with endpoint.Endpoint(service.answer) as server:
            outcome = self.program.run(sql, server.url, "-o", "json")
        self.asked[pushdown].update(service.counts)
        return outcome.arrays[:len(statements)], outcome.errors, service.log

    def failure(self, statement, expected, reason, pushdown, setting, place):
        """What is known of a failure: it is run once more, alone, for its requests."""
        arrays, errors, log = self.run([statement], pushdown, setting)
        alone = [list(row.values()) for row in arrays[0]] if arrays else errors
        case = f"world {self.seed.replace('/', ' ')} statement {place} {'on' if pushdown else 'off'}"
        record = "\n".join([
            case, f"kind: {statement.kind}", f"settings: {setting.strip()} pushdown {'on' if pushdown else 'off'}",
            f"regions: {self.world.regions}", f"reason: {reason}", "", statement.ec2ql, "", f"DuckDB: {statement.duck}",
            f"expected: {expected}", f"alone: {alone}", "requests, alone:", *log, "",
        ])
        told = f"{statement.kind}: {reason[:300]}\n  {statement.ec2ql}"
        return None if statement.refused else pushdown, Failure(case, told, record)


def compare(statement, expected, actual):
    """None when the rows are the same."""
    if statement.refused:
        return f"should be refused, gave {len(actual)} rows"
    if statement.ordered:
        a, b = [repr(row) for row in expected], [repr(row) for row in actual]
    else:
        a, b = sorted(map(repr, expected)), sorted(map(repr, actual))
    if a == b:
        return None
    missing = [row for row in a if row not in b]
    extra = [row for row in b if row not in a]
    return f"{len(a)} rows expected, got {len(b)}; missing {missing[:3]}, too many {extra[:3]}"
