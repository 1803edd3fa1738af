"""The hardened mode of the metadata service: a token by PUT, which then comes with every GET.

Source: ECS UG "Obtaining Metadata" (v2), SDK `MetadataAccessor`. Tokens are signed, not kept: a restart ends none.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lab.region.model import Server

PATH = "/meta-data/latest/api/token"
TTL_HEADER, TOKEN_HEADER = "x-metadata-token-ttl-seconds", "x-metadata-token"
LIFE = range(60, 21601)


def refusal(request: Request, server: Server, secret: str, now: datetime) -> Response | None:
    """Why a GET is not answered: the service is off, or its token is missing or not good. None when it is."""
    options = server.metadata_options
    if options is None:
        return None
    if options.http_endpoint == "disabled":
        return PlainTextResponse("403 Forbidden", 403)
    token = request.headers.get(TOKEN_HEADER, "")
    if not token and options.http_tokens == "optional":
        return None
    return None if _is_good(token, server, secret, now) else PlainTextResponse("401 Unauthorized", 401)


def issue(request: Request, server: Server, secret: str, now: datetime) -> Response:
    """Answer the PUT. Where the mode is not offered that is 405, on which the SDK goes on without."""
    options = server.metadata_options
    if options is None or request.url.path != PATH:
        return PlainTextResponse("405 Method Not Allowed", 405)
    if options.http_endpoint == "disabled" or "x-forwarded-for" in request.headers:
        return PlainTextResponse("403 Forbidden", 403)
    seconds = request.headers.get(TTL_HEADER, "")
    if not seconds.isdecimal() or int(seconds) not in LIFE:
        return PlainTextResponse("400 Bad Request", 400)
    end = int(now.timestamp()) + int(seconds)
    return PlainTextResponse(_token(server, secret, end), headers={TTL_HEADER: seconds})


def _token(server: Server, secret: str, end: int) -> str:
    return f"{end:x}." + hmac.new(secret.encode(), f"{server.id} {end}".encode(), hashlib.sha256).hexdigest()


def _is_good(token: str, server: Server, secret: str, now: datetime) -> bool:
    try:
        end = int(token.partition(".")[0], 16)
    except ValueError:
        return False
    return hmac.compare_digest(token.encode(), _token(server, secret, end).encode()) and now.timestamp() < end
