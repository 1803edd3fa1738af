"""Hosts of one run are filled from the archive their own cluster names, though all are fetched with one call."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from library import artifact_fetch
from tests.unit.hazelcast.places import ROLE, ROOT
from tests.unit.hazelcast.rendered import host, variables

ARTIFACT = ROOT / "roles/artifact"
FETCH, UNPACK = DataLoader().load_from_file(str(ROLE / "tasks/archive.yml"), trusted_as_template=True)
SHARE = DataLoader().load_from_file(str(ARTIFACT / "tasks/fetch.yml"), trusted_as_template=True)[0]


def rendered(what: Any, known: dict[str, Any]) -> Any:
    return Templar(loader=DataLoader(), variables=known).template(what)


def test_each_cluster_gets_its_own_archive(tmp_path: Path):
    clusters = {}
    for number in (1, 2):
        archive = tmp_path / str(number) / "hazelcast.tar.gz"
        archive.parent.mkdir()
        archive.write_text(f"archive {number}")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        settings = {"hazelcast_archive": str(archive), "hazelcast_archive_sha256": digest}
        defaults = yaml.safe_load((ARTIFACT / "defaults/main.yml").read_text())
        role = DataLoader().load_from_file(str(ARTIFACT / "vars/main.yml"), trusted_as_template=True)
        known = {**defaults, **variables([host(number)], **settings), **role, **FETCH["vars"]}
        clusters[f"web-{number}"] = {**known, "artifact_manifest": str(ROOT / "artifacts.yml")}
    facts = {name: rendered(SHARE["ansible.builtin.set_fact"], known) for name, known in clusters.items()}
    # As Ansible does it: the one call has the variables of the first host.
    first = {**clusters["web-1"], **facts["web-1"], "hostvars": facts, "ansible_play_hosts": list(facts)}
    params = {
        "wanted": rendered(trust_as_template("{{ __artifact_wanted_by_all }}"), first),
        "catalog": rendered(trust_as_template("{{ __artifact_catalog }}"), first),
        "root": str(ROOT),
        "cache": str(tmp_path / "cache"),
        "base_url": "",
        "maven": "mvn",
    }
    fetched = {"artifact_fetched": artifact_fetch.run(params, check_mode=False)}
    for known in clusters.values():
        source = rendered(UNPACK["ansible.builtin.unarchive"]["src"], {**known, **fetched})
        assert source == known["hazelcast_archive"]
