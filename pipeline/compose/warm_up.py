"""Compiles every loop of the compositor, or loads it from the cache, before anybody waits."""

from __future__ import annotations

import numpy as np

from pipeline.compose.loops import arms, blend, colours, decisions, fills, grid, parts, things
from pipeline.compose.loops.cells import Cells, Marks, Mask, Points
from pipeline.compose.loops.hands import find_hand
from pipeline.compose.loops.light import fold_gain, worn_light
from pipeline.compose.loops.masks import grown, opened, shrunk, touching
from pipeline.compose.outline import true_outline

SIZE = 4  # cells and pixels; the smallest picture every loop runs over


def warm_up() -> None:
    """Call every loop once with the types it is called with while composing."""
    plane = np.zeros((SIZE, SIZE), np.uint8)
    rgb, rgba = np.zeros((SIZE, SIZE, 3), np.uint8), np.zeros((SIZE, SIZE, 4), np.uint8)
    layers = np.zeros((6, SIZE, SIZE), np.uint8)
    points = np.ones((2, 2), np.float32)
    half = np.zeros((SIZE // 2, SIZE // 2, 4), np.float32)
    _grid(rgb, points)
    _colours(rgb)
    _decisions(plane, rgb, layers, points)
    _things(plane, rgb)
    tint, light, _ = fills.skin_samples(rgb, rgb, plane, plane, plane, 1)
    tones = points[:, :1] * np.ones(3, np.float32)
    fills.shade_skin(tint, light, light, tones, plane, plane, *[1.0] * 5)
    smooth = fills.extrapolate(rgb, plane)
    fills.extrapolate(rgba, plane)
    ground, shaded = np.zeros((SIZE, SIZE, 3), np.float32), np.zeros((SIZE, SIZE, 4), np.float32)
    across = np.zeros((SIZE, SIZE, 3), np.int8)
    light_on = arms.light_on(across, plane, plane, 1.0, 1.0, 1.0, 1.0, 1.0)
    fills.paint_fill(plane, plane, shaded, light_on, ground)
    fold_gain(light, 1.0, 1.0, 1.0, 1.0)
    worn_light(rgb, plane, plane, plane, 1.0)
    gain = half.reshape(SIZE, SIZE)
    fills.light_and_shadow(gain, *[plane] * 6, 1.0, 1.0, 1)
    planes = np.zeros((blend.COUNT, SIZE, SIZE), np.uint8)
    coarse = blend.Coarse(planes, fills.way_to_edge(plane), smooth)
    corners = (1, 0, 0, SIZE, SIZE)
    manner = blend.Manner(1.0, 1.0, 1.0, 1.0)
    tone = np.ones(3, np.float32)
    blend.blend(blend.Look(rgba, rgba, 0, 0), coarse, manner, tone, *corners, rgb, plane)


def _grid(rgb: Mask, points: Points) -> None:
    grid.block_means(rgb, 0, 0, 1, SIZE, SIZE, False)
    grid.limb_field(SIZE, SIZE, np.ones((2, 4), np.float32))
    half = np.ones((2, arms.ENTRIES), np.float32)
    arms.outline_arm(SIZE, SIZE, np.ones((4, 2), np.float32), half, 1.0)
    grid.behind_neck(rgb[..., 0].copy(), points[0], points[0], points[1], 1.0)
    grid.head_field(SIZE, SIZE, points[0], points[1], 1.0, 1.0, points[1], 1.0)
    true_outline(rgb[..., 0].copy(), rgb)


def _colours(rgb: Mask) -> None:
    table = np.zeros((3, 256), np.float32)
    bins, worn = np.zeros((3, 256), np.int32), np.zeros(1, np.float32)
    shares, hands = np.zeros((3, SIZE, SIZE), np.uint8), np.zeros((SIZE, SIZE), np.uint8)
    doubts = np.ones(3, np.float32)
    seen = shares, hands, doubts
    planes = colours.smooth(colours.rate(rgb, table, table, worn, bins, *seen, 1.0, 1.0, 1.0), 1)
    points = np.ones((2, 2), np.float32)
    moved = parts.movement(SIZE, SIZE, points, points, 1.0)
    parts.sample(shares, hands, moved, 1.0, 0.0, 0.0, False)
    old, old_lab = np.zeros(planes.shape, np.float32), np.zeros(rgb.shape, np.float32)
    moved = colours.changed(planes, old, 0, 0, 1)
    colours.settle(planes, rgb, moved, old, old_lab, moved, 0, 0, 1.0, 1.0, 1.0)


def _decisions(plane: Mask, rgb: Mask, layers: Mask, points: Points) -> None:
    roles = np.zeros(plane.shape, np.uint16)
    eight = (plane, plane, plane, plane, plane, plane, plane, plane)
    cells = Cells(plane, rgb, *eight, plane, plane, roles)
    marks = Marks(1.0, 1.0, points[0], points[0], points[0], points, points, 1.0, 1.0)
    decisions.add_roles(roles, plane, plane, plane, np.zeros((1, 4), np.int32))
    decisions.bare_share(plane, plane, plane, plane, np.ones((3, 2), np.float32))
    decisions.garment_room(cells, marks)
    find_hand(cells, plane, plane, plane, points[0], points[0], 1.0, 1, False)
    decisions.decide(cells, marks, plane, plane, plane)
    decisions.surroundings(cells, layers, plane)
    grown(shrunk(opened(plane, 1), 1), 1)
    touching(plane, plane, 1.0)


def _things(plane: Mask, rgb: Mask) -> None:
    sight = things.Sight(rgb, plane, plane, plane, ((plane, plane, plane),) * 2)
    places, usual = np.zeros((1, 2), np.int32), np.zeros((1, 3), np.float32)
    seen_s = np.zeros(1, np.float32)
    own = things.own_colours(usual, plane[0])
    shows = things.survey(sight, places, usual, seen_s, own)
    things.remember(rgb, plane, places, shows, usual, seen_s, (1.0, 1.0), 1.0)
    things.grow_things(sight, plane, own, np.zeros((2, 3, 256), np.float32), 1.0, 1.0)
