"""Who may call: permanent access keys, temporary ones, tokens, and the lock of a key that keeps failing."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from lab.region import clock, ids
from lab.region.errors import Refusal
from lab.region.model import Server, TemporaryKey, Token
from lab.region.store import Store
from lab.settings import Account, LabSettings

TOKEN_LIFE = timedelta(hours=24)
AGENCY_KEY_LIFE = timedelta(hours=1)
AGENCY_KEY_ROTATION = timedelta(minutes=10)  # before its end (doc: Obtaining the security key of an ECS)
TEMPORARY_KEY_SECONDS = range(15 * 60, 24 * 3600 + 1)
MAX_FAILURES = 5
LOCK_TIME = timedelta(minutes=5)


@dataclass(frozen=True)
class Caller:
    """An authenticated caller. `project_id` is set when a token binds it to one; `agency` for a server's key."""

    account: Account
    project_id: str = ""
    agency: str = ""


@dataclass(frozen=True)
class SigningKey:
    """An access key the service knows. `security_token` is "" for a permanent one, else it must come with a request."""

    access: str
    secret: str
    security_token: str
    caller: Caller


class KeyLocks:
    """More than five wrong signatures in a row lock an access key for five minutes (doc: API signing guide, errors)."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._until: dict[str, datetime] = {}

    def locked(self, access: str, now: datetime) -> bool:
        until = self._until.get(access)
        if until is None:
            return False
        if now < until:
            return True
        del self._until[access]
        self._failures.pop(access, None)
        return False

    def failed(self, access: str, now: datetime) -> None:
        self._failures[access] = self._failures.get(access, 0) + 1
        if self._failures[access] > MAX_FAILURES:
            self._until[access] = now + LOCK_TIME

    def succeeded(self, access: str) -> None:
        self._failures.pop(access, None)


class Credentials:
    """Issues and finds credentials. Not locked: the Cloud calls it under its own lock."""

    def __init__(self, settings: LabSettings, store: Store) -> None:
        self._store = store
        self._accounts = settings.accounts
        self._permanent = {
            account.access_key: SigningKey(account.access_key, account.secret_key, "", Caller(account))
            for account in settings.accounts
        }

    def signing_key(self, access: str, now: datetime) -> SigningKey | None:
        """Find a key by its access id; an expired temporary one is unknown."""
        permanent = self._permanent.get(access)
        if permanent is not None:
            return permanent
        key = self._store.temporary_keys.get(access)
        if key is None or clock.parse(key.expires_at) <= now:
            return None
        caller = Caller(self.account(key.domain_id, key.user_id), agency=key.agency)
        return SigningKey(key.access, key.secret, key.security_token, caller)

    def account(self, domain_id: str, user_id: str) -> Account:
        """The account of a record. Raises LookupError when the settings no longer have it."""
        for account in self._accounts:
            if (account.domain_id, account.user_id) == (domain_id, user_id):
                return account
        raise LookupError(f"no account {domain_id}/{user_id} in the settings")

    def by_password(self, user: str, domain: str, password: str) -> Account | None:
        """Find the account by user and domain (each a name or an id) and compare the password in constant time."""
        for account in self._accounts:
            known_user = user in {account.user, account.user_id}
            known_domain = not domain or domain in {account.domain, account.domain_id}
            if known_user and known_domain and hmac.compare_digest(account.password.encode(), password.encode()):
                return account
        return None

    def issue_token(self, account: Account, project_id: str, now: datetime) -> Token:
        token = Token(
            id=ids.opaque_token(),
            issued_at=clock.microseconds(now),
            expires_at=clock.microseconds(now + TOKEN_LIFE),
            domain_id=account.domain_id,
            user_id=account.user_id,
            project_id=project_id,
        )
        self._prune(now)
        self._store.tokens[token.id] = token
        return token

    def token(self, token_id: str) -> Token | None:
        """Find a token, an expired one too: the gateway's answer tells its end."""
        return self._store.tokens.get(token_id)

    def issue_key(self, account: Account, seconds: int, now: datetime) -> TemporaryKey:
        """A temporary key of a user (CreateTemporaryAccessKeyByToken). Raises Refusal for a life out of range."""
        if seconds not in TEMPORARY_KEY_SECONDS:
            raise Refusal("IAM.0011", "duration_seconds must be from 900 to 86400.")
        return self._new_key(account, now + timedelta(seconds=seconds), now)

    def agency_key(self, server: Server, now: datetime) -> TemporaryKey:
        """The key of a server with an agency: valid one hour, a new one is made ten minutes before its end."""
        for key in self._store.temporary_keys.values():
            current = key.server_id == server.id and key.agency == server.agency
            if current and clock.parse(key.expires_at) - now > AGENCY_KEY_ROTATION:
                return key
        account = self.account(server.domain_id, server.user_id)
        return self._new_key(account, now + AGENCY_KEY_LIFE, now, server.agency, server.id)

    def _new_key(
        self, account: Account, end: datetime, now: datetime, agency: str = "", server_id: str = ""
    ) -> TemporaryKey:
        key = TemporaryKey(
            access=ids.access_key(),
            secret=ids.secret_key(),
            security_token=ids.opaque_token(),
            expires_at=clock.microseconds(end),
            domain_id=account.domain_id,
            user_id=account.user_id,
            agency=agency,
            server_id=server_id,
        )
        self._prune(now)
        self._store.temporary_keys[key.access] = key
        return key

    def _prune(self, now: datetime) -> None:
        """Forget what expired over a day ago."""
        limit = clock.microseconds(now - timedelta(days=1))
        for access in [key.access for key in self._store.temporary_keys.values() if key.expires_at < limit]:
            del self._store.temporary_keys[access]
        for token_id in [token.id for token in self._store.tokens.values() if token.expires_at < limit]:
            del self._store.tokens[token_id]
