#!/usr/bin/python
"""Ansible module: what a preflight found, as JSON, as a page and as a table. It runs on the control node (jinja2)."""

from __future__ import annotations

import json
import os
import tempfile
import traceback
from datetime import datetime, timezone
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.preflight import gather, result, subject, table

try:
    from ansible.module_utils.preflight import page
    from jinja2 import TemplateError
except ImportError:
    JINJA2_MISSING = traceback.format_exc()
else:
    JINJA2_MISSING = ""

DOCUMENTATION = r"""
---
module: preflight_report
short_description: Write what a preflight found
description:
  - Makes one result (docs/schemas/preflight-result.json) of what the account and the hosts answered, keeps it as JSON
    and as a self-contained HTML page, and returns it as a table for the terminal.
  - A red check is a result, not a failure of this module.
options:
  account: {type: list, elements: dict, required: true, description: The subjects of M(huaweicloud_account).}
  bastions: {type: list, elements: dict, default: [], description: The bastions of M(ssh_bastions).}
  hosts:
    type: list
    elements: dict
    required: true
    description: What was heard of each host, as module_utils/preflight/gather.py has it.
  templates: {type: list, elements: path, required: true, description: Directories of page.html.j2 and page.css.}
  dest: {type: path, required: true, description: The page; the result is beside it as .json.}
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
author: ["ECS Cluster Kit"]
"""

RETURN = r"""
ok: {type: bool, returned: success, description: Whether nothing is red.}
verdict: {type: str, returned: success, description: One sentence.}
table: {type: list, returned: success, description: 'Lines for the terminal, the verdict first.'}
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "account": {"type": "list", "elements": "dict", "required": True},
            "bastions": {"type": "list", "elements": "dict", "default": []},
            "hosts": {"type": "list", "elements": "dict", "required": True},
            "templates": {"type": "list", "elements": "path", "required": True},
            "dest": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    if JINJA2_MISSING:
        module.fail_json(msg=missing_required_lib("jinja2"), exception=JINJA2_MISSING)
    subjects = [subject.from_dict(each) for each in module.params["account"]]
    subjects += [*gather.bastions(module.params["bastions"]), *gather.subjects(module.params["hosts"])]
    found = result.make(subjects, datetime.now(timezone.utc))
    dest = Path(module.params["dest"])
    try:
        if not module.check_mode:
            write(dest.with_suffix(".json"), json.dumps(found, indent=2, ensure_ascii=False) + "\n")
            write(dest, page.render(found, module.params["templates"]))
    except TemplateError as error:
        module.fail_json(msg=f"The page's template in {module.params['templates'][0]} does not work: {error}.")
    except OSError as error:
        module.fail_json(msg=f"The page was not written: {error}. Is the directory writable, the disk full?")
    # What was seen is new each time; nothing that anybody relies on changed.
    module.exit_json(changed=False, ok=found["ok"], verdict=result.verdict(found), table=table.lines(found))


def write(dest: Path, text: str) -> None:
    """Whole or not at all, readable for all: there is no secret in it."""
    dest.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=dest.parent, prefix=f".{dest.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(text)
        Path(temporary).replace(dest)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    main()
