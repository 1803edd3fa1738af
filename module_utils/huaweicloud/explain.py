"""From an error to the sentence a person needs: which key, which region, which permission, and what to do."""

from __future__ import annotations

from typing import Protocol

from .errors import ApiError, ConfigurationError, HuaweiCloudError
from .retry import THROTTLED

CLOCK_TOLERANCE = 15 * 60
"""Seconds a signature's time may differ from the service's (Huawei: 'AK/SK Signing and Authentication')."""


class Asker(Protocol):
    """Who asked: `label` is a key or a user, `advice` what to check when it is refused."""

    @property
    def label(self) -> str: ...

    @property
    def advice(self) -> str: ...


def explain(error: HuaweiCloudError, service: str, region: str, asker: Asker | None, permission: str) -> None:
    """Make `error.message` the whole story, once: `asker` (None: not known yet) asked `service` of `region`."""
    if error.explained or isinstance(error, ConfigurationError):
        return
    error.explained = True
    error.message = _sentence(error, f"{service.upper()} of region {region}", asker, permission)


def _sentence(error: HuaweiCloudError, where: str, asker: Asker | None, permission: str) -> str:
    if not isinstance(error, ApiError) or asker is None:
        return f"{where}: {error.message}"
    label = asker.label
    said = f"{error.detail} [HTTP {error.status}{' ' + error.code if error.code else ''}]"
    if error.status == 401:
        return f"{where} refused {label}: {said}. {_why_refused(error) or asker.advice}"
    if error.status == 403:
        return f"{where} does not let {label} do this, the permission {permission} is missing: {said}."
    if error.status == 429 or error.code == THROTTLED:
        return f"{where} throttles {label}: {said}."
    if error.status == 404:
        return f"{where} does not know what was asked for: {said}. Check endpoints and project_id."
    return f"{where} answered: {said}."


def _why_refused(error: ApiError) -> str:
    skew = error.clock_skew
    if skew is not None and abs(skew) > CLOCK_TOLERANCE:
        minutes = round(abs(skew) / 60)
        return (
            f"This machine's clock is {minutes} minutes {'ahead of' if skew > 0 else 'behind'} the service's; "
            f"signatures are accepted within {CLOCK_TOLERANCE // 60} minutes: set the clock."
        )
    if "reach the limit" in error.detail:
        return "The key is locked for five minutes after too many wrong signatures: wait, then correct the secret key."
    return ""
