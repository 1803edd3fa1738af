"""The cloud as one object: settings, live state, hosts and background jobs behind one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from lab.faults.book import Faults
from lab.hosts.driver import HostDriver
from lab.region import clock, ids, seeds, store
from lab.region.credentials import Credentials, KeyLocks
from lab.region.errors import Refusal
from lab.region.model import Job, Seed, Server, ServerGroup
from lab.region.seeds import SeedError, SeedOrder
from lab.region.writer import Writer
from lab.settings import Flavor, Image, KeyPair, LabSettings, RegionSettings, SecurityGroup, Subnet

A = TypeVar("A")

DEFAULT_GROUP = "default"


class Cloud:
    """All regions of a lab. Readers take what they need under `lock`; records never change after that."""

    def __init__(
        self,
        settings: LabSettings,
        driver: HostDriver,
        state: Path | None = None,
        now: clock.Clock = clock.utc_now,
    ) -> None:
        """`state`: the directory of state.json, None to keep nothing. Raises store.StateError."""
        self.settings = settings
        self.driver = driver
        self.now = now
        self.lock = threading.RLock()
        self.store = store.Store() if state is None else store.load(state / store.FILE_NAME)
        self.credentials = Credentials(settings, self.store)
        self.key_locks = KeyLocks()
        regions = [region.id for region in settings.regions]
        self.faults = Faults(self.store.faults, self.lock, regions, self.saved_soon)
        self._regions = {region.project_id: region for region in settings.regions}
        self._images = {image.id: image for image in settings.images}
        self._flavors = {flavor.id: flavor for flavor in settings.flavors}
        for seed in self.store.seeds.values():
            if seed.project_id in self._regions:
                self._grow(seed)
        self._writer = None if state is None else Writer(state / store.FILE_NAME, self._dump)

    def close(self) -> None:
        """Save the state for good. Jobs that still run are taken up again by the next process."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def change(self, act: Callable[[], A]) -> A:
        """Run `act` under the lock and have the state saved soon after."""
        with self.lock:
            result = act()
            self.saved_soon()
        return result

    def saved_soon(self) -> None:
        """Note that the state changed."""
        if self._writer is not None:
            self._writer.changed()

    def _dump(self) -> bytes:
        with self.lock:
            snapshot = self.store.snapshot()
        return self.store.encode(snapshot)

    # What the settings have

    def region(self, project_id: str) -> RegionSettings | None:
        return self._regions.get(project_id)

    def image(self, project_id: str, image_id: str) -> Image:
        """A public image, or a private one of the project that is ready. Raises Refusal Ecs.0031."""
        if image_id in self._images:
            return self._images[image_id]
        private = self.store.images.get(image_id)
        if private is None or private.project_id != project_id or private.status != "active":
            raise Refusal("Ecs.0031", f"The image {image_id} does not exist.")
        return Image(private.id, private.name, self.system_of(private.source_image_id), private.ref)

    def system_of(self, image_id: str) -> str:
        """The operating system of an image, through all the private ones between it and the public one."""
        while image_id in self.store.images:
            image_id = self.store.images[image_id].source_image_id
        return self._images[image_id].os if image_id in self._images else "Other"

    def flavor(self, flavor_id: str) -> Flavor:
        """Raises Refusal Ecs.0029."""
        if flavor_id not in self._flavors:
            raise Refusal("Ecs.0029", f"The flavor {flavor_id} does not exist.")
        return self._flavors[flavor_id]

    def key_pair(self, domain_id: str, user_id: str, name: str) -> KeyPair | None:
        """The public key of a login key; None when the account has no such key."""
        account = self.credentials.account(domain_id, user_id)
        return next((pair for pair in account.key_pairs if pair.name == name), None)

    def subnet(self, region: RegionSettings, subnet_id: str) -> Subnet:
        """Raises Refusal Ecs.0038."""
        for subnet in region.subnets:
            if subnet.id == subnet_id:
                return subnet
        raise Refusal("Ecs.0038", f"The subnet {subnet_id} does not exist.")

    # Servers

    def server(self, project_id: str, server_id: str) -> Server:
        """Raises Refusal Ecs.0114 (404)."""
        server = self.store.servers.get(server_id)
        if server is None or server.project_id != project_id:
            raise Refusal("Ecs.0114", f"Instance[{server_id}] could not be found.")
        return server

    def servers(self, project_id: str) -> list[Server]:
        """The project's servers, newest first, as one consistent copy."""
        with self.lock:
            return self.store.in_project(project_id)[::-1]

    def real_servers(self, project_id: str) -> int:
        """How many servers of the project count for the quota."""
        return sum(not server.canned for server in self.store.in_project(project_id))

    def seed(self, order: SeedOrder) -> int:
        """Have canned servers; returns how many the region has now. Raises SeedError."""
        region = self._seeded_region(order.region)
        seeds.check(order, region, self.settings)
        with self.lock:
            replaced = "" if order.add else region.project_id
            kept = {key: seed for key, seed in self.store.seeds.items() if seed.project_id != replaced}
            taken = max((seed.address + seed.count for seed in kept.values()), default=0)
            if taken + order.servers > seeds.MOST:
                raise SeedError(f"There are addresses for {seeds.MOST} canned servers, and {taken} of them are taken.")
            if not order.add:
                self.store.remove_canned(region.project_id)
            self.store.seeds = kept
            if order.servers:
                self._sow(order, region, taken)
            self.saved_soon()
            return len(self.store.in_project(region.project_id)) - self.real_servers(region.project_id)

    def _seeded_region(self, region_id: str) -> RegionSettings:
        for region in self.settings.regions:
            if region_id in {"", region.id}:
                return region
        raise SeedError(f"There is no region {region_id}.")

    def _sow(self, order: SeedOrder, region: RegionSettings, address: int) -> None:
        account = self.settings.accounts[0]
        seed = Seed(
            id=ids.resource_id(),
            project_id=region.project_id,
            domain_id=account.domain_id,
            user_id=account.user_id,
            first=self.store.sequence + 1,
            address=address,
            count=order.servers,
            created=clock.seconds(self.now()),
            name=order.name,
            tags=order.tags,
            zones=order.zones or region.azs,
            flavor_id=order.flavor or self.settings.flavors[0].id,
            status=order.status,
            user_data=order.user_data,
            public=order.public,
        )
        self.store.sequence += order.servers
        self.store.seeds[seed.id] = seed
        self._grow(seed)

    def _grow(self, seed: Seed) -> None:
        for server in seeds.servers(seed, self._regions[seed.project_id], self.settings):
            self.store.put_server(server)

    def server_at(self, address: str) -> Server | None:
        """The server that owns a private address."""
        with self.lock:
            return self.store.servers.get(self.store.by_address.get(address, ""))

    def update_server(self, server_id: str, **changes: object) -> Server | None:
        """Replace members of a server; None when it is gone meanwhile."""
        with self.lock:
            server = self.store.servers.get(server_id)
            if server is None:
                return None
            changed = replace(server, updated=clock.seconds(self.now()), **changes)  # type: ignore[arg-type]
            self.store.put_server(changed)
            self.saved_soon()
            return changed

    def server_group(self, project_id: str, group_id: str) -> ServerGroup:
        """Raises Refusal Ecs.0313."""
        group = self.store.server_groups.get(group_id)
        if group is None or group.project_id != project_id:
            raise Refusal("Ecs.0313", f"ECS group query failed: there is no group {group_id}.")
        return group

    def job(self, project_id: str, job_id: str) -> Job:
        """Raises Refusal Common.0011."""
        job = self.store.jobs.get(job_id)
        if job is None or job.project_id != project_id:
            raise Refusal("Common.0011", f"Failed to query system tasks: there is no job {job_id}.")
        return job


def groups_of(region: RegionSettings, wanted: Iterable[str]) -> tuple[SecurityGroup, ...]:
    """The region's security groups by id; none wanted means its first one. Raises Refusal Ecs.0014."""
    known = {group.id: group for group in region.security_groups}
    chosen = tuple(wanted)
    unknown = [group for group in chosen if group not in known]
    if unknown:
        raise Refusal("Ecs.0014", f"The security group {unknown[0]} does not exist.")
    return tuple(known[group] for group in chosen) or region.security_groups[:1]
