"""Writes docs/variables.md from every role's meta/argument_specs.yml and defaults/main.yml.

python -m tools.variables            write it
python -m tools.variables --check    write nothing; exit 1 where it is out of date
"""

from __future__ import annotations

import argparse
import sys

from tools.role_readme import ROLES, Role, load, table

PAGE = ROLES.parent / "docs" / "variables.md"
INTRODUCTION = """\
<!-- Made by tools/variables.py from the roles' meta/argument_specs.yml and defaults/main.yml. -->

# Variables

Every variable of every role. Put yours into `inventory/group_vars/`: for all servers into `all/`, for all Hazelcast
clusters into `hazelcast.yml`, for one cluster into a file named after its group, such as `hazelcast_prod_a.yml`. What
is there already goes before the defaults of this page: `inventory/group_vars/hazelcast.yml` makes the required ones
from the servers' tags. Secrets are variables `vault_*` (`inventory/group_vars/all/secrets.yml`).

The options of the inventory plugin, which is no role: `ansible-doc -t inventory huaweicloud_ecs`. Those of the report
page: [report.md](report.md#options).
"""


def render(roles: list[Role]) -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for role in roles:
        parts += [f"## {role.name}", "", *_about(role), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _about(role: Role) -> list[str]:
    """What a role is for, and its variables; entry points share them, so each variable is said once."""
    options = {name: option for spec in role.specs.values() for name, option in spec.get("options", {}).items()}
    short = role.specs["main"]["short_description"].rstrip(".")
    about = [f"{short}. More: [roles/{role.name}](../roles/{role.name}/README.md)."]
    return [*about, "", *table(options, role.defaults)] if options else [f"{about[0]} It has no variables."]


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.variables", description=f"Write docs/{PAGE.name}.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page is out of date")
    check = parser.parse_args(arguments).check
    text = render([load(path.parent.parent) for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))])
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print(f"docs/{PAGE.name} is out of date: run python -m tools.variables", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
