"""`make bench [WHAT=path|inventory|discovery]`: prints tables as Markdown; docs/performance.md holds the last ones."""

from __future__ import annotations

import sys

from bench import path
from bench.discovery import table as discovery
from bench.inventory import table as inventory

TABLES = {"path": path.run, "inventory": inventory.run_all, "discovery": discovery.run}


def main() -> int:
    wanted = sys.argv[1:] or list(TABLES)
    unknown = [name for name in wanted if name not in TABLES]
    if unknown:
        print(f"bench: no table {', '.join(unknown)}; there are: {', '.join(TABLES)}", file=sys.stderr)
        return 2
    for name in wanted:
        print(f"## {name}\n\n{TABLES[name]()}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
