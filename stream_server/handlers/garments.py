"""The catalogue: list, add, rename, delete, and the pictures of its garments."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from pipeline.structures import Category
from stream_server.cookies import new_visitor, remember, visitor_of
from stream_server.engine import Entry
from stream_server.errors import ApiError
from stream_server.forms import Field, file_of, read_form
from stream_server.keys import CONFIG, HOUSE
from stream_server.security import check_rate
from stream_server.wardrobes import OWN

routes = web.RouteTableDef()

# then asked again with its ETag: ids may be used anew
PICTURE = {"Cache-Control": "public, max-age=300"}
OWN_PICTURE = {
    "Cache-Control": "private, max-age=300",
    "Cross-Origin-Resource-Policy": "same-origin",  # no other site may show it to its owner
}


def as_json(entry: Entry) -> dict[str, Any]:
    """A garment as the API shows it."""
    base = f"/api/garments/{quote(entry.id, safe='')}"
    return {
        "id": entry.id,
        "name": entry.name,
        "category": entry.category.value,
        "sleeves": entry.sleeves.value,
        "notice": entry.notice,
        "thumbnail": f"{base}/thumbnail",
        "image": f"{base}/image",
        "own": entry.id.startswith(OWN),
    }


@routes.get("/api/garments")
async def index(request: web.Request) -> web.Response:
    """Every garment that this visitor may wear, in the order to show."""
    house = request.app[HOUSE]
    shelf = await house.shelf(visitor_of(request))
    entries = await house.garments.run(shelf.list)
    answer = [as_json(entry) for entry in entries]
    return web.json_response(answer, headers={"Cache-Control": "no-cache"})


@routes.post("/api/garments")
async def add(request: web.Request) -> web.Response:
    """Cut a garment out of an uploaded photo and keep it, for this visitor alone by default."""
    _check_writable(request)
    check_rate(request)
    fields = await read_form(request, ("image", "name", "category"))
    photo = file_of(fields, "image")
    name, category = _name(fields.get("name")), _category(fields.get("category"))
    house = request.app[HOUSE]
    visitor = visitor_of(request) or new_visitor()
    shelf = await house.shelf(visitor)
    entry = await house.pictures.run(shelf.add, photo, name, category)
    added = as_json(entry)
    answer = web.json_response(added, status=201, headers={"Location": added["image"]})
    remember(request, answer, visitor)
    return answer


@routes.patch("/api/garments/{id}")
async def rename(request: web.Request) -> web.Response:
    """Give a garment of one's own another name: what the photo's file was called says little."""
    _check_writable(request)
    fields = await read_form(request, ("name",))
    name = _name(fields.get("name"))
    house = request.app[HOUSE]
    shelf = await house.shelf(visitor_of(request))
    entry = await house.garments.run(shelf.rename, request.match_info["id"], name)
    return web.json_response(as_json(entry))


@routes.delete("/api/garments/{id}")
async def remove(request: web.Request) -> web.Response:
    """Delete a garment of one's own; whoever wears it goes on wearing it."""
    _check_writable(request)
    house = request.app[HOUSE]
    shelf = await house.shelf(visitor_of(request))
    await house.garments.run(shelf.remove, request.match_info["id"])
    return web.Response(status=204)


@routes.get("/api/garments/{id}/thumbnail")
async def thumbnail(request: web.Request) -> web.FileResponse:
    """Small picture of a garment."""
    entry = await _entry(request)
    return _picture(entry, entry.thumbnail)


@routes.get("/api/garments/{id}/image")
async def image(request: web.Request) -> web.FileResponse:
    """Picture of a garment."""
    entry = await _entry(request)
    return _picture(entry, entry.image)


async def _entry(request: web.Request) -> Entry:
    return await request.app[HOUSE].entry(request.match_info["id"], visitor_of(request))


def _picture(entry: Entry, file: Path) -> web.FileResponse:
    headers = OWN_PICTURE if entry.id.startswith(OWN) else PICTURE
    return web.FileResponse(file, headers=headers)


def _check_writable(request: web.Request) -> None:
    if request.app[CONFIG].catalog_read_only:
        raise ApiError(403, "read_only", "Garments cannot be added or changed here.")


def _name(field: Field | None) -> str:
    if field is None or not field.text:
        raise ApiError(400, "bad_form", "The form needs the field name: what shoppers read.")
    return field.text


def _category(field: Field | None) -> Category | None:
    if field is None or not field.text:
        return None
    try:
        return Category(field.text)
    except ValueError as error:
        known = ", ".join(Category)
        raise ApiError(400, "bad_form", f"The category must be one of {known}.") from error
