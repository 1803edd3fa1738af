"""Makes pages the way the module does, from samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from module_utils.report import build, html, plan, result
from module_utils.report.view import BadFile, ClusterView, Page
from tests.unit.report import samples

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "module_utils" / "report"
SYSTEMS = ("hazelcast", "vertx", "consul_server", "consul_client", "redis", "etcd", "chord")

Data = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def page(data: Data, bad: list[BadFile] | None = None) -> Page:
    """The model of (results, hosts of the inventory)."""
    results, hosts = data
    read = [result.parse(json.dumps(r), f"{r['system']}/{r['cluster']}.json") for r in results]
    return build.page(read, plan.read(samples.columns(hosts), SYSTEMS), bad or [])


def text(data: Data, bad: list[BadFile] | None = None) -> str:
    """Their page as HTML."""
    return html.render(page(data, bad), str(TEMPLATES))


def cluster(of: Page, name: str) -> ClusterView:
    """The only cluster of that name."""
    (found,) = (c for c in of.clusters if c.mark.key.cluster == name)
    return found
