"""From options to a source of credentials: which of the four ways applies, and whose account it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from .credentials import AccessKey, CredentialSource, StaticKey, key_from_file
from .endpoints import Endpoints
from .errors import ConfigurationError
from .login import PasswordLogin, User
from .metadata import MetadataKeys
from .redact import Redactor
from .retry import Limits
from .transport import Transport


@dataclass(frozen=True)
class CredentialOptions:
    """The options of the same names; an empty text means not given. Order: metadata, IAM login, key pair, file."""

    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    iam_domain: str = ""
    iam_user: str = ""
    iam_password: str = field(default="", repr=False)
    credentials_from: str = ""
    credentials_file: str = ""

    def account(self) -> str | None:
        """A text that differs between accounts, without secrets but the access key id; None without credentials."""
        if self.credentials_from == "metadata":
            return "metadata"
        if self.iam_user:
            return f"user {self.iam_domain}/{self.iam_user}"
        if self.access_key:
            return f"key {self.access_key}"
        if self.credentials_file:
            return f"key {key_from_file(Path(self.credentials_file).expanduser()).ak}"
        return None

    def of_one_origin(self, origins: Mapping[str, str]) -> CredentialOptions:
        """The same options, where `origins` says which place each came from (`env: HW_SECRET_KEY`, or anything else).

        A key pair from two families of variables is refused: one of the two is a leftover. A security token from
        another place than its secret key belongs to another key and is left out. Raises ConfigurationError.
        """
        family = {name: _family(origin) for name, origin in origins.items()}
        key, secret = family.get("access_key", ""), family.get("secret_key", "")
        if self.access_key and self.secret_key and {key, secret} == set(FAMILIES):
            raise ConfigurationError(
                f"The access key comes from {key}* and the secret key from {secret}*: set both by one pair of names."
            )
        if self.security_token and family.get("security_token", "") != secret:
            return replace(self, security_token="")
        return self


FAMILIES = ("HUAWEICLOUD_SDK_", "HW_")


def _family(origin: str) -> str:
    variable = origin.removeprefix("env: ") if origin.startswith("env: ") else ""
    return next((family for family in FAMILIES if variable.startswith(family)), "")


def make_source(
    options: CredentialOptions,
    endpoints: Endpoints,
    transport: Transport,
    redactor: Redactor,
    projects: Mapping[str, str] | None = None,
    *,
    limits: Limits | None = None,
) -> CredentialSource:
    """The source `options` ask for; `projects` are ids known beforehand by region, `limits` hold for what it asks
    itself (a login, the metadata service). Raises ConfigurationError."""
    limits = limits or Limits()
    redactor.learn([options.secret_key, options.security_token, options.iam_password], access_keys=[options.access_key])
    if options.credentials_from == "metadata":
        return MetadataKeys(endpoints, transport, redactor, limits)
    if options.iam_user:
        if not options.iam_domain or not options.iam_password:
            raise ConfigurationError("A login with iam_user needs iam_domain and iam_password as well.")
        user = User(options.iam_domain, options.iam_user, options.iam_password)
        return PasswordLogin(user, endpoints, transport, redactor, projects=projects or {}, limits=limits)
    if options.access_key or options.secret_key:
        if not options.access_key or not options.secret_key:
            missing = "secret_key" if options.access_key else "access_key"
            raise ConfigurationError(f"Half of the key pair is missing: {missing} is not set.")
        return StaticKey(AccessKey(options.access_key, options.secret_key, options.security_token or None))
    if options.credentials_file:
        key = key_from_file(Path(options.credentials_file).expanduser())
        redactor.learn([key.sk, key.security_token], access_keys=[key.ak])
        return StaticKey(key)
    raise ConfigurationError(
        "No credentials: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or one of the options access_key, iam_user, "
        "credentials_from and credentials_file."
    )
