"""Rays through the person mask: how wide a body is seen from its own centre line and limbs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Alpha

Array = NDArray[np.floating[Any]]
INSIDE = 127  # alpha above which a pixel belongs to the person


class RayHits(NamedTuple):
    """Where rays leave the person.

    Attributes:
        reach_px: (n,) distance from the origin to the last pixel of the person.
        started_inside: (n,) bool, the origin lies on the person.
        left: (n,) bool, the ray left the person before its end and inside the picture.
    """

    reach_px: NDArray[np.float64]
    started_inside: NDArray[np.bool_]
    left: NDArray[np.bool_]


def sample_rays(origins: Array, direction: Array, length_px: float, step_px: float) -> Array:
    """Points along rays: (n, k, 2) for ``origins`` (n, 2).

    ``direction`` is a unit vector (2,) for all rays or one each (n, 2).
    """
    distances = np.arange(0.0, length_px, step_px)
    points: Array = (
        origins[:, None, :] + np.atleast_2d(direction)[:, None, :] * distances[None, :, None]
    )
    return points


def cast(alpha: Alpha, points: Array, step_px: float) -> RayHits:
    """Walk along ``points`` (n, k, 2), ``step_px`` apart, until the person ends."""
    height, width = alpha.shape
    column = np.rint(points[..., 0]).astype(np.int32)
    row = np.rint(points[..., 1]).astype(np.int32)
    in_picture = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    for index, size in ((column, width), (row, height)):  # np.clip costs twice as much
        np.minimum(np.maximum(index, 0, out=index), size - 1, out=index)
    person = in_picture & (alpha[row, column] > INSIDE)
    steps = np.where(person.all(axis=1), person.shape[1], person.argmin(axis=1))
    last = np.minimum(steps, person.shape[1] - 1)
    left = (steps < person.shape[1]) & in_picture[np.arange(len(steps)), last]
    return RayHits(_to_edge(alpha, row, column, steps, last) * step_px, person[:, 0], left)


def _to_edge(
    alpha: Alpha,
    row: NDArray[np.int32],
    column: NDArray[np.int32],
    steps: NDArray[np.intp],
    last: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Steps to the edge, refined below one step by the slope of the soft mask."""
    rays = np.arange(len(steps))
    before = np.maximum(steps - 1, 0)
    inner = alpha[row[rays, before], column[rays, before]].astype(np.float64)
    outer = alpha[row[rays, last], column[rays, last]].astype(np.float64)
    falls = (inner > INSIDE) & (outer <= INSIDE) & (steps > 0)
    fraction = np.where(falls, (inner - INSIDE) / np.maximum(inner - outer, 1.0), 0.0)
    edge: NDArray[np.float64] = np.maximum(steps - 1, 0) + fraction
    return edge


def near_segment(points: Array, start: Array, end: Array, radius_px: float) -> NDArray[np.bool_]:
    """Which of ``points`` (..., 2) lie within ``radius_px`` of the segment."""
    along = end - start
    x, y = points[..., 0] - start[0], points[..., 1] - start[1]
    share = (x * along[0] + y * along[1]) / (along @ along + 1e-6)
    share = np.minimum(np.maximum(share, 0.0), 1.0)
    x, y = x - share * along[0], y - share * along[1]
    near: NDArray[np.bool_] = x * x + y * y < radius_px * radius_px
    return near
