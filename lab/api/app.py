"""The ECS, IMS and IAM APIs as one ASGI application, like a gateway with one address for all services."""

from __future__ import annotations

from starlette.applications import Starlette

from lab.api import ecs_change, ecs_order, ecs_query, iam, ims
from lab.api.gateway import Gateway
from lab.api.journal import Journal
from lab.api.views import Views
from lab.faults import operations
from lab.region.changes import Changes
from lab.region.cloud import Cloud
from lab.region.imaging import Imaging
from lab.region.jobs import Jobs
from lab.region.lifecycle import Lifecycle

TEMPORARY_KEYS = "/v3.0/OS-CREDENTIAL/securitytokens"
SERVERS = "/v1/{project_id}/cloudservers"
SERVER = SERVERS + "/{server_id}"
GROUPS = SERVERS + "/os-server-groups"


def create_app(cloud: Cloud, jobs: Jobs, journal: Journal) -> Starlette:
    """The application for the API port. More specific paths come first: Starlette takes the first that fits."""
    gateway = Gateway(cloud, journal)
    views, changes = Views(cloud), Changes(cloud, jobs)
    queries = ecs_query.Queries(views)
    in_place, groups = ecs_change.InPlace(changes, views), ecs_change.ServerGroups(changes)
    images = ims.Images(Imaging(cloud, jobs))
    orders = ecs_order.Orders(Lifecycle(cloud, jobs))
    route, open_route = gateway.route, gateway.open_route
    app = Starlette(
        routes=[
            route("ListServersDetails", "GET", SERVERS + "/detail", queries.list_details),
            route("ListCloudServers", "GET", "/v1.1/{project_id}/cloudservers/detail", queries.list_cloud_servers),
            route("CreateServers", "POST", "/v1.1/{project_id}/cloudservers", orders.create),
            route("CreatePostPaidServers", "POST", SERVERS, orders.create),
            route("DeleteServers", "POST", SERVERS + "/delete", orders.delete),
            route(operations.power, "POST", SERVERS + "/action", orders.act),
            route("ListFlavors", "GET", SERVERS + "/flavors", ecs_query.list_flavors),
            route("ShowServerLimits", "GET", SERVERS + "/limits", ecs_query.show_limits),
            route("ListServerTags", "GET", SERVERS + "/tags", ecs_order.list_project_tags),
            route("ListServerGroups", "GET", GROUPS, groups.list_groups),
            route("CreateServerGroup", "POST", GROUPS, groups.create),
            route("ShowServerGroup", "GET", GROUPS + "/{group_id}", groups.show),
            route("DeleteServerGroup", "DELETE", GROUPS + "/{group_id}", groups.delete),
            route("ListServerAzInfo", "GET", "/v1/{project_id}/availability-zones", ecs_query.list_zones),
            route("ShowJob", "GET", "/v1/{project_id}/jobs/{job_id}", ecs_query.show_job),
            route("ShowServer", "GET", SERVER, queries.show),
            route("UpdateServer", "PUT", SERVER, in_place.update),
            route("ResizeServer", "POST", "/v1.1/{project_id}/cloudservers/{server_id}/resize", in_place.resize),
            route("ResizePostPaidServer", "POST", SERVER + "/resize", in_place.resize),
            route(operations.nova, "POST", "/v2.1/{project_id}/servers/{server_id}/action", in_place.security_group),
            route("ShowServerConsoleOutput", "GET", SERVER + "/console-output", queries.console),
            route("ShowServerTags", "GET", SERVER + "/tags", ecs_order.show_tags),
            route(operations.tags, "POST", SERVER + "/tags/action", orders.change_tags),
            route("UpdateServerMetadata", "POST", SERVER + "/metadata", orders.set_metadata),
            route("DeleteServerMetadata", "DELETE", SERVER + "/metadata/{key}", orders.remove_metadata),
            route("ShowMetadataOptions", "GET", SERVER + "/metadata-options", queries.metadata_options),
            route("UpdateMetadataOptions", "PUT", SERVER + "/metadata-options", orders.set_metadata_options),
            route("ListImages", "GET", "/v2/cloudimages", images.list_images),
            route("CreateImage", "POST", "/v2/cloudimages/action", images.create),
            route("ShowJobProgress", "GET", "/v1/cloudimages/job/{job_id}", images.show_job),
            route("GlanceDeleteImage", "DELETE", "/v2/images/{image_id}", images.delete),
            route("KeystoneListProjects", "GET", "/v3/projects", iam.list_projects),
            route("KeystoneListAuthProjects", "GET", "/v3/auth/projects", iam.list_auth_projects),
            route("KeystoneListAuthDomains", "GET", "/v3/auth/domains", iam.list_auth_domains),
            open_route("KeystoneCreateUserTokenByPassword", "POST", "/v3/auth/tokens", iam.create_token),
            open_route("CreateTemporaryAccessKeyByToken", "POST", TEMPORARY_KEYS, iam.create_temporary_key),
        ],
        exception_handlers={404: gateway.unknown, 405: gateway.unknown},
    )
    app.router.redirect_slashes = False
    return app
