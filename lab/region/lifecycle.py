"""What clients order: create, delete, power, tags, metadata. Each checks first and refuses before anything changed."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta

from lab.region import addresses, clock, ids, passwords
from lab.region.cloud import Cloud, groups_of
from lab.region.errors import Refusal
from lab.region.jobs import Fate, Jobs, open_end
from lab.region.model import ClientToken, Job, MetadataOptions, Server, ServerNic, Volume
from lab.region.orders import ServerOrder
from lab.settings import Account, RegionSettings

MAX_TAGS = 10
MAX_BATCH = 1000
CLIENT_TOKEN_LIFE = timedelta(hours=8)
POWER_STATES = {
    "start": {"SHUTOFF"},
    "stop": {"ACTIVE"},
    "kill": {"ACTIVE"},
    "reboot": {"ACTIVE"},
    "reset": {"ACTIVE"},
}


class Lifecycle:
    """The region's operations on servers. Every method raises Refusal with Huawei's code."""

    def __init__(self, cloud: Cloud, jobs: Jobs) -> None:
        self._cloud = cloud
        self._jobs = jobs

    def create(
        self,
        region: RegionSettings,
        account: Account,
        order: ServerOrder,
        client_token: str = "",
        dry_run: bool = False,
        *,
        fate: Fate = open_end,
    ) -> tuple[str, tuple[str, ...]]:
        """Order servers; returns the job's id and the servers' ids, ("", ()) for a dry run.

        A request repeated with its client token within eight hours has the first one's answer and no other effect.
        """
        with self._cloud.lock:
            digest = hashlib.sha256(json.dumps(asdict(order), sort_keys=True).encode()).hexdigest()
            if client_token and not dry_run:
                earlier = self._earlier(client_token, digest)
                if earlier is not None:
                    return earlier.job_id, earlier.server_ids
            servers = self._draft(region, account, order)
            if dry_run:
                return "", ()
            for server in servers:
                self._cloud.store.put_server(server)
            server_ids = tuple(server.id for server in servers)
            job = self._jobs.submit(region.project_id, "create", list(server_ids), fate())
            if client_token:
                used = ClientToken(client_token, digest, clock.microseconds(self._cloud.now()), job.id, server_ids)
                self._cloud.store.client_tokens[client_token] = used
            return job.id, server_ids

    def delete(
        self,
        project_id: str,
        server_ids: list[str],
        fate: Fate = open_end,
        *,
        public: bool = False,
        volumes: bool = False,
    ) -> Job:
        """Delete servers in any state; one that is still being built goes after its boot.

        `public`, `volumes`: with their EIPs and data disks, those too that were to outlive them.
        """
        self._known(project_id, server_ids)
        options = {name: "true" for name, wanted in {"public": public, "volumes": volumes}.items() if wanted}
        return self._jobs.submit(project_id, "delete", server_ids, fate(), options)

    def power(self, project_id: str, action: str, server_ids: list[str], fate: Fate = open_end) -> Job:
        """`action`: start, stop, reboot, or the hard forms of these, kill and reset.

        A server in another state refuses the whole batch (Ecs.0100).
        """
        for server in self._known(project_id, server_ids):
            if server.status not in POWER_STATES[action] or server.task_state is not None:
                raise Refusal("Ecs.0100", f"Server {server.id} is {server.status}: it cannot {action} now.")
        return self._jobs.submit(project_id, action, server_ids, fate())

    def set_tags(self, project_id: str, server_id: str, tags: Mapping[str, str]) -> None:
        """Add tags; an equal key gets the new value. More than ten in all are refused (Ecs.0905)."""
        with self._cloud.lock:
            merged = {**self._cloud.server(project_id, server_id).tags, **tags}
            if len(merged) > MAX_TAGS:
                raise Refusal("Ecs.0905", "The number of tags exceeds the maximum allowed limit.")
            self._cloud.update_server(server_id, tags=merged)

    def remove_tags(self, project_id: str, server_id: str, keys: list[str]) -> None:
        """Remove tags by key; one that is not there is no error."""
        with self._cloud.lock:
            tags = self._cloud.server(project_id, server_id).tags
            self._cloud.update_server(server_id, tags={key: tags[key] for key in tags if key not in keys})

    def set_metadata(self, project_id: str, server_id: str, metadata: Mapping[str, str]) -> None:
        with self._cloud.lock:
            server = self._cloud.server(project_id, server_id)
            self._settled(server)
            self._cloud.update_server(server_id, metadata={**server.metadata, **metadata})

    def remove_metadata(self, project_id: str, server_id: str, key: str) -> None:
        with self._cloud.lock:
            server = self._cloud.server(project_id, server_id)
            self._settled(server)
            if key not in server.metadata:
                raise Refusal("Ecs.0005", f"The metadata has no item {key}.")
            kept = {name: value for name, value in server.metadata.items() if name != key}
            self._cloud.update_server(server_id, metadata=kept)

    def set_metadata_options(self, project_id: str, server_id: str, changes: Mapping[str, str]) -> None:
        """`changes`: the members of MetadataOptions to be replaced."""
        with self._cloud.lock:
            server = self._cloud.server(project_id, server_id)
            options = replace(server.metadata_options or MetadataOptions(), **changes)
            self._cloud.update_server(server_id, metadata_options=options)

    def _known(self, project_id: str, server_ids: list[str]) -> list[Server]:
        if not server_ids:
            raise Refusal("Ecs.0005", "servers must not be empty.")
        if len(server_ids) > MAX_BATCH:
            raise Refusal("Ecs.0118", f"The number of ECSs exceeds the maximum allowed limit of {MAX_BATCH}.")
        with self._cloud.lock:
            return [self._cloud.server(project_id, server_id) for server_id in server_ids]

    @staticmethod
    def _settled(server: Server) -> None:
        """Metadata changes need vm_state active or stopped (doc: Updating ECS Metadata, constraints)."""
        if server.status not in {"ACTIVE", "SHUTOFF"}:
            raise Refusal("Ecs.0100", f"Server {server.id} is {server.status}: its metadata cannot change now.")

    def _earlier(self, client_token: str, digest: str) -> ClientToken | None:
        try:
            uuid.UUID(client_token)
        except ValueError:
            raise Refusal("Ecs.0123", "X-Client-Token must be a UUID.") from None
        used = self._cloud.store.client_tokens.get(client_token)
        if used is None:
            return None
        if self._cloud.now() - clock.parse(used.created) > CLIENT_TOKEN_LIFE:
            raise Refusal("Ecs.0124", "The X-Client-Token has expired: use a new one.")
        if used.digest != digest:
            raise Refusal("Ecs.0122", "The X-Client-Token was used with another request body.")
        return used

    def _draft(self, region: RegionSettings, account: Account, order: ServerOrder) -> list[Server]:
        """Make the new servers' records. Nothing is stored yet."""
        cloud = self._cloud
        image = cloud.image(region.project_id, order.image_id)
        flavor = cloud.flavor(order.flavor_id)
        nics_of = self._assign_addresses(region, order)
        groups = tuple(group.id for group in groups_of(region, order.security_groups))
        if order.key_name and cloud.key_pair(account.domain_id, account.user_id, order.key_name) is None:
            raise Refusal("Ecs.0314", f"The key pair {order.key_name} does not exist.")
        if order.server_group:
            cloud.server_group(region.project_id, order.server_group)
        zones = _zones(region, order)
        if cloud.real_servers(region.project_id) + order.count > region.max_instances:
            raise Refusal("Ecs.0001", "Insufficient ECS quota. Contact customer service to increase quota.")
        user_data = order.user_data
        if order.admin_pass and not user_data and not order.key_name:  # otherwise adminPass is ignored (doc)
            user_data = passwords.first_boot_script(order.admin_pass)
        metadata = {
            "charging_mode": "0",
            "metering.image_id": image.id,
            "metering.imagetype": "private" if image.id in cloud.store.images else "gold",
            "metering.resourcespeccode": f"{flavor.id}.linux",
            "metering.resourcetype": "1",
            "metering.cloudServiceType": "hws.service.type.ec2",
            "image_name": image.name,
            "os_bit": "64",
            "os_type": "Linux",
            "vpc_id": order.vpc_id,
            "cascaded.instance_extrainfo": "pcibridge:1",
            "__support_agent_list": "hss,ces",
            **order.metadata,
        }
        now = clock.seconds(cloud.now())
        reservation = ids.reservation_id()
        return [
            Server(
                id=ids.resource_id(),
                number=cloud.store.next_number(),
                name=name,
                project_id=region.project_id,
                domain_id=account.domain_id,
                user_id=account.user_id,
                availability_zone=zones[index],
                flavor_id=flavor.id,
                image_id=image.id,
                vpc_id=order.vpc_id,
                nics=nics_of[index],
                volumes=_volumes(order),
                security_groups=groups,
                created=now,
                updated=now,
                metadata=metadata,
                tags=dict(order.tags),
                user_data=user_data,
                key_name=order.key_name,
                description=order.description,
                enterprise_project_id=order.enterprise_project_id,
                reservation_id=reservation,
                launch_index=index,
                metadata_options=MetadataOptions(**order.metadata_options) if order.metadata_options else None,
                server_group=order.server_group,
            )
            for index, name in enumerate(order.names())
        ]

    def _assign_addresses(self, region: RegionSettings, order: ServerOrder) -> list[tuple[ServerNic, ...]]:
        if not any(subnet.vpc_id == order.vpc_id for subnet in region.subnets):
            raise Refusal("Ecs.0014", f"The VPC {order.vpc_id} does not exist.")
        used = set(self._cloud.store.by_address)
        used_public = self._cloud.store.public_addresses() if order.public else set()
        assigned = []
        for _ in range(order.count):
            nics: list[ServerNic] = []
            for wanted in order.nics:
                subnet = self._cloud.subnet(region, wanted.subnet_id)
                if subnet.vpc_id != order.vpc_id:
                    raise Refusal("Ecs.0064", "The VPC ID in the request is inconsistent with that of the subnet.")
                address = addresses.choose(subnet, wanted.address, used)
                used.add(address)
                public = None
                if order.public and not nics:
                    public = addresses.choose_public(self._cloud.settings.public_cidr, used_public)
                    used_public.add(public)
                kept = public is not None and order.public_kept
                nics.append(ServerNic(ids.resource_id(), ids.mac_address(address), address, subnet.id, public, kept))
            assigned.append(tuple(nics))
        return assigned


def _zones(region: RegionSettings, order: ServerOrder) -> list[str]:
    if order.availability_zone:
        if order.availability_zone not in region.azs:
            raise Refusal("Ecs.0005", f"availability_zone {order.availability_zone} is not in region {region.id}.")
        return [order.availability_zone] * order.count
    return [region.azs[index % len(region.azs) if order.spread else 0] for index in range(order.count)]


def _volumes(order: ServerOrder) -> tuple[Volume, ...]:
    root = Volume(ids.resource_id(), "/dev/vda", order.root_volume.type, order.root_volume.size, "0", True)
    data = (
        Volume(ids.resource_id(), f"/dev/vd{letter}", volume.type, volume.size, None, volume.delete_on_termination)
        for letter, volume in zip("bcdefghijklmnopqrstuvwxyz", order.data_volumes, strict=False)
    )
    return (root, *data)
