"""`make bench [WHAT=path|lab|scale|...]`: prints Markdown tables; docs/performance.md holds the last."""

from __future__ import annotations

import sys

from bench import image, lab, path, scale
from bench.discovery import table as discovery
from bench.instance import table as instance
from bench.inventory import table as inventory

TABLES = {
    "path": path.run,
    "inventory": inventory.run_all,
    "discovery": discovery.run,
    "instance": instance.run,
    "image": image.run,
    "lab": lab.run,
    "scale": scale.run,
}


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
