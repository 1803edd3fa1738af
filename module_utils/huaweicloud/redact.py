"""Keeps keys, tokens and passwords out of everything a person or a log may see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

# Fields whose values never leave this package: the API returns user_data, and in it a bootstrap password, in clear.
_SECRET_FIELD = re.compile(r"user_?data|admin_?pass|passw(or)?d|secret|token", re.IGNORECASE)


@cache
def is_secret_field(name: str) -> bool:
    """True for a field whose value must not be kept or shown. Answers repeat a few dozen names: each is judged once."""
    return bool(_SECRET_FIELD.search(name))


def mask_key(access_key: str) -> str:
    """`HPUA…WXYZ` -> `****WXYZ`: enough to tell two keys apart, not enough to use one."""
    return "****" + access_key[-4:] if len(access_key) > 8 else "****"


class Redactor:
    """Replaces known secrets in texts. Secrets are learnt while the run goes on (tokens, temporary keys)."""

    def __init__(self) -> None:
        self._replacements: dict[str, str] = {}

    def learn(self, secrets: Iterable[str | None], *, access_keys: Iterable[str | None] = ()) -> None:
        """Remember `secrets` (shown as ****) and `access_keys` (shown by their last four characters)."""
        for secret in secrets:
            if secret and len(secret) >= 4:
                self._replacements[secret] = "****"
        for key in access_keys:
            if key:
                self._replacements[key] = mask_key(key)

    def __call__(self, text: str) -> str:
        # Longest first: a secret that contains another one must not leave its rest behind.
        for secret in sorted(self._replacements, key=len, reverse=True):
            text = text.replace(secret, self._replacements[secret])
        return text


def without_secrets(value: object) -> object:
    """A deep copy of API data less every field that may hold a secret."""
    if isinstance(value, dict):
        return {key: without_secrets(item) for key, item in value.items() if not is_secret_field(key)}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value
