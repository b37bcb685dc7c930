"""Answers to what is no HTTP at all, in the same shape as every other refusal."""

from __future__ import annotations

import logging

from aiohttp import web

from stream_server.errors import error_response, where

log = logging.getLogger(__name__)


class Protocol(web.RequestHandler):
    """aiohttp's side of one connection; its own answers quote what was sent, and log it."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Called by aiohttp when a request cannot be read, or a handler failed in an odd way."""
        if request.writer.output_size > 0:
            raise ConnectionError("An answer is under way: there is no room for another.")
        answer = error_response(status, "bad_http", "This is not a request that HTTP knows.")
        if status >= 500:
            log.error("a connection failed: %s", where(exc) if exc else status)
            answer = error_response(status, "internal", "Something went wrong in the server.")
        answer.force_close()
        return answer
