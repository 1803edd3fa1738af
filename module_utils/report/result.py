"""One verify result (docs/schemas/verify-result.json) as types; whatever is not one is refused in a sentence."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

SCHEMA = "1"
Value = str | tuple[str, ...]


class ResultError(ValueError):
    """The text is not a verify result. The message is one clause for a person, with the field that is wrong."""


class ClusterKey(NamedTuple):
    """What identifies a cluster everywhere: a tag's key and value."""

    system: str
    cluster: str

    def __str__(self) -> str:
        return f"{self.system} {self.cluster}"


@dataclass(frozen=True)
class Check:
    """One thing that was asked. `expected` and `actual` are as the check wrote them, made text (a list: of texts)."""

    name: str
    ok: bool
    expected: Value = ""
    actual: Value = ""
    reason: str = ""


@dataclass(frozen=True)
class Member:
    """A process of the cluster. `address` is "ip:port"; `sees` are the addresses in its own member list."""

    host: str
    address: str
    ok: bool
    region: str = ""
    availability_zone: str = ""
    version: str = ""
    uuid: str = ""
    sees: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Result:
    """What the verify stage found about one cluster. `source` is the file's path below the results directory."""

    key: ClusterKey
    checked_at: datetime
    asked_from: str
    ok: bool
    duration_s: float
    expected: tuple[str, ...]
    members: tuple[Member, ...]
    checks: tuple[Check, ...] = field(default=())
    source: str = ""


def parse(text: str, source: str) -> Result:
    """The result in a JSON text.

    Raises ResultError: not JSON, another schema, a field missing or of the wrong type, text that is no valid Unicode.
    """
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ResultError("it is nested too deeply") from error
    except ValueError as error:
        raise ResultError(f"it is not JSON ({error})") from error
    top = _Fields(data, "")
    schema = top.text("schema")
    if schema != SCHEMA:
        raise ResultError(f"it follows schema {schema!r}, and this toolkit reads {SCHEMA!r}")
    return Result(
        key=ClusterKey(top.name("system"), top.name("cluster")),
        checked_at=top.utc("checked_at"),
        asked_from=top.text("asked_from", or_null=True),
        ok=top.flag("ok"),
        duration_s=top.number("duration_s"),
        expected=top.texts("expected"),
        members=tuple(_member(item) for item in top.objects("members")),
        checks=tuple(_check(item) for item in top.objects("checks")),
        source=source,
    )


def _member(fields: _Fields) -> Member:
    return Member(
        host=fields.text("host"),
        address=fields.name("address"),
        ok=fields.flag("ok"),
        region=fields.text("region", or_null=True),
        availability_zone=fields.text("availability_zone", or_null=True),
        version=fields.text("version", or_null=True),
        uuid=fields.text("uuid", or_null=True),
        sees=fields.texts("sees"),
        checks=tuple(_check(item) for item in fields.objects("checks")),
    )


def _check(fields: _Fields) -> Check:
    return Check(
        name=fields.name("name"),
        ok=fields.flag("ok"),
        expected=fields.value("expected"),
        actual=fields.value("actual"),
        reason=fields.text("reason", or_null=True),
    )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


class _Fields:
    """A JSON object whose fields are taken out by type; `path` says where it lies, for the error."""

    def __init__(self, data: Any, path: str) -> None:
        if not isinstance(data, dict):
            raise ResultError(f"{path.rstrip('.') or 'the file'} is no JSON object")
        self._data = data
        self._path = path

    def _get(self, key: str) -> Any:
        if key not in self._data:
            raise ResultError(f"{self._path}{key} is missing")
        return self._data[key]

    def _wrong(self, key: str, what: str) -> ResultError:
        return ResultError(f"{self._path}{key} is not {what}")

    def text(self, key: str, *, or_null: bool = False) -> str:
        value = self._get(key)
        if value is None and or_null:
            return ""
        if not isinstance(value, str):
            raise self._wrong(key, "text")
        return self._unicode(key, value)

    def name(self, key: str) -> str:
        value = self.text(key)
        if not value.strip():
            raise ResultError(f"{self._path}{key} is empty")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "a list of text")
        return tuple(self._unicode(key, item) for item in value)

    def flag(self, key: str) -> bool:
        value = self._get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def number(self, key: str) -> float:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise self._wrong(key, "a number")
        return float(value)

    def utc(self, key: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text(key))
            if moment.tzinfo is None:
                raise self._wrong(key, "a time with its zone")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            if isinstance(error, ResultError):
                raise
            raise self._wrong(key, "an ISO 8601 time") from error

    def objects(self, key: str) -> list[_Fields]:
        value = self._get(key)
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return [_Fields(item, f"{self._path}{key}[{index}].") for index, item in enumerate(value)]

    def value(self, key: str) -> Value:
        """Any JSON value as text, a list as its items' texts; null is empty."""
        value = self._get(key)
        if isinstance(value, list):
            return tuple(self._unicode(key, _text(item)) for item in value)
        return self._unicode(key, _text(value))

    def _unicode(self, key: str, value: str) -> str:
        # JSON may hold half of a surrogate pair, which no UTF-8 file can.
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise ResultError(f"{self._path}{key} holds half of a character")
        return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
