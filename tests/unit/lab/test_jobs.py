"""Jobs against a driver: order, failure, power, and the console."""

from __future__ import annotations

import threading
import time

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkecs import v2 as sdk
from region_world import PROJECT, NoHosts, SlowHosts, World

from lab.api.journal import Count
from lab.hosts.driver import HostError
from lab.region.lanes import Lanes


def show(ecs, server_id):
    return ecs.show_server(sdk.ShowServerRequest(server_id)).server


def start_building(world):
    """A server whose boot waits for the gate; returns (job id, server id)."""
    world.driver.gate.clear()
    job_id, (server_id,) = world.lifecycle.create(world.region, world.account, world.order())
    return job_id, server_id


def until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_server_is_build_until_its_host_runs(world, ecs):
    job_id, server_id = start_building(world)
    until(lambda: ecs.show_job(sdk.ShowJobRequest(job_id)).status == "RUNNING")
    server = show(ecs, server_id)
    assert (server.status, server.os_ext_st_svm_state, server.os_srv_us_glaunched_at) == ("BUILD", "building", None)
    world.driver.gate.set()
    assert world.jobs.wait(5)
    server = show(ecs, server_id)
    assert (server.status, server.os_ext_st_spower_state, server.os_ext_st_stask_state) == ("ACTIVE", 1, None)
    assert server.os_srv_us_glaunched_at
    job = ecs.show_job(sdk.ShowJobRequest(job_id))
    assert (job.status, job.error_code) == ("SUCCESS", None)
    assert job.begin_time <= job.entities.sub_jobs[0].begin_time <= job.entities.sub_jobs[0].end_time <= job.end_time


def test_the_driver_gets_the_whole_specification(world):
    (server,) = world.make(flavor_id="s6.small.1")
    (spec,) = world.driver.booted
    assert (spec.server_id, spec.name, spec.image) == (server.id, "hz", "localhost/lab:1")
    assert (spec.memory_mb, spec.vcpus) == (1024, 1)
    (nic,) = spec.nics
    assert (nic.address, nic.prefix_len, nic.gateway, nic.bridge) == ("10.201.0.2", 24, "10.201.0.1", "br0")
    assert nic.mac == "fa:16:3e:c9:00:02"


def test_a_host_that_cannot_boot_fails_the_job(world, ecs):
    world.driver.broken = "There is no memory left on this machine."
    job_id, (server_id,) = world.lifecycle.create(world.region, world.account, world.order())
    assert world.jobs.wait(5)
    job = ecs.show_job(sdk.ShowJobRequest(job_id))
    assert (job.status, job.error_code) == ("FAIL", "Ecs.0219")
    assert job.fail_reason == "Failed to create the ECS. There is no memory left on this machine."
    assert job.entities.sub_jobs[0].status == "FAIL"
    server = show(ecs, server_id)
    assert (server.status, server.os_ext_st_svm_state) == ("ERROR", "error")
    assert server.fault["message"] == "There is no memory left on this machine."


def test_one_failure_of_a_batch_fails_the_job_but_not_the_others(world, ecs):
    class Picky(SlowHosts):
        def boot(self, spec):
            if spec.name.endswith("2"):
                raise HostError("No.")
            super().boot(spec)

    world.cloud.driver = Picky()
    job_id, server_ids = world.lifecycle.create(world.region, world.account, world.order(count=3))
    assert world.jobs.wait(5)
    assert ecs.show_job(sdk.ShowJobRequest(job_id)).status == "FAIL"
    assert [show(ecs, server_id).status for server_id in server_ids] == ["ACTIVE", "ERROR", "ACTIVE"]


def test_a_driver_that_breaks_still_ends_the_job(world, ecs):
    def explode(spec):
        raise ZeroDivisionError("oops")

    world.driver.boot = explode
    job_id, _ = world.lifecycle.create(world.region, world.account, world.order())
    assert world.jobs.wait(5)
    job = ecs.show_job(sdk.ShowJobRequest(job_id))
    assert (job.status, job.fail_reason) == ("FAIL", "Failed to create the ECS. ZeroDivisionError: oops")


def test_delete_waits_for_the_boot_before_it(world):
    _, server_id = start_building(world)
    job = world.lifecycle.delete(PROJECT, [server_id])
    assert not job.finished
    world.driver.gate.set()
    assert world.jobs.wait(5)
    assert world.cloud.job(PROJECT, job.id).status == "SUCCESS"
    assert world.driver.running() == set()
    assert world.cloud.servers(PROJECT) == []


def test_a_deleted_servers_address_is_free_again(world):
    (server,) = world.make()
    world.lifecycle.delete(PROJECT, [server.id])
    assert world.jobs.wait(5)
    (again,) = world.make()
    assert again.nics[0].address == server.nics[0].address
    assert again.id != server.id


def test_a_delete_that_fails_leaves_the_server(world, ecs):
    (server,) = world.make()

    def stuck(server_id):
        raise HostError("The container does not stop.")

    world.driver.delete = stuck
    job = world.lifecycle.delete(PROJECT, [server.id])
    assert world.jobs.wait(5)
    assert ecs.show_job(sdk.ShowJobRequest(job.id)).error_code == "Ecs.0501"
    assert show(ecs, server.id).status == "ERROR"


def test_stop_start_reboot(world, ecs):
    servers = world.make(count=2)
    ids = [sdk.ServerId(server.id) for server in servers]
    stop = sdk.BatchStopServersRequestBody(os_stop=sdk.BatchStopServersOption(servers=ids, type="HARD"))
    ecs.batch_stop_servers(sdk.BatchStopServersRequest(body=stop))
    assert world.jobs.wait(5)
    assert {show(ecs, server.id).status for server in servers} == {"SHUTOFF"}
    assert {show(ecs, server.id).os_ext_st_spower_state for server in servers} == {4}
    assert world.driver.running() == set()
    with pytest.raises(ClientRequestException) as caught:
        ecs.batch_stop_servers(sdk.BatchStopServersRequest(body=stop))
    assert caught.value.error_code == "Ecs.0100"
    start = sdk.BatchStartServersRequestBody(os_start=sdk.BatchStartServersOption(servers=ids))
    ecs.batch_start_servers(sdk.BatchStartServersRequest(body=start))
    assert world.jobs.wait(5)
    reboot = sdk.BatchRebootServersRequestBody(reboot=sdk.BatchRebootSeversOption(servers=ids, type="SOFT"))
    job_id = ecs.batch_reboot_servers(sdk.BatchRebootServersRequest(body=reboot)).job_id
    assert world.jobs.wait(5)
    assert ecs.show_job(sdk.ShowJobRequest(job_id)).status == "SUCCESS"
    assert {show(ecs, server.id).status for server in servers} == {"ACTIVE"}
    assert world.driver.running() == {server.id for server in servers}


def test_metadata_is_merged_and_removed(world, ecs):
    (server,) = world.make(metadata={"a": "1", "b": "2"})
    body = sdk.UpdateServerMetadataRequestBody({"b": "3", "c": "4"})
    assert ecs.update_server_metadata(sdk.UpdateServerMetadataRequest(server.id, body=body)).metadata["b"] == "3"
    ecs.delete_server_metadata(sdk.DeleteServerMetadataRequest(key="a", server_id=server.id))
    metadata = show(ecs, server.id).metadata
    assert (metadata["b"], metadata["c"], "a" in metadata) == ("3", "4", False)
    assert metadata["vpc_id"] == server.vpc_id


def test_metadata_cannot_change_while_building(world, ecs):
    _, server_id = start_building(world)
    body = sdk.UpdateServerMetadataRequestBody({"a": "b"})
    with pytest.raises(ClientRequestException) as caught:
        ecs.update_server_metadata(sdk.UpdateServerMetadataRequest(server_id, body=body))
    assert caught.value.error_code == "Ecs.0100"
    world.driver.gate.set()
    assert world.jobs.wait(5)


def test_console_output_by_lines(world, ecs):
    (server,) = world.make()
    world.driver.console = lambda _: "".join(f"line {n}\n" for n in range(1, 101))

    def output(**query):
        return ecs.show_server_console_output(sdk.ShowServerConsoleOutputRequest(server.id, **query)).output

    assert output().splitlines() == [f"line {n}" for n in range(51, 101)]
    assert output(length=2) == "line 99\nline 100\n"
    assert output(length=0) == ""
    assert len(output(length=-1).splitlines()) == 100
    assert len(output(length=1000).splitlines()) == 100
    with pytest.raises(ClientRequestException) as caught:
        output(length=-2)
    assert caught.value.error_code == "Ecs.0005"

    def unreadable(_):
        raise HostError("The log is gone.")

    world.driver.console = unreadable
    with pytest.raises(ClientRequestException) as caught:
        output()
    assert caught.value.error_code == "Ecs.0321"


def test_a_slow_console_does_not_hold_others_up(world, ecs):
    (server,) = world.make()
    release = threading.Event()
    world.driver.console = lambda _: str(release.wait(5))
    request = sdk.ShowServerConsoleOutputRequest(server.id)
    reader = threading.Thread(target=lambda: ecs.show_server_console_output(request))
    reader.start()
    started = time.monotonic()
    assert show(ecs, server.id).status == "ACTIVE"
    assert time.monotonic() - started < 2
    release.set()
    reader.join(5)


def test_tasks_of_a_lane_keep_their_order_and_lanes_run_at_once():
    lanes = Lanes(2)
    meeting = threading.Barrier(2, timeout=5)
    done = []
    for lane in ("a", "b"):
        lanes.submit(lane, meeting.wait)
        for number in range(3):
            lanes.submit(lane, lambda lane=lane, number=number: done.append((lane, number)))
    assert lanes.wait(5)
    assert [number for lane, number in done if lane == "a"] == [0, 1, 2]
    assert [number for lane, number in done if lane == "b"] == [0, 1, 2]


def test_names_of_a_batch():
    world = World(NoHosts())
    assert [server.name for server in world.make(name="hz", count=3)] == ["hz-0001", "hz-0002", "hz-0003"]
    assert [server.name for server in world.make(name="hz-0010", count=2)] == ["hz-0010", "hz-0011"]
    assert [server.name for server in world.make(name="hz-0010")] == ["hz-0010"]


def test_zones_of_a_batch():
    world = World(NoHosts())
    assert [server.availability_zone[-1] for server in world.make(count=4)] == ["a", "a", "a", "a"]
    assert [server.availability_zone[-1] for server in world.make(count=4, spread=True)] == ["a", "b", "c", "a"]


def test_the_journal_counts_by_route(world, ecs):
    (server,) = world.make()
    show(ecs, server.id)
    show(ecs, server.id)
    with pytest.raises(ClientRequestException):
        show(ecs, "nobody")
    key = world.account.access_key
    assert world.journal.report().counts == (
        Count("ShowServer", "lab-north-1", key, 200, 2),
        Count("ShowServer", "lab-north-1", key, 404, 1),
    )
    last = world.journal.entries()[-1]
    assert (last.path, last.who) == (f"/v1/{PROJECT}/cloudservers/nobody", world.account.access_key)
