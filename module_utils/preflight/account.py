"""Asks an account what the toolkit will ask of it: each permission is tried by the call that needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..huaweicloud.answers import Json
from ..huaweicloud.client import CloudClient, Operation, only_project
from ..huaweicloud.credentials import Credential
from ..huaweicloud.errors import AnswerError, ApiError, ConfigurationError, HuaweiCloudError, TransportError
from ..huaweicloud.explain import CLOCK_TOLERANCE
from ..huaweicloud.inventory.settings import Settings
from ..huaweicloud.redact import Redactor
from ..huaweicloud.retry import Limits, RetryPolicy
from ..huaweicloud.sources import CredentialOptions, make_source
from ..huaweicloud.transport import Answer, Request, Transport
from .checks import Check, failed, ok, untried
from .subject import Kind, Subject

PROJECTS = "iam:projects:listProjects"
LIST = "ecs:cloudServers:list"
CONSOLE = "ecs:cloudServers:getConsoleOutput"

LIMITS = Limits(RetryPolicy(retries=2), deadline=30)
"""A page of red within seconds is worth more than an answer after minutes."""


class WatchedTransport(Transport):
    """Notes how far this machine's clock is ahead of the services', in seconds, by their answers; None: none said."""

    skew: float | None = None

    def send(
        self, request: Request, credential: Credential | None, time_left: float, *, direct: bool = False
    ) -> Answer:
        answer = super().send(request, credential, time_left, direct=direct)
        if not direct and answer.clock_skew() is not None:
            self.skew = answer.clock_skew()
        return answer


@dataclass
class Account:
    """One inventory file's regions and whoever asks about them."""

    source: str
    regions: Sequence[str]
    projects: Mapping[str, str]
    client: CloudClient
    transport: WatchedTransport
    label: str
    known: dict[str, str] = field(default_factory=dict)
    """Region -> project id, found out on the way."""

    def examine(self) -> list[Subject]:
        """The account, then its regions in the order of the inventory. Never raises."""
        who = self._who()
        checks = [who, *self._clock()]
        if who.state != "ok":
            regions = [self._region(name, [untried("project", "the credentials come first")]) for name in self.regions]
        else:
            failures = self._find_projects(checks)
            regions = [self._region(name, self._region_checks(name, failures)) for name in self.regions]
        return [Subject(Kind.ACCOUNT, self.label, tuple(checks), self.source), *regions]

    def _who(self) -> Check:
        try:
            # API: IAM KeystoneListAuthDomains. Every accepted key may ask.
            names = self.client.call(Operation("iam", "iam", "/v3/auth/domains", self.regions[0]), _names)
        except ApiError as error:
            # Any answer but a 401 proves the key; who it belongs to is only for the page.
            if error.status not in (403, 404):
                return _failure("credentials", error)
            return ok("credentials", f"{self.label} is accepted")
        except HuaweiCloudError as error:
            return _failure("credentials", error)
        return ok("credentials", f"{self.label} is accepted, account {', '.join(names)}")

    def _clock(self) -> list[Check]:
        skew = self.transport.skew
        if skew is None:
            return []
        side = "ahead of" if skew > 0 else "behind"
        said = f"this machine's is {abs(skew):.0f} s {side} the cloud's"
        if abs(skew) <= CLOCK_TOLERANCE:
            return [ok("clock", said)]
        return [failed("clock", said, f"Set it: signatures are accepted within {CLOCK_TOLERANCE // 60} minutes.")]

    def _find_projects(self, checks: list[Check]) -> dict[str, Check]:
        """Fills `known`; returns the failed check of each region without a project and adds one on the permission."""
        self.known.update(self.projects)
        unknown = [region for region in self.regions if region not in self.known]
        found: dict[str, Check] = {}
        asked = False
        for region in unknown:
            try:
                if self.client.knows_projects:
                    self.known[region] = self.client.project_id(region)
                else:
                    self.known[region] = only_project(self.client.projects(region, region), region)
                    asked = True
            except ConfigurationError as error:
                asked = True
                said = _clause(error).partition(":")[0]
                found[region] = failed(
                    "project", said, "Correct the region's name, or set project_id to one of its own."
                )
            except ApiError as error:
                found[region] = _failure("project", error)
                if error.status == 403:
                    checks.append(_failure(PROJECTS, error, "and set project_id meanwhile"))
                    return {name: untried("project", f"needs {PROJECTS}") for name in unknown}
            except HuaweiCloudError as error:
                found[region] = _failure("project", error)
        reason = "a login opens its projects itself" if self.client.knows_projects else "project_id is set"
        if asked:
            checks.append(ok(PROJECTS, "granted"))
        elif not unknown or self.client.knows_projects:
            checks.append(untried(PROJECTS, f"not needed: {reason}"))
        return found

    def _region_checks(self, region: str, failures: Mapping[str, Check]) -> list[Check]:
        if region in failures:
            return [failures[region]]
        project = self.known[region]
        checks = [ok("project", project)]
        try:
            servers = self.client.list_servers(region, project).servers
        except HuaweiCloudError as error:
            return [*checks, _failure(LIST, error), untried(CONSOLE, f"needs {LIST}")]
        checks.append(ok(LIST, f"granted, {len(servers)} server{'' if len(servers) == 1 else 's'}"))
        running = [server["id"] for server in servers if server.get("status") == "ACTIVE"]
        return [*checks, self._console(region, project, running)]

    def _console(self, region: str, project: str, running: Sequence[str]) -> Check:
        if not running:
            return untried(CONSOLE, "no server runs in this region")
        try:
            self.client.console_output(region, project, running[0], 1)
        except HuaweiCloudError as error:
            return _failure(CONSOLE, error)
        return ok(CONSOLE, "granted")

    def _region(self, name: str, checks: Sequence[Check]) -> Subject:
        return Subject(Kind.REGION, name, tuple(checks), self.source)


def examine(source: str, settings: Settings, credentials: CredentialOptions, redactor: Redactor) -> list[Subject]:
    """The account and the regions of one inventory file, `source` being its name. Never raises HuaweiCloudError."""
    transport = WatchedTransport(settings.http)
    try:
        keys = make_source(credentials, settings.endpoints, transport, redactor, settings.projects)
        label = keys.credential(settings.regions[0]).label
        client = CloudClient(keys, settings.endpoints, transport, LIMITS, redactor)
        account = Account(source, settings.regions, settings.projects, client, transport, label)
        return account.examine()
    except HuaweiCloudError as error:
        return [broken(source, error)]
    finally:
        transport.close()


def broken(source: str, error: HuaweiCloudError) -> Subject:
    """The account of a file whose options or credentials are no use at all."""
    return Subject(Kind.ACCOUNT, "credentials", (_failure("credentials", error),), source)


def _names(body: Json) -> list[str]:
    found = body.get("domains")
    if not isinstance(found, list) or not found:
        raise AnswerError("The answer names no account.")
    return [str(domain.get("name")) for domain in found]


def _failure(name: str, error: HuaweiCloudError, besides: str = "") -> Check:
    # A refusal's sentence (explain.py) quotes the service, up to the bracket, and goes on with what to do.
    said, bracket, advice = _clause(error).partition("]. ")
    return failed(name, f"{said}{bracket[:1]}", f"{advice}." if advice else _way_out(name, error, besides))


def _clause(error: HuaweiCloudError) -> str:
    return str(error).replace(". (", " (").rstrip(".")


def _way_out(name: str, error: HuaweiCloudError, besides: str) -> str:
    if isinstance(error, ConfigurationError):
        return "Correct the environment (HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, HW_REGION_NAME) or the inventory file."
    if isinstance(error, TransportError):
        return "Check HW_ECS_ENDPOINT and HW_IAM_ENDPOINT (empty on Huawei Cloud), name resolution and proxies here."
    if isinstance(error, ApiError) and error.status == 403:
        action = name if ":" in name else "what is named there"
        return f"Give the key's user a policy with {action}{f', {besides}' if besides else ''}."
    return "Run again in a minute; if it stays, the endpoint or the service is in trouble."
