"""What answers mean: error bodies, and the shape each good answer must have."""

from __future__ import annotations

import email.utils
import json
import re
import time
from typing import Any

from .errors import AnswerError, ApiError
from .redact import is_secret_field
from .transport import Answer

Json = dict[str, Any]

LONGEST_DETAIL = 300

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def api_error(answer: Answer) -> ApiError:
    """The ApiError an answer of status >= 300 stands for.

    Bodies: ECS `{"error": {"code", "message"}}`; gateway and IAM `{"error_code", "error_msg"}`; Keystone
    `{"error": {"code": 403, "message", "title"}}`; Nova `{"itemNotFound": {"message", "code"}}` (API references,
    'Error Codes'). Anything else (a proxy's HTML page) is quoted by its beginning.
    """
    code, detail = "", ""
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if isinstance(body, dict):
        inner = next((value for value in body.values() if isinstance(value, dict)), {})
        code = str(body.get("error_code") or body.get("code") or inner.get("code") or inner.get("error_code") or "")
        detail = str(
            body.get("error_msg") or body.get("message") or inner.get("message") or inner.get("error_msg") or ""
        )
    if answer.status // 100 == 3:
        detail = f"the endpoint redirects to {answer.headers.get('Location', 'another address')}"
    if not detail:
        detail = " ".join(answer.body.decode(errors="replace").split()) or "no explanation"
    return ApiError(
        answer.status,
        "" if code == str(answer.status) else code,
        detail[:LONGEST_DETAIL],
        retry_after=_retry_after(answer),
        clock_skew=answer.clock_skew(),
    )


def parsed(answer: Answer) -> Json:
    """The JSON object of a good answer. Raises ApiError for a bad status, AnswerError for anything but an object."""
    if not 200 <= answer.status < 300:
        raise api_error(answer)
    try:
        body = json.loads(answer.body)
        if _SURROGATE.search(answer.body):
            # Half a character is legal in JSON and nowhere else: printing it would end Ansible with a traceback.
            body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise AnswerError(f"The answer (HTTP {answer.status}, {len(answer.body)} bytes) is not a JSON object.")
    return body


def accepted(answer: Answer) -> Json:
    """The JSON object of an answer to a change, `{}` when it has no body (202, 204). Raises as `parsed` does."""
    if 200 <= answer.status < 300 and not answer.body:
        return {}
    return parsed(answer)


def job_id(body: Json) -> str:
    """`job_id` of an accepted request. Raises AnswerError."""
    found = body.get("job_id")
    if not isinstance(found, str) or not found:
        raise AnswerError("The answer holds no job_id.")
    return found


def servers(body: Json) -> list[Json]:
    """`servers` of a list answer: objects that have an id. Raises AnswerError."""
    found = body.get("servers")
    if not isinstance(found, list):
        raise AnswerError("The answer holds no list of servers.")
    if not all(isinstance(server, dict) and isinstance(server.get("id"), str) and server["id"] for server in found):
        raise AnswerError("The answer lists a server without an id.")
    return found


def total(body: Json) -> int | None:
    """`count` of a list answer: how many servers match in all."""
    count = body.get("count")
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def projects(body: Json) -> list[Json]:
    """`projects` of IAM's answer. Raises AnswerError."""
    found = body.get("projects")
    if not isinstance(found, list) or not all(isinstance(project, dict) and project.get("id") for project in found):
        raise AnswerError("The answer holds no list of projects.")
    return found


def token_project(body: Json) -> str:
    """The id of the project a token opens, empty when it opens none (IAM: `token.project.id`)."""
    token = body.get("token")
    project = token.get("project") if isinstance(token, dict) else None
    return str(project.get("id") or "") if isinstance(project, dict) else ""


def console(body: Json) -> str:
    """`output` of a console log answer. Raises AnswerError."""
    output = body.get("output")
    if not isinstance(output, str):
        raise AnswerError("The answer holds no console output.")
    return output


def without_user_data(server: Json) -> Json:
    """The server less the fields that carry user_data or passwords, also those among its metadata. Changes `server`."""
    for holder in (server, server.get("metadata")):
        if isinstance(holder, dict):
            for name in [name for name in holder if is_secret_field(name)]:
                del holder[name]
    return server


def _retry_after(answer: Answer) -> float | None:
    """Retry-After in seconds; RFC 9110, 10.2.3 allows a number or a date."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    date = email.utils.parsedate_tz(value)
    return None if date is None else max(0.0, email.utils.mktime_tz(date) - time.time())
