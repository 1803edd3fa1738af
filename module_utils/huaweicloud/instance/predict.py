"""What the servers of a plan will be when it has been carried out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..servers import Server
from .differences import is_id
from .plan import Create, Plan, Power
from .seen import PROTECTED, Group, Instance
from .wanted import Wanted


def steps(plan: Plan) -> list[str]:
    """All that will be done, in words: for another flavor a server is stopped, resized and perhaps started."""
    resized = [
        replace(it, action="resize", flavor=it.wanted.flavor)
        for it in plan.powers
        if it.action == "stop" and it.wanted.force and it.wanted.flavor not in ("", it.instance.server.flavor)
    ]
    started = [
        replace(it, action="start", flavor="")
        for it in (*plan.powers, *resized)
        if it.action == "resize" and it.return_to_work
    ]
    return plan.words() + [it.words() for it in (*resized, *started)]


def after(entries: Sequence[Wanted], plan: Plan) -> list[list[Instance]]:
    """The servers of each entry after the plan; new ones have no id and no address that the plan does not fix."""
    gone = {it.id for step in plan.deletes for it in step.instances}
    updated = {step.instance.id: step.applied() for step in plan.updates}
    powers = {step.instance.id: step for step in plan.powers}
    result = []
    for wanted, matched in zip(entries, plan.matched, strict=True):
        staying = [updated.get(it.id, it) for it in matched if it.id not in gone and not it.leaving]
        kept = [_powered(powers[it.id], it) if it.id in powers else it for it in staying]
        new = [made(step, name) for step in plan.creates if step.wanted is wanted for name in step.names]
        result.append([*kept, *new])
    return result


def made(step: Create, name: str, server_id: str = "", status: str = "") -> Instance:
    """A server as it will be once it is made; `server_id` and `status` where they are known already."""
    wanted = step.wanted
    networks = wanted.networks_in(step.zone)
    metadata = {key: value for key, value in wanted.metadata.items() if value is not None}
    return Instance(
        server=Server(
            id=server_id,
            name=name,
            status=status or ("SHUTOFF" if wanted.state == "stopped" else "ACTIVE"),
            region=wanted.region,
            project_id="",
            availability_zone=step.zone,
            flavor=wanted.flavor,
            image_id=wanted.image if is_id(wanted.image) else "",
            vpc_id=wanted.vpc,
            enterprise_project_id=wanted.enterprise_project,
            addresses=(),
            tags=wanted.all_tags,
            security_groups=(),
        ),
        groups=tuple(Group(id=it) for it in wanted.security_groups),
        image_name="" if is_id(wanted.image) else wanted.image,
        key_name=wanted.key_name,
        agency=wanted.agency,
        server_group=wanted.server_group,
        metadata=metadata | ({PROTECTED: "true"} if wanted.protection else {}),
        subnets=tuple(it.subnet for it in networks),
        fixed_addresses=tuple(it.address for it in networks if it.address),
    )


def _powered(step: Power, instance: Instance) -> Instance:
    flavor = step.wanted.flavor if step.wanted.flavor and step.wanted.force else instance.server.flavor
    status = "ACTIVE" if step.action in ("start", "reboot") or step.return_to_work else "SHUTOFF"
    return replace(instance, server=replace(instance.server, flavor=flavor, status=status))
