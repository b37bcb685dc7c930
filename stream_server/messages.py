"""The control channel: every message that the two sides may send, as JSON with one ``type`` each.

To the server: ``select {garment}`` (null takes the garment off), ``mirror {on}``, ``pause {on}``,
``ping {t}``. From the server: ``ready {garment}``, ``status {…}``, ``error {code, message}``,
``pong {t}``, ``quality {scale, fps, kbps, cause}`` (send so much picture from now on; the cause is
``server``, ``line`` or, when it is lifted, ``none``), ``reconnect {}`` (this connection is about to
end; come back with a new offer), ``bye {reason}`` (the session has ended for good).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.errors import InputError
from pipeline.structures import LookKind, Reason
from stream_server.engine import Trouble
from stream_server.quality import Quality

MAX_MESSAGE_CHARS = 4096  # the longest sensible message is a select with a garment id
MAX_ID_CHARS = 200


class BadMessage(InputError):
    """A control message that we cannot read."""

    code = "bad_message"


@dataclass(frozen=True, slots=True)
class Select:
    """Wear this garment, or none."""

    garment: str | None


@dataclass(frozen=True, slots=True)
class Mirror:
    """Flip the picture horizontally before anything else."""

    on: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Let frames pass untouched."""

    on: bool


@dataclass(frozen=True, slots=True)
class Ping:
    """Sign of life; ``t`` comes back unchanged."""

    t: float


ClientMessage = Select | Mirror | Pause | Ping


class State(StrEnum):
    """What a session is doing, for ``status``."""

    STARTING = "starting"  # the pipeline of this session is being made; frames pass
    WAITING = "waiting"  # no frame has come yet
    DRESSED = "dressed"
    UNDRESSED = "undressed"  # frames pass untouched; ``reason`` says why
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Status:
    """How a session is doing.

    Attributes:
        state: see ``State``.
        reason: why the last frame is undressed; None when dressed.
        look: kind of look that was drawn.
        look_age_ms: age of the keyframe behind a neural look.
        fps: frames sent per second, over the last second or so.
        dropped: frames left out since the session began, over all hops.
        stage_ms: milliseconds by stage of the last frame.
        trouble: what does not work at the moment, though frames go on; usually nothing.
    """

    state: State
    reason: Reason | None
    look: LookKind
    look_age_ms: float | None
    fps: float
    dropped: int
    stage_ms: Mapping[str, float]
    trouble: Trouble | None = None


def parse(text: str | bytes) -> ClientMessage:
    """Read a message of the client.

    Raises:
        BadMessage: too long, no JSON object, an unknown type or a wrong field.
    """
    if len(text) > MAX_MESSAGE_CHARS:
        raise BadMessage(f"A message may have {MAX_MESSAGE_CHARS} characters, got {len(text)}.")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage("A message must be a JSON object with a type.") from error
    if not isinstance(message, dict):
        raise BadMessage("A message must be a JSON object with a type.")
    reader = READERS.get(str(message.get("type")))
    if reader is None:
        raise BadMessage(f"Unknown message type; known are {', '.join(READERS)}.")
    return reader(message)


def _select(message: dict[str, Any]) -> Select:
    garment = message.get("garment")
    if garment is not None and not (isinstance(garment, str) and len(garment) <= MAX_ID_CHARS):
        raise BadMessage("select needs a garment id, or null to take the garment off.")
    return Select(garment)


def _switch(message: dict[str, Any]) -> bool:
    on = message.get("on")
    if not isinstance(on, bool):
        raise BadMessage(f"{message['type']} needs on: true or false.")
    return on


def _ping(message: dict[str, Any]) -> Ping:
    t = message.get("t")
    if isinstance(t, bool) or not isinstance(t, int | float):
        raise BadMessage("ping needs a number t.")
    return Ping(t)


READERS: Mapping[str, Callable[[dict[str, Any]], ClientMessage]] = {
    "select": _select,
    "mirror": lambda message: Mirror(_switch(message)),
    "pause": lambda message: Pause(_switch(message)),
    "ping": _ping,
}


def ready(garment: str | None) -> str:
    """The garment is warm and on; the next frame wears it."""
    return json.dumps({"type": "ready", "garment": garment})


def status(value: Status) -> str:
    """How the session is doing."""
    age = value.look_age_ms
    trouble = {} if value.trouble is None else {"trouble": value.trouble.value}
    return json.dumps(
        {
            "type": "status",
            "state": value.state.value,
            "reason": value.reason.value if value.reason else None,
            "look": value.look,
            "look_age_ms": round(age, 1) if age is not None else None,
            "fps": round(value.fps, 1),
            "dropped": value.dropped,
            "stage_ms": {name: round(ms, 2) for name, ms in value.stage_ms.items()},
            **trouble,
        }
    )


def error(code: str, message: str) -> str:
    """Something the client asked for did not work; everything else goes on."""
    return json.dumps({"type": "error", "code": code, "message": message})


def pong(t: float) -> str:
    """Answer to ``ping``."""
    return json.dumps({"type": "pong", "t": t})


def quality(wish: Quality, cause: str) -> str:
    """What the camera should send from now on."""
    values = {"scale": wish.scale, "fps": wish.fps, "kbps": wish.kbps, "cause": cause}
    return json.dumps({"type": "quality"} | values)


def reconnect() -> str:
    """This connection is about to end; connect again with a new offer."""
    return json.dumps({"type": "reconnect"})


def bye(reason: str) -> str:
    """The session has ended for good, such as ``idle``; only the shopper begins a new one."""
    return json.dumps({"type": "bye", "reason": reason})
