"""Runs the real binary as a black box."""

import json
import os
import pathlib
import subprocess

ACCESS_KEY = "AKIDCONFORMANCE00000"
SECRET_KEY = "conformance/secret+key0000000000000000000"
# One statement of a batch takes milliseconds; a batch that takes this long hangs.
TIMEOUT_S = 600


class Outcome:
    """How a run ended."""

    def __init__(self, code, output, errors):
        self.code = code
        self.output = output
        self.errors = errors

    @property
    def arrays(self):
        """The JSON arrays that were printed, one per statement."""
        arrays, at, decoder = [], 0, json.JSONDecoder()
        text = self.output.decode()
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            try:
                array, at = decoder.raw_decode(text, at)
            except json.JSONDecodeError:
                break  # A run that failed may have stopped in the middle of an array; its exit code says so.
            arrays.append(array)
        return arrays


class Program:
    """The binary, in an environment that holds nothing but what a test gives it."""

    def __init__(self, path, home):
        self.path = str(path)
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)

    def run(self, sql, url, *arguments, token=None, access_key=ACCESS_KEY, secret_key=SECRET_KEY):
        """Runs SQL text against an endpoint; the SQL comes from standard input."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_CONFIG_FILE": str(self.home / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.home / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "RUST_BACKTRACE": "1",
        }
        if token:
            environment["AWS_SESSION_TOKEN"] = token
        command = [self.path, "--endpoint-url", url, *arguments]
        done = subprocess.run(
            command, input=sql.encode(), env=environment, capture_output=True, timeout=TIMEOUT_S, check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def rows(self, sql, url, **options):
        """The rows of every statement; a run that fails is an error."""
        outcome = self.run(sql, url, "-o", "json", **options)
        if outcome.code != 0:
            raise Failed(f"exit code {outcome.code} for {sql}\n{outcome.errors}")
        return outcome.arrays


class Failed(Exception):
    """The binary did not do what was asked."""
