#!/usr/bin/python
"""Ansible module: write the report page of all clusters. It runs on the control node (it needs jinja2)."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.report import build, plan, result, view

try:
    from ansible.module_utils.report import html
    from jinja2 import TemplateError
except ImportError:
    JINJA2_MISSING = traceback.format_exc()
else:
    JINJA2_MISSING = ""

DOCUMENTATION = r"""
---
module: cluster_report
short_description: Write one HTML page about all clusters
description:
  - Makes one self-contained page from the results of the verify stage and from the inventory.
  - The same results and the same inventory give the same page, byte by byte; there is no clock in it.
  - The page is written whole or not at all.
options:
  results:
    description: Directory of the results, C(<system>/<cluster>.json) below it. It may be absent.
    type: path
    required: true
  inventory:
    description: One list per field, all in the order of the hosts. Unknown fields of a host are empty.
    type: dict
    required: true
    suboptions:
      name: {description: Inventory host names., type: list, elements: str, required: true}
      address: {description: Private addresses., type: list, elements: str, required: true}
      region: {description: Regions., type: list, elements: str, required: true}
      availability_zone: {description: Availability zones., type: list, elements: str, required: true}
      status: {description: Server states as ECS names them., type: list, elements: str, required: true}
      tags: {description: Tags of the servers., type: list, elements: dict, required: true}
  systems:
    description: Tag keys that name a system; the tag's value is then the cluster.
    type: list
    elements: str
    required: true
  templates:
    description: Directory of C(page.html.j2) and C(page.css).
    type: path
    required: true
  dest:
    description: The page. Its directory is made if need be.
    type: path
    required: true
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
author: ["ECS Cluster Kit"]
"""

EXAMPLES = r"""
- name: The report page is written
  cluster_report:
    results: reports/verify
    inventory:
      name: [ecs-1]
      address: [10.0.0.1]
      region: [cn-north-4]
      availability_zone: [cn-north-4a]
      status: [ACTIVE]
      tags: [{redis: cache1}]
    systems: [redis]
    templates: module_utils/report
    dest: reports/index.html
"""

RETURN = r"""
dest: {description: The page., returned: success, type: str}
summary:
  description: One line on the clusters, those that are not whole by name.
  returned: success
  type: str
  sample: "1 of 3 clusters is not whole: redis cache1"
clusters:
  description: How many clusters are in each state.
  returned: success
  type: dict
  sample: {broken: 1, whole: 2}
unreadable:
  description: Result files that could not be used, each with the reason.
  returned: success
  type: list
  elements: str
"""

MODE = 0o644
COLUMN = {"type": "list", "elements": "str", "required": True}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "results": {"type": "path", "required": True},
            "inventory": {
                "type": "dict",
                "required": True,
                "options": dict.fromkeys(plan.COLUMNS, COLUMN) | {"tags": COLUMN | {"elements": "dict"}},
            },
            "systems": {"type": "list", "elements": "str", "required": True},
            "templates": {"type": "path", "required": True},
            "dest": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    if JINJA2_MISSING:
        module.fail_json(msg=missing_required_lib("jinja2"), exception=JINJA2_MISSING)
    try:
        planned = plan.read(module.params["inventory"], module.params["systems"])
        results, unreadable = read_results(Path(module.params["results"]))
        page = build.page(results, planned, unreadable)
        text = html.render(page, module.params["templates"])
        changed, before = write(Path(module.params["dest"]), text, dry=module.check_mode)
    except plan.PlanError as error:
        module.fail_json(msg=str(error))
    except TemplateError as error:
        module.fail_json(msg=f"The page's template in {module.params['templates']} does not work: {error}.")
    except OSError as error:
        module.fail_json(msg=f"The report page was not written: {error}. Is the directory writable, the disk full?")
    answer: dict[str, Any] = {
        "changed": changed,
        "dest": module.params["dest"],
        "summary": page.summary,
        "clusters": {state.icon: number for state, number in page.tallies},
        "unreadable": [str(bad) for bad in page.unreadable],
    }
    if module._diff:
        answer["diff"] = {"before": before, "after": text, "before_header": str(answer["dest"])}
    module.exit_json(**answer)


def read_results(directory: Path) -> tuple[list[Any], list[Any]]:
    """All results below the directory, and the files that are none (view.BadFile), in the order of their paths."""
    found: dict[Any, Any] = {}
    unreadable = []
    for path in sorted(directory.glob("*/*.json")):
        source = path.relative_to(directory).as_posix()
        reason = ""
        try:
            read = result.parse(path.read_text(encoding="utf-8"), source)
            first = found.setdefault(read.key, read)
            if first is not read:
                reason = f"it is about {read.key}, and so is {first.source}"
        except result.ResultError as error:
            reason = str(error)
        except UnicodeDecodeError:
            reason = "it is not UTF-8 text"
        except OSError as error:
            reason = f"it cannot be read ({error.strerror})"
        if reason:
            unreadable.append(view.BadFile(source, reason))
    return list(found.values()), unreadable


def write(dest: Path, text: str, *, dry: bool) -> tuple[bool, str]:
    """Whether the page had to be written, and what was there before. A reader sees the old page or the new one."""
    content = text.encode("utf-8", errors="replace")
    before = dest.read_bytes() if dest.exists() else b""
    if content == before and dest.stat().st_mode & 0o7777 == MODE:
        return False, before.decode("utf-8", errors="replace")
    if not dry:
        dest.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=dest.parent, prefix=f".{dest.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), MODE)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(dest)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    return True, before.decode("utf-8", errors="replace")


if __name__ == "__main__":
    main()
