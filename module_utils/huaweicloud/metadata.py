"""Temporary keys of the server this runs on: its agency's, from the instance metadata service."""

from __future__ import annotations

import datetime as dt
import threading
import time

from . import answers
from .credentials import AccessKey, Credential
from .endpoints import Endpoints
from .errors import AnswerError, ApiError, HuaweiCloudError
from .redact import Redactor
from .retry import Deadline, Limits, with_retries
from .transport import Answer, Request, Transport

RENEW_BEFORE = 300.0
"""Seconds before their end at which keys are renewed. They live an hour; new ones appear ten minutes early."""

PATIENCE = 10.0
"""Seconds the metadata service, one hop away, may take in all."""

TOKEN_TTL = "21600"


class MetadataKeys:
    """A CredentialSource that asks again before the keys end.

    API: GET /openstack/latest/securitykey (ECS user guide, 'Obtaining Metadata'); where the hardened service is on,
    a token from PUT /meta-data/latest/api/token goes along.
    """

    knows_projects = False

    def __init__(self, endpoints: Endpoints, transport: Transport, redactor: Redactor, limits: Limits) -> None:
        self._url = endpoints.url("metadata", "")
        self._transport = transport
        self._redactor = redactor
        self._limits = limits
        self._lock = threading.Lock()
        self._key: AccessKey | None = None
        self._ends = 0.0

    def credential(self, region: str) -> AccessKey:
        """A key that is valid for minutes to come. Raises HuaweiCloudError."""
        with self._lock:
            if self._key is None or self._ends - time.time() < RENEW_BEFORE:
                deadline = Deadline(min(PATIENCE, self._limits.deadline))
                try:
                    self._key, self._ends = with_retries(lambda: self._ask(deadline), self._limits.policy, deadline)
                except HuaweiCloudError as error:
                    error.message = f"Metadata service: {self._redactor(error.message)}"
                    error.explained = True
                    raise
            return self._key

    def renew(self, refused: Credential) -> bool:
        """Ask for the key again; the same one may come back when the service has no newer one."""
        with self._lock:
            before, self._key = self._key, None
        return before is refused

    def _ask(self, deadline: Deadline) -> tuple[AccessKey, float]:
        answer = self._send("GET", "/openstack/latest/securitykey", {}, deadline)
        if answer.status == 401 and b"Cloud Service Agency" not in answer.body:
            token = self._send(
                "PUT", "/meta-data/latest/api/token", {"X-Metadata-Token-Ttl-Seconds": TOKEN_TTL}, deadline
            )
            secret = token.body.decode(errors="replace").strip()
            self._redactor.learn([secret])
            answer = self._send("GET", "/openstack/latest/securitykey", {"X-Metadata-Token": secret}, deadline)
        if answer.status in (401, 404):
            raise ApiError(
                answer.status, "", "this server has no agency, so it has no keys; give it one in the console."
            )
        return _key(answers.parsed(answer), self._redactor)

    def _send(self, method: str, path: str, headers: dict[str, str], deadline: Deadline) -> Answer:
        return self._transport.send(
            Request(method, self._url, path, (), headers), None, deadline.remaining(), direct=True
        )


def _key(body: answers.Json, redactor: Redactor) -> tuple[AccessKey, float]:
    """The key and its end as a POSIX time; `expires_at` comes with or without a fraction of a second."""
    credential: answers.Json = body.get("credential") or {}
    try:
        key = AccessKey(credential["access"], credential["secret"], credential["securitytoken"])
        ends = dt.datetime.fromisoformat(credential["expires_at"]).timestamp()
    except (KeyError, TypeError, ValueError):
        raise AnswerError("The answer holds no temporary key.") from None
    redactor.learn([key.sk, key.security_token], access_keys=[key.ak])
    return key, ends
