"""What can be changed of a server that exists: its name, its flavor, its security groups; and the groups of servers."""

from __future__ import annotations

from collections.abc import Mapping

from lab.region import ids
from lab.region.cloud import Cloud, groups_of
from lab.region.errors import Refusal
from lab.region.jobs import Fate, Jobs, open_end
from lab.region.model import Job, Server, ServerGroup
from lab.settings import SecurityGroup

MAX_SERVER_GROUPS = 10
WITH_STOP = "withStopServer"


class Changes:
    """The region's operations on existing servers, apart from those of Lifecycle. Methods raise Refusal."""

    def __init__(self, cloud: Cloud, jobs: Jobs) -> None:
        self._cloud = cloud
        self._jobs = jobs

    def update(self, project_id: str, server_id: str, changes: Mapping[str, str]) -> Server:
        """`changes`: of name, description, hostname and user_data those that are given. Returns the new record."""
        with self._cloud.lock:
            server = self._cloud.server(project_id, server_id)
            members: dict[str, str] = {key: changes[key] for key in ("description", "user_data") if key in changes}
            if "name" in changes:
                members |= {"name": changes["name"], "first_name": server.first_name or server.name}
            if "hostname" in changes:
                members["first_name"] = changes["hostname"]
            return self._cloud.update_server(server_id, **members) or server

    def resize(self, project_id: str, server_id: str, flavor_id: str, mode: str, fate: Fate = open_end) -> Job:
        """Give the server another flavor. It must be stopped, unless `mode` is withStopServer."""
        with self._cloud.lock:
            server = self._cloud.server(project_id, server_id)
            flavor = self._cloud.flavor(flavor_id)
            if flavor.id == server.flavor_id:
                raise Refusal("Ecs.0810", "The ECS flavor is the same as the target flavor.")
            fitting = {"SHUTOFF", "ACTIVE"} if mode == WITH_STOP else {"SHUTOFF"}
            if server.status not in fitting or server.task_state is not None:
                raise Refusal("Ecs.0100", f"Server {server.id} is {server.status}: its flavor cannot change now.")
            return self._jobs.submit(project_id, "resize", [server_id], fate(), {"flavor": flavor.id})

    def join_group(self, project_id: str, server_id: str, wanted: str) -> None:
        """Add a security group, by id or name; one the server has already is no error."""
        with self._cloud.lock:
            server = self._cloud.server(project_id, server_id)
            group = self._group(project_id, wanted)
            if group.id not in server.security_groups:
                self._regroup(server, (*server.security_groups, group.id))

    def leave_group(self, project_id: str, server_id: str, wanted: str) -> None:
        """Remove a security group, by id or name. One the server is not in is refused."""
        with self._cloud.lock:
            server = self._cloud.server(project_id, server_id)
            group = self._group(project_id, wanted)
            if group.id not in server.security_groups:
                raise Refusal("Ecs.0014", f"Server {server.id} is not in the security group {group.id}.")
            self._regroup(server, tuple(each for each in server.security_groups if each != group.id))

    def create_server_group(self, project_id: str, name: str, policies: tuple[str, ...]) -> ServerGroup:
        with self._cloud.lock:
            if len(self.server_groups(project_id)) >= MAX_SERVER_GROUPS:
                raise Refusal("Ecs.0022", "Insufficient ECS group quota. Contact customer service to increase quota.")
            group = ServerGroup(ids.resource_id(), self._cloud.store.next_number(), project_id, name, policies)
            self._cloud.change(lambda: self._cloud.store.server_groups.update({group.id: group}))
            return group

    def delete_server_group(self, project_id: str, group_id: str) -> None:
        """Remove a group; its servers stay, in no group."""
        with self._cloud.lock:
            group = self._cloud.server_group(project_id, group_id)
            for server_id in self.members(group):
                self._cloud.update_server(server_id, server_group="")
            self._cloud.change(lambda: self._cloud.store.server_groups.pop(group.id))

    def server_groups(self, project_id: str) -> list[ServerGroup]:
        """The project's groups, newest first."""
        with self._cloud.lock:
            mine = [group for group in self._cloud.store.server_groups.values() if group.project_id == project_id]
        return sorted(mine, key=lambda group: -group.number)

    def members(self, group: ServerGroup) -> list[str]:
        """The ids of a group's servers, oldest first."""
        with self._cloud.lock:
            every = self._cloud.store.in_project(group.project_id)
            return [server.id for server in every if server.server_group == group.id]

    def _group(self, project_id: str, wanted: str) -> SecurityGroup:
        region = self._cloud.region(project_id)
        named = [group for group in region.security_groups if wanted in {group.id, group.name}] if region else []
        if not named:
            raise Refusal("Ecs.0014", f"The security group {wanted} does not exist.")
        return named[0]

    def _regroup(self, server: Server, wanted: tuple[str, ...]) -> None:
        region = self._cloud.region(server.project_id)
        assert region is not None  # it has a security group of that name
        if not wanted:
            raise Refusal("Ecs.0014", "A server must be in a security group.")
        groups_of(region, wanted)
        if not server.canned:
            self._cloud.driver.regroup(server.id, wanted)
        self._cloud.update_server(server.id, security_groups=wanted)
