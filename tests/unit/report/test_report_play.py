"""playbooks/report.yml as a user runs it: written once, repaired, honest in check mode, loud on a bad file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from lxml import html as lxml_html

from tests.unit.lab.region_world import NoHosts, World, listening
from tests.unit.report import pages, samples


def store(data: pages.Data, directory: Path) -> None:
    """Results as the verify stage leaves them below reports/verify, and an inventory like the plugin's.

    Ansible reaches the hosts by public addresses: members, and so the page, have the private ones.
    """
    results, hosts = data
    for result in results:
        path = directory / "reports" / "verify" / result["system"] / f"{result['cluster']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result))
    variables = {
        host["name"]: {
            "ansible_host": f"198.51.100.{number}",
            "ecs_private_ipv4": host["address"],
            "ecs_region": host["region"],
            "ecs_availability_zone": host["availability_zone"],
            "ecs_status": host["status"],
            "ecs_tags": host["tags"],
        }
        for number, host in enumerate(hosts, start=1)
    }
    inventory = {"all": {"hosts": variables | {"bastion": {"ansible_host": "203.0.113.1"}}}}
    (directory / "hosts.yml").write_text(yaml.safe_dump(inventory))


def play(
    directory: Path, *arguments: str, inventory: str = "hosts.yml", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the report play on what was stored; the page is reports/index.html there."""
    command = [Path(sys.executable).parent / "ansible-playbook", "-i", directory / inventory, "playbooks/report.yml"]
    extra = ["-e", json.dumps({"report_directory": str(directory / "reports")})]
    return subprocess.run(
        [*command, *extra, *arguments],
        cwd=pages.ROOT,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CONFIG": str(pages.ROOT / "ansible.cfg")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("site")
    store(samples.small(), directory)
    return directory


def test_the_play_from_nothing_to_a_page_that_stays(site):
    page = site / "reports" / "index.html"

    predicted = play(site, "--check", "--diff")
    assert "changed=1" in predicted.stdout
    assert "The cluster is whole." in predicted.stdout
    assert not page.exists()

    written = play(site)
    assert written.returncode == 0, written.stdout + written.stderr
    assert f"{page}: The cluster is whole" in " ".join(written.stdout.split())
    assert page.stat().st_mode & 0o7777 == 0o644
    text = page.read_text()
    assert text.count('data-member="10.200.0.1') == 3
    assert "bastion" in text
    assert [path.name for path in page.parent.iterdir() if path.name.startswith(".")] == []

    assert "changed=0" in play(site).stdout
    assert page.read_text() == text


def test_an_unreadable_result_fails_the_play_after_the_page_is_written(site):
    (site / "reports" / "verify" / "hazelcast" / "prod-z.json").write_text("{")
    failed = play(site)
    assert failed.returncode != 0
    assert "these result files could not be used: hazelcast/prod-z.json: it is not JSON" in " ".join(
        failed.stdout.split()
    )
    assert "hazelcast/prod-z.json" in (site / "reports" / "index.html").read_text()


def test_the_plan_is_what_the_ecs_inventory_finds(tmp_path):
    """With the real plugin and the lab's API: tags that look like templates are names, not templates."""
    world = World(NoHosts())
    (one,) = world.make(name="hz-1", tags={"hazelcast": "prod {{ inventory_hostname }}"})
    world.make(name="plain", tags={"team": "支付"})
    (tmp_path / "t.huaweicloud_ecs.yml").write_text("plugin: huaweicloud_ecs\n")
    with listening(world.api) as url:
        keys = {"HUAWEICLOUD_SDK_AK": world.account.access_key, "HUAWEICLOUD_SDK_SK": world.account.secret_key}
        places = {"HW_REGION_NAME": "lab-north-1", "HW_ECS_ENDPOINT": url, "HW_IAM_ENDPOINT": url}
        done = play(tmp_path, inventory="t.huaweicloud_ecs.yml", **keys, **places)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = lxml_html.fromstring((tmp_path / "reports" / "index.html").read_text())
    (host,) = shown.xpath("//ul[@class='hosts']/li")
    assert host.xpath("string(.//b)") == "hz-1"
    assert host.xpath("string(.//*[@class='address'])") == one.nics[0].address
    assert host.xpath("string(.//*[contains(@class, 'name')]/bdi)") == "prod {{ inventory_hostname }}"
    assert "plain" in shown.xpath("string(//ul[@class='outside'])")
    assert "team=支付" in shown.xpath("string(//ul[@class='outside'])")
