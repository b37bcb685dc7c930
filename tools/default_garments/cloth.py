"""The relief of lying cloth: volume, folds under tension, drape and crumple. Heights in px."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.geometry import smoothstep
from tools.default_garments.canvas import Canvas, Floats, blur, inside_distance, smooth_curve

REDUCE = 3  # folds are smooth: they are drawn on a smaller grid


@dataclass(frozen=True)
class Fold:
    """One ridge of cloth.

    Attributes:
        path: a few points in units; the fold is strongest near its start.
        width: units; grows towards the end.
        height: units; negative for a furrow.
        skew: -1..1, which flank is the steep one.
    """

    path: tuple[tuple[float, float], ...]
    width: float
    height: float
    skew: float = 0.3


@dataclass(frozen=True)
class Drape:
    """How a cloth lies.

    Attributes:
        folds: strength of the tension folds, 1 = a jersey tee.
        crumple: strength of small irregular wrinkles.
        hang: strength of the soft upright waves towards the hem.
        volume: how round the body is.
    """

    folds: float = 1.0
    crumple: float = 1.0
    hang: float = 1.0
    volume: float = 1.0


def fold_relief(canvas: Canvas, folds: Iterable[Fold]) -> Floats:
    """All folds together, (H, W) px."""
    height, width = canvas.shape
    rows, columns = height // REDUCE + 1, width // REDUCE + 1
    total = np.zeros((rows, columns), np.float32)
    for fold in folds:
        _add_fold(total, canvas, fold)
    return cv2.resize(total, (width, height), interpolation=cv2.INTER_CUBIC) * canvas.scale


def _add_fold(total: Floats, canvas: Canvas, fold: Fold) -> None:
    curve = canvas.to_px(smooth_curve(fold.path, 48)) / REDUCE
    reach = 3.2 * fold.width * canvas.scale / REDUCE
    low = np.maximum(np.floor(curve.min(axis=0) - reach).astype(int), 0)
    high = np.minimum(np.ceil(curve.max(axis=0) + reach).astype(int) + 1, total.shape[::-1])
    if (high <= low).any():
        return
    x = np.arange(low[0], high[0], dtype=np.float32)[None, :, None]
    y = np.arange(low[1], high[1], dtype=np.float32)[:, None, None]
    squared = (x - curve[:, 0]) ** 2 + (y - curve[:, 1]) ** 2
    nearest = squared.argmin(axis=2)
    tangent = np.gradient(curve, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-6)[:, None]
    at, direction = curve[nearest], tangent[nearest]
    dx, dy = x[..., 0] - at[..., 0], y[..., 0] - at[..., 1]
    step = max(float(np.hypot(*(curve[1] - curve[0]))), 1e-3)
    past = np.clip((dx * direction[..., 0] + dy * direction[..., 1]) / step, -0.6, 0.6)
    distance = dx * direction[..., 1] - dy * direction[..., 0]
    beyond = np.maximum(squared.min(axis=2) - distance**2 - (0.6 * step) ** 2, 0)
    distance = np.sign(distance) * np.sqrt(distance**2 + beyond)
    t = np.clip((nearest + past) / (len(curve) - 1), 0, 1)
    spread = fold.width * canvas.scale / REDUCE * (0.65 + 0.7 * t)
    spread = spread * np.where(distance > 0, 1 + 0.6 * fold.skew, 1 - 0.6 * fold.skew)
    q = (distance / np.maximum(spread, 0.5)) ** 2
    profile = (1 - 0.55 * q) * np.exp(-0.9 * q)  # a ridge between two shallow valleys
    taper = smoothstep(t / 0.22) * np.clip((1 - t) / 0.8, 0, 1) ** 1.2
    total[low[1] : high[1], low[0] : high[0]] += fold.height * profile * taper


def scatter(rng: np.random.Generator, fold: Fold, spread: float = 0.03) -> Fold:
    """The same fold, laid by another hand."""
    path = tuple((x + rng.normal(0, spread), y + rng.normal(0, spread)) for x, y in fold.path)
    return Fold(
        path,
        fold.width * rng.uniform(0.8, 1.3),
        fold.height * rng.uniform(0.6, 1.3),
        fold.skew * rng.choice([-1, 1]),
    )


def crumple_relief(canvas: Canvas, key: int) -> Floats:
    """Small irregular wrinkles of several sizes, about 1 px high, (H, W) px."""
    total = np.zeros(canvas.shape, np.float32)
    for octave, (size, weight) in enumerate([(0.42, 4.2), (0.20, 1.5), (0.095, 0.36)]):
        n = canvas.noise(key * 31 + octave, size)
        crease = -np.sqrt(n * n + 0.10)  # soft creases where the noise changes sign
        gate = np.clip(canvas.noise(key * 31 + 10 + octave, 0.7) * 0.5 + 0.55, 0, 1.4)
        total += weight * crease * gate
    return blur(total, 0.006 * canvas.scale)


def hang_relief(canvas: Canvas, key: int, top: float, bottom: float) -> Floats:
    """Soft upright waves that grow from ``top`` to ``bottom`` (units), (H, W) px."""
    _, y = canvas.xy
    waves = canvas.noise(key, 0.34, (1.0, 7.0)) + 0.45 * canvas.noise(key + 1, 0.15, (1.0, 7.0))
    growth = np.clip((y - top) / (bottom - top), 0, 1.2) ** 1.3
    return np.asarray(waves * growth * 0.011 * canvas.scale, np.float32)


def edge_roll(mask: Floats, radius_px: float) -> Floats:
    """Cloth rolls down at its cut edge: (H, W) px, 0 inside, negative towards the edge."""
    near = np.clip(1 - inside_distance(mask) / radius_px, 0, 1)
    return -radius_px * 0.55 * near * near


def tube_relief(across: Floats, width_px: Floats | float, depth: float) -> Floats:
    """A flattened tube: ``across`` 0..1 over the width, ``depth`` as a share of it. (H, W) px."""
    s = np.clip(np.abs(2 * across - 1), 0, 1)
    return np.asarray(depth * width_px * (1 - s**3.2), np.float32)
