"""How each service words its errors, and the HTTP status of every code the lab uses.

ECS: doc "Error Codes" (HTTP status column). Gateway: API signing guide, "Common errors related to IAM
authentication information". IAM: Keystone's shape.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from lab.region.errors import Refusal

ECS_STATUS = {"Ecs.0114": 404, "Ecs.0003": 403}  # every other Ecs.* and Common.* code here is 400
IAM_TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


class GatewayRefusal(Exception):  # noqa: N818 - an answer of the API gateway, before the service sees the request
    """`code` is APIGW.xxxx."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


class IamRefusal(Exception):  # noqa: N818 - an answer of IAM
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def unauthenticated(reason: str) -> GatewayRefusal:
    """401 APIGW.0301 with the gateway's sentence."""
    return GatewayRefusal(401, "APIGW.0301", f"Incorrect IAM authentication information: {reason}")


def no_such_api() -> GatewayRefusal:
    return GatewayRefusal(404, "APIGW.0101", "The API does not exist or has not been published in the environment")


def response(error: Exception, request_id: str) -> Response:
    """The answer for an error of any of the three kinds. Other exceptions are the caller's to raise."""
    if isinstance(error, GatewayRefusal):
        body = {"error_msg": error.message, "error_code": error.code, "request_id": request_id}
        return JSONResponse(body, error.status, error.headers)
    if isinstance(error, IamRefusal):
        detail = {"code": error.status, "message": error.message, "title": IAM_TITLES[error.status]}
        return JSONResponse({"error": detail}, error.status)
    if isinstance(error, Refusal) and error.code.startswith("IAM."):
        return JSONResponse({"error_code": error.code, "error_msg": error.message}, 400)
    if isinstance(error, Refusal):
        status = ECS_STATUS.get(error.code, 400)
        return JSONResponse({"error": {"message": error.message, "code": error.code}}, status)
    raise error
