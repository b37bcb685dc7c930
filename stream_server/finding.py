"""What a check of this machine found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "note", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        check: its name.
        outcome: ``ok``; ``note`` for what an operator should know; ``failed`` for what will keep
            shoppers out.
        message: a sentence or two.
    """

    check: str
    outcome: Outcome
    message: str
