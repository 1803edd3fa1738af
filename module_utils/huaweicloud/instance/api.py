"""The operations on servers that change something, and what goes with them. One project of one region each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .. import answers
from ..client import CloudClient, Operation, Query
from ..errors import AnswerError, ConfigurationError
from .seen import Instance, parse_instance

Json = dict[str, Any]

MOST_IN_A_BATCH = 1000
MOST_IDS_IN_A_QUERY = 100

QUERY_JOBS = "to query jobs"
"""In place of an action: Huawei Cloud's tables have none for ShowJob, neither of ECS nor of IMS."""

_POWER = {"start": "os-start", "stop": "os-stop", "reboot": "reboot"}


@dataclass(frozen=True)
class Part:
    """A sub-job: what became of one server. `code` and `reason` are empty unless it failed."""

    server_id: str
    status: str
    code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class JobState:
    """ShowJob's answer: `status` is INIT, RUNNING, SUCCESS or FAIL."""

    status: str
    code: str = ""
    reason: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def finished(self) -> bool:
        return self.status in ("SUCCESS", "FAIL")


class ServerApi:
    """Servers of one project. Every method raises HuaweiCloudError; those that are not safe to be sent twice raise
    UncertainError where nobody knows whether they took effect.
    """

    def __init__(self, client: CloudClient, region: str, project_id: str) -> None:
        self._client = client
        self.region = region
        self.project_id = project_id

    def list(self, query: Query = ()) -> list[Instance]:
        """The servers that match `query`, those already deleted left out."""
        listed = self._client.list_servers(self.region, self.project_id, query).servers
        # A list by id has elements for unknown ids, with nothing but the id and a fault.
        found = [parse_instance(it, self.region, self.project_id) for it in listed if it.get("status")]
        return [it for it in found if it.server.status not in ("DELETED", "SOFT_DELETED")]

    def create(self, body: Json, token: str) -> tuple[str, tuple[str, ...]]:
        """Order servers under an X-Client-Token; returns the job's id and the servers'. Safe to be sent again."""

        def read(answer: Json) -> tuple[str, tuple[str, ...]]:
            ids = answer.get("serverIds") or []
            return answers.job_id(answer), tuple(str(it) for it in ids)

        operation = self._operation("ecs:cloudServers:createServers", "", version="v1.1")
        return self._client.call(operation, read, body=body, headers={"X-Client-Token": token})

    def delete(self, ids: Sequence[str], *, eip: bool, volumes: bool) -> str:
        """Delete at most MOST_IN_A_BATCH servers; returns the job's id. API: DeleteServers."""
        body = {"servers": _servers(ids), "delete_publicip": eip, "delete_volume": volumes}
        return self._job("ecs:cloudServers:deleteServers", "/delete", body)

    def power(self, action: str, ids: Sequence[str]) -> str:
        """start, stop or reboot a batch, the last two as its systems do it; returns the job's id."""
        detail: Json = {"servers": _servers(ids)} | ({"type": "SOFT"} if action != "start" else {})
        return self._job(f"ecs:cloudServers:{action}", "/action", {_POWER[action]: detail})

    def resize(self, server_id: str, flavor: str) -> str:
        """Give a stopped server another flavor; returns the job's id. API: ResizePostPaidServer."""
        body = {"resize": {"flavorRef": flavor}}
        return self._job("ecs:cloudServers:resize", f"/{_part(server_id)}/resize", body)

    def rename(self, server_id: str, name: str) -> None:
        """API: UpdateServer."""
        operation = self._operation("ecs:cloudServers:updateServer", f"/{_part(server_id)}", method="PUT")
        self._client.call(operation, _nothing, body={"server": {"name": name}})

    def set_tags(self, server_id: str, tags: Mapping[str, str]) -> None:
        """Add tags or give them other values. API: BatchCreateServerTags."""
        self._tags(server_id, "create", tags)

    def remove_tags(self, server_id: str, tags: Mapping[str, str]) -> None:
        """API: BatchDeleteServerTags; a tag that is not there is no error."""
        self._tags(server_id, "delete", tags)

    def set_metadata(self, server_id: str, items: Mapping[str, str]) -> None:
        """Add items or give them other values. API: UpdateServerMetadata."""
        operation = self._operation("ecs:cloudServers:updateMetadata", f"/{_part(server_id)}/metadata", method="POST")
        self._client.call(operation, _nothing, body={"metadata": dict(items)})

    def remove_metadata(self, server_id: str, key: str) -> None:
        """API: DeleteServerMetadata."""
        path = f"/{_part(server_id)}/metadata/{_part(key)}"
        operation = self._operation("ecs:cloudServers:deleteMetadata", path, method="DELETE", repeatable=False)
        self._client.call(operation, _nothing)

    def add_group(self, server_id: str, group: str) -> None:
        """API: NovaAssociateSecurityGroup; Nova takes the group's id where its model says name."""
        self._group(server_id, "addSecurityGroup", group)

    def remove_group(self, server_id: str, group: str) -> None:
        """API: NovaDisassociateSecurityGroup."""
        self._group(server_id, "removeSecurityGroup", group)

    def job(self, job_id: str) -> JobState:
        """API: ShowJob, GET /v1/{project_id}/jobs/{job_id}."""
        path = f"/v1/{_part(self.project_id)}/jobs/{_part(job_id)}"
        operation = Operation("ecs", QUERY_JOBS, path, self.region, self.project_id)
        return self._client.call(operation, job_state)

    def limits(self) -> dict[str, int]:
        """What the project may have and has (`maxTotalInstances`, `totalInstancesUsed` …). API: ShowServerLimits."""

        def read(answer: Json) -> dict[str, int]:
            absolute = answer.get("absolute")
            if not isinstance(absolute, dict):
                raise AnswerError("The answer holds no quotas.")
            return {str(name): value for name, value in absolute.items() if isinstance(value, int)}

        return self._client.call(self._operation("ecs:cloudServerQuotas:get", "/limits", method="GET"), read)

    def image_id(self, name: str) -> str:
        """The id of the newest usable image called `name`. API: IMS ListImages, GET /v2/cloudimages."""

        def read(answer: Json) -> list[Json]:
            found = answer.get("images")
            if not isinstance(found, list):
                raise AnswerError("The answer holds no list of images.")
            return [it for it in found if isinstance(it, dict) and it.get("name") == name and it.get("id")]

        operation = Operation("ims", "ims:images:list", "/v2/cloudimages", self.region, self.project_id)
        query = [("name", name), ("status", "active"), ("sort_key", "created_at"), ("sort_dir", "desc")]
        found = self._client.call(operation, read, query)
        if not found:
            raise ConfigurationError(f"There is no image called {name} in region {self.region}: check image.")
        return str(found[0]["id"])

    def _job(self, permission: str, path: str, body: Json) -> str:
        operation = self._operation(permission, path, repeatable=False)
        return self._client.call(operation, answers.job_id, body=body)

    def _tags(self, server_id: str, action: str, tags: Mapping[str, str]) -> None:
        path = f"/{_part(server_id)}/tags/action"
        operation = self._operation("ecs:cloudServers:batchSetServerTags", path)
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        self._client.call(operation, _nothing, body={"action": action, "tags": pairs})

    def _group(self, server_id: str, action: str, group: str) -> None:
        path = f"/v2.1/{_part(self.project_id)}/servers/{_part(server_id)}/action"
        operation = Operation("ecs", "ecs:securityGroups:use", path, self.region, self.project_id, "POST", False)
        self._client.call(operation, _nothing, body={action: {"name": group}})

    def _operation(
        self, permission: str, path: str, *, version: str = "v1", method: str = "POST", repeatable: bool = True
    ) -> Operation:
        full = f"/{version}/{_part(self.project_id)}/cloudservers{path}"
        return Operation("ecs", permission, full, self.region, self.project_id, method, repeatable)


def _servers(ids: Iterable[str]) -> list[Json]:
    return [{"id": it} for it in ids]


def _part(text: str) -> str:
    return quote(text, safe="")


def _nothing(_: Json) -> None:
    """What an answer says beyond "accepted" is not needed."""


def job_state(answer: Json) -> JobState:
    """ShowJob's answer, as ECS and IMS give it. Raises AnswerError."""
    if not answer.get("status"):
        raise AnswerError("The answer holds no status of a job.")
    parts = []
    for sub in (answer.get("entities") or {}).get("sub_jobs") or []:
        entities = sub.get("entities") or {}
        reason = sub.get("fail_reason") or entities.get("errorcode_message") or ""
        code, status = sub.get("error_code") or "", sub.get("status") or ""
        parts.append(Part(entities.get("server_id") or "", status, code, reason))
    return JobState(
        str(answer["status"]), answer.get("error_code") or "", answer.get("fail_reason") or "", tuple(parts)
    )
