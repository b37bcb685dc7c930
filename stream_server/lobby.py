"""Who is in: admission of sessions up to a number, and their common end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiortc import RTCConfiguration

from stream_server.deadlines import Timing
from stream_server.errors import ApiError
from stream_server.metrics import Metrics
from stream_server.offer import Offer
from stream_server.session import Services, Session

RETRY_WHEN_FULL_S = 10
RETRY_WHEN_ENDING_S = 2
FAREWELL_S = 0.3  # for the word "reconnect" to reach the clients


class Lobby:
    """Owns every session of an application.

    Args:
        configuration: of peer connections.
        services: what sessions need.
        max_sessions: how many may be live at a time.
        timing: deadlines of a session.
        on_empty: called whenever the last session has ended.
    """

    def __init__(
        self,
        configuration: RTCConfiguration,
        services: Services,
        max_sessions: int,
        timing: Timing,
        on_empty: Callable[[], None] = lambda: None,
    ) -> None:
        self._configuration = configuration
        self._services = services
        self._max_sessions = max_sessions
        self._timing = timing
        self._on_empty = on_empty
        self._sessions: dict[str, Session] = {}
        self._open = True

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def metrics(self) -> Metrics:
        """Where offers and sessions are counted."""
        return self._services.metrics

    def check_room(self) -> None:
        """Refuse when there is no place.

        Raises:
            ApiError: 503 when full or ending, with the time to try again.
        """
        if not self._open:
            sentence = "This server is about to end. Try again in a moment."
            raise ApiError(503, "ending", sentence, RETRY_WHEN_ENDING_S)
        if len(self._sessions) >= self._max_sessions:
            sentence = f"All {self._max_sessions} mirrors are in use. Try again in a moment."
            raise ApiError(503, "full", sentence, RETRY_WHEN_FULL_S)

    async def admit(self, offer: Offer, peer: str | None = None) -> tuple[str, str]:
        """Open a session.

        Args:
            offer: a checked one.
            peer: IP address of the client, if it is known.

        Returns:
            The session's id and the session description of the answer.

        Raises:
            ApiError: 503 when there is no place, 400 when no connection can be made.
        """
        self.check_room()
        session = Session(self._configuration, self._services, self._forget, self._timing, peer)
        self._sessions[session.id] = session
        self.metrics.sessions(len(self._sessions))
        return session.id, await session.answer(offer)

    async def end(self, session_id: str) -> bool:
        """Close one session; False when there is none with this id."""
        session = self._sessions.get(session_id)
        if session is None:
            return False
        await session.close("asked by the client")
        return True

    async def close(self) -> None:
        """Stop admitting, tell every client to reconnect, and close every session."""
        self._open = False
        sessions = list(self._sessions.values())
        if not sessions:
            return
        for session in sessions:
            session.ask_to_reconnect()
        await asyncio.sleep(FAREWELL_S)
        await asyncio.gather(*(session.close("server ends") for session in sessions))

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        self.metrics.sessions(len(self._sessions))
        if not self._sessions:
            self._on_empty()
