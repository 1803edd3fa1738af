"""Asks every region side by side and brings the answers together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .client import CloudClient, only_project
from .endpoints import Endpoints
from .errors import HuaweiCloudError
from .paging import Listing

WORKERS = 16

Query = tuple[tuple[str, str], ...]


@dataclass
class RegionData:
    """The servers of one region as the API shows them, each id once, less user_data."""

    project_id: str
    servers: list[dict[str, Any]]


@dataclass
class Fetched:
    """Regions in the order asked for; a failed one is in `failures` only. `doubts`: regions that may lack servers."""

    regions: dict[str, RegionData] = field(default_factory=dict)
    failures: dict[str, HuaweiCloudError] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """True when nothing is missing: only then it may be kept for later."""
        return not self.failures and not self.doubts


def fetch_regions(
    client: CloudClient, endpoints: Endpoints, queries: Mapping[str, Sequence[Query]], projects: Mapping[str, str]
) -> Fetched:
    """The servers that match any of a region's queries, `queries` being region -> queries (at least one each).

    `projects` maps regions to project ids that are known already; others are looked up, once per region, or with one
    call for all regions that share an IAM endpoint.
    """
    result = Fetched()
    with ThreadPoolExecutor(min(WORKERS, sum(map(len, queries.values())) or 1)) as pool:
        known = dict(projects)
        unknown = [region for region in queries if region not in known]
        groups = [[region] for region in unknown] if client.knows_projects else _by_iam(endpoints, unknown)
        for found in pool.map(lambda group: _project_ids(client, group), groups):
            for region, project in found.items():
                if isinstance(project, HuaweiCloudError):
                    result.failures[region] = project
                else:
                    known[region] = project
        listings = {
            region: [pool.submit(client.list_servers, region, known[region], query) for query in wanted]
            for region, wanted in queries.items()
            if region in known
        }
        for region, futures in listings.items():
            try:
                _add(result, region, known[region], [future.result() for future in futures])
            except HuaweiCloudError as error:
                result.failures[region] = error
    return result


def _add(result: Fetched, region: str, project_id: str, listings: Sequence[Listing]) -> None:
    """Join the listings of one region, each server once, and note those that may lack some."""
    union = {server["id"]: server for listing in listings for server in listing.servers}
    result.regions[region] = RegionData(project_id, list(union.values()))
    for listing in listings:
        if not listing.complete:
            result.doubts.append(
                f"Region {region} announced {listing.announced} servers and listed {len(listing.servers)}."
            )


def _by_iam(endpoints: Endpoints, regions: Sequence[str]) -> list[list[str]]:
    """Regions that share an IAM endpoint, together."""
    groups: dict[str, list[str]] = {}
    for region in regions:
        groups.setdefault(endpoints.url("iam", region), []).append(region)
    return list(groups.values())


def _project_ids(client: CloudClient, regions: Sequence[str]) -> dict[str, str | HuaweiCloudError]:
    """The project id of each region, or why there is none. Several regions cost one call."""
    found: dict[str, str | HuaweiCloudError] = {}
    try:
        everything = client.projects(regions[0]) if len(regions) > 1 else None
    except HuaweiCloudError as error:
        return dict.fromkeys(regions, error)
    for region in regions:
        try:
            found[region] = client.project_id(region) if everything is None else only_project(everything, region)
        except HuaweiCloudError as error:
            found[region] = error
    return found
