"""Dataclasses to and from JSON, strictly, and private files written atomically."""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def from_json(kind: type[T], data: Any) -> T:
    """Build the dataclass `kind` from decoded JSON.

    Members may be str, int, float, bool, nested dataclasses, `tuple[X, ...]`, `list[X]`, `dict[str, X]` and `X | None`.
    Raises TypeError or ValueError naming the member that is unknown, missing or of another type.
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"{kind.__name__} must be an object")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise ValueError(f"{kind.__name__} has unknown members {unknown}")
    return kind(**{name: _value(hints[name], value, f"{kind.__name__}.{name}") for name, value in data.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = [argument for argument in arguments if argument is not type(None)]
        return None if value is None and len(inner) < len(arguments) else _value(inner[0], value, where)
    if origin in (tuple, list):
        if not isinstance(value, list):
            raise TypeError(f"{where} must be a list")
        return origin(_value(arguments[0], item, where) for item in value)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise TypeError(f"{where} must be an object")
        return {key: _value(arguments[1], item, where) for key, item in value.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return from_json(kind, value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{where} must be of type {kind.__name__}")
    return value


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` by a 0600 file with `content`; a reader, or a crash, sees the old content or the new one."""
    partial = path.with_name(path.name + ".part")
    partial.unlink(missing_ok=True)  # a left-over of a killed run may have another mode
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
