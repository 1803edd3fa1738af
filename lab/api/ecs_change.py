"""ECS routes that change a server in place (name, flavor, security groups), and those of server groups."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from lab.api import forms, trouble
from lab.api.gateway import Call
from lab.api.views import Views
from lab.region.changes import WITH_STOP, Changes
from lab.region.errors import Refusal
from lab.region.model import ServerGroup

POLICIES = ("anti-affinity",)
GROUP_ACTIONS = ("addSecurityGroup", "removeSecurityGroup")


class InPlace:
    """Handlers of the routes that change one server."""

    def __init__(self, changes: Changes, views: Views) -> None:
        self._changes = changes
        self._views = views

    async def update(self, call: Call) -> Response:
        """UpdateServer: what is not given stays."""
        wanted = forms.server_update(call.json())
        server = self._changes.update(call.project_id, call.path("server_id"), wanted)
        return JSONResponse({"server": self._views.updated(server)})

    async def resize(self, call: Call) -> Response:
        """ResizeServer and ResizePostPaidServer. A dry run that would do answers 202 and nothing."""
        body = call.json()
        flavor, mode = forms.resize(body)
        if body.get("dry_run") is True:
            call.cloud.server(call.project_id, call.path("server_id"))
            call.cloud.flavor(flavor)
            return Response(status_code=202)
        if mode not in {"", WITH_STOP}:
            raise Refusal("Ecs.0005", f"mode must be {WITH_STOP}.")
        trouble.refuse_order(call.met)
        fate = trouble.fate(call.met)
        return JSONResponse(
            {"job_id": self._changes.resize(call.project_id, call.path("server_id"), flavor, mode, fate).id}
        )

    async def security_group(self, call: Call) -> Response:
        """NovaAssociateSecurityGroup, NovaDisassociateSecurityGroup: 202 and no body."""
        action, group = forms.group_action(call.json(), GROUP_ACTIONS)
        act = self._changes.join_group if action == GROUP_ACTIONS[0] else self._changes.leave_group
        act(call.project_id, call.path("server_id"), group)
        return Response(status_code=202)


class ServerGroups:
    """Handlers of the server groups."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    async def create(self, call: Call) -> Response:
        name, policies = forms.server_group(call.json(), POLICIES)
        return JSONResponse(self._one(self._changes.create_server_group(call.project_id, name, policies)))

    async def list_groups(self, call: Call) -> Response:
        """ListServerGroups, newest first. `marker` is the last id of the page before."""
        limit = call.whole_number("limit", 1000, 0, 1000)
        groups = self._changes.server_groups(call.project_id)
        if marker := call.query("marker"):
            last = call.cloud.server_group(call.project_id, marker)
            groups = [group for group in groups if group.number < last.number]
        page = groups[:limit]
        following = page[-1].id if len(groups) > len(page) and page else None
        return JSONResponse(
            {"server_groups": [self._shown(group) for group in page], "page_info": {"next_marker": following}}
        )

    async def show(self, call: Call) -> Response:
        return JSONResponse(self._one(call.cloud.server_group(call.project_id, call.path("group_id"))))

    async def delete(self, call: Call) -> Response:
        self._changes.delete_server_group(call.project_id, call.path("group_id"))
        return Response(status_code=204)

    def _one(self, group: ServerGroup) -> dict[str, Any]:
        return {"server_group": self._shown(group)}

    def _shown(self, group: ServerGroup) -> dict[str, Any]:
        return {
            "id": group.id,
            "name": group.name,
            "policies": list(group.policies),
            "members": self._changes.members(group),
            "metadata": {},
        }
