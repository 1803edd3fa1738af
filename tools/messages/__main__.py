"""The command: see the package's docstring."""

from __future__ import annotations

import argparse
import sys

from tools.messages.page import problems
from tools.messages.rooms import collect


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 when page and code differ."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.messages", description="Compare docs/troubleshooting.md with the code."
    )
    parser.add_argument("--list", action="store_true", help="print every message with the places it comes from")
    if parser.parse_args(arguments).list:
        for text, places in sorted(collect().items(), key=lambda each: each[1]):
            print(f"{places[0]}: {text}")
        return 0
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
