"""The whole path on real hosts: bare servers to a proven cluster, again, drift, other keys, strangers beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lab.customer import ServerView
from tests.lab.playbook import Play, Site
from tests.lab.world import World

MEMBERS = ("proof-1", "proof-2", "proof-3")
CONFIG = "/home/hazelcast-5.3.1/config"
AGENCY = "ecs-cluster-kit"


@dataclass(frozen=True)
class Formed:
    """Three servers of cluster `proof`, one of cluster `rival` beside them, and the runs that brought them there."""

    site: Site
    servers: dict[str, ServerView]
    foretold: Play
    bare: Play

    def ssh(self, name: str, command: str, check: bool = True) -> str:
        return self.site.world.ssh(self.servers[name], command, check)

    def addresses(self, *names: str) -> set[str]:
        return {f"{self.servers[name].address}:5701" for name in names}


@pytest.fixture(scope="module")
def formed(labs: Callable[[str], World], tmp_path_factory: pytest.TempPathFactory) -> Formed:
    world = labs("site")
    world.up()
    tags = dict.fromkeys(MEMBERS, "proof") | {"rival-1": "rival"}
    servers = {name: world.create(name, tags={"hazelcast": tag}, agency=AGENCY) for name, tag in tags.items()}
    for server in servers.values():
        world.host_keys(server)
    site = Site(world, tmp_path_factory.mktemp("results"))
    foretold = site.play("--check")
    untouched = world.ssh(servers["proof-1"], "ls -d /home/hazelcast-* /usr/bin/java 2>&1 || true")
    assert "No such file" in untouched and "hazelcast-5.3.1\n" not in untouched
    return Formed(site, servers, foretold, site.play())


def test_a_check_on_bare_servers_foretells_changes_and_ends_well(formed: Formed) -> None:
    assert formed.foretold.code == 0, formed.foretold.output
    assert all(formed.foretold.changes[name] > 5 for name in formed.servers)


def test_bare_servers_become_a_proven_cluster(formed: Formed) -> None:
    assert formed.bare.code == 0, formed.bare.output
    result = formed.site.result("proof")
    assert result["ok"] is True
    assert {member["host"] for member in result["members"]} == set(MEMBERS)
    assert all(set(member["sees"]) == formed.addresses(*MEMBERS) for member in result["members"])
    assert {check["name"] for check in result["checks"]} >= {"values_cross"}


def test_no_run_prints_a_secret(formed: Formed) -> None:
    secrets = formed.site.world.secrets
    account = formed.site.world.settings.accounts[0]
    for secret in (secrets.root_password, secrets.bootstrap_password, account.secret_key):
        assert secret not in formed.bare.output
        assert secret not in formed.foretold.output


def test_a_second_run_changes_nothing(formed: Formed) -> None:
    again = formed.site.play()
    assert again.code == 0, again.output
    assert set(again.changes.values()) == {0}, again.changed_tasks


def test_a_check_on_the_converged_cluster_foretells_nothing(formed: Formed) -> None:
    again = formed.site.play("--check")
    assert again.code == 0, again.output
    assert set(again.changes.values()) == {0}, again.changed_tasks


def test_drift_is_repaired_and_nothing_else_is_touched(formed: Formed) -> None:
    formed.ssh("proof-1", f"sed -i 's/<cluster-name>.*</<cluster-name>drifted</' {CONFIG}/hazelcast.xml")
    formed.ssh("proof-2", "systemctl stop hazelcast@5701")
    formed.ssh("proof-3", f"chmod 0666 {CONFIG}/jvm.options")
    repaired = formed.site.play("--diff", "--limit", "hazelcast_proof")
    assert repaired.code == 0, repaired.output
    assert formed.site.result("proof")["ok"] is True
    text_files = "Configure | Text files are as they should be"
    changed = repaired.changed_tasks
    assert [task for host, task in changed if host == "proof-2"] == ["Join | Started is member 5701"]
    assert {task for host, task in changed if host == "proof-3"} == {text_files}
    assert ("proof-1", text_files) in changed
    assert re.search(r"^-\s*<cluster-name>drifted</cluster-name>", repaired.output, re.MULTILINE), repaired.output


def test_other_keys_roll_through_the_cluster_and_stay_secret(formed: Formed) -> None:
    account = formed.site.world.settings.accounts[0]
    arguments = ("--diff", "--limit", "hazelcast_proof", "-e", "hazelcast_discovery_mode=aksk")
    secrets = {"vault_hazelcast_access_key": account.access_key, "vault_hazelcast_secret_key": account.secret_key}
    file = formed.site.results / "vault.yml"
    file.write_text("".join(f"{name}: !unsafe '{value}'\n" for name, value in secrets.items()))
    rolled = formed.site.play(*arguments, "-e", f"@{file}")
    assert rolled.code == 0, rolled.output
    assert account.secret_key not in rolled.output
    assert formed.site.result("proof")["ok"] is True
    stats = formed.ssh("proof-2", f"stat -c '%a %U %G %n' {CONFIG}/* && cat {CONFIG}/hazelcast.xml")
    assert account.secret_key not in stats
    assert re.search(r"^640 root hazelcast .*secret", stats, re.MULTILINE), stats
    started = {formed.ssh(name, "systemctl show -P ActiveEnterTimestampMonotonic hazelcast@5701") for name in MEMBERS}
    assert len(started) == len(MEMBERS), "members restart one after the other"


def test_servers_of_another_cluster_and_untagged_ones_never_join(formed: Formed) -> None:
    rival = formed.servers["rival-1"]
    # The same cluster name, the same network: only the tag keeps them apart.
    formed.ssh("rival-1", f"sed -i 's/<cluster-name>.*</<cluster-name>proof</' {CONFIG}/hazelcast.xml")
    formed.ssh("rival-1", "systemctl restart hazelcast@5701")
    alone = formed.ssh("rival-1", _wait_for_log("Members {size:1"))
    assert "Members {size:1" in alone
    formed.site.world.customer.untag(rival.id, {"hazelcast": "rival"})
    formed.ssh("rival-1", "systemctl restart hazelcast@5701", check=False)
    refused = formed.ssh("rival-1", _wait_for_log("has no tag"))
    assert "has no tag 'hazelcast'" in refused, refused
    verified = formed.site.play("--limit", "hazelcast_proof", playbook="playbooks/hazelcast/verify.yml")
    assert verified.code == 0, verified.output
    seen = formed.site.result("proof")["members"]
    assert all(set(member["sees"]) == formed.addresses(*MEMBERS) for member in seen)


def test_verify_names_host_and_reason_when_a_member_is_gone(formed: Formed) -> None:
    formed.ssh("proof-3", "systemctl stop hazelcast@5701")
    verified = formed.site.play("--limit", "hazelcast_proof", playbook="playbooks/hazelcast/verify.yml")
    assert verified.code != 0
    assert "Cluster proof is not as it should be" in verified.text
    assert re.search(r"proof-3 .*does not answer", verified.text), verified.text
    assert formed.site.result("proof")["ok"] is False


def _wait_for_log(text: str) -> str:
    """A shell command: the member's journal since its last start, as soon as it holds the text or after 40 s."""
    started = "$(systemctl show -P InactiveExitTimestamp hazelcast@5701)"
    log = f'journalctl -u hazelcast@5701 --no-pager -o cat --since "{started}"'
    return f"for i in $(seq 40); do {log} | grep -q '{text}' && break; sleep 1; done; {log} | tail -n 40"
