"""Holds a response body against the SDK's model of it: no unknown member, no missing required one, right types.

The SDK itself ignores unknown members and fills missing ones with None, so a client would never notice.
"""

from __future__ import annotations

import importlib
import inspect
import re

SCALARS = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": object}


def faults(body, model):
    """Every difference between decoded JSON and an SDK model class, as lines `path: what`."""
    package = importlib.import_module(model.__module__.split(".model.")[0])
    return list(_object_faults(body, model, package, model.__name__))


def required(model):
    """The attributes the model's constructor sets without looking: those are mandatory in Huawei's definitions."""
    source = inspect.getsource(model.__init__)
    return {name for name in model.openapi_types if re.search(rf"^ {{8}}self\.{name} = {name}$", source, re.MULTILINE)}


def _object_faults(body, model, package, path):
    if not isinstance(body, dict):
        yield f"{path}: not an object"
        return
    by_key = {model.attribute_map[name]: name for name in model.openapi_types}
    for key in body.keys() - by_key.keys():
        yield f"{path}.{key}: unknown"
    for name in required(model):
        if model.attribute_map[name] not in body:
            yield f"{path}.{model.attribute_map[name]}: missing"
    for key in body.keys() & by_key.keys():
        yield from _value_faults(body[key], model.openapi_types[by_key[key]], package, f"{path}.{key}")


def _value_faults(value, kind, package, path):
    if value is None:
        return
    if listed := re.fullmatch(r"list\[(.+)\]", kind):
        for index, item in enumerate(value):
            yield from _value_faults(item, listed[1], package, f"{path}[{index}]")
    elif mapped := re.fullmatch(r"dict\(str, (.+)\)", kind):
        for key, item in value.items():
            yield from _value_faults(item, mapped[1], package, f"{path}[{key}]")
    elif kind in SCALARS:
        if not isinstance(value, SCALARS[kind]) or (kind == "int" and isinstance(value, bool)):
            yield f"{path}: {value!r} is not of type {kind}"
    else:
        yield from _object_faults(value, getattr(package, kind), package, path)
