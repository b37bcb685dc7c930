from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest

from pipeline.structures import Reason
from stream_server import messages
from stream_server.messages import BadMessage, Mirror, Pause, Ping, Select, State, Status, parse


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "select", "garment": "red"}', Select("red")),
        ('{"type": "select", "garment": null}', Select(None)),
        ('{"type": "mirror", "on": true}', Mirror(True)),
        ('{"type": "pause", "on": false, "extra": 1}', Pause(False)),
        (b'{"type": "ping", "t": 1.5}', Ping(1.5)),
    ],
)
def test_messages_are_read(text: str | bytes, message: object) -> None:
    assert parse(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[" * 3000,
        '{"type": 1}',
        '{"type": "select", "garment": 5}',
        '{"type": "select", "garment": "' + "x" * 201 + '"}',
        '{"type": "mirror", "on": 1}',
        '{"type": "pause"}',
        '{"type": "ping", "t": "now"}',
        '{"type": "ping", "t": true}',
        '{"type": "select", "pad": "' + "x" * 5000 + '"}',
        b"\xff\xfe{",
    ],
)
def test_everything_else_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadMessage):
        parse(text)


def test_no_damaged_message_brings_the_reader_down() -> None:
    whole = b'{"type": "select", "garment": "red"}'
    random = np.random.default_rng(5)
    for _ in range(500):
        damaged = bytearray(whole[: random.integers(len(whole) + 1)])
        for place in random.integers(0, max(len(damaged), 1), 3 if damaged else 0):
            damaged[place] = random.integers(256)
        with contextlib.suppress(BadMessage):
            assert isinstance(parse(bytes(damaged)), Select)


def test_status_is_json_that_a_browser_can_read() -> None:
    value = Status(State.UNDRESSED, Reason.STEP_BACK, "none", None, 23.456, 7, {"pose": 20.1234})
    assert json.loads(messages.status(value)) == {
        "type": "status",
        "state": "undressed",
        "reason": "step_back",
        "look": "none",
        "look_age_ms": None,
        "fps": 23.5,
        "dropped": 7,
        "stage_ms": {"pose": 20.12},
    }
