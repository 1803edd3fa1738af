"""site.yml with an IAM login in place of an agency, and backups in other zones: bare servers to a proven cluster."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lab.workspace import PROJECT
from tests.lab.playbook import Site
from tests.lab.world import World
from tests.prove.record import record

PLAN = PROJECT / "tests" / "prove" / "plans" / "zones.yml"
CONFIG = "/home/hazelcast-5.3.1/config"
SAID = """
Three servers without an agency, one in each of three zones: `site.yml` with `hazelcast_discovery_mode: iam`,
`hazelcast_partition_group: ZONE_AWARE` and the login in `vault_*` variables makes them one cluster, verified by the
playbook itself.
"""


def test_an_iam_login_and_zones_make_a_proven_cluster(labs: Callable[[str], World], tmp_path: Path) -> None:
    world = labs("site-iam")
    world.up(PLAN)
    servers = {server.name: server for server in world.customer.servers()}
    for server in servers.values():
        world.host_keys(server)
    account = world.settings.accounts[0]
    login = {"domain": account.domain, "user": account.user, "password": account.password}
    vault = tmp_path / "vault.yml"
    vault.write_text("".join(f"vault_hazelcast_iam_{name}: !unsafe '{value}'\n" for name, value in login.items()))
    settings = ("-e", "hazelcast_discovery_mode=iam", "-e", "hazelcast_partition_group=ZONE_AWARE", "-e", f"@{vault}")
    site = Site(world, tmp_path)

    formed = site.play("--diff", *settings)
    assert formed.code == 0, formed.output
    result = site.result("proof")
    addresses = {f"{server.address}:5701" for server in servers.values()}
    assert result["ok"] is True
    assert all(set(member["sees"]) == addresses for member in result["members"])

    assert account.password not in formed.output
    for server in servers.values():
        assert re.search("^640 root hazelcast ", world.ssh(server, f"stat -c '%a %U %G %n' {CONFIG}/iam-password"))
        assert 'group-type="ZONE_AWARE"' in world.ssh(server, f"cat {CONFIG}/hazelcast.xml")
        said = world.ssh(server, f"cat {CONFIG}/hazelcast.xml; journalctl --no-pager; ps axww")
        assert "Members {size:3," in said
        assert account.password not in said

    again = site.play(*settings)
    assert again.code == 0, again.output
    assert set(again.changes.values()) == {0}, again.changed_tasks

    rows = [
        ("each of the three members sees the three", "yes"),
        ("values written through each member are read through every other", "yes"),
        ("the password", "in a file of its own (0640, root:hazelcast), in no log, diff or command line"),
        ("a second run changes", "nothing"),
    ]
    record("site_iam", "site.yml with an IAM login, backups by zone", SAID, ("looked at", "seen"), rows)
