"""Cloth between two edges: sleeves and bands, with their own lengthwise and crosswise axes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from pipeline.geometry import unit
from tools.default_garments.canvas import Canvas, Floats, arc_length

REDUCE = 5  # the axes are smooth: they are solved on a smaller grid
REACH = 0.45  # units of cloth beyond both ends, hidden below other pieces
ACROSS = np.linspace(-0.12, 1.12, 11)


@dataclass(frozen=True)
class Ruled:
    """Fields over the canvas, (H, W) each.

    Attributes:
        along: units from the start of the strip.
        across: 0 on the first edge, 1 on the second.
        width: units between the edges here.
    """

    along: Floats
    across: Floats
    width: Floats


def ruled_fields(canvas: Canvas, first: Floats, second: Floats) -> Ruled:
    """Axes of the strip between two edges with the same number of points, in units."""
    middle = 0.5 * (first + second)
    length = arc_length(middle)
    width = np.hypot(*(second - first).T)
    first, second, length, width = _extended(first, second, length, width)
    points = first[:, None] + ACROSS[None, :, None] * (second - first)[:, None]
    values = np.stack(
        [
            np.repeat(length[:, None], len(ACROSS), 1),
            np.repeat(ACROSS[None], len(length), 0),
            np.repeat(width[:, None], len(ACROSS), 1),
        ],
        axis=-1,
    ).reshape(-1, 3)
    at = canvas.to_px(points.reshape(-1, 2))
    height, columns = canvas.shape
    yy, xx = np.mgrid[0:height:REDUCE, 0:columns:REDUCE]
    wanted = np.stack([xx.ravel(), yy.ravel()], axis=1)
    found = LinearNDInterpolator(at, values)(wanted)
    missing = np.isnan(found[:, 0])
    found[missing] = NearestNDInterpolator(at, values)(wanted[missing])
    fields = found.reshape(*xx.shape, 3).astype(np.float32)
    shift = np.array([[1 / REDUCE, 0, 0], [0, 1 / REDUCE, 0]], np.float32)
    full: Floats = cv2.warpAffine(  # type: ignore[assignment]
        fields,
        shift,
        (columns, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Ruled(full[..., 0], full[..., 1], full[..., 2])


def _extended(
    first: Floats, second: Floats, length: NDArray[np.float64], width: NDArray[np.float64]
) -> tuple[Floats, Floats, NDArray[np.float64], NDArray[np.float64]]:
    """Add a little cloth beyond both ends, so that the fields reach past the drawn outline."""
    head = unit(first[0] - first[1] + second[0] - second[1]) * REACH  # one way for both edges,
    tail = unit(first[-1] - first[-2] + second[-1] - second[-2]) * REACH  # or they would cross

    def grow(edge: Floats) -> Floats:
        return np.concatenate([[edge[0] + head], edge, [edge[-1] + tail]]).astype(np.float32)

    longer = np.concatenate([[-REACH], length, [length[-1] + REACH]])
    return grow(first), grow(second), longer, np.pad(width, 1, mode="edge")
