"""Reading what clients send, never more of it than allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from pipeline.images import MAX_BYTES
from stream_server.errors import ApiError

CHUNK_BYTES = 64 * 1024
PATIENCE_S = 60.0  # 20 MiB in it is a slow phone's upload
MAX_TEXT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        data: its bytes.
        is_file: whether it was sent as a file.
    """

    data: bytes
    is_file: bool

    @property
    def text(self) -> str:
        """The field as text, without spaces around it."""
        return self.data.decode("utf-8", "replace").strip()


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Give up on a client that sends too slowly, so that it does not hold memory for ever."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    except TimeoutError as error:
        sentence = f"The request did not arrive within {PATIENCE_S:.0f} seconds."
        raise ApiError(408, "too_slow", sentence) from error


async def read_body(request: web.Request, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes.

    Raises:
        ApiError: 413 when it is larger; the rest is not read.
    """
    body = bytearray()
    async with in_time():
        async for chunk in request.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > limit:
                sentence = f"The request may have {limit // 1024} KiB at most."
                raise ApiError(413, "too_large", sentence)
    return bytes(body)


async def read_form(request: web.Request, names: tuple[str, ...]) -> Mapping[str, Field]:
    """Read a multipart form into memory.

    Args:
        names: fields to keep; others are refused.

    Raises:
        ApiError: 400 when it is no form, cut off, or has other fields; 413 when a field is too
            large.
    """
    if not request.content_type.startswith("multipart/form-data"):
        raise _bad(f"Send a multipart form with the fields {', '.join(names)}.")
    fields: dict[str, Field] = {}
    try:
        async with in_time():
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or part.name in fields:
                    raise _bad("Each field of the form may come once, and not as a form itself.")
                if part.name not in names:
                    raise _bad(f"Unknown field in the form; known are {', '.join(names)}.")
                fields[part.name] = await _read_field(part)
    except (ValueError, AssertionError, HttpProcessingError) as error:  # raised by aiohttp's reader
        raise _bad("The form is damaged or cut off.") from error
    return fields


async def _read_field(part: BodyPartReader) -> Field:
    is_file = part.filename is not None
    limit = MAX_BYTES if is_file else MAX_TEXT_BYTES
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK_BYTES):
        data += chunk
        if len(data) > limit:
            what = f"{limit // 2**20} MiB" if is_file else f"{limit} bytes"
            raise ApiError(413, "too_large", f"The field {part.name} may have {what} at most.")
    return Field(bytes(data), is_file)


def file_of(fields: Mapping[str, Field], name: str) -> bytes:
    """The bytes of a field that must be a file. Raises ``ApiError`` 400 when it is missing."""
    field = fields.get(name)
    if field is None or not field.is_file:
        raise _bad(f"The form needs the field {name} with a picture file.")
    return field.data


def _bad(message: str) -> ApiError:
    return ApiError(400, "bad_form", message)
