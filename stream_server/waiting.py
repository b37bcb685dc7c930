"""The line in front of a full house: first come, first served, and nobody waits unseen."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

LAPSE_S = 12.0  # who has not asked again for so long has gone
ASK_AGAIN_S = 3  # a few missed ones are forgiven


@dataclass(frozen=True, slots=True)
class Place:
    """A shopper's place in the line.

    Attributes:
        ticket: to be shown when asking again.
        position: 1 for the next one.
    """

    ticket: str
    position: int


@dataclass(slots=True)
class Waiting:
    """One ticket: when it was last shown, and whether it ever was."""

    asked_at_s: float
    came_back: bool = False


class WaitingLine:
    """Tickets in the order in which they were drawn. Times are monotonic seconds.

    A ticket holds a place free only once it was shown: whoever draws tickets and never comes
    back, or does not know what they are for, keeps nobody out.

    Args:
        longest: how many may wait.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._tickets: dict[str, Waiting] = {}  # in the order of the line

    def __len__(self) -> int:
        return len(self._tickets)

    def knows(self, ticket: str | None) -> bool:
        """Whether this ticket was drawn here and has not lapsed."""
        return ticket in self._tickets

    def ask(self, ticket: str | None, free: int, now_s: float) -> Place | None:
        """Ask to be let in.

        Args:
            ticket: of an earlier call; None, or one that has lapsed, goes to the end.
            free: places that are free.
            now_s: monotonic time.

        Returns:
            None when it is this shopper's turn (the ticket is used up then), else the place in
            the line.

        Raises:
            OverflowError: the line is too long for one more.
        """
        self._forget_lapsed(now_s)
        line = list(self._tickets)
        known = ticket is not None and ticket in self._tickets
        before = line[: line.index(ticket)] if known and ticket is not None else line
        if sum(self._tickets[other].came_back for other in before) < free:
            self._tickets.pop(ticket or "", None)
            return None
        if not known:
            if len(line) >= self._longest:
                raise OverflowError
            ticket = secrets.token_urlsafe(12)
        assert ticket is not None
        self._tickets[ticket] = Waiting(now_s, came_back=known)
        return Place(ticket, len(before) + 1)

    def _forget_lapsed(self, now_s: float) -> None:
        for ticket, waiting in list(self._tickets.items()):
            if now_s - waiting.asked_at_s > LAPSE_S:
                del self._tickets[ticket]
