"""Where the body is, where the garment hangs on it, and how calmly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.labels import Landmark
from pipeline.regression.findings import Floats, Metric, Pair, judged, middle, worst_frame

TRUNK = [
    *range(Landmark.MOUTH_RIGHT + 1),
    Landmark.LEFT_SHOULDER,
    Landmark.RIGHT_SHOULDER,
    Landmark.LEFT_HIP,
    Landmark.RIGHT_HIP,
]
SHARE = 95  # percentile over the vertices: a corner alone does not make a shape
WANDER = 2.0  # the shift of one frame may be so many times the median's limit
WANDER_SHARE = 90
SECOND_DIFFERENCE = 6**0.5  # of white noise, in its own standard deviations
CORNERS = (5, 50, 95)  # percentiles that stand for a mesh whose vertices cannot be matched
UNIT = "torso lengths"


def judge_geometry(pair: Pair) -> list[Metric]:
    """Landmarks, shift, wander, shape and jitter."""
    base, now = mesh_points(pair)
    apart = (now - base) / pair.torso_px[:, None, None]
    apart[~pair.both] = np.nan
    shifts = middle(apart, axis=1)
    return [
        _landmarks(pair),
        _shift(pair, shifts),
        _wander(pair, shifts),
        _shape(pair, apart, shifts),
        _jitter(pair, base, now),
    ]


def mesh_points(pair: Pair) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vertices of both, (n, k, 2) px; of different meshes the corners of their clouds instead."""
    base, now = (t.astype(np.float64) for t in pair.tracks("vertices_px"))
    same_mesh = (
        pair.base.vertex_count == pair.now.vertex_count
        and pair.base.garment["digest"] == pair.now.garment["digest"]
    )
    if same_mesh and base.shape == now.shape and base.shape[1]:
        return base, now
    return _corners(base), _corners(now)


def _corners(points: Floats) -> NDArray[np.float64]:
    if points.shape[1] == 0:
        return np.full((len(points), len(CORNERS), 2), np.nan)
    return np.asarray(np.percentile(points, CORNERS, axis=1).transpose(1, 0, 2), np.float64)


def _landmarks(pair: Pair) -> Metric:
    base, now = pair.tracks("landmarks_px")
    apart = np.linalg.norm(now[:, TRUNK] - base[:, TRUNK], axis=-1) / pair.torso_px[:, None]
    by_frame = middle(apart, axis=1)
    value = float(middle(by_frame))
    return judged(
        "geometry.landmarks",
        value,
        pair.limits.landmarks_torso,
        UNIT,
        f"The body is found elsewhere: its landmarks lie {value:.3f} torso lengths from where they"
        " were.",
        worst_frame(by_frame),
    )


def _shift(pair: Pair, shifts: Floats) -> Metric:
    x, y = middle(shifts)
    value = float(np.hypot(x, y))
    px = value * float(np.median(pair.torso_px))
    return judged(
        "geometry.shift",
        value,
        pair.limits.shift_torso,
        UNIT,
        f"The garment is shifted by {value:.3f} torso lengths ({px:.1f} px) {_towards(x, y)}.",
        worst_frame(np.linalg.norm(shifts, axis=1)),
    )


def _towards(x: float, y: float) -> str:
    words = []
    if abs(y) > abs(x) / 2:
        words.append("down" if y > 0 else "up")
    if abs(x) > abs(y) / 2:
        words.append("to the right" if x > 0 else "to the left")
    return " and ".join(words)


def _wander(pair: Pair, shifts: Floats) -> Metric:
    lengths = np.linalg.norm(shifts, axis=1)
    known = lengths[np.isfinite(lengths)]
    value = float(np.percentile(known, WANDER_SHARE)) if len(known) else np.nan
    return judged(
        "geometry.wander",
        value,
        WANDER * pair.limits.shift_torso,
        UNIT,
        f"The garment leaves its place for a part of the clip, by {value:.3f} torso lengths.",
        worst_frame(lengths),
    )


def _shape(pair: Pair, apart: Floats, shifts: Floats) -> Metric:
    bent = np.linalg.norm(apart - shifts[:, None], axis=-1)
    by_frame = np.full(pair.n, np.nan)
    known = np.isfinite(bent).all(axis=1)
    if known.any():
        by_frame[known] = np.percentile(bent[known], SHARE, axis=1)
    value = float(middle(by_frame))
    return judged(
        "geometry.shape",
        value,
        pair.limits.shape_torso,
        UNIT,
        f"The garment has another shape or size: its edges lie {value:.3f} torso lengths off.",
        worst_frame(by_frame),
    )


def jitter(points: Floats, torso_px: Floats) -> Floats:
    """How much every frame shakes against its two neighbours, (n,) torso lengths.

    It is the second difference in time, scaled so that white noise gives its own standard
    deviation; of the middle vertex, since a swinging sleeve is no jitter.
    """
    shaking = np.full(len(points), np.nan)
    if len(points) > 2:
        second = points[2:] - 2 * points[1:-1] + points[:-2]
        size = middle(np.linalg.norm(second, axis=-1), axis=1) / SECOND_DIFFERENCE
        shaking[1:-1] = size / torso_px[1:-1]
    return shaking


def _jitter(pair: Pair, base: Floats, now: Floats) -> Metric:
    """Shaking that was added. The baseline's own motion is taken out before it is measured."""
    added = jitter(now - base, pair.torso_px)
    value = float(middle(added))
    then, today = (float(middle(jitter(points, pair.torso_px))) for points in (base, now))
    calmer = today < then
    return judged(
        "geometry.jitter",
        -value if calmer else value,
        pair.limits.jitter_torso,
        UNIT,
        f"The garment jitters: it shakes by {today:.4f} torso lengths from frame to frame,"
        f" {then:.4f} in the baseline.",
        worst_frame(added),
        gain=value if calmer else 0.0,
    )
