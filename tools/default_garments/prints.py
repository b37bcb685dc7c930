"""Prints: our own artwork, laid in cloth coordinates so that it rides on folds and sleeves."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Part
from tools.default_garments.canvas import Canvas, Floats
from tools.default_garments.design import Print
from tools.default_garments.light import to_linear

RGB = tuple[float, float, float]
TILE_PX = 720
SUPER = 2

# the landscape, in radii of its disc
SHORE = 0.34
SUN_CUTS = ((-0.34, 0.008), (-0.22, 0.013), (-0.10, 0.018), (0.02, 0.023), (0.14, 0.027))
FAR_RIDGE = (
    (-1.0, -0.80, -0.55, -0.38, -0.18, 0.05, 0.30, 0.52, 0.70, 1.0),
    (0.22, 0.10, -0.12, 0.04, -0.02, 0.14, 0.02, -0.16, 0.02, 0.20),
)
NEAR_RIDGE = (
    (-1.0, -0.74, -0.58, -0.36, -0.04, 0.16, 0.32, 0.58, 0.78, 1.0),
    (0.30, 0.22, 0.26, 0.12, -0.20, 0.08, 0.02, 0.24, 0.16, 0.28),
)
SHADE_EDGE = (  # positive where a slope turns away from the sun
    (
        -1.0,
        -0.76,
        -0.72,
        -0.58,
        -0.56,
        -0.06,
        -0.02,
        0.15,
        0.18,
        0.31,
        0.34,
        0.57,
        0.60,
        0.77,
        0.80,
        1.0,
    ),
    (-1.0, -0.3, 0.3, 0.3, -0.5, -0.2, 0.3, 0.3, -0.5, -0.3, 0.3, 0.3, -0.5, -0.3, 0.3, 0.3),
)


def _grain(albedo: Floats) -> Floats:
    """The cloth's own unevenness, around 1: (H, W)."""
    tone = albedo.mean(axis=2)
    return np.asarray(np.clip(tone / max(float(tone.mean()), 1e-4), 0.6, 1.4), np.float32)


def _over(albedo: Floats, colour: RGB, share: Floats, grain: Floats) -> Floats:
    """Ink over cloth; the cloth's own yarn stays visible in the ink."""
    ink = to_linear(colour)[None, None] * (0.5 + 0.5 * grain)[..., None]
    return (albedo + (ink - albedo) * share[..., None]).astype(np.float32)


def _soft(canvas: Canvas, distance: Floats) -> Floats:
    """1 where ``distance`` (units) is positive, antialiased."""
    return np.clip(distance * canvas.scale / 1.6 + 0.5, 0, 1)


def stripes(colour: RGB, period: float, share: float, start: float) -> Print:
    """Knitted cross stripes from ``start`` (units below the neck) downwards."""

    def paint(canvas: Canvas, part: Part, u: Floats, v: Floats, albedo: Floats) -> Floats:
        phase = (v - start) / period
        inside = share / 2 - np.abs(phase - np.floor(phase) - 0.5)
        ink = _soft(canvas, inside * period) * _soft(canvas, v - start)
        return _over(albedo, colour, ink, _grain(albedo))

    return paint


def sunrise(
    ink: RGB, stone: RGB, sun: tuple[RGB, RGB], water: RGB, centre_y: float = 0.98
) -> Print:
    """A sun between mountains over waves, screen-printed on the chest."""
    radius = 0.45

    def paint(canvas: Canvas, part: Part, u: Floats, v: Floats, albedo: Floats) -> Floats:
        if part is not Part.TORSO:
            return albedo
        x, y = u / radius, (v - centre_y) / radius
        disc = (1 - np.hypot(x, y)) * radius
        worn = np.clip(1.04 - 0.16 * np.maximum(canvas.noise(90, 0.012) - 1.1, 0), 0.5, 1)
        grain = _grain(albedo)
        whole = np.minimum(0.62 - np.hypot(x, y + 0.12), SHORE - y)
        for at, half in SUN_CUTS:  # lines that grow towards the horizon
            whole = np.minimum(whole, np.abs(y - at) - half)
        body = whole * radius
        t = np.clip((y + 0.74) / 1.0, 0, 1)[..., None]
        sky = to_linear(sun[0]) * (1 - t) + to_linear(sun[1]) * t
        share = _soft(canvas, np.minimum(body, disc)) * worn
        out = albedo + (sky - albedo) * share[..., None]
        far = np.interp(x, *FAR_RIDGE).astype(np.float32)
        near = np.interp(x, *NEAR_RIDGE).astype(np.float32)
        rough = (0.012 * np.sin(31 * x) + 0.010 * np.sin(53 * x + 1)).astype(np.float32)
        inside = np.minimum(SHORE - y, 0.985 - np.hypot(x, y))
        for ridge, colour in ((far + rough, water), (near + rough, ink)):
            hill = np.minimum(y - ridge, inside) * radius
            out = _over(out, colour, _soft(canvas, hill) * worn, grain)
        shade = np.interp(x, *SHADE_EDGE).astype(np.float32) + 0.05 * np.sin(23 * y)
        flank = np.minimum(np.minimum(y - near - rough - 0.012, inside), shade * 0.2) * radius
        out = _over(out, stone, _soft(canvas, flank) * worn, grain)
        for k, depth in enumerate((0.42, 0.52, 0.62, 0.72, 0.82, 0.92)):
            crest = depth + 0.022 * np.sin(x * (9 + k) + 2.1 * k)
            line = np.minimum(0.030 - 0.002 * k - np.abs(y - crest), 0.97 - np.hypot(x, y))
            out = _over(out, ink if k % 2 else water, _soft(canvas, line * radius) * worn, grain)
        ring = 0.011 - np.abs(np.hypot(x, y) - 1.06)
        return _over(out, ink, _soft(canvas, ring * radius) * worn, grain)

    return paint


def tiled(tile: Floats, size: float) -> Print:
    """An all-over print: a seamless RGBA tile (n, n, 4) 0..1 linear, ``size`` units wide."""

    def paint(canvas: Canvas, part: Part, u: Floats, v: Floats, albedo: Floats) -> Floats:
        shift = {Part.TORSO: 0.0, Part.LEFT_SLEEVE: 0.37, Part.RIGHT_SLEEVE: 0.61}[part]
        n = tile.shape[0]
        at_x = np.mod(u / size + shift, 1.0).astype(np.float32) * n
        at_y = np.mod(v / size + shift * 0.5, 1.0).astype(np.float32) * n
        step = max(n / (size * canvas.scale), 1.0)
        soft = cv2.GaussianBlur(np.tile(tile, (3, 3, 1)), (0, 0), 0.4 * step)[
            n - 2 : 2 * n + 2, n - 2 : 2 * n + 2
        ]
        picked = cv2.remap(soft, at_x + 1.5, at_y + 1.5, cv2.INTER_LINEAR)
        a = np.clip(picked[..., 3:], 0, 1)
        grain = _grain(albedo)[..., None]
        return (albedo * (1 - a) + picked[..., :3] * (0.4 + 0.6 * grain)).astype(np.float32)

    return paint


class TilePainter:
    """Draws motifs on a seamless tile."""

    def __init__(self) -> None:
        n = TILE_PX * SUPER
        self._image = np.zeros((n, n, 4), np.float32)

    def blob(self, polygon: Floats, colour: RGB, *, wrap: bool = True) -> None:
        """A filled polygon (k, 2) in tile widths; wraps around the edges."""
        n = TILE_PX * SUPER
        rgba = (*(float(c) for c in to_linear(colour)), 1.0)
        around = (-1, 0, 1) if wrap else (0,)
        for dx in around:
            for dy in around:
                fixed = np.round((polygon + np.array([dx, dy])) * n * 16).astype(np.int32)
                low, high = fixed.min(axis=0), fixed.max(axis=0)
                if (high >= 0).all() and (low < n * 16).all():
                    cv2.fillPoly(self._image, [fixed], rgba, cv2.LINE_8, 4)

    def finish(self) -> Floats:
        """The tile, premultiplied linear RGBA (n, n, 4)."""
        return np.asarray(
            cv2.resize(self._image, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA), np.float32
        )


def _petals(
    centre: NDArray[np.float64], size: float, count: int, turn: float, cleft: float
) -> Floats:
    t = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    wave = np.abs(np.cos(count * t / 2))
    r = size * (0.42 + 0.58 * wave**0.55 - cleft * np.clip(wave - 0.93, 0, 1) * 8)
    return np.asarray(
        centre + np.stack([r * np.cos(t + turn), r * np.sin(t + turn)], axis=1), np.float32
    )


def _leaf(start: NDArray[np.float64], angle: float, length: float, width: float) -> Floats:
    t = np.linspace(0, 1, 24)
    bend = 0.18 * length * t * t
    half = width * np.sin(np.pi * t) ** 0.9 * (1 - 0.35 * t)
    x = np.concatenate([t, t[::-1]]) * length
    y = np.concatenate([bend + half, (bend - half)[::-1]])
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(start + np.stack([c * x - s * y, s * x + c * y], axis=1), np.float32)


def _spots(rng: np.random.Generator, count: int, gap: float) -> list[NDArray[np.float64]]:
    """Random places on the tile that keep their distance, over the edges too."""
    found: list[NDArray[np.float64]] = []
    for _ in range(4000):
        p = rng.uniform(0, 1, 2)
        if all(np.hypot(*((p - q + 0.5) % 1 - 0.5)) > gap for q in found):
            found.append(p)
        if len(found) == count:
            break
    return found


def floral_tile(seed: int, petals: Sequence[RGB], leaf: Sequence[RGB], heart: RGB) -> Floats:
    """Loose flowers with leaves and small buds between them."""
    rng = np.random.default_rng(seed)
    painter = TilePainter()
    spots = _spots(rng, 26, 0.155)
    for spot in spots:
        for _ in range(3):
            angle = rng.uniform(0, 2 * np.pi)
            painter.blob(
                _leaf(spot, angle, rng.uniform(0.085, 0.125), 0.017), leaf[rng.integers(len(leaf))]
            )
    for k, spot in enumerate(spots):
        colour = np.array(petals[k % len(petals)], np.float64)
        size, turn = rng.uniform(0.050, 0.076), rng.uniform(0, 6)
        count = 5 if k % 3 else 6
        painter.blob(_petals(spot, size, count, turn, 0.1), tuple(colour * 0.80))
        painter.blob(_petals(spot - size * 0.05, size * 0.90, count, turn, 0.1), tuple(colour))
        light = tuple(np.minimum(colour * 1.10 + 16, 255))
        painter.blob(_petals(spot, size * 0.60, count, turn + 0.1, 0.0), light)
        painter.blob(_petals(spot, size * 0.26, 9, turn, 0.0), heart)
        painter.blob(_petals(spot, size * 0.13, 7, turn, 0.0), tuple(np.array(heart) * 0.55))
    for spot in _spots(rng, 70, 0.075):
        if min(np.hypot(*((spot - q + 0.5) % 1 - 0.5)) for q in spots) > 0.085:
            painter.blob(
                _petals(spot, 0.013, 5, rng.uniform(0, 6), 0.0), petals[rng.integers(len(petals))]
            )
    return painter.finish()


def fan_tile(line: RGB, accent: RGB) -> Floats:
    """Overlapping fans of thin arcs, an Art-Deco scale."""
    painter = TilePainter()
    rows = 8  # the pattern is drawn in order beyond the tile, so that it meets itself
    step = 1 / rows
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    circle = np.stack([np.cos(t), np.sin(t)], axis=1)
    for row in range(-1, 2 * rows + 2):
        for column in range(-1, rows + 2):
            centre = np.array([(column + 0.5 * (row % 2)) * step, row * step / 2])
            for radius, colour in [
                (0.5, line),
                (0.465, accent),
                (0.36, line),
                (0.325, accent),
                (0.22, line),
                (0.185, accent),
                (0.08, line),
            ]:
                painter.blob(centre + circle * radius * step, colour, wrap=False)
    return painter.finish()
