"""One HTTP request from a host, by the standard library, past the environment's proxies, as a member makes it."""

from __future__ import annotations

import email.utils
import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 160
LARGEST = 1 << 22


class UnreachableError(Exception):
    """No answer; the message is a clause that says why."""


@dataclass(frozen=True)
class Reply:
    """An answer of any status; ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as an object, empty when it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def clock_ahead(self) -> float:
        """Seconds this host's clock is ahead of the service's, by its Date header; 0 without one."""
        date = email.utils.parsedate_tz(self.headers.get("date", ""))
        return 0.0 if date is None else time.time() - email.utils.mktime_tz(date)

    @property
    def says(self) -> str:
        """The service's own words, shortened: gateway and IAM, ECS, and Keystone put them in different places."""
        body = self.json()
        inner = body.get("error")
        fields = inner if isinstance(inner, dict) else body
        text = fields.get("error_msg") or fields.get("message") or self.body.decode(errors="replace")
        return " ".join(str(text).split())[:LONGEST] or "no explanation"


def ask(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes = b"",
    timeout: float = 5,
    proxy: str = "",
) -> Reply:
    """The answer, whatever its status; redirects are not followed. Raises UnreachableError."""
    request = urllib.request.Request(url, body or None, dict(headers or {}), method=method)
    try:
        with _opener(proxy).open(request, timeout=timeout) as answer:
            return _reply(answer.status, answer.headers, answer.read(LARGEST))
    except urllib.error.HTTPError as error:
        with error:
            return _reply(error.code, error.headers, error.read(LARGEST))
    except OSError as error:
        raise UnreachableError(_reason(error, timeout)) from None
    except Exception as error:  # http.client's own family is outside OSError
        raise UnreachableError(f"what answers there speaks no HTTP ({type(error).__name__})") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the signature to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(proxy: str) -> urllib.request.OpenerDirector:
    """Without a proxy given there is none, whatever the environment says."""
    proxies = {"http": proxy, "https": proxy} if proxy else {}
    return urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _NoRedirect)


def _reply(status: int, headers: Any, body: bytes) -> Reply:
    return Reply(status, {name.lower(): value for name, value in headers.items()}, body)


def _reason(error: OSError, timeout: float) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, (socket.timeout, TimeoutError)):
        return f"no answer within {timeout:.0f} s"
    if isinstance(cause, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({cause.verify_message})"
    return getattr(cause, "strerror", None) or str(cause)
