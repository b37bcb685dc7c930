"""Contact sheets: pictures beside their labels, to be looked at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

COLOURS = np.array(
    [
        (0, 0, 0), (128, 64, 0), (255, 200, 150), (255, 110, 60), (230, 30, 30), (40, 200, 40),
        (150, 255, 150), (60, 90, 230), (240, 240, 60), (130, 130, 130), (220, 60, 220),
    ],
    np.uint8,
)  # fmt: skip
"""One per class, RGB, easy to tell apart."""
IGNORED = (255, 255, 255)


def painted(label: Bytes) -> Bytes:
    """Labels (H, W) → colours (H, W, 3); what is ignored becomes white."""
    table = np.vstack([COLOURS, np.tile(IGNORED, (256 - len(COLOURS), 1))]).astype(np.uint8)
    return table[label]


def overlaid(image: Bytes, label: Bytes, share: float = 0.5) -> Bytes:
    """A picture with its labels' colours over it."""
    colour = painted(label)
    mixed = image * (1 - share) + colour * share
    return np.where(label[..., None] > 0, mixed, image).astype(np.uint8)


def write_sheet(path: Path, tiles: Iterable[Bytes], columns: int) -> None:
    """Write equally large RGB tiles as one PNG, row by row."""
    shown = list(tiles)
    blank = np.zeros_like(shown[0])
    shown += [blank] * (-len(shown) % columns)
    rows = [np.hstack(shown[i : i + columns]) for i in range(0, len(shown), columns)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
