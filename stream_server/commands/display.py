"""What is shown on the terminal while a command works. All of it goes to standard error."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)


def make_progress(*, quiet: bool = False, transient: bool = False) -> Progress:
    """A bar per task with how many are done and how long the rest takes."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=stderr(),
        disable=quiet,
        transient=transient,
    )


def stderr() -> Console:
    """Standard error, for plain sentences."""
    return Console(stderr=True, highlight=False, soft_wrap=True)
