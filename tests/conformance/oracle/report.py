"""Counts cases, keeps failures, prints both."""

import json
import pathlib
import shutil

# So many failures of a part are printed in full; the rest is counted.
PRINTED_MAX = 4


class Report:
    """What ran in one part, and what failed."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.counts = {}
        self.failures = {}
        self.notes = []

    def passed(self, part, count=1):
        """Counts cases that ran and held."""
        self.counts[part] = self.counts.get(part, 0) + count

    def failed(self, part, case, reason, **files):
        """Counts a case that ran and did not hold, and stores what is needed to look at it."""
        self.passed(part)
        self.failures[part] = self.failures.get(part, 0) + 1
        if self.failures[part] > PRINTED_MAX:
            return
        print(f"FAILED {part}: {case}\n  {reason}")
        if files:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                number = sum(self.failures.values())
                path = self.folder / f"{number:03}-{name.replace('_', '.')}"
                path.write_bytes(content if isinstance(content, bytes) else str(content).encode())
                print(f"  stored: {path}")

    def equal(self, part, case, expected, actual, **files):
        """One case: two values that have to be the same."""
        difference = diff(expected, actual)
        if difference is None:
            self.passed(part)
            return True
        self.failed(part, case, difference, **files)
        return False

    def note(self, text):
        """Something the reader must know, such as what did not run and why."""
        self.notes.append(text)

    def finish(self, wanted):
        """Prints the counts; true when every case that should run did run and held."""
        complete = True
        for part, least in wanted.items():
            ran = self.counts.get(part, 0)
            short = ran < least
            complete &= not short
            print(
                f"{part:<60} {ran:>6} cases"
                + (f", {self.failures[part]} FAILED" if part in self.failures else "")
                + (f", SHOULD BE AT LEAST {least}" if short else "")
            )
        for part in self.counts.keys() - wanted.keys():
            complete = False
            print(f"{part:<60} was not expected to run")
        for note in self.notes:
            print(f"note: {note}")
        print(f"{sum(self.failures.values())} failed" if self.failures else "all held")
        return complete and not self.failures


def diff(expected, actual, path=""):
    """The first difference between two values, in a line; None when they are the same."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in expected:
            if key not in actual:
                return f"{path}.{key}: missing, expected {short(expected[key])}"
        for key in actual:
            if key not in expected:
                return f"{path}.{key}: unexpected, is {short(actual[key])}"
        pairs = ((f"{path}.{key}", expected[key], actual[key]) for key in expected)
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"{path}: expected {len(expected)} elements, got {len(actual)}"
        pairs = ((f"{path}[{n}]", e, a) for n, (e, a) in enumerate(zip(expected, actual)))
    else:
        same = type(expected) is type(actual) and (expected == actual)
        return None if same else f"{path}: expected {short(expected)}, got {short(actual)}"
    for inner, e, a in pairs:
        found = diff(e, a, inner)
        if found:
            return found
    return None


def short(value):
    """A value in a line."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) < 200 else text[:200] + " ..."
