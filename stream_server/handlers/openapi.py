"""``GET /api/openapi.json``: the HTTP interface, for machines."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from pipeline import __version__
from pipeline.structures import Category, Sleeves

routes = web.RouteTableDef()

Json = dict[str, Any]

ERROR = {"$ref": "#/components/responses/Error"}
ID: Json = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _json(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _binary(description: str, *kinds: str) -> Json:
    return {"description": description, "content": {kind: {} for kind in kinds}}


def _form(properties: Json, required: list[str]) -> Json:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _operation(summary: str, answers: Json, *errors: int, **more: Any) -> Json:
    responses = answers | {str(status): ERROR for status in errors}
    return {"summary": summary, "responses": responses, **more}


FILE: Json = {"type": "string", "format": "binary"}
TEXT: Json = {"type": "string"}
GARMENT: Json = {"$ref": "#/components/schemas/Garment"}

SCHEMAS: Json = {
    "Garment": {
        "type": "object",
        "required": ["id", "name", "category", "sleeves", "notice", "thumbnail", "image", "own"],
        "properties": {
            "id": TEXT,
            "name": TEXT,
            "category": {"type": "string", "enum": [c.value for c in Category]},
            "sleeves": {"type": "string", "enum": [s.value for s in Sleeves]},
            "notice": TEXT,
            "thumbnail": {"type": "string", "format": "uri-reference"},
            "image": {"type": "string", "format": "uri-reference"},
            "own": {"type": "boolean"},
        },
    },
    "Offer": {
        "type": "object",
        "required": ["sdp", "type"],
        "properties": {
            "sdp": TEXT,
            "type": {"const": "offer"},
            "garment": TEXT,
            "mirror": {"type": "boolean"},
            "ticket": TEXT,
        },
    },
    "Answer": {
        "type": "object",
        "required": ["sdp", "type", "session"],
        "properties": {"sdp": TEXT, "type": {"const": "answer"}, "session": TEXT},
    },
    "Config": {
        "type": "object",
        "required": ["iceServers", "limits", "version"],
        "properties": {
            "iceServers": {"type": "array", "items": {"type": "object"}},
            "iceTransportPolicy": {"type": "string", "enum": ["all", "relay"]},
            "limits": {"type": "object"},
            "uploads": {"type": "boolean"},
            "version": TEXT,
        },
    },
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": TEXT, "message": TEXT},
            },
            "queue": {
                "type": "object",
                "required": ["ticket", "position"],
                "properties": {"ticket": TEXT, "position": {"type": "integer", "minimum": 1}},
            },
        },
    },
}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


PATHS: Json = {
    "/": {"get": _operation("The shopper's page", {"200": _binary("Page", "text/html")})},
    "/kiosk": {"get": _operation("The kiosk page", {"200": _binary("Page", "text/html")})},
    "/embed.js": {
        "get": _operation("<wearcast-mirror>", {"200": _binary("Script", "text/javascript")})
    },
    "/api/openapi.json": {
        "get": _operation("This document", {"200": _json("OpenAPI", {"type": "object"})})
    },
    "/api/config": {
        "get": _operation("Settings for clients", {"200": _json("Settings", _ref("Config"))})
    },
    "/api/garments": {
        "get": _operation(
            "The catalogue",
            {"200": _json("Garments in order", {"type": "array", "items": GARMENT})},
            503,
        ),
        "post": _operation(
            "Add a garment from its photo",
            {"201": _json("The garment", GARMENT)},
            *(400, 401, 403, 413, 422, 429, 503),
            requestBody=_form(
                {"image": FILE, "name": TEXT, "category": TEXT}, required=["image", "name"]
            ),
        ),
    },
    "/api/garments/{id}": {
        "patch": _operation(
            "Rename a garment of one's own",
            {"200": _json("The garment", GARMENT)},
            *(400, 401, 403, 404),
            parameters=[ID],
            requestBody=_form({"name": TEXT}, required=["name"]),
        ),
        "delete": _operation(
            "Delete a garment of one's own",
            {"204": {"description": "Deleted"}},
            *(403, 404),
            parameters=[ID],
        ),
    },
    "/api/garments/{id}/thumbnail": {
        "get": _operation(
            "Small picture", {"200": _binary("Picture", "image/png")}, 404, parameters=[ID]
        )
    },
    "/api/garments/{id}/image": {
        "get": _operation(
            "Picture",
            {"200": _binary("Picture", "image/png", "image/jpeg")},
            404,
            parameters=[ID],
        )
    },
    "/api/offer": {
        "post": _operation(
            "Open a live session with a WebRTC offer",
            {"200": _json("The answer", _ref("Answer"))},
            *(400, 401, 403, 404, 413, 429, 503),
            requestBody={
                "required": True,
                "content": {"application/json": {"schema": _ref("Offer")}},
            },
        )
    },
    "/api/sessions/{id}": {
        "delete": _operation(
            "End a session", {"204": {"description": "Ended"}}, 404, parameters=[ID]
        )
    },
    "/api/tryon": {
        "post": _operation(
            "Dress a photo; nothing of it is kept",
            {"200": _binary("The dressed photo", "image/png")},
            *(400, 401, 403, 404, 413, 422, 429, 503),
            requestBody=_form(
                {"person": FILE, "garment": {"oneOf": [TEXT, FILE]}},
                required=["person", "garment"],
            ),
        )
    },
    "/healthz": {"get": _operation("The process answers", {"200": _json("Alive", {})})},
    "/readyz": {"get": _operation("The models are warm", {"200": _json("Ready", {})}, 503)},
    "/metrics": {"get": _operation("Prometheus", {"200": _binary("Counters", "text/plain")})},
}

DOCUMENT: Json = {
    "openapi": "3.1.0",
    "info": {"title": "Wearcast", "version": __version__},
    "paths": PATHS,
    "components": {
        "schemas": SCHEMAS,
        "responses": {"Error": _json("What is wrong, in a sentence", _ref("Error"))},
    },
}


@routes.get("/api/openapi.json")
async def openapi(_: web.Request) -> web.Response:
    """The document."""
    return web.json_response(DOCUMENT)
