"""What goes wrong over HTTP, as one answer shape: ``{"error": {"code", "message"}}``."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from pipeline.errors import (
    GarmentRefused,
    GarmentUnknown,
    ImageTooLarge,
    InputError,
    NotSupported,
    PoseIncomplete,
    WearcastError,
)


class ApiError(WearcastError):
    """A refusal with its own HTTP status.

    Attributes:
        status: HTTP status, 4xx or 5xx.
        code: stable word for machines.
        retry_after_s: when to try again, for 429 and 503; None leaves the header out.
        more: further keys of the answer, beside ``error``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        retry_after_s: int | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.more = more or {}


class PortTaken(InputError):
    """The address to listen on is in use or not allowed."""

    code = "port_taken"


STATUS_OF: tuple[tuple[type[WearcastError], int], ...] = (
    (GarmentUnknown, 404),
    (ImageTooLarge, 413),
    (GarmentRefused, 422),
    (NotSupported, 422),
    (InputError, 400),
    (PoseIncomplete, 422),
)
"""First match wins; anything else of ours is a 500."""

HTTP_SENTENCES: dict[int, tuple[str, str]] = {
    403: ("forbidden", "This address may not be read."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not answer this method."),
    413: ("too_large", "The request is larger than this server accepts."),
}


def error_response(
    status: int,
    code: str,
    message: str,
    retry_after_s: int | None = None,
    more: Mapping[str, Any] | None = None,
) -> web.Response:
    """The one shape of every refusal."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    body = {"error": {"code": code, "message": message}} | dict(more or {})
    return web.json_response(body, status=status, headers=headers)


def response_for(error: WearcastError) -> web.Response:
    """Answer an error whose message is meant for the user."""
    if isinstance(error, ApiError):
        return error_response(error.status, error.code, str(error), error.retry_after_s, error.more)
    status = next((status for kind, status in STATUS_OF if isinstance(error, kind)), 500)
    return error_response(status, error.code, str(error))


def response_for_http(error: web.HTTPException) -> web.Response:
    """Give aiohttp's own refusals (404, 405, 413 …) the shape of ours, keeping ``Allow``."""
    fallback = (error.reason or "error").lower().replace(" ", "_"), f"{error.reason}."
    code, message = HTTP_SENTENCES.get(error.status, fallback)
    answer = error_response(error.status, code, message)
    if "Allow" in error.headers:
        answer.headers["Allow"] = error.headers["Allow"]
    return answer


def where(error: BaseException) -> str:
    """Name an unexpected error for the log without its message, which may hold a user's data."""
    frames = traceback.extract_tb(error.__traceback__)
    kind = type(error).__name__
    if not frames:
        return kind
    last = frames[-1]
    return f"{kind} at {Path(last.filename).name}:{last.lineno} in {last.name}"
