"""tools/role_readme.py: what a role's README says, and which broken contracts are found."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).resolve().parents[3] / "tools/role_readme.py"
spec = importlib.util.spec_from_file_location("role_readme", PATH)
assert spec and spec.loader
tool = importlib.util.module_from_spec(spec)
sys.modules["role_readme"] = tool
spec.loader.exec_module(tool)

SPEC = """
argument_specs:
  main:
    short_description: Does something
    description: [First., "Second,\\n  wrapped."]
    options:
      thing_port: {type: int, description: A port.}
      thing_name: {required: true, description: "A | name."}
      thing_kind: {choices: [a, b], description: The kind.}
      thing_files:
        type: list
        elements: dict
        description: Files.
        options:
          path: {type: path, required: true, description: Where.}
    examples: |
      - hosts: all
  fetch:
    short_description: Only fetches.
"""
DEFAULTS = {"thing_port": 80, "thing_kind": "", "thing_files": []}


def role(defaults: dict[str, Any] = DEFAULTS, **options: Any) -> Any:
    specs = tool.yaml.safe_load(SPEC)["argument_specs"]
    specs["main"]["options"].update(options)
    return tool.Role("thing", specs, defaults)


def test_readme() -> None:
    assert tool.render(role()).split("\n", 2)[2] == (
        "# thing\n\nDoes something.\n\nFirst.\n\nSecond, wrapped.\n\n"
        "| variable | type | default | meaning |\n|---|---|---|---|\n"
        "| `thing_port` | int | `80` | A port. |\n"
        "| `thing_name` | str | required | A \\| name. |\n"
        "| `thing_kind` | str | `''` | The kind. One of `a`, `b`. |\n"
        "| `thing_files` | list of dict | `[]` | Files. |\n"
        "| `thing_files[].path` | path | required | Where. |\n\n"
        "```yaml\n- hosts: all\n```\n\n"
        "## Entry point `fetch`\n\nOnly fetches.\n"
    )


def test_spec_and_defaults_that_agree_have_no_errors() -> None:
    assert tool.contract_errors(role()) == []


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (role(DEFAULTS | {"thing_new": 1}), "thing_new has a default and no description"),
        (role({"thing_port": 80, "thing_kind": ""}), "thing_files is neither required nor in defaults"),
        (role(DEFAULTS | {"thing_name": "x"}), "thing_name is required, yet has a default"),
        (role(thing_port={"type": "int", "default": 80}), "thing_port has a default in meta/argument_specs.yml"),
        (role(DEFAULTS | {"other": 1}, other={"description": "x"}), "other is not named after the role"),
    ],
)
def test_broken_contract_is_one_sentence(broken: Any, words: str) -> None:
    (error,) = tool.contract_errors(broken)
    assert words in error


def test_check_writes_nothing_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for directory in ("thing/meta", "thing/defaults", "bare"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "thing/meta/argument_specs.yml").write_text(SPEC)
    (tmp_path / "thing/defaults/main.yml").write_text(tool.yaml.safe_dump(DEFAULTS))
    monkeypatch.setattr(tool, "ROLES", tmp_path)
    assert tool.main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "roles/bare: no meta/argument_specs.yml\nroles/thing/README.md is out of date: run tools/role_readme.py\n"
    )
    assert not (tmp_path / "thing/README.md").exists()
    assert tool.main(["thing"]) == 0
    assert tool.main(["--check", "thing"]) == 0
