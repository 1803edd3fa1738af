"""Who sent a request: a signature (SDK-HMAC-SHA256) or a token (X-Auth-Token), as the API gateway decides it."""

from __future__ import annotations

import hmac
from datetime import datetime

from lab.api import signing
from lab.api.errors import unauthenticated
from lab.region import clock
from lab.region.cloud import Cloud
from lab.region.credentials import Caller, SigningKey

MISMATCH = "verify aksk signature fail, signature mismatch"
LOCKED = "AK access failed to reach the limit,forbidden."


def is_signed(authorization: str) -> bool:
    """Whether this Authorization header claims to hold a signature."""
    return authorization.startswith(signing.ALGORITHM)


def authenticate(cloud: Cloud, request: signing.Signable, now: datetime) -> Caller:
    """`now` is the time the request is judged by. Raises GatewayRefusal 401 APIGW.0301 with the documented reason."""
    authorization = request.headers.get("authorization", b"").decode("latin-1")
    if is_signed(authorization):
        return _by_signature(cloud, request, authorization, now)
    token = request.headers.get("x-auth-token", b"").decode("latin-1")
    if token:
        return by_token(cloud, token)
    raise unauthenticated("x-auth-token not found")


def by_token(cloud: Cloud, token_id: str) -> Caller:
    """The token's owner, bound to its project if it has one. Raises GatewayRefusal."""
    with cloud.lock:
        token = cloud.credentials.token(token_id)
        if token is None:
            raise unauthenticated("decrypt token fail")
        if clock.parse(token.expires_at) <= cloud.now():
            raise unauthenticated(f"token expires, expires_at: {token.expires_at}")
        return Caller(cloud.credentials.account(token.domain_id, token.user_id), token.project_id)


def _by_signature(cloud: Cloud, request: signing.Signable, header: str, now: datetime) -> Caller:
    try:
        authorization = signing.parse_authorization(header)
        date = signing.parse_date(request.headers.get("x-sdk-date", b"").decode("latin-1"))
    except signing.MalformedError as error:
        raise unauthenticated(f"verify aksk signature fail, {error}") from None
    access = authorization.access
    with cloud.lock:
        key = cloud.credentials.signing_key(access, now)
        if key is None:
            raise unauthenticated(f"Get secretKey failed,ak:{access},err:ak not exist")
        if cloud.key_locks.locked(access, now):
            raise unauthenticated(LOCKED)
        if not signing.within_window(date, now):
            raise unauthenticated("verify aksk signature fail, x-sdk-date differs from the server's by over 15 minutes")
        if not (_has_security_token(request, key) and signing.matches(request, authorization, key.secret)):
            cloud.key_locks.failed(access, now)
            raise unauthenticated(MISMATCH)
        cloud.key_locks.succeeded(access)
    return key.caller


def _has_security_token(request: signing.Signable, key: SigningKey) -> bool:
    """A temporary key is worth nothing without its security token; a permanent one needs none."""
    sent = request.headers.get("x-security-token", b"")
    return not key.security_token or hmac.compare_digest(sent, key.security_token.encode())
