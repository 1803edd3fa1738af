"""SDK-HMAC-SHA256 (API signing guide): what a request's signature must be. Pure functions on bytes.

Canonical request = METHOD, URI with every segment percent-encoded and a trailing slash, query sorted by name and value,
`name:value` of each signed header, the list of signed headers, hex SHA-256 of the body; joined by newlines.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_from_bytes, unquote_to_bytes

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
WINDOW = timedelta(minutes=15)
UNSIGNED = b"UNSIGNED-PAYLOAD"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=(?P<access>[^,\s]+), ?SignedHeaders=(?P<signed>[^,\s]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


class MalformedError(ValueError):
    """The Authorization header or the date is not of the documented form."""


@dataclass(frozen=True)
class Authorization:
    """The parts of the header. `signed` keeps the client's order."""

    access: str
    signed: tuple[str, ...]
    signature: str


@dataclass(frozen=True)
class Signable:
    """A request as it came over the wire. Header names are lower-case; `path` and `query` still percent-encoded."""

    method: str
    path: bytes
    query: bytes
    headers: Mapping[str, bytes]
    body: bytes


def parse_authorization(header: str) -> Authorization:
    """Raises MalformedError, also when x-sdk-date is not among the signed headers."""
    match = _AUTHORIZATION.fullmatch(header.strip())
    if match is None:
        raise MalformedError("authorization header format incorrect")
    signed = tuple(match["signed"].split(";"))
    if "x-sdk-date" not in signed:
        raise MalformedError("x-sdk-date is not signed")
    return Authorization(match["access"], signed, match["signature"])


def parse_date(text: str) -> datetime:
    """Read X-Sdk-Date. Raises MalformedError."""
    try:
        return datetime.strptime(text, DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise MalformedError("x-sdk-date format incorrect") from None


def within_window(date: datetime, now: datetime) -> bool:
    """Whether the two clocks differ by no more than 15 minutes."""
    return abs(now - date) <= WINDOW


def matches(request: Signable, authorization: Authorization, secret: str) -> bool:
    """Whether the signature is the one this secret key makes; compared in constant time."""
    if any(name not in request.headers for name in authorization.signed):
        return False
    return hmac.compare_digest(signature(request, authorization.signed, secret), authorization.signature)


def signature(request: Signable, signed: tuple[str, ...], secret: str) -> str:
    """The hex signature. Raises KeyError when a signed header is missing."""
    digest = hashlib.sha256(canonical_request(request, signed)).hexdigest()
    to_sign = f"{ALGORITHM}\n{request.headers['x-sdk-date'].decode()}\n{digest}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def canonical_request(request: Signable, signed: tuple[str, ...]) -> bytes:
    headers = b"".join(name.encode() + b":" + request.headers[name].strip() + b"\n" for name in signed)
    parts = (
        request.method.upper().encode(),
        _canonical_path(request.path),
        _canonical_query(request.query),
        headers,
        ";".join(signed).encode(),
        _payload_hash(request),
    )
    return b"\n".join(parts)


def _payload_hash(request: Signable) -> bytes:
    """Only UNSIGNED-PAYLOAD is believed; the hash of any other body is computed. An empty body is always hashed."""
    if request.body and request.headers.get("x-sdk-content-sha256") == UNSIGNED:
        return UNSIGNED
    return hashlib.sha256(request.body).hexdigest().encode()


def _canonical_path(path: bytes) -> bytes:
    encoded = quote_from_bytes(unquote_to_bytes(path), safe="/~").encode()
    return encoded if encoded.endswith(b"/") else encoded + b"/"


def _canonical_query(query: bytes) -> bytes:
    pairs = sorted(_decoded(part) for part in query.split(b"&") if part)
    return "&".join(f"{quote_from_bytes(name, '~')}={quote_from_bytes(value, '~')}" for name, value in pairs).encode()


def _decoded(part: bytes) -> tuple[bytes, bytes]:
    name, _, value = part.replace(b"+", b" ").partition(b"=")
    return unquote_to_bytes(name), unquote_to_bytes(value)
