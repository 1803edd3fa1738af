"""The servers of every region an entry is in: one list each, as small as the entries allow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..client import Query
from ..filters import EVERY_ENTERPRISE_PROJECT
from .api import ServerApi
from .seen import Instance
from .wanted import Wanted

WORKERS = 8

_SAFE_NAME = re.compile(r"[\w.-]+\Z")


def observe(entries: Sequence[Wanted], apis: Mapping[str, ServerApi], *, whole: bool) -> dict[str, list[Instance]]:
    """Region -> its servers; `whole`: all of them, else at least those the entries mean."""
    queries = {region: _query([it for it in entries if it.region == region], whole=whole) for region in apis}
    if len(apis) <= 1:
        return {region: api.list(queries[region]) for region, api in apis.items()}
    with ThreadPoolExecutor(min(WORKERS, len(apis))) as pool:
        lists = pool.map(lambda region: apis[region].list(queries[region]), apis)
        return dict(zip(apis, lists, strict=True))


def is_partial(entries: Sequence[Wanted], region: str) -> bool:
    """True when `observe` without `whole` may leave out servers of the region."""
    here = [it for it in entries if it.region == region]
    return _query(here, whole=False) != _query(here, whole=True)


def _query(entries: Sequence[Wanted], *, whole: bool) -> Query:
    query: list[tuple[str, str]] = []
    if any(it.enterprise_project not in ("", "0") for it in entries):
        query.append(("enterprise_project_id", EVERY_ENTERPRISE_PROJECT))
    if whole or len(entries) != 1:
        return query
    wanted = entries[0]
    if wanted.id:
        return [("server_id", wanted.id)]
    if wanted.select:
        # One server of a plan may be found by its name as well. How to ask for a tag without a value is not documented.
        tags = [("tags", f"{key}={value}") for key, value in wanted.select.items() if value]
        return query if wanted.count is None else [*query, *tags]
    return [*query, ("name", wanted.name)] if _SAFE_NAME.match(wanted.name) else query
