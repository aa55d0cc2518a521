"""Part 8: random statements over random data, with pushdown and without; DuckDB says what their rows are."""

from .part import run

__all__ = ["run"]
