"""Who asks: an access key or a project token, and what a person is told when it is refused."""

from __future__ import annotations

import configparser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .errors import ConfigurationError
from .redact import mask_key


@dataclass(frozen=True)
class AccessKey:
    """An access key pair; with `security_token` a temporary one. Its parts never appear in repr()."""

    ak: str = field(repr=False)
    sk: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)

    advice = "Check the access key, the secret key and, for temporary keys, the security token."

    @property
    def label(self) -> str:
        return f"access key {mask_key(self.ak)}"


@dataclass(frozen=True)
class ProjectToken:
    """An IAM token (24 h) that opens one project, got with a user's password."""

    token: str = field(repr=False)
    project_id: str
    user: str

    advice = "Log in again: the token is no longer valid."

    @property
    def label(self) -> str:
        return f"the token of user {self.user}"


Credential = AccessKey | ProjectToken


class CredentialSource(Protocol):
    """Gives the credential to use right now; may speak to IAM or to the metadata service to get it."""

    knows_projects: bool
    """True when a credential brings the id of its region's project along."""

    def credential(self, region: str) -> Credential:
        """The credential for `region`. Raises HuaweiCloudError when there is none."""
        ...

    def renew(self, refused: Credential) -> bool:
        """Take note that the service no longer accepts `refused`; True when the next credential is another one."""
        ...


@dataclass(frozen=True)
class StaticKey:
    """A key pair from options, the environment or a file."""

    key: AccessKey

    knows_projects = False

    def credential(self, region: str) -> Credential:
        """The same key everywhere."""
        return self.key

    def renew(self, refused: Credential) -> bool:
        """There is no other."""
        return False


def key_from_file(path: Path) -> AccessKey:
    """The key pair in the SDK's own credentials file: section `[basic]`, keys `ak`, `sk`, `security_token`.

    Source: huaweicloudsdkcore.auth.provider.ProfileCredentialProvider. Raises ConfigurationError.
    """
    parser = configparser.ConfigParser(interpolation=None)  # a % in a key is a %
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except OSError as error:
        raise ConfigurationError(f"The credentials file {path} cannot be read: {error.strerror}.") from None
    except (configparser.Error, UnicodeDecodeError):
        # Their own messages quote lines of the file.
        raise ConfigurationError(f"The credentials file {path} is not an INI file.") from None
    section = parser["basic"] if parser.has_section("basic") else {}
    ak, sk = section.get("ak", "").strip(), section.get("sk", "").strip()
    if not ak or not sk:
        raise ConfigurationError(f"The credentials file {path} has no ak and sk in a section [basic].")
    return AccessKey(ak, sk, section.get("security_token", "").strip() or None)
