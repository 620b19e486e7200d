"""The pretend service described in OpenAPI 3.1, as its knobs are set now."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stackverify.sandbox import openapi_replies, openapi_requests
from stackverify.sandbox.endpoints import BASE_PATH, ENDPOINTS, Endpoint
from stackverify.sandbox.knobs import Knobs
from stackverify.sandbox.service import Service

__all__ = ["describe", "openapi_route"]

_Object: TypeAlias = dict[str, Any]

_ABOUT = """\
A pretend StackVerify service for tests. It answers as the reference says, and where \
the reference says nothing in one of the likely ways, which its settings choose; this \
describes the ways that are chosen now."""
_KEY = "An API key of the pretend service: `Authorization: Bearer sk_test_...`"
# The name and the summary of each operation, and what its schemas are called after.
_OPERATIONS: Mapping[str, tuple[str, str, str]] = {
    "/sms/send": ("sendSms", "Send an SMS to one or more recipients.", "Sms"),
    "/sms/status/": ("getSmsStatus", "Tell how far an SMS has got.", "Sms"),
    "/sms": ("listSms", "List the SMS of the workspace, newest first.", "Sms"),
    "/email/send": ("sendEmail", "Send an email to one or more recipients.", "Email"),
    "/email/status/": ("getEmailStatus", "Tell how far an email has got.", "Email"),
    "/whatsapp/send-template": (
        "sendWhatsappTemplate",
        "Send an approved WhatsApp template.",
        "Whatsapp",
    ),
    "/whatsapp/status/": (
        "getWhatsappStatus",
        "Tell how far a WhatsApp message has got.",
        "Whatsapp",
    ),
}
_REFUSED: Mapping[str, Sequence[int]] = {
    "send": (400, 401, 403, 405, 413, 422, 429),
    "status": (401, 403, 404, 405, 429),
    "list": (401, 403, 405, 422, 429),
}


def openapi_route(service: Service) -> Route:
    """Make the route of the description, for one service."""

    async def endpoint(request: Request) -> Response:
        address = f"{request.url.scheme}://{request.url.netloc}"
        return JSONResponse(describe(service.knobs, f"{address}{BASE_PATH}"))

    return Route("/openapi.json", endpoint, methods=["GET"])


def describe(knobs: Knobs, url: str) -> _Object:
    """Describe the API of a service with these settings, which is at this URL."""
    schemas = openapi_requests.send_schemas(knobs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "StackVerify sandbox",
            "version": "1",
            "description": _ABOUT,
        },
        "servers": [{"url": url}],
        "security": [{"apiKey": []}],
        "paths": {_path(each): _item(each, knobs) for each in ENDPOINTS},
        "components": {
            "schemas": {**schemas, **openapi_replies.reply_schemas(knobs)},
            "responses": openapi_replies.refusals(),
            "headers": dict(openapi_replies.HEADERS),
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": _KEY}
            },
        },
    }


def _path(endpoint: Endpoint) -> str:
    takes_id = endpoint.path.endswith("/")
    return f"{endpoint.path}{{messageId}}" if takes_id else endpoint.path


def _item(endpoint: Endpoint, knobs: Knobs) -> _Object:
    return {endpoint.method.lower(): _operation(endpoint, knobs)}


def _operation(endpoint: Endpoint, knobs: Knobs) -> _Object:
    name, summary, about = _OPERATIONS[endpoint.path]
    told = {
        "operationId": name,
        "summary": summary,
        "description": f"Needs the permission `{endpoint.permission}`.",
        "tags": [about],
    }
    if endpoint.method == "POST":
        return {**told, **_send(about, knobs)}
    if endpoint.path.endswith("/"):
        parameters = [openapi_requests.message_id()]
        return {
            **told,
            "parameters": parameters,
            **_answers("status", f"{about}Status"),
        }
    parameters = openapi_requests.list_parameters()
    return {**told, "parameters": parameters, **_answers("list", f"{about}List")}


def _send(about: str, knobs: Knobs) -> _Object:
    schema = {"$ref": f"#/components/schemas/{about}Send"}
    answers = _answers("send", f"{about}Accepted")
    answers["responses"]["200"]["links"] = _links(about, knobs)
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"requestBody": body, **answers}


def _links(about: str, knobs: Knobs) -> _Object:
    """Lead from an accepted message to its status."""
    places = openapi_replies.id_places(knobs, to_many=about != "Whatsapp")
    return {
        f"status_of_{which}": {
            "operationId": f"get{about}Status",
            "parameters": {"messageId": f"$response.body#/{place}"},
        }
        for which, place in places.items()
    }


def _answers(kind: str, schema: str) -> _Object:
    refused = {str(each): openapi_replies.refused(each) for each in _REFUSED[kind]}
    return {"responses": {"200": openapi_replies.accepted(schema), **refused}}
