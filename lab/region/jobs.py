"""Jobs: one part per server, run in the background against the host driver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from lab.hosts.driver import HostDriver, HostError, HostSpec, Nic, NoHosts
from lab.region import clock, ids
from lab.region.cloud import Cloud
from lab.region.lanes import Lanes
from lab.region.model import FAILS, NEVER_ENDS, Fault, Job, Remnant, Server, SubJob

# Hosts that boot at the same time: more would only make each one slower.
WIDTH = 4

FATED = "A fault of the lab's tests failed it."

# Decides what becomes of a job the moment it starts.
Fate = Callable[[], str]

# action: (type of the job, type of its parts, error code of a failure, its documented sentence)
ACTIONS = {
    "create": ("createServer", "createSingleServer", "Ecs.0219", "Failed to create the ECS."),
    "delete": ("deleteServer", "deleteSingleServer", "Ecs.0501", "Failed to delete the ECS."),
    "start": ("batchStartServer", "startServer", "Ecs.0226", "Failed to start."),
    "stop": ("batchStopServer", "stopServer", "Ecs.0611", "Batch operation failed."),
    "kill": ("batchStopServer", "stopServer", "Ecs.0611", "Batch operation failed."),
    "reboot": ("batchRebootServer", "rebootServer", "Ecs.0227", "Failed to reboot."),
    "reset": ("batchRebootServer", "rebootServer", "Ecs.0227", "Failed to reboot."),
    "resize": ("resizeServer", "resizeSingleServer", "Ecs.0207", "Failed to modify the ECS specifications."),
    "image": ("imsCreateImageByInstance", "imsCreateImage", "IMG.0014", "Failed to create the image."),
}


def open_end() -> str:
    """The fate of a job nobody has decided about."""
    return ""


class Jobs:
    """Accepts jobs and carries them out; parts that concern the same server run one after the other."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lanes = Lanes(WIDTH)
        self._no_hosts = NoHosts()
        self._acts: dict[str, Callable[[Server, Job], None]] = {
            "create": self._create,
            "delete": self._delete,
            "start": self._start,
            "stop": self._stop,
            "kill": self._kill,
            "reboot": self._reboot,
            "reset": self._reset,
            "resize": self._resize,
            "image": self._image,
        }

    def submit(
        self,
        project_id: str,
        action: str,
        server_ids: list[str],
        fate: str = "",
        options: Mapping[str, str] | None = None,
    ) -> Job:
        """Record a job of one part per server, queue the parts, return at once. `fate`, `options`: see Job."""
        job_type, part_type, _, _ = ACTIONS[action]
        job = Job(
            id=ids.job_id(),
            project_id=project_id,
            type=job_type,
            action=action,
            begin=clock.milliseconds(self._cloud.now()),
            sub_jobs=tuple(SubJob(ids.job_id(), part_type, server_id) for server_id in server_ids),
            fate=fate,
            options=dict(options or {}),
        )
        self._cloud.change(lambda: self._cloud.store.put_job(job))
        self._queue(job)
        return job

    def resume(self) -> None:
        """Take up what another process left, and bring servers and hosts together: hosts without a server go away,
        servers without a host are SHUTOFF, stopped ones whose host runs are ACTIVE. Raises HostError.
        """
        running = self._cloud.driver.running()
        with self._cloud.lock:
            unfinished = [job for job in self._cloud.store.jobs.values() if not job.finished]
            busy = {sub.server_id for job in unfinished for sub in job.sub_jobs if not sub.finished}
            servers = dict(self._cloud.store.servers)
        for server_id in running - servers.keys():
            self._cloud.driver.delete(server_id)
        for server in servers.values():
            if server.id not in busy and server.status in {"ACTIVE", "SHUTOFF"} and not server.canned:
                status = "ACTIVE" if server.id in running else "SHUTOFF"
                if status != server.status:
                    self._cloud.update_server(server.id, status=status, task_state=None)
        for job in unfinished:
            self._queue(job)

    def release(self) -> int:
        """Let the jobs that never end go on; returns how many there were."""

        def act() -> list[Job]:
            held = [job for job in self._cloud.store.jobs.values() if job.fate == NEVER_ENDS]
            freed = [replace(job, fate="") for job in held]
            for job in freed:
                self._cloud.store.put_job(job)
            return freed

        freed = self._cloud.change(act)
        for job in freed:
            self._queue(job)
        return len(freed)

    def wait(self, timeout: float) -> bool:
        """Wait until no job runs; False after `timeout` seconds."""
        return self._lanes.wait(timeout)

    def _queue(self, job: Job) -> None:
        if job.fate not in {"", FAILS, NEVER_ENDS}:
            for sub in job.sub_jobs:
                self._note(job.id, sub.id, status="RUNNING", begin=clock.milliseconds(self._cloud.now()))
            later = threading.Timer(float(job.fate), self._start_parts, [job])
            later.daemon = True
            later.start()
            return
        self._start_parts(job)

    def _start_parts(self, job: Job) -> None:
        for sub in job.sub_jobs:
            if job.fate == NEVER_ENDS:
                self._note(job.id, sub.id, status="RUNNING", begin=clock.milliseconds(self._cloud.now()))
            elif not sub.finished:
                self._lanes.submit(sub.server_id, lambda sub=sub: self._run(job, sub))  # type: ignore[misc]

    def _run(self, job: Job, sub: SubJob) -> None:
        self._note(job.id, sub.id, status="RUNNING", begin=clock.milliseconds(self._cloud.now()))
        with self._cloud.lock:
            server = self._cloud.store.servers.get(sub.server_id)
        failure = None
        try:
            if job.fate == FAILS:
                failure = FATED
            elif server is not None:
                self._acts[job.action](server, job)
            elif job.action != "delete":  # somebody deleted it while this part waited
                failure = "The ECS does not exist."
        except HostError as error:
            failure = str(error)
        except Exception as error:  # a job must end, whatever a driver does
            failure = f"{type(error).__name__}: {error}"
        self._finish(job.id, job.action, sub, failure)

    def _finish(self, job_id: str, action: str, sub: SubJob, failure: str | None) -> None:
        end = clock.milliseconds(self._cloud.now())
        if failure is None:
            self._note(job_id, sub.id, status="SUCCESS", end=end)
            return
        _, _, code, sentence = ACTIONS[action]
        if action == "image":  # the server is none the worse
            self._cloud.update_server(sub.server_id, task_state=None)
            self._image_is(job_id, status="killed")
        else:
            fault = Fault(500, failure, clock.seconds(self._cloud.now()))
            self._cloud.update_server(sub.server_id, status="ERROR", task_state=None, fault=fault)
        self._note(job_id, sub.id, status="FAIL", end=end, error_code=code, fail_reason=f"{sentence} {failure}")

    def _note(self, job_id: str, sub_id: str, **changes: str) -> None:
        def act() -> None:
            job = self._cloud.store.jobs[job_id]
            parts = tuple(replace(sub, **changes) if sub.id == sub_id else sub for sub in job.sub_jobs)
            self._cloud.store.put_job(replace(job, sub_jobs=parts))

        self._cloud.change(act)

    def _driver(self, server: Server) -> HostDriver:
        return self._no_hosts if server.canned else self._cloud.driver

    def _image_is(self, job_id: str, status: str, ref: str = "") -> None:
        def act() -> None:
            images = self._cloud.store.images
            image = images.get(self._cloud.store.jobs[job_id].options["image_id"])
            if image is not None:
                images[image.id] = replace(image, updated=clock.seconds(self._cloud.now()), status=status, ref=ref)

        self._cloud.change(act)

    # The acts, each for one server

    def _create(self, server: Server, _: Job) -> None:
        self._cloud.update_server(server.id, task_state="spawning")
        self._driver(server).boot(self._spec(server))
        launched = f"{self._cloud.now():%Y-%m-%dT%H:%M:%S.%f}"
        self._cloud.update_server(server.id, status="ACTIVE", task_state=None, launched_at=launched)

    def _delete(self, server: Server, job: Job) -> None:
        self._cloud.update_server(server.id, task_state="deleting")
        self._driver(server).delete(server.id)

        def act() -> None:
            self._cloud.store.remove_server(server.id)
            self._cloud.store.remnants.update((left.id, left) for left in _remnants(server, job.options))

        self._cloud.change(act)

    def _start(self, server: Server, _: Job) -> None:
        self._cloud.update_server(server.id, task_state="powering-on")
        self._driver(server).start(server.id)
        self._cloud.update_server(server.id, status="ACTIVE", task_state=None, fault=None)

    def _stop(self, server: Server, _: Job) -> None:
        self._cloud.update_server(server.id, task_state="powering-off")
        self._driver(server).stop(server.id)
        self._cloud.update_server(server.id, status="SHUTOFF", task_state=None)

    def _kill(self, server: Server, _: Job) -> None:
        self._cloud.update_server(server.id, task_state="powering-off")
        self._driver(server).kill(server.id)
        self._cloud.update_server(server.id, status="SHUTOFF", task_state=None)

    def _reboot(self, server: Server, _: Job) -> None:
        self._cloud.update_server(server.id, status="REBOOT", task_state="rebooting")
        self._driver(server).stop(server.id)
        self._driver(server).start(server.id)
        self._cloud.update_server(server.id, status="ACTIVE", task_state=None, fault=None)

    def _reset(self, server: Server, _: Job) -> None:
        self._cloud.update_server(server.id, status="HARD_REBOOT", task_state="rebooting_hard")
        self._driver(server).kill(server.id)
        self._driver(server).start(server.id)
        self._cloud.update_server(server.id, status="ACTIVE", task_state=None, fault=None)

    def _resize(self, server: Server, job: Job) -> None:
        """A running server is stopped for it and started again."""
        runs = server.status == "ACTIVE"
        self._cloud.update_server(server.id, status="RESIZE", task_state="resize_prep")
        if runs:
            self._driver(server).stop(server.id)
        resized = replace(server, flavor_id=job.options["flavor"])
        self._driver(server).resize(self._spec(resized))
        if runs:
            self._driver(server).start(server.id)
        code = f"{resized.flavor_id}.linux"
        self._cloud.update_server(
            server.id,
            flavor_id=resized.flavor_id,
            metadata={**server.metadata, "metering.resourcespeccode": code},
            status="ACTIVE" if runs else "SHUTOFF",
            task_state=None,
            fault=None,
        )

    def _image(self, server: Server, job: Job) -> None:
        self._cloud.update_server(server.id, task_state="image_snapshot")
        ref = self._driver(server).capture(server.id, job.options["image_id"])
        self._cloud.update_server(server.id, task_state=None)
        self._image_is(job.id, status="active", ref=ref)

    def _spec(self, server: Server) -> HostSpec:
        cloud = self._cloud
        region = cloud.region(server.project_id)
        if region is None:
            raise HostError(f"The project {server.project_id} of {server.name} is no longer in the lab's settings.")
        flavor = cloud.flavor(server.flavor_id)
        subnets = [cloud.subnet(region, nic.subnet_id) for nic in server.nics]
        return HostSpec(
            server_id=server.id,
            name=server.name,
            image=cloud.image(server.project_id, server.image_id).ref,
            memory_mb=flavor.ram,
            vcpus=flavor.vcpus,
            nics=tuple(
                Nic(
                    mac=nic.mac,
                    address=nic.address,
                    prefix_len=subnet.network.prefixlen,
                    gateway=subnet.gateway,
                    subnet_id=subnet.id,
                    bridge=subnet.bridge,
                    public_address=nic.public_address,
                )
                for nic, subnet in zip(server.nics, subnets, strict=True)
            ),
            security_groups=server.security_groups,
        )


def _remnants(server: Server, options: Mapping[str, str]) -> Iterator[Remnant]:
    """What a deletion leaves: the system disk never stays, data disks and EIPs do unless told otherwise."""
    for volume in server.volumes:
        if not (volume.boot_index == "0" or volume.delete_on_termination or options.get("volumes")):
            yield Remnant(volume.id, server.project_id, "volume", volume.device, server.name)
    for nic in server.nics:
        if nic.public_address and nic.public_kept and not options.get("public"):
            yield Remnant(ids.resource_id(), server.project_id, "eip", nic.public_address, server.name)
