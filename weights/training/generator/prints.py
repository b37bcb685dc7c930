"""Pictures on the chest, and the layers a scene's textures lie in."""

from __future__ import annotations

import string

import cv2
import numpy as np

from weights.training.generator import colours
from weights.training.generator.library import TEXTURE_PX
from weights.training.generator.raster import Bytes

SKETCH_PX = 128  # prints are drawn small and enlarged: nobody sees more of them
FONTS = (0, 1, 2, 3, 4, 5, 6, 7)  # OpenCV's Hershey fonts


class Textures:
    """Collects the textures of one scene; a layer is known by its number."""

    def __init__(self) -> None:
        self._layers: list[Bytes] = []

    def add(self, picture: Bytes) -> int:
        """Keep an (S, S, 4) uint8 RGBA picture and say its layer."""
        self._layers.append(picture)
        return len(self._layers) - 1

    def stack(self) -> Bytes:
        """(k, S, S, 4); at least one layer."""
        blank = np.full((TEXTURE_PX, TEXTURE_PX, 4), 255, np.uint8)
        return np.ascontiguousarray(np.stack(self._layers or [blank]))


def sample_print(rng: np.random.Generator) -> Bytes:
    """(512, 512, 4) uint8 RGBA: words, shapes, or a patch full of colour."""
    sketch = np.zeros((SKETCH_PX, SKETCH_PX, 4), np.uint8)
    kind = rng.random()
    if kind < 0.5:
        _words(sketch, rng)
    elif kind < 0.8:
        _shapes(sketch, rng)
    else:
        coarse = rng.integers(0, 256, (rng.integers(3, 12), rng.integers(3, 12), 3), np.uint8)
        sketch[..., :3] = cv2.resize(coarse, (SKETCH_PX, SKETCH_PX), interpolation=cv2.INTER_CUBIC)
        sketch[..., 3] = 255
    return cv2.resize(sketch, (TEXTURE_PX, TEXTURE_PX), interpolation=cv2.INTER_LINEAR)


def _ink(rng: np.random.Generator) -> list[int]:
    ink = [int(255 * c ** (1 / 2.2)) for c in colours.colorful(rng)]
    return [*([255] * 3 if rng.random() < 0.3 else [10] * 3 if rng.random() < 0.3 else ink), 255]


def _words(sketch: Bytes, rng: np.random.Generator) -> None:
    letters = list(string.ascii_uppercase + string.digits)
    ink = _ink(rng)
    for line in range(rng.integers(1, 4)):
        word = "".join(rng.choice(letters, rng.integers(2, 8)))
        place = (int(rng.integers(0, 20)), 32 + 34 * line)
        size, stroke = float(rng.uniform(0.6, 1.4)), int(rng.integers(1, 5))
        cv2.putText(sketch, word, place, int(rng.choice(FONTS)), size, ink, stroke)


def _shapes(sketch: Bytes, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(2, 9)):
        middle = [int(v) for v in rng.integers(20, SKETCH_PX - 20, 2)]
        radii = [int(v) for v in rng.integers(5, 45, 2)]
        thickness = -1 if rng.random() < 0.6 else 3
        cv2.ellipse(sketch, middle, radii, rng.uniform(0, 180), 0, 360, _ink(rng), thickness)
