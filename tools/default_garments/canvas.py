"""Where a garment is drawn: units to pixels, masks and seeded noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]

SHIFT = 4  # fractional bits of OpenCV's sub-pixel polygons
EDGE_BLUR_PX = 1.1
WOBBLE_UNITS = 0.0045  # a laid-out garment is never quite symmetric


@dataclass(frozen=True)
class Canvas:
    """A drawing area.

    Attributes:
        scale: pixels per unit.
        x_range, y_range: covered area in units.
        seed: of everything random on this canvas.
    """

    scale: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    seed: int = 0
    _waves: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 77])
        waves = np.stack(
            [rng.uniform(-1, 1, 6), rng.uniform(-1, 1, 6), rng.uniform(0, 2 * np.pi, 6)], axis=1
        )
        object.__setattr__(self, "_waves", waves.astype(np.float32))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, px."""
        height = round((self.y_range[1] - self.y_range[0]) * self.scale)
        width = round((self.x_range[1] - self.x_range[0]) * self.scale)
        return height, width

    @cached_property
    def xy(self) -> tuple[Floats, Floats]:
        """Units of every pixel: x (1, W) and y (H, 1), to be broadcast."""
        height, width = self.shape
        x = self.x_range[0] + np.arange(width, dtype=np.float32)[None] / self.scale
        y = self.y_range[0] + np.arange(height, dtype=np.float32)[:, None] / self.scale
        return x, y

    def to_px(self, points: NDArray[np.floating[Any]]) -> Floats:
        """Units (n, 2) to pixels of this canvas, with the small wobble of a laid-out garment."""
        points = np.asarray(points, np.float32)
        moved = points.copy()
        for k, (a, b, phase) in enumerate(self._waves):
            frequency = 2.0 + k
            wave = np.sin(frequency * (a * points[:, 0] + b * points[:, 1]) * 2 + phase)
            moved[:, k % 2] += WOBBLE_UNITS * wave
        return (moved - np.array([self.x_range[0], self.y_range[0]], np.float32)) * self.scale

    def mask(self, polygon: NDArray[np.floating[Any]]) -> Floats:
        """Antialiased inside of a polygon (n, 2) in units: (H, W) in 0..1."""
        return self.mask_px(self.to_px(polygon))

    def mask_px(self, polygon_px: Floats) -> Floats:
        """The same for a polygon that is in pixels already."""
        image = np.zeros(self.shape, np.uint8)
        fixed = np.round(polygon_px * (1 << SHIFT)).astype(np.int32)
        cv2.fillPoly(image, [fixed], (255,), cv2.LINE_AA, SHIFT)
        # OpenCV's antialiasing leaves steps on nearly level edges
        return blur(image.astype(np.float32) / 255, EDGE_BLUR_PX)

    def lines(self, curves: Sequence[NDArray[np.floating[Any]]], width_units: float) -> Floats:
        """Antialiased open strokes of one width: (H, W) in 0..1."""
        image = np.zeros(self.shape, np.uint8)
        thickness = max(1, round(width_units * self.scale))
        for curve in curves:
            fixed = np.round(self.to_px(curve) * (1 << SHIFT)).astype(np.int32)
            cv2.polylines(image, [fixed], False, (255,), thickness, cv2.LINE_AA, SHIFT)
        return image.astype(np.float32) / 255

    def noise(self, key: int, size: float, stretch: tuple[float, float] = (1.0, 1.0)) -> Floats:
        """Smooth noise with blobs of ``size`` units, stretched per axis; unit variance (H, W)."""
        rng = np.random.default_rng([self.seed, key])
        height, width = self.shape
        step_x = max(size * stretch[0] * self.scale / 2, 1.0)
        step_y = max(size * stretch[1] * self.scale / 2, 1.0)
        rows, columns = int(height / step_y) + 4, int(width / step_x) + 4
        grid = cv2.GaussianBlur(
            rng.standard_normal((rows, columns)).astype(np.float32), (0, 0), 0.8
        )
        # resize, not remap: remap rounds its weights to 1/32 and leaves steps
        full = (max(round(columns * step_x), width), max(round(rows * step_y), height))
        out = cv2.resize(grid, full, interpolation=cv2.INTER_CUBIC)[:height, :width]
        return np.asarray((out - out.mean()) / max(float(out.std()), 1e-6), np.float32)


def inside_distance(mask: Floats) -> Floats:
    """Pixels to the nearest outside of a soft mask (H, W)."""
    inside = (mask > 0.5).astype(np.uint8)
    return np.asarray(
        cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32
    )


def blur(image: Floats, sigma_px: float) -> Floats:
    """Gaussian blur; wide ones at a quarter of the size, where they cost little."""
    if sigma_px < 12:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), max(sigma_px, 0.3)), np.float32)
    height, width = image.shape[:2]
    small = cv2.resize(
        image, (max(width // 4, 1), max(height // 4, 1)), interpolation=cv2.INTER_AREA
    )
    small = cv2.GaussianBlur(small, (0, 0), sigma_px / 4)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def smooth_curve(points: ArrayLike, count: int = 60) -> Floats:
    """Catmull-Rom curve through a few points in units: (count, 2), evenly spaced."""
    p = np.asarray(points, np.float64)
    p = np.concatenate([[2 * p[0] - p[1]], p, [2 * p[-1] - p[-2]]])
    t = np.linspace(0, 1, 16, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        pieces.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
        )
    return resample(np.concatenate([*pieces, p[-2:-1]]), count)


def resample(curve: NDArray[np.floating[Any]], count: int) -> Floats:
    """The same curve with ``count`` points at even distances."""
    length = arc_length(curve)
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, curve[:, i]) for i in (0, 1)], axis=1).astype(np.float32)


def arc_length(curve: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Length from the start to each point of a curve (n, 2): (n,)."""
    steps = np.hypot(*np.diff(np.asarray(curve, np.float64), axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def mirror(curve: NDArray[np.floating[Any]]) -> Floats:
    """The curve on the other side of the garment, same order."""
    return np.asarray(curve, np.float32) * np.array([-1, 1], np.float32)


def offset(curve: NDArray[np.floating[Any]], distance: float) -> Floats:
    """The curve moved sideways, to the right of its direction as drawn (y down)."""
    tangent = np.gradient(np.asarray(curve, np.float32), axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    return np.asarray((curve + distance * normal), np.float32)
