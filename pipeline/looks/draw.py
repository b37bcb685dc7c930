"""Drawing a look on a body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import bounding_box
from pipeline.looks.look import Deformed, Look
from pipeline.looks.mesh import Sheet
from pipeline.looks.raster import fill_sheet, lay_over
from pipeline.structures import PART_CODES, Body, Box, DrawnLook, Part, Points

SHARPNESS = -0.35  # added to the mip level: a little sharper than the safest choice


def draw_look(look: Look, body: Body, size_wh: tuple[int, int]) -> DrawnLook:
    """Bend a look to a body and draw it.

    Args:
        look: photo or neural.
        body: in the frame's px.
        size_wh: of the frame, px.

    Returns:
        The look alone, cropped to the box around its vertices (clipped to the frame).
    """
    return draw_deformed(look, look.deform(body), size_wh)


def draw_deformed(look: Look, bent: Deformed, size_wh: tuple[int, int]) -> DrawnLook:
    """Draw a look that was bent before."""
    corners = bent.vertices_px
    if bent.collar_px is not None:
        corners = np.concatenate([corners, bent.collar_px])
    box = bounding_box(corners, size_wh, margin=1)
    shape = (box.height, box.width)
    rgba = np.zeros((*shape, 4), np.uint8)
    parts = np.zeros(shape, np.uint8)
    torso_alpha = np.zeros(shape, np.uint8)
    for part in bent.order:
        sheet = look.mesh.sheets[part]
        layer, window = _draw_sheet(sheet, look.mesh.vertices_tex, bent.vertices_px, box)
        lay_over(rgba[window.slices], parts[window.slices], layer, PART_CODES[part])
        if part is Part.TORSO:
            torso_alpha[window.slices] = layer[..., 3]
    return DrawnLook(
        box=box,
        rgba=rgba,
        torso_alpha=torso_alpha,
        parts=parts,
        vertices_px=bent.vertices_px,
        neckline_px=bent.neckline_px,
        hem_px=bent.hem_px,
        sleeve_reach=bent.sleeve_reach,
        back_collar=_draw_collar(look, bent, box),
    )


def _draw_collar(look: Look, bent: Deformed, box: Box) -> NDArray[np.uint8] | None:
    if look.collar is None or bent.collar_px is None:
        return None
    sheet = look.collar.sheets[Part.TORSO]
    layer, window = _draw_sheet(sheet, look.collar.vertices_tex, bent.collar_px, box)
    collar = np.zeros((box.height, box.width, 4), np.uint8)
    collar[window.slices] = layer
    return collar


def _draw_sheet(
    sheet: Sheet, vertices_tex: Points, vertices_px: Points, box: Box
) -> tuple[NDArray[np.uint8], Box]:
    """One part alone: its (h, w, 4) layer and where it lies within ``box``."""
    rows = sheet.rows
    corners = vertices_px[rows] - np.array([box.x0, box.y0], np.float32)
    window = bounding_box(corners, (box.width, box.height), margin=1)
    layer = np.zeros((window.height, window.width, 4), np.uint8)
    texture = vertices_tex[rows] - np.array(sheet.origin, np.float32)
    fine, coarse, share = _levels(sheet, texture, corners)
    fill_sheet(
        layer,
        corners - np.array([window.x0, window.y0], np.float32),
        texture,
        sheet.triangles - np.int32(sheet.first_vertex),
        sheet.levels[fine],
        sheet.levels[coarse],
        np.float32(share),
        np.float32(2.0**fine),
    )
    return layer, window


def _levels(sheet: Sheet, texture: Points, corners: Points) -> tuple[int, int, float]:
    """Two neighbouring mip levels and the coarser one's share, from the sheet's own scale."""
    shrink = _spread(texture) / max(_spread(corners), 1e-6)
    level = float(np.clip(np.log2(max(shrink, 1.0)) + SHARPNESS, 0.0, len(sheet.levels) - 1))
    fine = int(level)
    return fine, min(fine + 1, len(sheet.levels) - 1), level - fine


def _spread(points: Points) -> float:
    """Size of a cloud of points; the root of its covariance's determinant ignores turning."""
    covariance = np.cov(points.T.astype(np.float64))
    return float(max(np.linalg.det(covariance), 1e-9) ** 0.25)


def warm_up() -> None:
    """Compile (or load from numba's cache) everything that drawing needs, some seconds once."""
    layer = np.zeros((8, 8, 4), np.uint8)
    corners = np.array([[0, 0], [8, 0], [0, 8]], np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)
    picture = np.zeros((8, 8, 4), np.uint8)
    for share in (0.0, 0.5):
        fill_sheet(
            layer, corners, corners, triangles, picture, picture, np.float32(share), np.float32(1)
        )
    lay_over(layer[1:], np.zeros((8, 8), np.uint8)[1:], layer[1:], 1)
