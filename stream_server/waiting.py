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


class WaitingLine:
    """Tickets in the order in which they were drawn. Times are monotonic seconds.

    Args:
        longest: how many may wait.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._asked_at: dict[str, float] = {}  # in the order of the line

    def __len__(self) -> int:
        return len(self._asked_at)

    def knows(self, ticket: str | None) -> bool:
        """Whether this ticket was drawn here and has not lapsed."""
        return ticket in self._asked_at

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
        waiting = list(self._asked_at)
        ahead = waiting.index(ticket) if ticket in self._asked_at else len(waiting)
        if ahead < free:
            self._asked_at.pop(ticket or "", None)
            return None
        if ticket is None or ticket not in self._asked_at:
            if len(waiting) >= self._longest:
                raise OverflowError
            ticket = secrets.token_urlsafe(12)
        self._asked_at[ticket] = now_s
        return Place(ticket, ahead + 1)

    def _forget_lapsed(self, now_s: float) -> None:
        for ticket, asked_at in list(self._asked_at.items()):
            if now_s - asked_at > LAPSE_S:
                del self._asked_at[ticket]
