"""Times as the services write them. The model keeps aware UTC datetimes at its edges and strings in its state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def seconds(moment: datetime) -> str:
    """2026-11-20T08:00:00Z: `created` and `updated` of a server."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(moment: datetime) -> str:
    """2026-11-20T08:00:00.123Z: `begin_time` and `end_time` of a job."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def microseconds(moment: datetime) -> str:
    """2026-11-20T08:00:00.123456Z: expiry times of IAM; the SDK insists on the fraction."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse(text: str) -> datetime:
    """Read any of the three forms. Raises ValueError."""
    return datetime.fromisoformat(text)
