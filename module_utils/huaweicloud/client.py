"""The operations this toolkit asks of Huawei Cloud, each retried, judged and explained."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from . import answers, paging
from .credentials import Credential, CredentialSource, ProjectToken
from .endpoints import Endpoints
from .errors import ApiError, ConfigurationError, HuaweiCloudError, UncertainError
from .explain import explain
from .gate import KeyGate
from .redact import Redactor
from .retry import Deadline, Limits, is_transient, is_undone, with_retries
from .transport import HttpOptions, Request, Transport

T = TypeVar("T")
Json = answers.Json
Query = Sequence[tuple[str, str]]

PAGE_LIMIT = 1000
"""The most one page holds (ECS API reference, 'Querying Details About ECSs')."""


@dataclass(frozen=True)
class Operation:
    """A call: where it goes and the permission it needs, in words where IAM has no action for it.

    `repeatable`: sent twice it has the effect of once.
    """

    service: str
    permission: str
    path: str
    region: str
    project_id: str | None = None
    method: str = "GET"
    repeatable: bool = True


class CloudClient:
    """Speaks to ECS and IAM. Threads may share it; close it before the process forks."""

    def __init__(
        self,
        source: CredentialSource,
        endpoints: Endpoints,
        transport: Transport | None = None,
        limits: Limits | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self._source = source
        self._endpoints = endpoints
        self._transport = transport or Transport(HttpOptions())
        self._limits = limits or Limits()
        self._redactor = redactor or Redactor()
        self._gate = KeyGate()

    @property
    def knows_projects(self) -> bool:
        """True when a login tells each region's project, so that nothing has to be looked up."""
        return self._source.knows_projects

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def projects(self, region: str, name: str | None = None) -> list[Json]:
        """The account's projects (called `name`): `[{"id", "name", …}]`, from the IAM service of `region`.

        API: IAM KeystoneListProjects, GET /v3/projects.
        """
        operation = Operation("iam", "iam:projects:listProjects", "/v3/projects", region)
        return self._ask(operation, [("name", name)] if name else [], self._deadline(), answers.projects)

    def project_id(self, region: str) -> str:
        """The id of the region's own project: the one called like the region, or the one a token login opened."""
        credential = self._source.credential(region)
        if isinstance(credential, ProjectToken):
            return credential.project_id
        return only_project(self.projects(region, region), region)

    def list_servers(self, region: str, project_id: str, query: Query = ()) -> paging.Listing:
        """Every server that matches, each once, less user_data.

        API: ECS ListServersDetails, GET /v1/{project_id}/cloudservers/detail with `limit` and `marker`.
        """
        path = f"/v1/{quote(project_id, safe='')}/cloudservers/detail"
        operation = Operation("ecs", "ecs:cloudServers:list", path, region, project_id)
        deadline = self._deadline()

        def page(body: Json) -> paging.Page:
            return paging.Page([answers.without_user_data(it) for it in answers.servers(body)], answers.total(body))

        def fetch(marker: str | None) -> paging.Page:
            position = [("limit", str(PAGE_LIMIT)), *([("marker", marker)] if marker else [])]
            return self._ask(operation, [*query, *position], deadline, page)

        try:
            return paging.list_all(fetch, PAGE_LIMIT)
        except HuaweiCloudError as error:
            explain(error, operation.service, region, None, operation.permission)
            raise

    def console_output(self, region: str, project_id: str, server_id: str, lines: int = -1) -> str:
        """The last `lines` lines of a server's console log (-1: all there is).

        API: ECS ShowServerConsoleOutput, GET /v1/{project_id}/cloudservers/{server_id}/console-output.
        """
        path = f"/v1/{quote(project_id, safe='')}/cloudservers/{quote(server_id, safe='')}/console-output"
        operation = Operation("ecs", "ecs:cloudServers:getConsoleOutput", path, region, project_id)
        return self._ask(operation, [("length", str(lines))], self._deadline(), answers.console)

    def _deadline(self) -> Deadline:
        return Deadline(self._limits.deadline)

    def call(
        self,
        operation: Operation,
        read: Callable[[Json], T],
        query: Query = (),
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """What `read` makes of the answer to any operation; an answer without a body is `{}` to it.

        Raises UncertainError, after one try, when an operation that is not repeatable got no clear answer.
        """
        content = "" if body is None else json.dumps(body)
        return self._ask(operation, query, self._deadline(), read, content=content, headers=headers)

    def _ask(
        self,
        operation: Operation,
        query: Query,
        deadline: Deadline,
        read: Callable[[Json], T],
        *,
        content: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """What `read` makes of the answer; an answer it refuses is asked for again like any other trouble."""
        credential: Credential | None = None

        def attempt() -> T:
            nonlocal credential
            credential = self._source.credential(operation.region)
            try:
                return send(credential)
            except ApiError as error:
                if error.status != 401 or not self._source.renew(credential):
                    raise
            credential = self._source.credential(operation.region)
            return send(credential)

        def send(credential: Credential) -> T:
            answer = self._gate.ask(
                lambda: self._transport.send(request, credential, deadline.remaining()), deadline.remaining()
            )
            return read(answers.parsed(answer) if operation.method == "GET" else answers.accepted(answer))

        def once() -> T:
            try:
                return attempt()
            except HuaweiCloudError as error:
                if is_transient(error) and not is_undone(error):
                    raise UncertainError(error.message) from error
                raise

        try:
            request = Request(
                operation.method,
                self._endpoints.url(operation.service, operation.region),
                operation.path,
                query,
                {**(headers or {}), **({"X-Project-Id": operation.project_id} if operation.project_id else {})},
                content,
            )
            return with_retries(attempt if operation.repeatable else once, self._limits.policy, deadline)
        except HuaweiCloudError as error:
            explain(error, operation.service, operation.region, credential, operation.permission)
            error.message = self._redactor(error.message)
            raise


def only_project(projects: Sequence[Json], region: str) -> str:
    """The id of the one project named `region`. Raises ConfigurationError when there is none or more than one."""
    ids = [str(project["id"]) for project in projects if project.get("name") == region]
    if not ids:
        raise ConfigurationError(
            f"The account has no project for region {region}: check the region's name or set project_id."
        )
    if len(ids) > 1:
        raise ConfigurationError(
            f"The account has several projects named {region} ({', '.join(ids)}): set project_id to one of them."
        )
    return ids[0]
