"""Who is in: admission of sessions up to a number, and their common end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from pipeline.structures import Garment
from stream_server.config import ServerConfig
from stream_server.deadlines import Timing
from stream_server.errors import ApiError
from stream_server.ice import rtc_configuration
from stream_server.metrics import Metrics
from stream_server.offer import Offer
from stream_server.session import Services, Session
from stream_server.waiting import ASK_AGAIN_S, WaitingLine

RETRY_WHEN_ENDING_S = 2
RETRY_WHEN_CROWDED_S = 120
TIDY_EVERY = 20  # sessions that ended: a busy house is never empty, and what they leave adds up
FAREWELL_S = 0.3  # for the word "reconnect" to reach the clients


class Lobby:
    """Owns every session of an application.

    Args:
        config: settings.
        services: what sessions need.
        timing: deadlines of a session.
        load: measured load, 0 to 1.
        tidy: called when the last session has ended, and now and then while others go on.
    """

    def __init__(
        self,
        config: ServerConfig,
        services: Services,
        timing: Timing,
        load: Callable[[], float] = lambda: 0.0,
        tidy: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._services = services
        self._max_sessions = config.max_sessions
        self._max_load = config.max_load
        self._timing = timing
        self._load = load
        self._line = WaitingLine(config.max_waiting)
        self._tidy = tidy
        self._ended = 0  # sessions, since the last tidying
        self._sessions: dict[str, Session] = {}
        self._open = True

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def metrics(self) -> Metrics:
        """Where offers and sessions are counted."""
        return self._services.metrics

    def check_open(self) -> None:
        """Refuse while the server ends.

        Raises:
            ApiError: 503 with the time to try again.
        """
        if not self._open:
            sentence = "This server is about to end. Try again in a moment."
            raise ApiError(503, "ending", sentence, RETRY_WHEN_ENDING_S)

    def knows(self, ticket: str | None) -> bool:
        """Whether this is a ticket of the waiting line."""
        return self._line.knows(ticket)

    def _take_place(self, ticket: str | None) -> None:
        """Take a place, or one in the waiting line.

        Raises:
            ApiError: 503 with the time to ask again and, unless too many wait, ticket and
                position.
        """
        self.check_open()
        busy = bool(self._sessions) and 0 < self._max_load < self._load()
        free = 0 if busy else self._max_sessions - len(self._sessions)
        try:
            place = self._line.ask(ticket, free, time.monotonic())
        except OverflowError:
            sentence = "All mirrors are in use and many shoppers wait. Try again in a few minutes."
            raise ApiError(503, "full", sentence, RETRY_WHEN_CROWDED_S) from None
        finally:
            self.metrics.waiting(len(self._line))
        if place is not None:
            sentence = f"All mirrors are in use. You are number {place.position} in line."
            queue = {"ticket": place.ticket, "position": place.position}
            raise ApiError(503, "full", sentence, ASK_AGAIN_S, {"queue": queue})

    async def admit(
        self,
        offer: Offer,
        peer: str | None = None,
        fetch_garment: Callable[[str], Awaitable[Garment]] | None = None,
    ) -> tuple[str, str]:
        """Open a session.

        Args:
            offer: a checked one.
            peer: IP address of the client, if it is known.
            fetch_garment: finds the garments that this shopper may wear; everybody's unless given.

        Returns:
            The session's id and the session description of the answer.

        Raises:
            ApiError: 503 when there is no place, 400 when no connection can be made.
        """
        self._take_place(offer.ticket)
        configuration = rtc_configuration(
            self._config.ice_servers, relay_only=self._config.relay_only
        )
        services = self._services
        if fetch_garment is not None:
            services = replace(services, fetch_garment=fetch_garment)
        session = Session(configuration, services, self._forget, self._timing, peer)
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
        self._ended += 1
        if not self._sessions or self._ended >= TIDY_EVERY:
            self._ended = 0
            self._tidy()
