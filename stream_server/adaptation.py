"""Fits one session to what server and line can do: own cost first, then the camera's picture."""

from __future__ import annotations

from collections.abc import Callable

from stream_server.quality import Cause, Conditions, Governor, Quality


class Adaptation:
    """Carries out what a governor decides.

    Args:
        governor: decides.
        economise: asks the pipeline to do less per frame (True) or all of it (False); tells
            whether that changed anything.
        wish: asks the camera for another quality.
    """

    def __init__(
        self,
        governor: Governor,
        economise: Callable[[bool], bool],
        wish: Callable[[Quality, str], None],
    ) -> None:
        self._governor = governor
        self._economise = economise
        self._wish = wish
        self._thrifty = False

    def update(self, now_s: float, seen: Conditions) -> None:
        """Change something if what was measured asks for it."""
        verdict = self._governor.update(now_s, seen)
        if verdict == "up":
            self._rise(now_s)
        elif verdict is not None:
            self._lower(now_s, verdict)

    def _lower(self, now_s: float, cause: Cause) -> None:
        if cause == "server" and not self._thrifty and self._economise(True):
            self._thrifty = True
            self._governor.note_change(now_s)
        elif self._governor.lower(now_s, cause):
            self._wish(self._governor.quality, cause)

    def _rise(self, now_s: float) -> None:
        """The picture comes back first, what the pipeline left out comes last."""
        if self._governor.rise(now_s):
            self._wish(self._governor.quality, "none")
        elif self._thrifty:
            self._thrifty = False
            self._economise(False)
            self._governor.note_change(now_s, raised=True)
