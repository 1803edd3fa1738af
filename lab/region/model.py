"""Records of the region. All are frozen: a change is a new record, so what a reader holds never changes under it.

Those the store keeps by id are compared by identity (eq=False): that is how one knows whether a record changed, and it
makes them cheap keys of what is derived from them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ServerNic:
    """A port of a server; the first of a server is its primary one. `public_address` is the bound EIP.

    `public_kept`: the EIP outlives the server unless the one who deletes the server says otherwise.
    """

    port_id: str
    mac: str
    address: str
    subnet_id: str
    public_address: str | None = None
    public_kept: bool = False


@dataclass(frozen=True)
class Volume:
    """A disk in the books only: hosts have no block devices of their own. `size` in GB."""

    id: str
    device: str
    type: str
    size: int
    boot_index: str | None
    delete_on_termination: bool


@dataclass(frozen=True)
class MetadataOptions:
    """How a server's metadata service answers: `http_tokens` required is the hardened mode (tokens only)."""

    http_endpoint: str = "enabled"
    http_tokens: str = "optional"


@dataclass(frozen=True)
class Fault:
    """Why a server is in ERROR."""

    code: int
    message: str
    created: str


@dataclass(frozen=True, eq=False)
class Server:
    """A cloud server. `number` counts creations in the whole lab and orders lists; times are strings of clock.seconds.

    `status` is BUILD, ACTIVE, REBOOT, HARD_REBOOT, RESIZE, SHUTOFF or ERROR; `user_data` stays base64, as the API shows
    it. A `canned` one has no host. `metadata_options` None: a server of a region that offers no hardened mode.
    `first_name` is the name it was made with, "" while it still has that one; `server_group` an id, "" without.
    """

    id: str
    number: int
    name: str
    project_id: str
    domain_id: str
    user_id: str
    availability_zone: str
    flavor_id: str
    image_id: str
    vpc_id: str
    nics: tuple[ServerNic, ...]
    volumes: tuple[Volume, ...]
    security_groups: tuple[str, ...]
    created: str
    updated: str
    status: str = "BUILD"
    task_state: str | None = "scheduling"
    launched_at: str | None = None
    fault: Fault | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    user_data: str = ""
    key_name: str | None = None
    description: str = ""
    enterprise_project_id: str = "0"
    reservation_id: str = ""
    launch_index: int = 0
    metadata_options: MetadataOptions | None = None
    canned: bool = False
    first_name: str = ""
    server_group: str = ""

    @property
    def hostname(self) -> str:
        """The name inside the server, which no renaming changes: lower case, hyphens for underscores (doc: Creating
        ECSs, `name`).
        """
        return (self.first_name or self.name).lower().replace("_", "-")

    @property
    def host_id(self) -> str:
        """The opaque id of the machine below, the same for all servers of a zone."""
        return hashlib.sha224(f"{self.project_id}/{self.availability_zone}".encode()).hexdigest()

    @property
    def agency(self) -> str:
        """The agency the server acts as, "" without one."""
        return self.metadata.get("agency_name", "")


# What a test has decided about a job.
FAILS, NEVER_ENDS = "fails", "never-ends"


@dataclass(frozen=True)
class SubJob:
    """The part of a job that concerns one server. `begin` and `end` are strings of clock.milliseconds or None."""

    id: str
    type: str
    server_id: str
    status: str = "INIT"
    begin: str | None = None
    end: str | None = None
    error_code: str | None = None
    fail_reason: str | None = None

    @property
    def finished(self) -> bool:
        return self.status in {"SUCCESS", "FAIL"}


@dataclass(frozen=True, eq=False)
class Job:
    """An accepted request. Its status follows from its parts; `action` is one of lab.region.jobs.ACTIONS.

    `fate` is "" for one that goes as the hosts let it go, FAILS, NEVER_ENDS, or the seconds it takes at least.
    `options` is what the action needs to know besides the servers.
    """

    id: str
    project_id: str
    type: str
    action: str
    begin: str
    sub_jobs: tuple[SubJob, ...]
    fate: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        return all(sub.finished for sub in self.sub_jobs)

    @property
    def failure(self) -> SubJob | None:
        return next((sub for sub in self.sub_jobs if sub.status == "FAIL"), None)

    @property
    def status(self) -> str:
        """INIT, RUNNING, SUCCESS, or FAIL as soon as all parts are done and one of them failed."""
        if self.finished:
            return "FAIL" if self.failure else "SUCCESS"
        return "INIT" if all(sub.status == "INIT" for sub in self.sub_jobs) else "RUNNING"

    @property
    def end(self) -> str | None:
        return max((sub.end or "" for sub in self.sub_jobs), default="") or self.begin if self.finished else None


@dataclass(frozen=True, eq=False)
class PrivateImage:
    """An image made from a server. `status` is queued, active or killed; `ref` is what the host driver boots.

    `source_image_id` is the image of the server it was made from; `min_disk` in GB.
    """

    id: str
    number: int
    project_id: str
    name: str
    description: str
    source_image_id: str
    server_id: str
    created: str
    updated: str
    min_disk: int
    tags: dict[str, str] = field(default_factory=dict)
    enterprise_project_id: str = "0"
    status: str = "queued"
    ref: str = ""


@dataclass(frozen=True, eq=False)
class ServerGroup:
    """A placement rule by name; its members are the servers that name it."""

    id: str
    number: int
    project_id: str
    name: str
    policies: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Remnant:
    """What outlived its server and is still paid for: `kind` is "eip" or "volume", `what` an address or a device."""

    id: str
    project_id: str
    kind: str
    what: str
    server_name: str


@dataclass(frozen=True, eq=False)
class Seed:
    """How a batch of canned servers was made, so that it can be made again: see lab.region.seeds.

    `first` is the `number` of its first server, `address` the index of that one's address; `name` and the values of
    `tags` are patterns; `user_data` is a size in KB.
    """

    id: str
    project_id: str
    domain_id: str
    user_id: str
    first: int
    address: int
    count: int
    created: str
    name: str
    tags: dict[str, str]
    zones: tuple[str, ...]
    flavor_id: str
    status: str
    user_data: int
    public: bool


@dataclass(frozen=True, eq=False)
class TemporaryKey:
    """An access key with an end. `agency` and `server_id` are set for one that a server's metadata gave out."""

    access: str
    secret: str
    security_token: str
    expires_at: str
    domain_id: str
    user_id: str
    agency: str = ""
    server_id: str = ""


@dataclass(frozen=True, eq=False)
class Token:
    """What POST /v3/auth/tokens gave out. `project_id` is "" for a token scoped to the domain."""

    id: str
    issued_at: str
    expires_at: str
    domain_id: str
    user_id: str
    project_id: str = ""


@dataclass(frozen=True, eq=False)
class ClientToken:
    """A used X-Client-Token of a create request and what it had led to."""

    id: str
    digest: str
    created: str
    job_id: str
    server_ids: tuple[str, ...]
