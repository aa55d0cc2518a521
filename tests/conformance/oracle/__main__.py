"""Runs the conformance parts against the real binary and says how many cases ran."""

import argparse
import pathlib
import random
import sys
import time

from . import model, moto, parquet, program, report, requests, rows, statements, winterbaume

PARTS = {
    "samples": rows.samples,
    "random": rows.random_documents,
    "differences": rows.differences,
    "requests": requests.run,
    "moto": moto.run,
    "winterbaume": winterbaume.run,
    "parquet": parquet.run,
    "statements": statements.run,
}


class Context:
    """What every part needs."""

    def __init__(self, arguments):
        self.root = arguments.root
        self.target = arguments.target
        self.work = arguments.target / "conformance-work"
        self.work.mkdir(parents=True, exist_ok=True)
        self.seed = arguments.seed
        self.cases = arguments.cases
        self.case = arguments.case
        self.statements = arguments.statements
        self.unpushed = arguments.unpushed
        self.rng = random.Random(arguments.seed)
        self.program = program.Program(arguments.binary, self.work / "home")
        self.report = report.Report(arguments.target / "conformance-failures")
        self.all_tables = model.tables(arguments.root)
        self.tables = [table for table in self.all_tables if not arguments.table or table.name in arguments.table]
        self.wanted = {}


def main():
    """Parses the arguments, runs the parts."""
    parser = argparse.ArgumentParser(prog="tests/conformance/run", description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--target", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--binary", type=pathlib.Path, required=True, help="the ec2ql to test")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), help="of the random documents")
    parser.add_argument("--cases", type=int, default=1000, help="random documents per table (1000)")
    parser.add_argument("--case", type=int, help="only this random document")
    parser.add_argument("--statements", type=int, default=20500, help="random statements, a 125th of which has to be refused (20500)")
    parser.add_argument("--unpushed", type=float, default=1, help="share of them that also runs without pushdown (1)")
    parser.add_argument("--table", action="append", help="only this table; may be repeated")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; may be repeated")
    arguments = parser.parse_args()
    print(f"ec2ql: {arguments.binary}\nseed: {arguments.seed}", flush=True)
    context = Context(arguments)
    for name, part in PARTS.items():
        if arguments.part and name not in arguments.part:
            continue
        start = time.monotonic()
        part(context)
        print(f"part {name}: {time.monotonic() - start:.0f} s", flush=True)
    sys.exit(0 if context.report.finish(context.wanted) else 1)


main()
