"""``POST /api/tryon``: dress an uploaded photo. Nothing of it is kept."""

from __future__ import annotations

from aiohttp import web

from pipeline.reasons import ADVICE
from pipeline.structures import Garment, Reason
from stream_server.cookies import visitor_of
from stream_server.engine import Engine
from stream_server.errors import ApiError
from stream_server.forms import Field, file_of, read_form
from stream_server.keys import HOUSE
from stream_server.messages import MAX_ID_CHARS
from stream_server.security import check_rate

routes = web.RouteTableDef()


@routes.post("/api/tryon")
async def tryon(request: web.Request) -> web.Response:
    """Answer the dressed photo as PNG, in the size of the upload."""
    check_rate(request)
    fields = await read_form(request, ("person", "garment"))
    person = file_of(fields, "person")
    field = fields.get("garment")
    if field is None:
        sentence = "The form needs the field garment: an id of the catalogue, or a picture file."
        raise ApiError(400, "bad_form", sentence)
    house = request.app[HOUSE]
    garment = field.data if field.is_file else await _from_catalog(request, field)
    png = await house.pictures.run(_dress, house.engine, person, garment)
    return web.Response(body=png, content_type="image/png", headers={"Cache-Control": "no-store"})


async def _from_catalog(request: web.Request, field: Field) -> Garment:
    return await request.app[HOUSE].garment(field.text[:MAX_ID_CHARS], visitor_of(request))


def _dress(engine: Engine, person: bytes, garment: Garment | bytes) -> bytes:
    """Runs in a thread: cut out if needed, dress, encode."""
    worn = engine.garment(garment) if isinstance(garment, bytes) else garment
    composite = engine.photo(person, worn)
    if not composite.dressed:
        reason = composite.reason or Reason.HOLD_STILL
        raise ApiError(422, reason.value, ADVICE[reason])
    return engine.png(composite.image)
