"""The same rows in DuckDB."""

import duckdb

from .world import TABLES, TAGGED


class Duck:
    """A database in memory with a table for each of a world's."""

    def __init__(self, world):
        self.connection = duckdb.connect(config={"threads": 1})
        for name, table in TABLES.items():
            plain = [column for column in table.columns if "." not in column.name]
            nested = {}
            for column in table.columns:
                if "." in column.name:
                    outer, inner = column.name.split(".")
                    nested.setdefault(outer, []).append((inner, column))
            types = [("region", "VARCHAR"), *((column.name, column.type) for column in plain)]
            types += [(outer, "STRUCT({})".format(", ".join(f"{inner} {column.type}" for inner, column in fields)))
                      for outer, fields in nested.items()]
            if name in TAGGED:
                types.append(("tags", "MAP(VARCHAR, VARCHAR)"))
            self.connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in types)})")
            rows = [
                [region, *(row[column.name] for column in plain),
                 *({inner: row[column.name] for inner, column in fields} for fields in nested.values()),
                 *([row["tags"]] if name in TAGGED else [])]
                for region in world.regions for row in world.rows[name, region]
            ]
            if rows:
                self.connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(types))})", rows)
        self.connection.execute("CREATE TABLE regions (region VARCHAR, regionName VARCHAR, optInStatus VARCHAR)")
        for region in world.regions:
            self.connection.execute("INSERT INTO regions VALUES (?, ?, ?)", ["us-east-1", region, "opt-in-not-required"])

    def rows(self, sql):
        return [list(row) for row in self.connection.execute(sql).fetchall()]

    def close(self):
        self.connection.close()
