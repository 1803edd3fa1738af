"""The ECS and IAM API as one ASGI application, like a gateway with one address for all services."""

from __future__ import annotations

from starlette.applications import Starlette

from lab.api import ecs_order, ecs_query, iam
from lab.api.gateway import Gateway
from lab.api.journal import Journal
from lab.api.views import Views
from lab.region.cloud import Cloud
from lab.region.jobs import Jobs
from lab.region.lifecycle import Lifecycle

SERVERS = "/v1/{project_id}/cloudservers"
SERVER = SERVERS + "/{server_id}"


def create_app(cloud: Cloud, jobs: Jobs, journal: Journal) -> Starlette:
    """The application for the API port. More specific paths come first: Starlette takes the first that fits."""
    gateway = Gateway(cloud, journal)
    queries = ecs_query.Queries(Views(cloud))
    orders = ecs_order.Orders(Lifecycle(cloud, jobs))
    route, open_route = gateway.route, gateway.open_route
    app = Starlette(
        routes=[
            route("GET", SERVERS + "/detail", queries.list_details),
            route("GET", "/v1.1/{project_id}/cloudservers/detail", queries.list_cloud_servers),
            route("POST", "/v1.1/{project_id}/cloudservers", orders.create),
            route("POST", SERVERS, orders.create),
            route("POST", SERVERS + "/delete", orders.delete),
            route("POST", SERVERS + "/action", orders.act),
            route("GET", SERVERS + "/flavors", ecs_query.list_flavors),
            route("GET", SERVERS + "/limits", ecs_query.show_limits),
            route("GET", SERVERS + "/tags", ecs_order.list_project_tags),
            route("GET", "/v1/{project_id}/availability-zones", ecs_query.list_zones),
            route("GET", "/v1/{project_id}/jobs/{job_id}", ecs_query.show_job),
            route("GET", SERVER, queries.show),
            route("GET", SERVER + "/console-output", queries.console),
            route("GET", SERVER + "/tags", ecs_order.show_tags),
            route("POST", SERVER + "/tags/action", orders.change_tags),
            route("POST", SERVER + "/metadata", orders.set_metadata),
            route("DELETE", SERVER + "/metadata/{key}", orders.remove_metadata),
            route("GET", "/v3/projects", iam.list_projects),
            route("GET", "/v3/auth/projects", iam.list_auth_projects),
            route("GET", "/v3/auth/domains", iam.list_auth_domains),
            open_route("POST", "/v3/auth/tokens", iam.create_token),
            open_route("POST", "/v3.0/OS-CREDENTIAL/securitytokens", iam.create_temporary_key),
        ],
        exception_handlers={404: gateway.unknown, 405: gateway.unknown},
    )
    app.router.redirect_slashes = False
    return app
