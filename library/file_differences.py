#!/usr/bin/python
"""Which of many files and directories are not as they should be: one question instead of one task a file."""

from __future__ import annotations

import grp
import hashlib
import pwd
import stat
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: file_differences
short_description: Tells which files and directories differ from what they should be
description:
  - Compares type, content, owner, group and mode of many paths in one call, and changes nothing.
  - The tasks after it loop over C(paths) only, so that a host on which nothing differs costs one module call.
options:
  entries:
    type: list
    elements: dict
    required: true
    description:
      - 'What should be there: C(path) and C(mode) (four octal digits as text), C(owner) and C(group) (root), and for a
        file its C(sha256) or its C(content) (text); without either a directory is meant.'
      - C(absent=true) with a C(path) when nothing should be there.
      - Other keys are left alone, so that the same list can carry what the next task needs.
"""
EXAMPLES = r"""
- name: What differs is known
  file_differences:
    entries:
      - {path: /etc/example, mode: "0755"}
      - {path: /etc/example/a.conf, content: "a = 1\n", mode: "0640", group: example}
  register: __example_differences
"""
RETURN = r"""
paths: {type: list, returned: success, description: The paths that differ, in the order given.}
sums: {type: dict, returned: success, description: 'The sha256 that files which differ should have: path -> sha256'}
reasons: {type: dict, returned: success, description: 'What differs: path -> "missing", "content", "mode 0600" …'}
"""


class EntryError(Exception):
    """An entry is not usable. The message is one sentence for a person."""


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def owner_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def wanted_sum(entry: dict[str, Any]) -> str | None:
    """The sha256 an entry wants, None for a directory."""
    if entry.get("content") is not None:
        return hashlib.sha256(str(entry["content"]).encode()).hexdigest()
    return entry.get("sha256")


def difference(entry: dict[str, Any]) -> str:
    """What is not as ``entry`` says, "" when nothing. Raises EntryError, OSError."""
    absent = bool(entry.get("absent"))
    if not entry.get("path") or not (absent or isinstance(entry.get("mode"), str)):
        raise EntryError(f"An entry needs a path and a mode as text: {sorted(entry)}.")
    path = Path(entry["path"])
    wanted = wanted_sum(entry)
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return "" if absent else "missing"
    if absent:
        return "there"
    wanted_type, is_type = ("file", stat.S_ISREG) if wanted else ("directory", stat.S_ISDIR)
    if not is_type(found.st_mode):
        return f"not a {wanted_type}"
    reasons = ["content"] if wanted and sha256_of(path) != wanted else []
    for name, actual, right in (
        ("owner", owner_name(found.st_uid), entry.get("owner", "root")),
        ("group", group_name(found.st_gid), entry.get("group", "root")),
        ("mode", f"{stat.S_IMODE(found.st_mode):04o}", entry["mode"]),
    ):
        if actual != right:
            reasons.append(f"{name} {actual}")
    return ", ".join(reasons)


def differences(entries: list[dict[str, Any]]) -> dict[str, str]:
    """Path -> what differs, in the order of ``entries``; paths where nothing differs are not in it."""
    reasons = {entry.get("path", ""): difference(entry) for entry in entries}
    return {path: reason for path, reason in reasons.items() if reason}


def main() -> None:
    module = AnsibleModule(
        argument_spec={"entries": {"type": "list", "elements": "dict", "required": True}},
        supports_check_mode=True,
    )
    try:
        reasons = differences(module.params["entries"])
    except EntryError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename} cannot be read: {error.strerror}.")
    sums = {each["path"]: wanted_sum(each) for each in module.params["entries"] if each["path"] in reasons}
    module.exit_json(
        changed=False,
        paths=list(reasons),
        reasons=reasons,
        sums={path: digest for path, digest in sums.items() if digest},
    )


if __name__ == "__main__":
    main()
