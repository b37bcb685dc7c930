"""Tells that loops are compiled: nothing else happens for a minute or two, the first time.

Needs numba, so commands import it when they begin to work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from numba.core.event import Event, Listener, install_listener
from rich.progress import Progress, TaskID

from pipeline.compose.warm_up import warm_up as compile_loops

SENTENCE = "Compiling, once on this machine: about a minute or two …"
COMPILES = "numba:compile"  # numba's event; what comes from its cache raises none


@contextmanager
def telling_when_compiling(progress: Progress) -> Iterator[None]:
    """Say so when anything is compiled in this block.

    It may have needed some of the loops only; the others are then compiled at its end all the
    same, or another command would say it again.

    Args:
        progress: the display to say it on; a terminal also sees a bar that counts the loops.
            One that is not shown yet is shown from the first compilation to the end of the block.
    """
    shown = progress.live.is_started
    try:
        teller = _Teller(progress)
        with install_listener(COMPILES, teller):
            yield
            if teller.told:
                compile_loops()
    finally:
        if progress.live.is_started and not shown:
            progress.stop()


class _Teller(Listener):  # type: ignore[misc]  # numba publishes no types
    """Hears numba begin and end; compilations nest, so only the outermost are counted."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._depth = 0

    @property
    def told(self) -> bool:
        """Whether anything was compiled."""
        return self._task is not None

    def on_start(self, event: Event) -> None:
        self._depth += 1
        if self._task is None:
            self._progress.console.print(SENTENCE)
            if self._progress.console.is_terminal:  # elsewhere its end would leave an empty line
                self._progress.start()
            self._task = self._progress.add_task("Compiling", total=None)
        self._progress.update(self._task, visible=True)

    def on_end(self, event: Event) -> None:
        self._depth -= 1
        if self._task is not None and self._depth == 0:
            self._progress.update(self._task, advance=1, visible=False)
