"""Inventory of Huawei Cloud ECS servers: options in, hosts out. Everything hard lives in module_utils/huaweicloud."""

from __future__ import annotations

DOCUMENTATION = r"""
name: huaweicloud_ecs
short_description: Huawei Cloud ECS servers, grouped by their tags
description:
  - Lists the Elastic Cloud Servers of one or more regions and makes hosts and groups of them.
  - "A tag's key names a system and its value a cluster: C(hazelcast=prod-a) puts a server into the group
    C(hazelcast_prod_a), which is part of the group C(hazelcast)."
  - "Further groups need no configuration either: C(tag_<key>_<value>) for every tag (C(tag_<key>) when its value is
    empty), C(region_<region>) and C(az_<availability zone>). Characters that Ansible does not allow become C(_)."
  - Servers that share a name, or are named like a group, become hosts C(<name>_<id>). No server is lost silently.
  - The inventory file must be called C(*.huaweicloud_ecs.yml), C(*.huaweicloud_ecs.yaml), C(huaweicloud_ecs.yml) or
    C(huaweicloud_ecs.yaml).
  - Texts in the file may be templates, so that secrets can come from a vault or a lookup. Of O(compose), O(groups),
    O(keyed_groups) and O(hostnames) the templates are evaluated for each server.
requirements:
  - huaweicloudsdkcore (comes with huaweicloudsdkecs and huaweicloudsdkiam; signs the requests)
  - requests
notes:
  - The key needs the permissions C(ecs:cloudServers:list) and, where O(project_id) is not given,
    C(iam:projects:listProjects).
  - Set C(any_unparsed_is_failed) in section C([inventory]) of ansible.cfg and leave V(auto), V(ini) and V(yaml) out of
    C(enable_plugins), with the plugin V(static) in place of the latter. Otherwise Ansible may go on with no hosts after
    a failure.
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [huaweicloud_ecs]
  access_key:
    description:
      - Access key id (AK).
      - The key pair and its token are taken from one place, never mixed of the environment's two families of names.
    type: str
    env:
      - name: HW_ACCESS_KEY
      - name: HUAWEICLOUD_SDK_AK
  secret_key:
    description: Secret access key (SK).
    type: str
    env:
      - name: HW_SECRET_KEY
      - name: HUAWEICLOUD_SDK_SK
  security_token:
    description: Token of a temporary access key. It counts only when it comes from the same place as O(secret_key).
    type: str
    env:
      - name: HW_SECURITY_TOKEN
      - name: HUAWEICLOUD_SDK_SECURITY_TOKEN
  iam_domain:
    description: Account name, for a login with O(iam_user) and O(iam_password) instead of an access key.
    type: str
  iam_user:
    description: IAM user name. When set it goes before O(access_key).
    type: str
  iam_password:
    description: The IAM user's password.
    type: str
  credentials_from:
    description:
      - V(metadata) takes the temporary keys of the agency of the server Ansible runs on, and renews them in time.
      - When set it goes before all other credentials.
    type: str
    choices: [metadata]
  credentials_file:
    description: The SDK's own credentials file, section C([basic]) with C(ak) and C(sk). Used if nothing else is set.
    type: path
    env:
      - name: HUAWEICLOUD_SDK_CREDENTIALS_FILE
  regions:
    description: Regions to list, side by side.
    type: list
    elements: str
    env:
      - name: HW_REGION_NAME
  project_id:
    description:
      - Id of the project, or with several regions a map of region to id.
      - Where it is absent the project named like the region is looked up through IAM.
    type: raw
  endpoints:
    description:
      - Map of service (V(ecs), V(iam), V(metadata)) to URL (scheme, host and port). C({region}) is replaced.
      - Defaults are the public cloud's. E(HW_ECS_ENDPOINT) and E(HW_IAM_ENDPOINT) count where the map says nothing.
    type: dict
    default: {}
  filters:
    description:
      - Which servers to take. All keys must match. A list of values means one of them.
      - "Keys: C(name) and C(ip) (with C(*) and C(?)), C(status), C(flavor), C(enterprise_project_id), C(tags) (a map,
        where an empty value asks for the key alone) and C(not_tags) (such a map, or a list of keys)."
      - The API is asked for as little as it can tell apart and every answer is checked exactly.
    type: dict
    default: {}
  include_filters:
    description: A list of such maps. Servers that match one of them, or O(filters), are taken.
    type: list
    elements: dict
    default: []
  exclude_filters:
    description: A list of such maps. Servers that match one of them are left out.
    type: list
    elements: dict
    default: []
  hostnames:
    description:
      - What a host is called - the first of these that the server has.
      - V(name), V(id), V(private_ipv4), V(public_ipv4), V(ipv6), C(tag:KEY), or a template over the host's variables.
    type: list
    elements: str
    default: [name]
  connect_with:
    description:
      - What C(ansible_host) is - the first of V(private_ipv4), V(public_ipv4), V(ipv6), V(name) that the server has.
      - A server with none of them is left out, with a warning.
    type: list
    elements: str
    default: [private_ipv4]
  network:
    description: Only addresses of network interfaces in this VPC (its id) or network (a CIDR) count.
    type: str
  bastion:
    description:
      - A host to jump through (C(ProxyJump) in C(ansible_ssh_common_args)) to servers without a public address.
      - "Keys: C(host) (a name, an address, or C(tag:KEY) - the value of that tag on the server), C(user), C(port)."
    type: dict
  hostvars_prefix:
    description: Begin of the names of the servers' variables.
    type: str
    default: ecs_
  hostvars_suffix:
    description: End of the names of the servers' variables.
    type: str
    default: ''
  full_hostvars:
    description: Add the API's whole object as variable C(ecs_server), without user_data and passwords.
    type: bool
    default: false
  systems:
    description: Tag keys that name systems and so make the groups C(<key>) and C(<key>_<value>).
    type: list
    elements: str
    default: [hazelcast, vertx, consul_server, consul_client, redis, etcd, chord]
  on_region_error:
    description:
      - V(fail) gives no hosts when one region fails.
      - V(warn) keeps the other regions and says which is missing. When all fail, it is a failure all the same.
    type: str
    choices: [fail, warn]
    default: fail
  timeout:
    description: Seconds a single request may take.
    type: int
    default: 30
  retries:
    description: How often a request is tried again after throttling, a server error, or a lost or broken answer.
    type: int
    default: 5
  deadline:
    description: Seconds a query may take with all its pages and retries. When the API asks to wait longer, it fails.
    type: int
    default: 120
  validate_certs:
    description: Check the services' TLS certificates.
    type: bool
    default: true
  ca_path:
    description: A bundle of certificate authorities to check against.
    type: path
  proxy:
    description: URL of a proxy for all requests but those to the metadata service. Default is the environment's.
    type: str
  cache:
    description:
      - Keep what the API answered in a file and use it again.
      - A warm cache asks nothing of the cloud and needs no credentials. Incomplete answers are never kept.
    type: bool
    default: false
    env:
      - name: ANSIBLE_INVENTORY_CACHE
    ini:
      - section: inventory
        key: cache
  cache_timeout:
    description: Seconds after which the cloud is asked again. With 0 what is kept never ends.
    type: int
    default: 3600
    env:
      - name: ANSIBLE_CACHE_PLUGIN_TIMEOUT
      - name: ANSIBLE_INVENTORY_CACHE_TIMEOUT
    ini:
      - section: defaults
        key: fact_caching_timeout
      - section: inventory
        key: cache_timeout
  cache_connection:
    description:
      - Folder in which the plugin makes its own folder C(huaweicloud_ecs), mode 0700, with files of mode 0600.
      - Default is the user's cache folder.
    type: path
    env:
      - name: ANSIBLE_CACHE_PLUGIN_CONNECTION
      - name: ANSIBLE_INVENTORY_CACHE_CONNECTION
    ini:
      - section: defaults
        key: fact_caching_connection
      - section: inventory
        key: cache_connection
extends_documentation_fragment:
  - constructed
"""

EXAMPLES = r"""
# The least: keys and region from HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and HW_REGION_NAME.
plugin: huaweicloud_ecs

---
# Two regions, running servers only, nothing that belongs to the test environment, kept for ten minutes.
plugin: huaweicloud_ecs
regions: [cn-north-4, cn-east-3]
filters:
  status: ACTIVE
exclude_filters:
  - tags: {env: test}
on_region_error: warn
cache: true
cache_timeout: 600

---
# Private servers behind a bastion that each server names in its tag `bastion`; hosts called by tag, else by name.
plugin: huaweicloud_ecs
regions: [cn-north-4]
secret_key: "{{ lookup('ansible.builtin.env', 'MY_SECRET_KEY') }}"
hostnames: ["tag:role", name]
network: 10.0.0.0/16
bastion: {host: "tag:bastion", user: jump}
keyed_groups:
  - {key: ecs_flavor, prefix: flavor}
compose:
  backup: ecs_tags.backup | default('none')
"""

import gc
import json
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ansible.module_utils
from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible import context
from ansible.errors import AnsibleError, AnsibleParserError, AnsibleUndefinedVariable
from ansible.inventory.data import InventoryData
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable, to_safe_group_name
from ansible.template import trust_as_template

# An inventory plugin beside a playbook does not see the project's module_utils by itself.
ansible.module_utils.__path__.append(str(Path(__file__).resolve().parent.parent / "module_utils"))

from ansible.module_utils.huaweicloud.endpoints import from_environment
from ansible.module_utils.huaweicloud.errors import ConfigurationError, HuaweiCloudError
from ansible.module_utils.huaweicloud.inventory.groups import GroupNames
from ansible.module_utils.huaweicloud.inventory.hosts import make_hosts
from ansible.module_utils.huaweicloud.inventory.load import load
from ansible.module_utils.huaweicloud.inventory.settings import (
    CREDENTIAL_NAMES,
    SECRET_NAMES,
    check_names,
    read_credentials,
    read_settings,
    secrets_in,
)
from ansible.module_utils.huaweicloud.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from module_utils.huaweicloud.inventory.hosts import Host
    from module_utils.huaweicloud.inventory.settings import Settings
    from module_utils.huaweicloud.sources import CredentialOptions

FILE_NAMES = ("huaweicloud_ecs.yml", "huaweicloud_ecs.yaml")

# Goes on without hosts: what keeps them away is what it shows.
PREFLIGHT = Path(__file__).resolve().parent.parent / "playbooks" / "preflight.yml"

# For each host, and when somebody asks: a warm cache needs no credentials.
EVALUATED_LATER = ("compose", "groups", "keyed_groups", "hostnames", *SECRET_NAMES)


@contextmanager
def collector_paused() -> Iterator[None]:
    """All that is made meanwhile stays; the garbage collector would walk it again and again (5 % of a long run)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _plain(value: Any) -> Any:
    """A value without Ansible's tags: a region read from a cache has none either."""
    return json.loads(json.dumps(value, default=str))


def is_examined() -> bool:
    """Whether this is a run of the preflight."""
    return PREFLIGHT in (Path(it).resolve() for it in context.CLIARGS.get("args") or ())


class InventoryModule(BaseInventoryPlugin, Constructable):  # type: ignore[misc] # Ansible ships no types
    """Options -> servers -> hosts and groups."""

    NAME = "huaweicloud_ecs"

    def verify_file(self, path: str) -> bool:
        name = Path(path).name
        return bool(super().verify_file(path)) and (
            name in FILE_NAMES or name.endswith(tuple(f".{it}" for it in FILE_NAMES))
        )

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        redactor = Redactor()
        try:
            options = self._read_options(path, redactor)
            settings = read_settings({**options, "on_region_error": "warn"} if is_examined() else options)
            with collector_paused():
                hosts, warnings = self._hosts(settings, redactor, fresh=not cache)
                self._populate(hosts)
            self._construct(hosts)
        except (HuaweiCloudError, AnsibleError) as error:
            if not is_examined():
                raise AnsibleParserError(redactor(str(error))) from None
            warnings = [f"There are no hosts: {error}"]
        for warning in warnings:
            self.display.warning(redactor(warning))

    def read(self, loader: Any, path: str, redactor: Redactor) -> tuple[Settings, CredentialOptions]:
        """What a file asks for, and with which credentials. Nothing is sent. Raises HuaweiCloudError."""
        super().parse(InventoryData(), loader, path)
        return read_settings(self._read_options(path, redactor)), self._credentials()

    def read_own(
        self, loader: Any, path: str, redactor: Redactor
    ) -> tuple[Settings, frozenset[str], CredentialOptions | None]:
        """As `read`, and the names of the options that stand in the file itself. When none of them is a credential no
        credentials are read: the environment is everybody's. Raises HuaweiCloudError."""
        super().parse(InventoryData(), loader, path)
        settings = read_settings(self._read_options(path, redactor))
        known = C.config.get_configuration_definitions("inventory", self._load_name)
        own = frozenset(it for it in known if self.get_option_and_origin(it)[1] == "Direct")
        return settings, own, self._credentials() if own.intersection(CREDENTIAL_NAMES) else None

    def _read_options(self, path: str, redactor: Redactor) -> dict[str, Any]:
        """The options as plain values. Not the base class's reader, which makes the cache folder open to all."""
        config = self._load(path)
        secrets, access_keys = secrets_in(config)
        redactor.learn(secrets, access_keys=access_keys)
        known = C.config.get_configuration_definitions("inventory", self._load_name)
        check_names(list(config), list(known))
        given = {name: it if name in EVALUATED_LATER else self._evaluated(name, it) for name, it in config.items()}
        self.set_options(direct=given, var_options=self._vars)
        options = {name: _plain(self.get_option(name)) for name in known if name not in CREDENTIAL_NAMES}
        return {**options, "endpoints": from_environment(options["endpoints"])}

    def _load(self, path: str) -> dict[str, Any]:
        """The file as a map whose values do not know where they stand: Ansible shows the lines around a mistake, and
        next to it may stand a secret key."""
        try:
            text = self.loader.get_text_file_contents(path).encode(errors="replace").decode()
            config = self.loader.load(trust_as_template(text))
        except AnsibleError as error:
            mark = getattr(error.__cause__, "problem_mark", None)
            where = f", line {mark.line + 1}" if mark else ""
            raise ConfigurationError(f"The file cannot be read{where}: {error.message}") from None
        if not isinstance(config, dict) or config.get("plugin") != self.NAME:
            raise ConfigurationError(f"The file is not for this plugin: it does not say `plugin: {self.NAME}`.")
        return config

    def _evaluated(self, name: str, value: Any) -> Any:
        """An option's value with its templates evaluated."""
        self.templar.available_variables = self._vars
        try:
            return self.templar.template(value)
        except AnsibleError as error:
            raise ConfigurationError(f"{name} cannot be evaluated: {error.message}") from None

    def _credentials(self) -> CredentialOptions:
        """Keys of one origin; evaluated only when somebody asks."""
        values = {name: _plain(self._evaluated(name, self.get_option(name))) for name in CREDENTIAL_NAMES}
        origins = {name: str(self.get_option_and_origin(name)[1]) for name in CREDENTIAL_NAMES}
        chosen: CredentialOptions = read_credentials(values).of_one_origin(origins)
        return chosen

    def _hosts(self, settings: Settings, redactor: Redactor, *, fresh: bool) -> tuple[list[Host], list[str]]:
        """The hosts and all sentences to warn with."""
        loaded = load(settings, self._credentials, redactor, fresh=fresh)
        taken = {*self.inventory.groups, *map(to_safe_group_name, self.get_option("groups"))}
        # The settings hold plain texts; only the option's own value is trusted as a template.
        templates = {str(it): it for it in self.get_option("hostnames")}
        hosts, problems = make_hosts(
            loaded.servers(settings),
            settings.rules,
            GroupNames(to_safe_group_name, settings.systems),
            lambda template, variables: self._render(templates[template], variables),
            taken=taken,
            full=settings.full_hostvars,
        )
        return hosts, loaded.warnings + problems

    def _render(self, template: str, variables: Mapping[str, Any]) -> str:
        """A host name from a template of the option `hostnames`; empty where a variable it needs is undefined."""
        self.templar.available_variables = {**variables, **self._vars}
        try:
            return str(self.templar.template(template))
        except AnsibleUndefinedVariable:
            return ""
        except AnsibleError as error:
            raise ConfigurationError(f"hostnames: {template!r} cannot be evaluated: {error}") from None

    def _populate(self, hosts: Iterable[Host]) -> None:
        """Straight into Host and Group objects: InventoryData.set_variable prefers a group that has the host's name."""
        inventory = self.inventory
        by_name, groups = inventory.hosts, inventory.groups
        for host in hosts:
            inventory.add_host(host.name)
            entry = by_name[host.name]
            entry.vars.update(host.variables)
            for group, parent in host.groups:
                if group not in groups:
                    inventory.add_group(group)
                    if parent:
                        inventory.add_group(parent)
                        inventory.add_child(parent, group)
                groups[group].add_host(entry)

    def _construct(self, hosts: Iterable[Host]) -> None:
        """Ansible's constructed features, each for all hosts before the next, keyed groups last: no group named like a
        host may come to be before that host has its variables and groups."""
        strict = self.get_option("strict")
        steps = (
            ("compose", partial(self._set_composite_vars, strict=strict)),
            ("groups", partial(self._add_host_to_composed_groups, strict=strict)),
            ("keyed_groups", partial(self._add_host_to_keyed_groups, strict=strict)),
        )
        for option, step in steps:
            wanted = self.get_option(option)
            for host in hosts if wanted else ():
                step(wanted, host.variables, host.name)
