"""ECS routes that change something: create, delete, power, tags, metadata."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from lab.api import forms, trouble
from lab.api.gateway import Call
from lab.region.errors import Refusal
from lab.region.lifecycle import Lifecycle

POWER_ACTIONS = {"os-start": "start", "os-stop": "stop", "reboot": "reboot"}
HARD_ACTIONS = {"os-stop": "kill", "reboot": "reset"}


class Orders:
    """Handlers of the changing routes."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle

    async def create(self, call: Call) -> Response:
        """CreateServers (v1.1) and CreatePostPaidServers (v1). A dry run that would do answers 202 and nothing."""
        body = call.json()
        dry_run = body.get("dry_run") is True
        order = forms.server_order(body)
        trouble.refuse_order(call.met)
        client_token = call.request.headers.get("x-client-token", "")
        job_id, server_ids = self._lifecycle.create(
            call.region, call.caller.account, order, client_token, dry_run, fate=trouble.fate(call.met)
        )
        if dry_run:
            return Response(status_code=202)
        return JSONResponse({"job_id": job_id, "serverIds": list(server_ids)})

    async def delete(self, call: Call) -> Response:
        body = call.json()
        for name in ("delete_publicip", "delete_volume"):
            if not isinstance(body.get(name, False), bool | None):
                raise Refusal("Ecs.0005", f"{name} must be a boolean.")
        job = self._lifecycle.delete(
            call.project_id,
            forms.server_ids(body),
            trouble.fate(call.met),
            public=body.get("delete_publicip") is True,
            volumes=body.get("delete_volume") is True,
        )
        return _job(job.id)

    async def act(self, call: Call) -> Response:
        """os-start, os-stop and reboot of a batch; exactly one of them."""
        body = call.json()
        if len(body) != 1 or next(iter(body)) not in POWER_ACTIONS:
            raise Refusal("Ecs.0005", "The request must have one of os-start, os-stop, reboot.")
        name, detail = next(iter(body.items()))
        if not isinstance(detail, dict):
            raise Refusal("Ecs.0005", f"{name} must be an object.")
        if name == "reboot" and "type" not in detail:
            raise Refusal("Ecs.0005", "reboot must have a type.")
        if name != "os-start" and detail.get("type", "SOFT") not in {"SOFT", "HARD"}:
            raise Refusal("Ecs.0005", "type must be SOFT or HARD.")
        actions = HARD_ACTIONS if name in HARD_ACTIONS and detail.get("type") == "HARD" else POWER_ACTIONS
        server_ids = forms.server_ids(detail)
        job = self._lifecycle.power(call.project_id, actions[name], server_ids, trouble.fate(call.met))
        return _job(job.id)

    async def change_tags(self, call: Call) -> Response:
        """Batch add or delete of a server's tags; 204 and no body."""
        body = call.json()
        server_id = call.path("server_id")
        if body.get("action") == "create":
            self._lifecycle.set_tags(call.project_id, server_id, forms.tags(body.get("tags")))
        elif body.get("action") == "delete":
            self._lifecycle.remove_tags(call.project_id, server_id, forms.tag_keys(body.get("tags")))
        else:
            raise Refusal("Ecs.0005", "action must be create or delete.")
        return Response(status_code=204)

    async def set_metadata(self, call: Call) -> Response:
        metadata = forms.metadata(call.json().get("metadata"), required=True)
        self._lifecycle.set_metadata(call.project_id, call.path("server_id"), metadata)
        return JSONResponse({"metadata": metadata})

    async def set_metadata_options(self, call: Call) -> Response:
        """UpdateMetadataOptions: the hardened mode of the server's metadata service."""
        options = forms.metadata_options(call.json())
        self._lifecycle.set_metadata_options(call.project_id, call.path("server_id"), options)
        return JSONResponse({})

    async def remove_metadata(self, call: Call) -> Response:
        self._lifecycle.remove_metadata(call.project_id, call.path("server_id"), call.path("key"))
        return Response(status_code=204)


async def show_tags(call: Call) -> Response:
    tags = call.cloud.server(call.project_id, call.path("server_id")).tags
    return JSONResponse({"tags": [{"key": key, "value": value} for key, value in tags.items()]})


async def list_project_tags(call: Call) -> Response:
    """ListServerTags: every key in use with its distinct values."""
    values: dict[str, dict[str, None]] = {}
    for server in call.cloud.servers(call.project_id):
        for key, value in server.tags.items():
            values.setdefault(key, {})[value] = None
    listed: list[dict[str, Any]] = [{"key": key, "values": sorted(values[key])} for key in sorted(values)]
    return JSONResponse({"tags": listed})


def _job(job_id: str) -> Response:
    return JSONResponse({"job_id": job_id})
