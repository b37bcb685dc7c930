from __future__ import annotations

import io
import json
import logging

import pytest

from pipeline.errors import InputError
from stream_server.logs import JsonFormatter, SessionLog, check_format


@pytest.fixture
def written() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("stream_server.test")
    logger.addHandler(handler)
    return logger, stream


def test_a_line_is_an_object_with_its_session(written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = written
    SessionLog(logger, "abcd1234").info("closing: %s", 'a "quoted"\ncause')
    logger.warning("ready")
    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert first["session"] == "abcd1234"
    assert first["message"] == 'closing: a "quoted"\ncause'
    assert first["level"] == "info"
    assert first["time"].endswith("+00:00")
    assert "session" not in second
    assert second["logger"] == "stream_server.test"


def test_in_text_the_session_is_named(caplog: pytest.LogCaptureFixture) -> None:
    SessionLog(logging.getLogger("stream_server.test"), "abcd1234").error("it broke")
    assert caplog.messages == ["session abcd1234: it broke"]


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InputError, match="text, json"):
        check_format("xml")
