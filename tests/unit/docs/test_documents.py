"""Links lead somewhere, the Chinese texts have what the English ones have, and pages made from code are up to date."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from module_utils.huaweicloud.instance import api
from tests.unit.docs.markdown import ROOT, Document, every, read
from tools import variables

ACTION = re.compile(r"\b(?:ecs|iam|ims|vpc|eip|evs):[a-zA-Z]+:[a-zA-Z]+")
CODE = ("inventory_plugins", "library", "module_utils", "action_plugins", "discovery/src/main")
# Put together from a word and a permission's beginning.
COMPOSED = {f"ecs:cloudServers:{verb}" for verb in api._POWER}
# What Huawei's "Permissions and Supported Actions" name as dependencies of these.
DEPENDENCIES = {
    "ecs:cloudServers:createServers": {"vpc:publicIps:create"},
    "ecs:securityGroups:use": {
        *("ecs:servers:get", "ecs:servers:list", "ecs:serverVolumes:use", "ecs:diskConfigs:use"),
        *("ecs:serverKeypairs:get", "vpc:securityGroupRules:get", "vpc:networks:get", "vpc:subnets:get"),
        *("vpc:routers:get", "vpc:ports:get", "vpc:ports:update"),
        *(f"vpc:securityGroups:{verb}" for verb in ("get", "create", "delete", "update")),
    },
    "ims:serverImages:create": {
        *("ecs:cloudServers:list", "ecs:cloudServers:get", "ecs:servers:list", "ecs:servers:get"),
        *("ecs:serverVolumes:use", "ecs:serverVolumeAttachments:list", "evs:volumes:*"),
    },
}
# Of identity policies, which the page has no example of.
OTHER_KIND = {"iam:agencies:pass"}
PAIRS = ("README", "docs/quick-start", "discovery/README")
KINDS = ("console", "bash", "yaml", "json", "xml")


@pytest.mark.parametrize("path", every(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path) -> None:
    dead = []
    for link in read(path).links:
        if re.match(r"[a-z]+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        inside = target.is_relative_to(ROOT)
        if not inside or not target.exists() or (fragment and fragment not in read(target).anchors):
            dead.append(link)
    assert not dead


def test_every_guide_is_in_the_index() -> None:
    index = {(ROOT / "docs" / link).resolve() for link in read(ROOT / "docs/README.md").links}
    guides = {path for path in every() if path.parent == ROOT / "docs" and path.name != "README.md"}
    assert guides <= index
    in_readme = {(ROOT / link.partition("#")[0]).resolve() for link in read(ROOT / "README.md").links}
    assert {path for path in guides if "zh-CN" not in path.name} <= in_readme


@pytest.mark.parametrize("name", PAIRS)
def test_the_chinese_text_has_the_same_parts_and_commands(name: str) -> None:
    english, chinese = (read(ROOT / f"{name}{suffix}.md") for suffix in ("", ".zh-CN"))
    assert [level for level, _ in chinese.headings] == [level for level, _ in english.headings]
    assert _blocks(chinese) == _blocks(english)
    assert chinese.prose.count("\n|") == english.prose.count("\n|"), "rows of tables"
    assert _targets(chinese) == _targets(english)
    assert re.findall(r"^\s*\d+\. ", chinese.prose, re.M) == re.findall(r"^\s*\d+\. ", english.prose, re.M)
    assert f"({Path(name).name}.zh-CN.md)" in english.prose and f"({Path(name).name}.md)" in chinese.prose


def test_the_policies_hold_the_actions_the_code_uses_and_no_other() -> None:
    page = read(ROOT / "docs/huawei-cloud.md")
    files = [path for room in CODE for path in (ROOT / room).rglob("*") if path.suffix in (".py", ".java")]
    code = {action for path in files for action in ACTION.findall(path.read_text())}
    policies = [json.loads(text) for info, text in page.blocks if info == "json"]
    granted = [{action for rule in policy["Statement"] for action in rule["Action"]} for policy in policies]
    given = {action for actions in granted for action in actions}
    used = code | COMPOSED
    assert given == used.union(*(DEPENDENCIES[action] for action in used & DEPENDENCIES.keys()))
    for action, needed in DEPENDENCIES.items():
        assert any({action, *needed} <= actions for actions in granted), f"{action} and what it needs in one policy"
    assert set(ACTION.findall(page.prose)) <= given | OTHER_KIND


def test_the_variables_are_those_of_the_roles() -> None:
    assert variables.main(["--check"]) == 0


def test_the_readme_has_what_a_user_of_the_image_looks_for() -> None:
    readme = read(ROOT / "README.md")
    assert ("bash", "#!/bin/bash\necho 'root:${password}' | chpasswd\nbash /home/init.sh") in readme.blocks
    hazelcast = read(ROOT / "docs/hazelcast.md")
    assert {"three-ways-to-ask-ecs", "three-scenarios", "three-networks"} <= hazelcast.anchors
    assert [link for link in readme.links if "hazelcast.md#three" in link]


def _blocks(document: Document) -> list[tuple[str, str]]:
    """The blocks a person copies, comments of XML left out: they are translated."""
    return [(info, re.sub(r"<!--.*?-->", "", text)) for info, text in document.blocks if info in KINDS]


def _targets(document: Document) -> list[str]:
    """Where a text points to, whatever the language of the page there."""
    return sorted(link.replace(".zh-CN", "") for link in document.links)
