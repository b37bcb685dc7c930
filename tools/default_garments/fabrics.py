"""Fabrics: linear colour (H, W, 3) and fine relief (H, W) px, from cloth coordinates in units.

``u`` runs across the cloth and ``v`` along it (down the body, down the sleeve).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tools.default_garments.canvas import Canvas, Floats
from tools.default_garments.light import to_linear

RGB = tuple[float, float, float]
Surface = tuple[Floats, Floats]
TAU = 2 * np.pi


@dataclass(frozen=True)
class Fabric:
    """A cloth that can be laid on a piece.

    Attributes:
        colour: base colour, sRGB 0..255.
        weave: (canvas, u, v, key) -> brightness factor (H, W) and relief (H, W) px.
    """

    colour: RGB
    weave: Callable[[Canvas, Floats, Floats, int], Surface]

    def lay(self, canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
        """Albedo (H, W, 3) linear and relief (H, W) px of a piece."""
        tone, relief = self.weave(canvas, u, v, key)
        return to_linear(self.colour)[None, None] * tone[..., None], relief


def jersey(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
    """Smooth single knit: a hint of upright wales and uneven yarn."""
    fine = canvas.noise(key + 1, 0.008, (0.7, 2.2))
    uneven = canvas.noise(key + 2, 0.02, (2.5, 0.8))
    tone = 1 + 0.010 * fine + 0.006 * uneven
    return tone, 0.035 * fine + 0.03 * uneven


def heather(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
    """Marl: light and dark fibres in short, nearly horizontal streaks."""
    streaks = canvas.noise(key + 1, 0.009, (4.5, 0.8)) + 0.6 * canvas.noise(
        key + 2, 0.006, (1.0, 2.0)
    )
    flecks = np.clip(canvas.noise(key + 3, 0.008, (3.0, 0.9)) - 1.5, 0, 2)
    cloud = canvas.noise(key + 4, 0.25)
    tone = 1 + 0.070 * streaks - 0.13 * flecks + 0.012 * cloud
    return np.clip(tone, 0.4, 1.5), 0.10 * streaks


def rib(period: float, depth_px: float) -> Callable[[Canvas, Floats, Floats, int], Surface]:
    """Upright ribs of ``period`` units."""

    def weave(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
        uneven = 0.08 * canvas.noise(key + 1, 0.03, (1.0, 6.0))
        wave = np.cos(TAU * u / period + uneven)
        crest = np.sign(wave) * np.abs(wave) ** 0.7
        fine = canvas.noise(key + 2, 0.008, (0.8, 1.6))
        tone = 1 + 0.05 * crest + 0.02 * fine
        return tone, depth_px * crest + 0.1 * fine

    return weave


def chunky(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
    """Heavy stocking stitch: columns of V-shaped loops."""
    column, row = 0.036, 0.030
    drift = 0.004 * canvas.noise(key + 1, 0.12)
    c = (u + drift) / column
    inside = c - np.floor(c)  # across one column of stitches
    arm = np.abs(inside - 0.5) * 2  # 0 in the middle of the V, 1 between columns
    r = v / row - arm * 0.85 + 0.05 * canvas.noise(key + 2, 0.05)
    loop = 0.5 + 0.5 * np.cos(TAU * r)
    limb = np.sqrt(np.clip(1 - (2 * np.abs(arm - 0.5)) ** 2, 0, 1))
    yarn = limb * (0.45 + 0.55 * loop)
    fuzz = canvas.noise(key + 3, 0.008)
    tone = 0.80 + 0.26 * yarn + 0.025 * fuzz + 0.03 * canvas.noise(key + 4, 0.02)
    return tone, 2.6 * yarn + 0.15 * fuzz


def denim(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
    """Twill of dark warp and light weft, with slubs and washed areas."""
    diagonal = np.cos(TAU * (u + 0.75 * v) / 0.0125)
    slub = canvas.noise(key + 1, 0.007, (0.7, 5.0))
    cross = canvas.noise(key + 2, 0.007, (5.0, 0.8))
    wash = canvas.noise(key + 3, 0.5) + 0.5 * canvas.noise(key + 4, 0.15)
    tone = 1 + 0.10 * diagonal + 0.075 * slub + 0.03 * cross + 0.06 * wash
    return np.clip(tone, 0.5, 1.6), 0.12 * diagonal + 0.12 * slub


def oxford(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
    """Basket weave of coloured and white yarn."""
    grid = np.cos(TAU * u / 0.012) * np.cos(TAU * v / 0.012)
    yarn = canvas.noise(key + 1, 0.007, (0.7, 6.0)) + canvas.noise(key + 2, 0.007, (6.0, 0.7))
    tone = 1 + 0.035 * grid + 0.014 * yarn
    return tone, 0.10 * grid + 0.08 * yarn


def pique(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
    """Honeycomb knit of a polo."""
    period = 0.016
    row = np.floor(v / period)
    cell = np.cos(TAU * (u / period + 0.5 * (row % 2))) * np.cos(TAU * v / period)
    fine = canvas.noise(key + 1, 0.008)
    return 1 + 0.035 * cell + 0.015 * fine, 0.30 * cell + 0.1 * fine


def fleece(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
    """Sweatshirt cloth: soft, a little marled."""
    fine = canvas.noise(key + 1, 0.009, (1.0, 1.6))
    streak = canvas.noise(key + 2, 0.010, (3.0, 0.8))
    return 1 + 0.025 * fine + 0.03 * streak, 0.14 * fine


def poplin(canvas: Canvas, u: Floats, v: Floats, key: int) -> Surface:
    """Fine plain weave of blouses and summer dresses."""
    fine = canvas.noise(key + 1, 0.007, (0.8, 3.0)) + canvas.noise(key + 2, 0.007, (3.0, 0.8))
    return 1 + 0.014 * fine, 0.06 * fine
