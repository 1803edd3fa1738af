"""Small words of the page: counts, ages, the order people expect, addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def count(number: int, singular: str, plural: str = "") -> str:
    """`3 members`, `1 member`, `1,200 hosts`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def listed(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, last = list(items) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def span(length: timedelta) -> str:
    """How long, in the largest unit that says enough: `45 min`, `7 h`, `3 days`."""
    if length >= 2 * _DAY:
        return count(length // _DAY, "day")
    if length >= _HOUR:
        return f"{length // _HOUR} h"
    return f"{length // timedelta(minutes=1)} min"


def older(moment: datetime, newest: datetime) -> str:
    """`3 days older than the newest`, empty within the hour. By the results, not by a clock: same files, same page."""
    gap = newest - moment
    return f"{span(gap)} older than the newest" if gap >= _HOUR else ""


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts `web-9` before `web-10`."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts)


def split_address(address: str) -> tuple[str, str]:
    """(`10.0.0.1`, `5701`) of `10.0.0.1:5701`; brackets of IPv6 are taken off; without a port the second is empty."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        return address.strip("[]"), ""
    return host.strip("[]"), port


def address_order(address: str) -> tuple[int, int, tuple[tuple[int, int, str], ...]]:
    """Sorts addresses as numbers, then by port; what is no address comes last, in natural order."""
    host, port = split_address(address)
    try:
        return 0, int(ipaddress.ip_address(host)), natural(port)
    except ValueError:
        return 1, 0, natural(address)
