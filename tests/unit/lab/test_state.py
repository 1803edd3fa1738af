"""What survives: a restart of the cloud object, of the real process, and a kill in the middle of a job."""

from __future__ import annotations

import dataclasses
import json
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from huaweicloudsdkecs import v2 as sdk
from region_world import PASSWORD, PROJECT, NoHosts, Raw, SlowHosts, World, ecs_client, host_of, make_settings
from test_servers import creation, finished_job

from lab import settings
from lab.region import codec, store
from lab.region.model import Server

ROOT = Path(__file__).parents[3]


def reopened(world, directory):
    """The same state in a new cloud, as a new process would see it. The driver, like real hosts, stays."""
    world.cloud.close()
    again = World(world.driver, directory)
    again.jobs.resume()
    return again


def test_everything_survives_a_restart(tmp_path):
    world = World(NoHosts(), tmp_path)
    servers = world.make(count=2, tags={"k": "v"}, user_data="IyE=", metadata={"agency_name": "a"})
    cloud = world.cloud
    token = cloud.change(lambda: cloud.credentials.issue_token(world.account, PROJECT, cloud.now()))
    key = cloud.change(lambda: cloud.credentials.agency_key(servers[0], cloud.now()))
    again = reopened(world, tmp_path).cloud
    for server in servers:
        assert dataclasses.asdict(again.server(PROJECT, server.id)) == dataclasses.asdict(server)
    assert dataclasses.asdict(again.credentials.token(token.id)) == dataclasses.asdict(token)
    assert again.credentials.agency_key(servers[0], again.now()).access == key.access
    assert [job.status for job in again.store.jobs.values()] == ["SUCCESS"]
    assert again.server_at("10.201.0.3").id == servers[1].id
    again.close()


def test_the_state_file_is_private_and_whole(tmp_path):
    world = World(NoHosts(), tmp_path)
    world.make()
    world.cloud.close()
    path = tmp_path / store.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["version"] == store.VERSION
    assert [file.name for file in tmp_path.iterdir()] == [store.FILE_NAME]


def test_changes_reach_the_disk_without_a_close(tmp_path):
    world = World(NoHosts(), tmp_path)
    (server,) = world.make()
    deadline = time.monotonic() + 5
    while server.id not in ((tmp_path / store.FILE_NAME).read_text() if (tmp_path / store.FILE_NAME).exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    world.cloud.close()


def test_a_job_that_was_cut_off_is_taken_up_again(tmp_path):
    hosts = SlowHosts()
    world = World(hosts, tmp_path)
    (kept, doomed) = world.make(count=2)
    hosts.gate.clear()
    job_id, (building,) = world.lifecycle.create(world.region, world.account, world.order())
    hosts.delete = lambda _: time.sleep(60)
    delete_job = world.lifecycle.delete(PROJECT, [doomed.id])
    while world.cloud.job(PROJECT, job_id).status != "RUNNING":
        time.sleep(0.002)

    world.driver = SlowHosts()
    world.driver.start(kept.id)
    world.driver.start(doomed.id)
    again = reopened(world, tmp_path)
    assert again.jobs.wait(5)
    assert again.cloud.job(PROJECT, job_id).status == "SUCCESS"
    assert again.cloud.job(PROJECT, delete_job.id).status == "SUCCESS"
    assert [spec.server_id for spec in again.driver.booted] == [building]
    assert again.driver.running() == {kept.id, building}
    assert {server.id: server.status for server in again.cloud.servers(PROJECT)} == {
        kept.id: "ACTIVE",
        building: "ACTIVE",
    }
    again.cloud.close()


def test_servers_and_hosts_are_brought_together(tmp_path):
    world = World(NoHosts(), tmp_path)
    lost, stopped, fine = world.make(count=3)
    world.lifecycle.power(PROJECT, "stop", [stopped.id])
    assert world.jobs.wait(5)
    world.driver.stop(lost.id)
    world.driver.start(stopped.id)
    world.driver.start("a-host-without-a-server")
    again = reopened(world, tmp_path)
    statuses = {server.id: server.status for server in again.cloud.servers(PROJECT)}
    assert statuses == {lost.id: "SHUTOFF", stopped.id: "ACTIVE", fine.id: "ACTIVE"}
    assert again.driver.running() == {stopped.id, fine.id}
    again.cloud.close()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2}', '{"version": 1, "sequence": 0, "servers": [{"id": 1}]}']
)
def test_a_damaged_state_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / store.FILE_NAME).write_text(content)
    with pytest.raises(store.StateError, match=r"state\.json cannot be read .*: run `lab down` and `lab up`\.$"):
        World(NoHosts(), tmp_path)


def test_a_full_disk_is_said_once_and_does_not_stop_the_region(tmp_path, monkeypatch, capfd):
    def full(path, content):
        raise OSError(28, "No space left on device")

    world = World(NoHosts(), tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(codec, "write_private", full)
        for _ in range(3):
            world.make()
            time.sleep(0.12)
    assert capfd.readouterr().err.count("cannot be saved") == 1
    world.cloud.close()
    assert len(store.load(tmp_path / store.FILE_NAME).servers) == 3


def test_settings_round_trip(tmp_path):
    lab = make_settings()
    settings.save(lab, tmp_path)
    assert settings.load(tmp_path) == lab
    assert stat.S_IMODE((tmp_path / settings.FILE_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "does not exist: run `lab up` first"),
        ("{", "is not JSON"),
        ("{}", "does not fit this version"),
        ('{"surprise": 1}', r"unknown members \['surprise'\]"),
        ('{"lab_id": 7}', "LabSettings.lab_id must be of type str"),
        ('{"api_port": true}', "LabSettings.api_port must be of type int"),
        ('{"regions": {}}', "LabSettings.regions must be a list"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path, content, sentence):
    if content is not None:
        (tmp_path / settings.FILE_NAME).write_text(content)
    with pytest.raises(settings.SettingsError, match=sentence):
        settings.load(tmp_path)


def test_unfit_records_name_the_member():
    with pytest.raises(TypeError, match="Server must be an object"):
        codec.from_json(Server, [])


# The real process


def free_ports(count):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@pytest.fixture
def lab_directory(tmp_path):
    api_port, metadata_port = free_ports(2)
    lab = dataclasses.replace(make_settings(), api_port=api_port, metadata_port=metadata_port)
    settings.save(lab, tmp_path)
    return tmp_path


def start(directory):
    """Start the service and wait until it answers."""
    command = [sys.executable, "-m", "lab.api.serve", "--dir", str(directory), "--driver", "none"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    lab = settings.load(directory)
    for _ in range(1000):
        try:
            Raw(path="/").send(lab.endpoint)
        except OSError:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        else:
            return process
    raise AssertionError("the service never answered")


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    errors = process.communicate(timeout=10)[1]
    return process.returncode, errors


def test_the_process_keeps_everything_over_a_restart(lab_directory):
    lab = settings.load(lab_directory)
    process = start(lab_directory)
    assert int((lab_directory / "api.pid").read_text()) == process.pid
    ecs = ecs_client(lab.endpoint, lab.accounts[0])
    created = ecs.create_servers(creation(count=3))
    assert finished_job(ecs, created.job_id).status == "SUCCESS"
    assert stop(process) == (0, "")
    assert not (lab_directory / "api.pid").exists()

    process = start(lab_directory)
    ecs = ecs_client(lab.endpoint, lab.accounts[0])
    listed = ecs.list_servers_details(sdk.ListServersDetailsRequest())
    assert {server.id for server in listed.servers} == set(created.server_ids)
    # NoHosts forgets its hosts with the process, so the servers are found switched off.
    assert {server.status for server in listed.servers} == {"SHUTOFF"}
    assert finished_job(ecs, created.job_id).status == "SUCCESS"
    assert stop(process, signal.SIGINT) == (0, "")


def test_a_killed_process_leaves_a_usable_state(lab_directory):
    lab = settings.load(lab_directory)
    process = start(lab_directory)
    ecs = ecs_client(lab.endpoint, lab.accounts[0])
    created = ecs.create_servers(creation(count=2))
    finished_job(ecs, created.job_id)
    time.sleep(0.3)
    stop(process, signal.SIGKILL)
    process = start(lab_directory)
    listed = ecs_client(lab.endpoint, lab.accounts[0]).list_servers_details(sdk.ListServersDetailsRequest())
    assert {server.id for server in listed.servers} == set(created.server_ids)
    assert stop(process)[0] == 0


def test_only_the_given_address_is_bound(lab_directory):
    lab = settings.load(lab_directory)
    process = start(lab_directory)
    inodes = {str(path.readlink())[8:-1] for path in Path(f"/proc/{process.pid}/fd").iterdir() if path.is_symlink()}
    tcp = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    tcp += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    listening = {fields[1] for fields in tcp if fields[9] in inodes and fields[3] == "0A"}
    assert listening == {f"0100007F:{port:04X}" for port in (lab.api_port, lab.metadata_port)}
    stop(process)


def test_a_taken_port_is_one_sentence(lab_directory):
    lab = settings.load(lab_directory)
    with socket.create_server(("127.0.0.1", lab.metadata_port)):
        command = [sys.executable, "-m", "lab.api.serve", "--dir", str(lab_directory), "--driver", "none"]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 1
    assert result.stderr == (
        f"Cannot listen on 127.0.0.1:{lab.metadata_port} (Address already in use): is another lab process running?\n"
    )


def test_secrets_stay_out_of_errors_and_logs(world, url, capfd):
    user = {"name": "operator", "password": PASSWORD + "x", "domain": {"name": "example-account"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    answer = Raw("POST", "/v3/auth/tokens", body=json.dumps(body).encode()).send(url)[2]
    raw = Raw().signed(host_of(url), world.account.access_key, "not the secret key")
    answer += raw.send(url)[2]
    written = capfd.readouterr()
    for secret in (PASSWORD, world.account.secret_key, "not the secret key"):
        assert secret.encode() not in answer
        assert secret not in written.out + written.err + str(world.journal.entries())
