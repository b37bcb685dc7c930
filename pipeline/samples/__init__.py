"""One public-domain person, still or swaying, so that nothing needs a camera to be tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from pipeline.images import read_image
from pipeline.structures import Frame, Image

ASTRONAUT = Path(__file__).with_name("astronaut.jpg")
SIZE_WH = (640, 480)
FPS = 30
SWAY_PX = 24.0
SWAY_S = 3.0  # period
ZOOM = 0.05


def astronaut(size_wh: tuple[int, int] = SIZE_WH) -> Image:
    """The sample person, centred in a picture of the given size; borders repeat the edge."""
    return _place(read_image(ASTRONAUT), size_wh, (0.0, 0.0), 1.0)


def swaying_astronaut(frames: int, size_wh: tuple[int, int] = SIZE_WH) -> Iterator[Frame]:
    """The sample person swaying and breathing, as ``frames`` frames at ``FPS``."""
    picture = read_image(ASTRONAUT)
    for index in range(frames):
        seconds = index / FPS
        phase = 2 * np.pi * seconds / SWAY_S
        shift = (SWAY_PX * np.sin(phase), SWAY_PX / 3 * np.sin(2 * phase))
        yield Frame(_place(picture, size_wh, shift, 1 + ZOOM * np.sin(phase / 2)), seconds)


def _place(
    picture: Image, size_wh: tuple[int, int], shift_px: tuple[float, float], zoom: float
) -> Image:
    height, width = picture.shape[:2]
    scale = zoom * size_wh[1] / height
    move_x = (size_wh[0] - scale * width) / 2 + shift_px[0]
    move_y = (size_wh[1] - scale * height) + shift_px[1]
    matrix = np.array([[scale, 0, move_x], [0, scale, move_y]])
    placed = cv2.warpAffine(
        picture, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(placed, np.uint8)
