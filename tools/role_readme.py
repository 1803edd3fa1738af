"""Writes every role's README.md from its meta/argument_specs.yml and defaults/main.yml.

    tools/role_readme.py            write them
    tools/role_readme.py --check    write nothing; exit 1 where one is out of date or a contract is broken

The argument spec is the contract: types, meanings, an example. The defaults are in defaults/main.yml and only there.
A contract is broken where the two disagree on which variables exist: an option is either required or has a default.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"
BANNER = "<!-- Made by tools/role_readme.py from meta/argument_specs.yml and defaults/main.yml. -->"


@dataclass(frozen=True)
class Role:
    """One role as its files describe it; ``specs`` maps an entry point (``main`` first) to its argument spec."""

    name: str
    specs: dict[str, dict[str, Any]]
    defaults: dict[str, Any]


def load(path: Path) -> Role:
    """Reads the role in directory ``path``; a role without defaults has none. Raises OSError, yaml.YAMLError."""
    specs = yaml.safe_load((path / "meta/argument_specs.yml").read_text())["argument_specs"]
    defaults = path / "defaults/main.yml"
    return Role(path.name, specs, (yaml.safe_load(defaults.read_text()) or {}) if defaults.exists() else {})


def contract_errors(role: Role) -> list[str]:
    """What the spec and the defaults say differently, as sentences; empty when they agree."""
    options = {name: option for spec in role.specs.values() for name, option in spec.get("options", {}).items()}
    required = {name for name, option in options.items() if option.get("required")}
    errors = [
        f"{name} has a default and no description in meta/argument_specs.yml"
        for name in sorted(role.defaults.keys() - options.keys())
    ]
    errors += [
        f"{name} is neither required nor in defaults/main.yml"
        for name in sorted(options.keys() - role.defaults.keys() - required)
    ]
    errors += [f"{name} is required, yet has a default" for name in sorted(required & role.defaults.keys())]
    errors += [
        f"{name} has a default in meta/argument_specs.yml; defaults/main.yml is the place for it"
        for name, option in sorted(options.items())
        if "default" in option
    ]
    errors += [
        f"{name} is not named after the role"
        for name in sorted(options)
        if not name.startswith((f"{role.name}_", f"__{role.name}_"))
    ]
    return [f"roles/{role.name}: {error}" for error in errors]


def render(role: Role) -> str:
    """The whole README.md of a role."""
    main, *others = sorted(role.specs, key=lambda entry: entry != "main")
    lines = [BANNER, "", f"# {role.name}", "", *_section(role, main)]
    for entry in others:
        lines += ["", f"## Entry point `{entry}`", "", *_section(role, entry)]
    return "\n".join(lines) + "\n"


def _section(role: Role, entry: str) -> Iterator[str]:
    spec = role.specs[entry]
    yield _sentence(spec["short_description"])
    for paragraph in _paragraphs(spec.get("description", [])):
        yield from ("", paragraph)
    if options := spec.get("options"):
        yield from ("", *table(options, role.defaults))
    if examples := spec.get("examples"):
        yield from ("", "```yaml", examples.rstrip("\n"), "```")


def table(options: dict[str, dict[str, Any]], defaults: dict[str, Any]) -> Iterator[str]:
    """A Markdown table of options as an argument spec has them."""
    yield from ("| variable | type | default | meaning |", "|---|---|---|---|")
    yield from _rows(options, defaults)


def _rows(options: dict[str, dict[str, Any]], defaults: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """One table row an option, those of its elements after it as ``name[].option``."""
    for name, option in options.items():
        default = _default(name, option, defaults, prefix)
        yield f"| `{prefix}{name}` | {_type(option)} | {default} | {_meaning(option)} |"
        marker = "[]." if option.get("type") == "list" else "."
        yield from _rows(option.get("options", {}), {}, f"{prefix}{name}{marker}")


def _type(option: dict[str, Any]) -> str:
    kind = option.get("type", "str")
    return f"list of {option['elements']}" if "elements" in option else str(kind)


def _default(name: str, option: dict[str, Any], defaults: dict[str, Any], prefix: str) -> str:
    if option.get("required"):
        return "required"
    if prefix:
        return _code(option["default"]) if "default" in option else ""
    return _code(defaults[name]) if name in defaults else ""


def _code(value: object) -> str:
    """A value as it would be written in a variables file, on one line and safe inside a table cell."""
    if isinstance(value, str) and value:
        text = " ".join(value.split())
    else:
        text = yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("...\n").strip()
    return f"`{text}`".replace("|", "\\|")


def _meaning(option: dict[str, Any]) -> str:
    text = " ".join(_paragraphs(option.get("description", [])))
    if choices := option.get("choices"):
        text += f" One of {', '.join(_code(choice) for choice in choices)}."
    return text.replace("|", "\\|")


def _paragraphs(text: str | list[str]) -> list[str]:
    return [" ".join(part.split()) for part in ([text] if isinstance(text, str) else text)]


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the README.md of roles from their argument specs.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something is out of date")
    parser.add_argument("roles", nargs="*", metavar="ROLE", help="names of roles (default: all)")
    options = parser.parse_args(arguments)
    chosen = [ROLES / name for name in options.roles] or sorted(path for path in ROLES.iterdir() if path.is_dir())
    problems: list[str] = []
    for path in chosen:
        if not (path / "meta/argument_specs.yml").exists():
            problems.append(f"roles/{path.name}: no meta/argument_specs.yml")
            continue
        role = load(path)
        problems += contract_errors(role)
        readme, text = path / "README.md", render(role)
        if readme.exists() and readme.read_text() == text:
            continue
        if options.check:
            problems.append(f"roles/{role.name}/README.md is out of date: run tools/role_readme.py")
        else:
            readme.write_text(text)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
