"""The server's log: one line an event, as text or JSON, with the session it belongs to."""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import MutableMapping
from typing import Any

from pipeline.errors import InputError

FORMATS = ("text", "json")
LABEL_CHARS = 8  # of a session's id: the whole id would let a reader end the session


def check_format(name: str) -> None:
    """Raises ``InputError`` for a name that is none of ``FORMATS``."""
    if name not in FORMATS:
        raise InputError(f"log_format must be one of {', '.join(FORMATS)}, got {name!r}.")


class SessionLog(logging.LoggerAdapter[logging.Logger]):
    """A logger that names its session in every line.

    Args:
        logger: of the module.
        label: short name of the session.
    """

    def __init__(self, logger: logging.Logger, label: str) -> None:
        super().__init__(logger, {"session": label})
        self._label = label

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Called by ``logging``."""
        message, more = super().process(msg, kwargs)
        return f"session {self._label}: {message}", more


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time``, ``level``, ``logger``, ``message``, maybe ``session``."""

    def format(self, record: logging.LogRecord) -> str:
        """Called by ``logging``."""
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        session = getattr(record, "session", None)
        if session is not None:
            line["session"] = session
            line["message"] = line["message"].removeprefix(f"session {session}: ")
        return json.dumps(line)


def set_up(log_format: str) -> None:
    """Send what the program logs to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter()
        if log_format == "json"
        else logging.Formatter("%(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("aioice").setLevel(logging.WARNING)  # it logs every address it tries
