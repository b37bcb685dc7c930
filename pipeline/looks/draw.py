"""Drawing a look on a body."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import bounding_box
from pipeline.looks.look import Deformed, Look
from pipeline.looks.mesh import Sheet
from pipeline.looks.raster import LEVEL_STEP, Level, fill_sheet, lay_over
from pipeline.structures import PART_CODES, Body, Box, DrawnLook, Part, Points

SHARPNESS = 1.25  # texture px per frame px that are still sampled without shimmering


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
    level = _level(sheet, texture, corners)
    fill_sheet(
        layer.view(np.uint32)[..., 0],
        corners - np.array([window.x0, window.y0], np.float32),
        texture,
        sheet.triangles - np.int32(sheet.first_vertex),
        level.packed,
        level.scale_x,
        level.scale_y,
    )
    return layer, window


def _level(sheet: Sheet, texture: Points, corners: Points) -> Level:
    """The level that matches the size at which the sheet is drawn."""
    shrink = _spread(texture) / max(_spread(corners), 1e-6)
    wanted = round(math.log(max(shrink / SHARPNESS, 1.0)) / math.log(LEVEL_STEP))
    return sheet.levels[min(wanted, len(sheet.levels) - 1)]


def _spread(points: Points) -> float:
    """Size of a cloud of points; the root of its covariance's determinant ignores turning."""
    x, y = (points - points.mean(axis=0)).T.astype(np.float64)
    determinant = float(x @ x) * float(y @ y) - float(x @ y) ** 2
    return math.sqrt(math.sqrt(max(determinant / len(points) ** 2, 1e-9)))


def warm_up() -> None:
    """Compile (or load from numba's cache) everything that drawing needs, some seconds once."""
    layer = np.zeros((8, 8, 4), np.uint8)
    corners = np.array([[0, 0], [8, 0], [0, 8]], np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)
    packed = layer.view(np.uint32)[..., 0]
    fill_sheet(packed, corners, corners, triangles, packed.copy(), 1.0, 1.0)
    parts = np.zeros((8, 8), np.uint8)
    lay_over(layer, parts, layer.copy(), 1)  # a part as large as the box,
    lay_over(layer[1:, 1:], parts[1:, 1:], layer[1:, 1:].copy(), 1)  # and a smaller one
