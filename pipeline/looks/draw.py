"""Drawing a look on a body."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import box_between
from pipeline.looks.look import Deformed, Look
from pipeline.looks.mesh import Mesh, Sheet
from pipeline.looks.raster import (
    LEVEL_STEP,
    Level,
    Packed,
    extent,
    fill_sheet,
    lay_over,
    take_alpha,
)
from pipeline.structures import PART_CODES, Body, Box, DrawnLook, Part, Points

SHARPNESS = 1.25  # texture px per frame px that are still sampled without shimmering
COARSER = (0, 3, 6, 9)  # levels further, each half as large as the one before
MARGIN_PX = 1  # around what is drawn


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
    box = _box(look, bent, size_wh)
    shape = (box.height, box.width)
    rgba = np.zeros(shape, np.uint32)  # packed, as in ``raster``
    parts = np.zeros(shape, np.uint8)
    torso_alpha = np.zeros(shape, np.uint8)
    for part in bent.order:
        sheet, code = look.mesh.sheets[part], PART_CODES[part]
        if part is bent.order[0]:  # nothing lies below: it needs no layer of its own
            _fill(rgba, box, sheet, look.mesh, bent.vertices_px)
            alpha = torso_alpha if part is Part.TORSO else np.empty_like(parts)
            take_alpha(rgba, code, alpha, parts)
            continue
        window = _window(sheet, bent.vertices_px, box)
        layer = np.zeros((window.height, window.width), np.uint32)
        _fill(layer, window, sheet, look.mesh, bent.vertices_px)
        at = (window.x0 - box.x0, window.y0 - box.y0)
        lay_over(rgba, parts, layer, at, code)
        if part is Part.TORSO:
            torso_alpha[at[1] : at[1] + window.height, at[0] : at[0] + window.width] = layer >> 24
    return DrawnLook(
        box=box,
        rgba=_as_bytes(rgba),
        torso_alpha=torso_alpha,
        parts=parts,
        vertices_px=bent.vertices_px,
        neckline_px=bent.neckline_px,
        hem_px=bent.hem_px,
        sleeve_reach=bent.sleeve_reach,
        back_collar=_draw_collar(look, bent, box),
    )


def _as_bytes(packed: Packed) -> NDArray[np.uint8]:
    return packed.view(np.uint8).reshape(*packed.shape, 4)


def _draw_collar(look: Look, bent: Deformed, box: Box) -> NDArray[np.uint8] | None:
    if look.collar is None or bent.collar_px is None:
        return None
    collar = np.zeros((box.height, box.width), np.uint32)
    _fill(collar, box, look.collar.sheets[Part.TORSO], look.collar, bent.collar_px)
    return _as_bytes(collar)


def _box(look: Look, bent: Deformed, size_wh: tuple[int, int]) -> Box:
    """What a look can cover, within the frame."""
    x0, y0, x1, y1, _ = extent(bent.vertices_px, 0, len(bent.vertices_px))
    if bent.collar_px is not None:
        left, top, right, bottom, _ = extent(bent.collar_px, 0, len(bent.collar_px))
        x0, y0, x1, y1 = min(x0, left), min(y0, top), max(x1, right), max(y1, bottom)
    return box_between((x0, y0), (x1, y1), size_wh, MARGIN_PX)


def _window(sheet: Sheet, vertices_px: Points, box: Box) -> Box:
    """What a sheet can cover, within ``box``."""
    x0, y0, x1, y1, _ = extent(vertices_px, sheet.first_vertex, sheet.vertex_count)
    low, high = (x0 - box.x0, y0 - box.y0), (x1 - box.x0, y1 - box.y0)
    inside = box_between(low, high, (box.width, box.height), MARGIN_PX)
    return Box(inside.x0 + box.x0, inside.y0 + box.y0, inside.x1 + box.x0, inside.y1 + box.y0)


def _fill(out: Packed, box: Box, sheet: Sheet, mesh: Mesh, vertices_px: Points) -> None:
    """Draw one sheet into ``out``, which covers ``box`` of the frame."""
    levels, at = _levels(sheet, vertices_px), (box.x0, box.y0)
    fill_sheet(out, at, vertices_px, mesh.vertices_tex, sheet.triangles, levels, sheet.origin)


def _levels(sheet: Sheet, vertices_px: Points) -> tuple[Level, ...]:
    """The level that matches the size at which the sheet is drawn, and coarser ones."""
    *_, size_px = extent(vertices_px, sheet.first_vertex, sheet.vertex_count)
    shrink = sheet.size_tex / max(size_px, 1e-6)
    wanted = round(math.log(max(shrink / SHARPNESS, 1.0)) / math.log(LEVEL_STEP))
    last = len(sheet.levels) - 1
    return tuple(sheet.levels[min(wanted + further, last)] for further in COARSER)


def warm_up() -> None:
    """Compile (or load from numba's cache) everything that drawing needs, some seconds once."""
    packed, plane = np.zeros((8, 8), np.uint32), np.zeros((8, 8), np.uint8)
    corners = np.array([[0, 0], [8, 0], [0, 8]], np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)
    extent(corners, 0, 3)
    level = Level(packed.copy(), 1.0, 1.0)
    levels = (level,) * len(COARSER)
    fill_sheet(packed, (0, 0), corners, corners, triangles, levels, (0, 0))
    take_alpha(packed, 1, plane, plane.copy())
    lay_over(packed, plane, packed.copy(), (0, 0), 1)
