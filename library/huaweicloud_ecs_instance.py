#!/usr/bin/python
"""Module skin: ECS servers brought to what is wanted. What it does is in module_utils/huaweicloud/instance."""

from __future__ import annotations

DOCUMENTATION = r"""
module: huaweicloud_ecs_instance
short_description: Makes, changes, starts, stops and deletes ECS servers
description:
  - One server (by O(id) or O(name)), or O(exact_count) servers that carry given tags.
  - With O(servers) many of these in one task. What an entry leaves out is taken from the task, so the task says what
    they have in common. Every region is listed once, whatever the number of entries.
  - A server is never matched by anything that is asked to be changed, and never replaced by another one. What can be
    changed in place (name, tags, security groups, metadata, agency, power, and with O(force) the flavor) is changed;
    what differs and cannot be is listed in RV(differences), with a warning.
  - All servers wanted in one availability zone are one request. It carries a token that is kept in O(state_file) until
    its job has ended, so a run that is cut off anywhere is finished by the next one and never makes a server too many.
  - Servers are pay-per-use.
options:
  servers:
    description:
      - Entries, each with any of the options below but the task's own (O(state_file), O(wait), O(wait_timeout), and how
        the cloud is reached).
      - No server may be meant by two of them.
    type: list
    elements: dict
    suboptions: &server
      id:
        description: The server's id. Such a server is never made.
        type: str
      name:
        description:
          - The server's name, exactly. More than one of that name (in O(vpc_id), when that is given) is an error that
            lists their ids.
          - Beside O(id), or with O(plan), it is the name the server gets.
          - With O(exact_count) what the names of new servers begin with, followed by C(-0001) and so on.
        type: str
      state:
        description:
          - V(present) - there; whether it runs is left alone. A new one runs.
          - V(started), V(stopped) - there, and running or not.
          - V(restarted) - there, and restarted by its operating system; a stopped one is started, a new one is not
            restarted again.
          - V(absent) - not there.
          - Default is V(present).
        type: str
        choices: [present, absent, started, stopped, restarted]
      exact_count:
        description: How many servers with O(count_tags) there are to be. V(0) means none.
        type: int
      count_tags:
        description:
          - Tags that tell which servers O(exact_count) counts. New ones get them.
          - Default with O(plan) are the tags C(ecs-plan) and C(ecs-slot).
        type: dict
      plan:
        description:
          - The name of a plan these servers belong to. New ones get it as tag C(ecs-plan), and O(slot) as C(ecs-slot).
          - Servers are found by these tags, so O(name) can be changed; one that is found by O(name) only is used as it
            is, not deleted, and does not get them, because somebody else made it.
        type: str
      slot:
        description: The name of this entry within O(plan). Default is O(name).
        type: str
      scale_in:
        description:
          - Which servers go when there are more than O(exact_count).
          - First those in status ERROR, then those outside O(availability_zones), then always one of the zone that has
            most - its V(newest), its V(oldest), or the last by V(name), where C(hz-10) comes after C(hz-9).
          - Default is V(newest).
        type: str
        choices: [newest, oldest, name]
      availability_zone:
        description: Where the server is to be. Where it is absent the cloud chooses.
        type: str
      availability_zones:
        description: Zones over which O(exact_count) servers are spread evenly. The first ones get what is left over.
        type: list
        elements: str
      flavor:
        description: The flavor's id, for example V(c7.large.2). Another one than the server has needs O(force).
        type: str
      image:
        description:
          - The image's id or name. Of several with one name the newest is taken.
          - A name costs one request, when servers are made.
        type: str
      vpc_id:
        description: The VPC.
        type: str
      networks:
        description: Network interfaces; the first one is the primary.
        type: list
        elements: dict
        suboptions:
          subnet_id:
            description: The subnet.
            type: str
            required: true
          address:
            description: A fixed private IPv4 address, for a single server.
            type: str
          ipv6:
            description: Whether the interface gets an IPv6 address too.
            type: bool
            default: false
          availability_zone:
            description: This interface is for servers in that zone only, where each zone has subnets of its own.
            type: str
      security_groups:
        description:
          - Ids of security groups. Others are taken from an existing server. Absent or empty, they are left alone, and
            a new server gets the cloud's default.
        type: list
        elements: str
      system_disk:
        description: A new server's system disk. It goes with its server. Default is 40 GB of V(GPSSD).
        type: dict
        suboptions:
          type:
            description: For example V(GPSSD), V(SSD), V(SAS).
            type: str
            default: GPSSD
          size:
            description: GB.
            type: int
      data_disks:
        description: Data disks of a new server. Of one that is there only their number is compared.
        type: list
        elements: dict
        suboptions:
          type:
            description: For example V(GPSSD), V(SSD), V(SAS).
            type: str
            default: GPSSD
          size:
            description: GB.
            type: int
            required: true
          delete_on_termination:
            description: Whether it goes with its server.
            type: bool
            default: true
      eip:
        description: A new public address for each new server. Of one that is there only whether it has any is compared.
        type: dict
        suboptions:
          type:
            description: The kind of line, for example V(5_bgp).
            type: str
            default: 5_bgp
          bandwidth_size:
            description: Mbit/s.
            type: int
          bandwidth_id:
            description: A shared bandwidth instead of one of its own.
            type: str
          charge_mode:
            description: Whether traffic or bandwidth is paid for.
            type: str
            choices: [traffic, bandwidth]
            default: traffic
          delete_on_termination:
            description: Whether it goes with its server.
            type: bool
            default: true
      key_name:
        description: The key pair for logins.
        type: str
      admin_password:
        description: The administrator's password of a new server. On Linux images with cloud-init O(user_data) wins.
        type: str
      user_data:
        description:
          - Text for cloud-init, at most 32 KB. It is never returned, shown in a diff, or compared.
          - Whoever may list servers can read it; a password in it should be changed after the first boot.
        type: str
      tags:
        description:
          - Tags. Absent, they are left alone; with O(purge_tags) V({}) removes all.
          - The cloud's own (C(_sys_...)), O(count_tags) and a plan's are never removed.
        type: dict
      purge_tags:
        description: Whether tags that are not in O(tags) are removed. Default is V(true).
        type: bool
      metadata:
        description:
          - Metadata to set; an item without a value is removed, others are left alone.
          - Whoever may list servers can read it, so items named like a secret (password, token, user data) are refused.
        type: dict
      agency:
        description: The IAM agency whose temporary keys the server gets. It can be changed later.
        type: str
      server_group:
        description: Id of a server group (anti-affinity).
        type: str
      enterprise_project_id:
        description: The enterprise project.
        type: str
      delete_protection:
        description:
          - V(true) is kept on the server (as metadata C(delete_protection)). It is then not deleted by these modules,
            neither by V(absent) nor by a smaller O(exact_count), unless O(force) is V(true) or this is V(false).
        type: bool
      force:
        description:
          - Delete protected servers; stop, resize and start a running server whose O(flavor) differs.
          - Default is V(false).
        type: bool
      on_failure:
        description:
          - What becomes of servers whose creation failed and that never ran. V(delete) takes them away (the next run
            makes new ones); V(report) leaves them, and later runs fail until they are gone.
          - Default is V(delete).
        type: str
        choices: [delete, report]
      delete_eip:
        description: Whether a deleted server's public address goes with it. Default is V(true).
        type: bool
      delete_volumes:
        description: Whether a deleted server's data disks go, those too that would stay. Default is V(false).
        type: bool
      region:
        description: The region. Default is the environment's E(HW_REGION_NAME), when that names one region.
        type: str
  <<: *server
  state_file:
    description:
      - Where tokens and jobs that are not settled are kept, mode 0600. It holds no secret.
      - A relative path starts in the folder of the playbook that was started.
    type: path
    default: .state/ecs_orders.json
  wait:
    description:
      - Wait until everything is done. With V(false) jobs are started and not waited for, a second run does what had
        to come after them.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait in all. What had not ended then is named, and the next run goes on waiting for it.
    type: int
    default: 600
extends_documentation_fragment: [huaweicloud.access, huaweicloud]
attributes:
  check_mode:
    support: full
    description: Returns what would be there afterwards, in the same shape.
  diff_mode:
    support: full
    description: Shows the servers that change, before and after.
notes:
  - The key needs C(ecs:cloudServers:list), C(createServers), C(deleteServers) and, for what is used of them,
    C(updateServer), C(start), C(stop), C(reboot), C(resize), C(ims:images:list). The policies are in
    C(docs/huawei-cloud.md).
"""

EXAMPLES = r"""
- name: Three servers in two zones are members of prod-a
  huaweicloud_ecs_instance:
    name: hz-prod-a
    exact_count: 3
    count_tags: {hazelcast: prod-a}
    availability_zones: [cn-north-4a, cn-north-4b]
    flavor: c7.large.2
    image: Huawei Cloud EulerOS 2.0 Standard 64 bit
    vpc_id: "{{ vpc }}"
    networks: [{subnet_id: "{{ subnet }}"}]
    security_groups: ["{{ members_group }}"]
    key_name: ops
    agency: ecs-cluster-kit
  delegate_to: localhost

- name: A whole plan, one request to list it
  huaweicloud_ecs_instance:
    plan: demo
    flavor: s6.medium.2
    image: "{{ image }}"
    vpc_id: "{{ vpc }}"
    networks: [{subnet_id: "{{ subnet }}"}]
    availability_zones: [cn-north-4a, cn-north-4b, cn-north-4c]
    servers:
      - {name: hz-prod-a, exact_count: 5, tags: {hazelcast: prod-a}, delete_protection: true}
      - {name: hz-test, exact_count: 3, tags: {hazelcast: test}}
      - {name: bastion, availability_zones: [], eip: {bandwidth_size: 5}}
  delegate_to: localhost

- name: The test cluster goes away, its members by tag
  huaweicloud_ecs_instance:
    exact_count: 0
    count_tags: {hazelcast: test}
  delegate_to: localhost

- name: A larger flavor, with the stop and start that takes
  huaweicloud_ecs_instance:
    id: 4cc31f70-f0b5-4ce8-8b9a-1e4c0fb53b6a
    flavor: c7.xlarge.2
    force: true
  delegate_to: localhost
"""

RETURN = r"""
instance:
  description: The server, when one was asked for and there is one. Its keys are those of RV(instances).
  type: dict
  returned: always
instances:
  description: The servers there are now; in check mode those there would be. No secret and no user_data is among them.
  type: list
  elements: dict
  returned: always
  contains: &instance
    id: {description: The id; none in check mode for a new server., type: str}
    name: {description: The name., type: str}
    status: {description: For example ACTIVE or SHUTOFF., type: str}
    region: {description: The region., type: str}
    project_id: {description: The project., type: str}
    availability_zone: {description: The zone., type: str}
    flavor: {description: The flavor., type: str}
    image_id: {description: The image's id., type: str}
    image_name: {description: The image's name., type: str}
    vpc_id: {description: The VPC., type: str}
    subnet_ids: {description: The subnets of its network interfaces., type: list, elements: str}
    private_ipv4: {description: The first private address., type: str}
    public_ipv4: {description: The public address (EIP)., type: str}
    ipv6: {description: The first IPv6 address., type: str}
    security_groups: {description: "Each with C(id) and C(name).", type: list, elements: dict}
    tags: {description: The tags., type: dict}
    metadata: {description: "The user's metadata, not the cloud's.", type: dict}
    delete_protection: {description: Whether these modules refuse to delete it., type: bool}
    key_name: {description: The key pair., type: str}
    agency: {description: The agency., type: str}
    server_group: {description: The server group., type: str}
    kept_disks: {description: Ids of the data disks that stay when it is deleted., type: list, elements: str}
    enterprise_project_id: {description: The enterprise project., type: str}
    created: {description: When it was made., type: str}
    fault: {description: Why it is in ERROR., type: str}
instance_ids:
  description: The ids of RV(instances).
  type: list
  elements: str
  returned: always
created_ids:
  description: Ids of the servers made.
  type: list
  elements: str
  returned: always
changed_ids:
  description: Ids of the servers changed, started or stopped; in check mode of those that would be.
  type: list
  elements: str
  returned: always
deleted_ids:
  description: Ids of the servers deleted; in check mode of those that would be.
  type: list
  elements: str
  returned: always
job_ids:
  description: The cloud's jobs of this run.
  type: list
  elements: str
  returned: always
steps:
  description: What was done, or in check mode would be, in words; after a failure what was set about.
  type: list
  elements: str
  returned: always
  sample: [create hz-prod-a-0001 hz-prod-a-0002 in cn-north-4a, "change bastion (4cc3...): tag env=test"]
differences:
  description: What differs and can only be had by another server.
  type: list
  elements: dict
  returned: always
  sample: [{"id": "4cc3...", "name": "hz-1", "option": "image", "actual": "Debian 11", "wanted": "Debian 12"}]
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.huaweicloud.errors import ConfigurationError, HuaweiCloudError
from ansible.module_utils.huaweicloud.instance.api import ServerApi
from ansible.module_utils.huaweicloud.instance.converge import Manner, Run
from ansible.module_utils.huaweicloud.instance.options import ON_FAILURE, SCALE_IN, STATES, read_wanted
from ansible.module_utils.huaweicloud.instance.outcome import Outcome
from ansible.module_utils.huaweicloud.instance.wanted import Wanted
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud_module import ARGUMENTS, connect, one_region

NETWORK = {
    "subnet_id": {"type": "str", "required": True},
    "address": {"type": "str"},
    "ipv6": {"type": "bool", "default": False},
    "availability_zone": {"type": "str"},
}
SYSTEM_DISK = {"type": {"type": "str", "default": "GPSSD"}, "size": {"type": "int"}}
DATA_DISK = {
    "type": {"type": "str", "default": "GPSSD"},
    "size": {"type": "int", "required": True},
    "delete_on_termination": {"type": "bool", "default": True},
}
EIP = {
    "type": {"type": "str", "default": "5_bgp"},
    "bandwidth_size": {"type": "int"},
    "bandwidth_id": {"type": "str"},
    "charge_mode": {"type": "str", "choices": ["traffic", "bandwidth"], "default": "traffic"},
    "delete_on_termination": {"type": "bool", "default": True},
}
EIP_RULES = {"required_one_of": [("bandwidth_size", "bandwidth_id")]}

# No defaults: an entry must be able to leave an option to the task. What counts then is in instance/wanted.py.
SERVER: dict[str, dict[str, Any]] = {
    **{name: {"type": "str"} for name in ("id", "name", "plan", "slot", "availability_zone", "flavor", "image")},
    **{name: {"type": "str"} for name in ("vpc_id", "key_name", "agency", "server_group", "enterprise_project_id")},
    **{name: {"type": "bool"} for name in ("purge_tags", "delete_protection", "force", "delete_eip", "delete_volumes")},
    **{name: {"type": "dict"} for name in ("count_tags", "tags", "metadata")},
    "state": {"type": "str", "choices": list(STATES)},
    "exact_count": {"type": "int"},
    "scale_in": {"type": "str", "choices": list(SCALE_IN)},
    "availability_zones": {"type": "list", "elements": "str"},
    "networks": {"type": "list", "elements": "dict", "options": NETWORK},
    "security_groups": {"type": "list", "elements": "str"},
    "system_disk": {"type": "dict", "options": SYSTEM_DISK},
    "data_disks": {"type": "list", "elements": "dict", "options": DATA_DISK},
    "eip": {"type": "dict", "options": EIP, **EIP_RULES},
    "admin_password": {"type": "str", "no_log": True},
    "user_data": {"type": "str", "no_log": True},
    "on_failure": {"type": "str", "choices": list(ON_FAILURE)},
}

# Which of these is given decides what the other may mean: an entry that has one does not take the other from the task.
ALTERNATIVES = ({"availability_zone", "availability_zones"}, {"count_tags", "plan"})


def main() -> None:
    entry = {**SERVER, "region": {"type": "str"}}
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            **SERVER,
            "servers": {"type": "list", "elements": "dict", "options": entry},
            "state_file": {"type": "path", "default": ".state/ecs_orders.json"},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    redactor = Redactor()
    outcome = Outcome([])
    try:
        entries = read_entries(module.params)
        outcome.entries = entries
        converge(module, entries, redactor, outcome)
    except HuaweiCloudError as error:
        module.fail_json(msg=redactor(str(error)), **outcome.result())
    for difference in outcome.differences:
        text = "{name}: {option} is {actual}, not {wanted}, and cannot be changed"
        needs = " without force=true" if difference["option"] == "flavor" else " in place"
        module.warn(text.format(**difference) + needs + ".")
    for warning in outcome.warnings:
        module.warn(redactor(warning))
    module.exit_json(**outcome.result(), **({"diff": outcome.diff()} if module._diff else {}))


def read_entries(params: dict[str, Any]) -> list[Wanted]:
    """The entries of `servers`, or the task itself as the only one. Raises ConfigurationError."""
    region = one_region(params)
    common = {name: params[name] for name in SERVER}
    if params["servers"] is None:
        where = params["name"] or params["id"] or params["slot"] or "this task"
        return [read_wanted(common, region, where)]
    for name in ("id", "name", "slot"):
        if params[name]:
            raise ConfigurationError(f"{name} is each server's own: put it into the entries of servers.")
    entries = []
    for number, given in enumerate(params["servers"]):
        own = {name: value for name, value in given.items() if value is not None}
        hidden = {name for group in ALTERNATIVES if group & own.keys() for name in group - own.keys()}
        inherited = {name: value for name, value in common.items() if name not in hidden}
        where = own.get("slot") or own.get("name") or own.get("id") or f"servers[{number}]"
        entries.append(read_wanted({**inherited, **own}, region, where))
    return entries


def converge(module: AnsibleModule, entries: list[Wanted], redactor: Redactor, outcome: Outcome) -> None:
    """Carry it out; `outcome` says how far that came. Raises HuaweiCloudError."""
    params = module.params
    redactor.learn(it.admin_password for it in entries)
    connection = connect(params, redactor)
    manner = Manner(Path(params["state_file"]), params["wait"], params["wait_timeout"], module.check_mode)
    try:
        regions = dict.fromkeys(it.region for it in entries)
        apis = {region: ServerApi(connection.client, region, connection.project(region)) for region in regions}
        Run(entries, apis, manner, outcome).go()
    finally:
        connection.client.close()


if __name__ == "__main__":
    main()
