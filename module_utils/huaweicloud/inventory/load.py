"""Servers from the cache or from the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..cache import CacheError, CacheFile, cache_key, default_folder
from ..client import CloudClient
from ..errors import HuaweiCloudError
from ..fetch import Fetched, RegionData, fetch_regions
from ..redact import Redactor
from ..servers import Server, parse_server
from ..sources import CredentialOptions, make_source
from ..transport import Transport
from .settings import Settings


@dataclass
class Loaded:
    """Regions with their servers, and sentences to warn with."""

    regions: dict[str, RegionData]
    warnings: list[str] = field(default_factory=list)

    def servers(self, settings: Settings) -> Iterator[tuple[Server, dict[str, object]]]:
        """The servers the filters accept, each id once, with the API's own object, which is forgotten here."""
        seen: set[str] = set()
        for region, data in self.regions.items():
            data.servers.reverse()
            while data.servers:
                raw = data.servers.pop()
                server = parse_server(raw, region, data.project_id)
                wanted = any(it.matches(server) for it in settings.include)
                if wanted and server.id not in seen and not any(it.matches(server) for it in settings.exclude):
                    seen.add(server.id)
                    yield server, raw


def load(
    settings: Settings, credentials: Callable[[], CredentialOptions], redactor: Redactor, *, fresh: bool
) -> Loaded:
    """All regions' servers; with `fresh` the cache is written but not read. Raises HuaweiCloudError."""
    warnings: list[str] = []
    file = CacheFile(settings.cache_folder or default_folder(), cache_key(settings.cache_parts()))
    if settings.cache and not fresh:
        try:
            kept = file.load(_account(credentials), settings.cache_timeout)
        except CacheError as error:
            warnings.append(str(error))
            kept = None
        if kept is not None and set(kept) == set(settings.regions):
            return Loaded(kept, warnings)
    given = credentials()
    fetched = _fetch(settings, given, redactor)
    warnings += _judge(fetched, settings)
    if settings.cache and fetched.whole:
        try:
            file.store(given.account() or "", fetched.regions)
        except CacheError as error:
            warnings.append(str(error))
    return Loaded(fetched.regions, warnings)


def _account(credentials: Callable[[], CredentialOptions]) -> str | None:
    """Whose credentials are given; None for none, or for some that cannot be read now: a warm cache needs none."""
    try:
        return credentials().account()
    except HuaweiCloudError:
        return None


def _fetch(settings: Settings, given: CredentialOptions, redactor: Redactor) -> Fetched:
    transport = Transport(settings.http)
    try:
        source = make_source(given, settings.endpoints, transport, redactor, settings.projects, limits=settings.limits)
        client = CloudClient(source, settings.endpoints, transport, settings.limits, redactor)
        queries = dict.fromkeys(settings.regions, settings.queries)
        return fetch_regions(client, settings.endpoints, queries, settings.projects)
    finally:
        transport.close()


def _judge(fetched: Fetched, settings: Settings) -> list[str]:
    """Warnings, or the error that makes the whole inventory fail."""
    messages = list(dict.fromkeys(str(error) for error in fetched.failures.values()))
    if fetched.failures and (not settings.warn_on_region_error or not fetched.regions):
        if len(fetched.failures) == 1 or len(messages) == 1:
            raise next(iter(fetched.failures.values()))
        more = f" And {len(messages) - 3} more." if len(messages) > 3 else ""
        raise HuaweiCloudError(" ".join(messages[:3]) + more)
    return [
        f"Region {region} is missing from the inventory: {error}" for region, error in fetched.failures.items()
    ] + fetched.doubts
