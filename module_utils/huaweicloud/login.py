"""Logging in with a user name and a password: an IAM token for each region's project."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import answers
from .credentials import Credential, ProjectToken
from .endpoints import Endpoints
from .errors import AnswerError, HuaweiCloudError
from .explain import explain
from .gate import KeyGate
from .redact import Redactor
from .retry import Deadline, Limits, with_retries
from .transport import Request, Transport

PERMISSION = "to log in with a password (programmatic access)"
"""In place of an action: every user may log in who has programmatic access."""


@dataclass(frozen=True)
class User:
    """An IAM user: the account's (domain's) name, the user's name and password."""

    domain: str
    name: str
    password: str = field(repr=False)

    advice = "Check iam_domain, iam_user and iam_password."

    @property
    def label(self) -> str:
        return f"user {self.name} of account {self.domain}"


class PasswordLogin:
    """A CredentialSource: one token per region, asked for once.

    API: IAM KeystoneCreateUserTokenByPassword, POST /v3/auth/tokens, the token in the header X-Subject-Token.
    """

    knows_projects = True

    def __init__(
        self,
        user: User,
        endpoints: Endpoints,
        transport: Transport,
        redactor: Redactor,
        *,
        projects: Mapping[str, str],
        limits: Limits,
    ) -> None:
        self._user = user
        self._endpoints = endpoints
        self._transport = transport
        self._redactor = redactor
        self._projects = projects
        self._limits = limits
        self._gate = KeyGate()
        self._locks: dict[str, threading.Lock] = {}
        self._tokens: dict[str, ProjectToken] = {}
        self._guard = threading.Lock()

    def credential(self, region: str) -> ProjectToken:
        """The token of the region's project. Raises HuaweiCloudError."""
        with self._guard:
            lock = self._locks.setdefault(region, threading.Lock())
        with lock:
            if region not in self._tokens:
                self._tokens[region] = self._log_in(region)
            return self._tokens[region]

    def renew(self, refused: Credential) -> bool:
        """Forget a token that ended before its time, so that the next one is asked for."""
        with self._guard:
            stale = [region for region, token in self._tokens.items() if token is refused]
            for region in stale:
                del self._tokens[region]
        return bool(stale)

    def _log_in(self, region: str) -> ProjectToken:
        deadline = Deadline(self._limits.deadline)
        try:
            return with_retries(lambda: self._ask(region, deadline), self._limits.policy, deadline)
        except HuaweiCloudError as error:
            explain(error, "iam", region, self._user, PERMISSION)
            error.message = self._redactor(error.message)
            raise

    def _ask(self, region: str, deadline: Deadline) -> ProjectToken:
        project = {"id": self._projects[region]} if region in self._projects else {"name": region}
        identity = {
            "methods": ["password"],
            "password": {
                "user": {
                    "name": self._user.name,
                    "password": self._user.password,
                    "domain": {"name": self._user.domain},
                }
            },
        }
        request = Request(
            "POST",
            self._endpoints.url("iam", region),
            "/v3/auth/tokens",
            [("nocatalog", "1")],
            body=json.dumps({"auth": {"identity": identity, "scope": {"project": project}}}),
        )
        answer = self._gate.ask(lambda: self._transport.send(request, None, deadline.remaining()), deadline.remaining())
        token = answer.headers.get("X-Subject-Token", "")
        project_id = answers.token_project(answers.parsed(answer))
        if not token or not project_id:
            raise AnswerError(f"The login gave no token for a project of region {region}.")
        self._redactor.learn([token])
        return ProjectToken(token, project_id, self._user.name)
