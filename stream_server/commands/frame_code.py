"""A number burnt into each frame, so that a frame can be told again after the whole journey."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pipeline.images import encode_jpeg
from pipeline.structures import Image

COLUMNS = 20  # of the picture's width; the cells stand in columns 1..18
STRIP = 1 / 12  # of the picture's height
DARK, LIGHT, GROUND = 20, 235, 128  # video range, so that encoders do not clip it
BITS = 12


def code_cells(number: int) -> list[int]:
    """Marker 1, twelve bits, four bits of checksum, marker 0 (tells a mirrored picture)."""
    number &= (1 << BITS) - 1
    check = (number ^ (number >> 4) ^ (number >> 8)) & 0xF
    value = (number << 4) | check
    return [1, *((value >> bit) & 1 for bit in range(BITS + 3, -1, -1)), 0]


def burn_in(image: Image, number: int) -> Image:
    """Return a copy of an (H, W, 3) picture with ``number`` written into its top strip."""
    height, width = image.shape[:2]
    coded = image.copy()
    strip = coded[: round(height * STRIP)]
    strip[:] = GROUND
    for column, bit in enumerate(code_cells(number), start=1):
        strip[:, round(column * width / COLUMNS) : round((column + 1) * width / COLUMNS)] = (
            LIGHT if bit else DARK
        )
    return coded


def write_camera_file(images: Iterable[Image], path: Path) -> int:
    """Write numbered frames as the MJPEG file that Chromium takes for a camera.

    Returns:
        How many frames were written.
    """
    count = 0
    with path.open("wb") as file:
        for count, image in enumerate(images, start=1):
            file.write(encode_jpeg(np.ascontiguousarray(burn_in(image, count - 1)), 92))
    return count
