"""playbooks/report.yml as a user runs it: written once, repaired, honest in check mode, loud on a bad file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.report import pages, samples


def store(data: pages.Data, directory: Path) -> None:
    """Results as the verify stage leaves them below reports/verify, and an inventory like the plugin's."""
    results, hosts = data
    for result in results:
        path = directory / "reports" / "verify" / result["system"] / f"{result['cluster']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result))
    variables = {
        host["name"]: {
            "ansible_host": host["address"],
            "ecs_region": host["region"],
            "ecs_availability_zone": host["availability_zone"],
            "ecs_status": host["status"],
            "ecs_tags": host["tags"],
        }
        for host in hosts
    }
    inventory = {"all": {"hosts": variables | {"bastion": {"ansible_host": "203.0.113.1"}}}}
    (directory / "hosts.yml").write_text(yaml.safe_dump(inventory))


def play(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the report play on what was stored; the page is reports/index.html there."""
    command = [Path(sys.executable).parent / "ansible-playbook", "-i", directory / "hosts.yml", "playbooks/report.yml"]
    extra = ["-e", json.dumps({"report_directory": str(directory / "reports")})]
    return subprocess.run(
        [*command, *extra, *arguments],
        cwd=pages.ROOT,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CONFIG": str(pages.ROOT / "ansible.cfg")},
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
