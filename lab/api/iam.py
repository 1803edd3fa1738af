"""IAM routes: projects, domains, tokens, temporary keys. Sources: SDK huaweicloudsdkiam.v3, doc "Obtaining a User Token
Through Password Authentication", "Querying Project Information", "Obtaining a Temporary Access Key by a Token".
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lab.api import auth
from lab.api.errors import GatewayRefusal, IamRefusal
from lab.api.gateway import Call, parse_object
from lab.region.cloud import Cloud
from lab.region.errors import Refusal
from lab.region.model import Token
from lab.settings import Account, RegionSettings

WRONG_PASSWORD = "The username or password is wrong."
DEFAULT_KEY_SECONDS = 900


async def list_projects(call: Call) -> Response:
    """KeystoneListProjects: filters name, domain_id, parent_id, enabled; pages of per_page (all without it)."""
    account = call.caller.account
    listed = [_project(call, region) for region in call.cloud.settings.regions]
    for name in ("name", "domain_id", "parent_id"):
        if wanted := call.query(name):
            listed = [project for project in listed if project[name] == wanted]
    if call.query("enabled").lower() == "false" or call.query("is_domain").lower() == "true":
        listed = []
    page, per_page = _number(call, "page", 1), _number(call, "per_page", 0)
    if per_page:
        listed = listed[(page - 1) * per_page : page * per_page]
    links = {"self": _url(call.request, "/v3/projects"), "previous": None, "next": None}
    for project in listed:
        project["domain_id"] = account.domain_id
    return JSONResponse({"links": links, "projects": listed})


async def list_auth_projects(call: Call) -> Response:
    """KeystoneListAuthProjects: what the caller may use; no filter."""
    projects = []
    for region in call.cloud.settings.regions:
        project = _project(call, region)
        project["links"] = {"self": project["links"]["self"]}
        projects.append(project)
    return JSONResponse({"links": {"self": _url(call.request, "/v3/auth/projects")}, "projects": projects})


async def list_auth_domains(call: Call) -> Response:
    """KeystoneListAuthDomains: the caller's account."""
    account = call.caller.account
    domain = {
        "enabled": True,
        "id": account.domain_id,
        "name": account.domain,
        "description": "",
        "links": {"self": _url(call.request, f"/v3/domains/{account.domain_id}")},
    }
    return JSONResponse({"domains": [domain], "links": {"self": _url(call.request, "/v3/auth/domains")}})


async def create_token(cloud: Cloud, request: Request, body: bytes) -> Response:
    """KeystoneCreateUserTokenByPassword: 201, the token in X-Subject-Token. A project scope wins over a domain's."""
    credentials = _object(_json(body), "auth")
    user = _password_user(_object(credentials, "identity"))
    domain = _object(user, "domain", optional=True)
    account = cloud.credentials.by_password(
        _text(user, "name") or _text(user, "id"), _text(domain, "name") or _text(domain, "id"), _text(user, "password")
    )
    if account is None:
        raise IamRefusal(401, WRONG_PASSWORD)
    region = _scoped_region(cloud, account, _object(credentials, "scope", optional=True))
    token = cloud.change(
        lambda: cloud.credentials.issue_token(account, region.project_id if region else "", cloud.now())
    )
    content = _token_body(request, cloud, token, account, region)
    return JSONResponse({"token": content}, 201, headers={"X-Subject-Token": token.id})


async def create_temporary_key(cloud: Cloud, request: Request, body: bytes) -> Response:
    """CreateTemporaryAccessKeyByToken: the token in the header or, as the older form has it, in the body."""
    identity = _object(_object(_json(body), "auth"), "identity")
    methods = identity.get("methods")
    if methods != ["token"]:
        raise IamRefusal(400, 'identity.methods must be ["token"]: the lab does not have assume_role.')
    form = _object(identity, "token", optional=True)
    token_id = request.headers.get("x-auth-token", "") or _text(form, "id")
    if not token_id:
        raise IamRefusal(401, "The request you have made requires authentication.")
    try:
        caller = auth.by_token(cloud, token_id)
    except GatewayRefusal:
        raise IamRefusal(401, "The token must be updated.") from None
    seconds = form.get("duration_seconds", DEFAULT_KEY_SECONDS)
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise Refusal("IAM.0011", "duration_seconds must be an integer.")
    key = cloud.change(lambda: cloud.credentials.issue_key(caller.account, seconds, cloud.now()))
    credential = {
        "access": key.access,
        "secret": key.secret,
        "expires_at": key.expires_at,
        "securitytoken": key.security_token,
    }
    return JSONResponse({"credential": credential}, 201)


def _token_body(
    request: Request, cloud: Cloud, token: Token, account: Account, region: RegionSettings | None
) -> dict[str, Any]:
    domain = {"id": account.domain_id, "name": account.domain}
    body: dict[str, Any] = {
        "methods": ["password"],
        "expires_at": token.expires_at,
        "issued_at": token.issued_at,
        "user": {"id": account.user_id, "name": account.user, "password_expires_at": "", "domain": domain},
        "catalog": [] if "nocatalog" in request.query_params else _catalog(request, cloud, region),
        "roles": [{"id": "0", "name": "te_admin"}],
    }
    scope = {"id": region.project_id, "name": region.id, "domain": domain} if region else None
    return body | ({"project": scope} if scope else {"domain": domain})


def _catalog(request: Request, cloud: Cloud, scope: RegionSettings | None) -> list[dict[str, Any]]:
    base = _url(request, "")
    regions = [scope] if scope else list(cloud.settings.regions)
    endpoints = {
        "ecs": [(region.id, f"{base}/v1/{region.project_id}") for region in regions],
        "iam": [("*", f"{base}/v3")],
    }
    return [
        {
            "type": service,
            "id": service,
            "name": service,
            "endpoints": [
                {"id": f"{service}-{region}", "url": url, "region": region, "region_id": region, "interface": "public"}
                for region, url in urls
            ],
        }
        for service, urls in endpoints.items()
    ]


def _scoped_region(cloud: Cloud, account: Account, scope: dict[str, Any]) -> RegionSettings | None:
    """The region of a project scope, None for a domain scope. Raises IamRefusal for a scope that does not exist."""
    if "project" in scope:
        project = _object(scope, "project")
        wanted = {_text(project, "id"), _text(project, "name")} - {""}
        for region in cloud.settings.regions:
            if wanted & {region.project_id, region.id}:
                return region
        raise IamRefusal(401, "Could not find project: " + ", ".join(sorted(wanted)))
    if "domain" in scope:
        domain = _object(scope, "domain")
        if not {_text(domain, "id"), _text(domain, "name")} & {account.domain_id, account.domain}:
            raise IamRefusal(401, "Could not find domain: " + (_text(domain, "name") or _text(domain, "id")))
    return None


def _password_user(identity: dict[str, Any]) -> dict[str, Any]:
    if identity.get("methods") != ["password"]:
        raise IamRefusal(400, 'identity.methods must be ["password"].')
    user = _object(_object(identity, "password"), "user")
    if not _text(user, "password"):
        raise IamRefusal(400, "Expecting to find password in user.")
    return user


def _project(call: Call, region: RegionSettings) -> dict[str, Any]:
    account = call.caller.account
    own = _url(call.request, f"/v3/projects/{region.project_id}")
    return {
        "is_domain": False,
        "description": "",
        "links": {"self": own, "previous": None, "next": None},
        "enabled": True,
        "id": region.project_id,
        "parent_id": account.domain_id,
        "domain_id": account.domain_id,
        "name": region.id,
    }


def _number(call: Call, name: str, default: int) -> int:
    text = call.query(name)
    if text and (not text.isdecimal() or not 1 <= int(text) <= 5000):
        raise IamRefusal(400, f"{name} must be an integer from 1 to 5000.")
    return int(text) if text else default


def _json(body: bytes) -> dict[str, Any]:
    try:
        return parse_object(body)
    except Refusal as error:
        raise IamRefusal(400, error.message) from None


def _object(holder: dict[str, Any], name: str, optional: bool = False) -> dict[str, Any]:
    value = holder.get(name)
    if value is None and optional:
        return {}
    if not isinstance(value, dict):
        raise IamRefusal(400, f"Expecting to find {name} in the request body.")
    return value


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name, "")
    return value if isinstance(value, str) else ""


def _url(request: Request, path: str) -> str:
    return str(request.base_url).rstrip("/") + path
