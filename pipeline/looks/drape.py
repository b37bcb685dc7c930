"""Hanging cloth on a torso: where the points go that hang at a depth of their own.

Places are told *across* (to the picture's right of the middle of the shoulders) and *up*, px.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled, inner, interpolate

Vector = NDArray[np.float64]

PLACED, HANGING, INNER = 0, 1, 2
"""Kinds of control points: placed by hand, hanging on the middle line or a side, in between."""

SEAM_HEIGHT = 0.09  # tl; the shoulder seam lies this far above the line through the joints
EASE = 1.04  # cloth / body
WIDEST_UPPER = 1.18  # cloth / body when the garment itself is wide
SKIRT_FROM, SKIRT_FLARE = 0.60, 0.27  # tl, and tangent: a dress may flare from the waist down
INNER_AT = 0.5  # of the way from the centre line to the side
ROUNDEST = 1.28  # scale at the centre / at the whole width: a body seen from the front is round
STRETCH_FROM = 0.4  # of the way from armpit to hem: above, the cloth keeps its length


class Rows(NamedTuple):
    """Depths below the shoulder line, tl."""

    armpit: float
    natural_hem: float
    hem: float


class Drape(NamedTuple):
    """A garment's control points and measures, texture px.

    Attributes:
        y_tex: (k,) height of every point.
        half_tex: (k,) its distance from the centre line; of an inner point, the garment's half
            width at its height.
        sign: (k,) ``OUTWARD`` of its side, 0 on the middle line.
        kind: (k,) one of ``PLACED``, ``HANGING``, ``INNER``.
        armpit_y: height of the armpits.
        chest_tex, length_tex: from the top to the armpits, from there to the hem.
        garment_half_tex: half width between the armpits.
        flares: a dress, which may be wide from the waist down.
    """

    y_tex: Vector
    half_tex: Vector
    sign: Vector
    kind: NDArray[np.int64]
    armpit_y: float
    chest_tex: float
    length_tex: float
    garment_half_tex: float
    flares: bool


@compiled
def hang(places, drape, rows, axes, levels, widths, armpits):  # type: ignore[no-untyped-def]
    """Place all control points.

    Args:
        places: (k, 2) across and up, of the points that are ``PLACED``.
        drape: the garment.
        rows: how deep its armpits and its hem hang.
        axes: the body's ``trunk.Axes``.
        levels: (m,) float32, depths at which the body's width is known, tl.
        widths: two (m,) float32, half widths of the wearer's left and right, px.
        armpits: the same two, where the armpits go, across.

    Returns:
        (k, 2) float32 frame px.
    """
    out = np.empty(places.shape, np.float32)
    for k in range(places.shape[0]):
        across, up = places[k, 0], places[k, 1]
        if drape.kind[k] != PLACED:
            depth, scale = _depth(drape, rows, drape.y_tex[k])
            left = interpolate(depth, levels, widths[0])
            right = interpolate(depth, levels, widths[1])
            shift = 0.5 * (left - right)
            across, up = shift, -depth * axes.torso_px
            if drape.sign[k] != 0.0:
                first = drape.sign[k] > 0.0
                across = armpits[0] if first else armpits[1]
                if depth > rows.armpit:
                    seen = left if first else right
                    across = drape.sign[k] * _edge(drape, axes, depth, seen, drape.half_tex[k])
            if drape.kind[k] == INNER:
                across = shift + _inward(axes, scale * drape.half_tex[k], across - shift)
        out[k, 0] = axes.middle[0] + across * axes.right[0] + up * axes.up[0]
        out[k, 1] = axes.middle[1] + across * axes.right[1] + up * axes.up[1]
    return out


@inner
def _depth(drape, rows, y):  # type: ignore[no-untyped-def]
    """Depth of a point, tl, and the scale there, tl per texture px.

    What hides the worn hem is taken near the hem.
    """
    share = (y - drape.armpit_y) / drape.length_tex
    if share <= 0.0:
        scale = (rows.armpit + SEAM_HEIGHT) / drape.chest_tex
        return rows.armpit + (y - drape.armpit_y) * scale, scale
    length = rows.natural_hem - rows.armpit
    extra = max(0.0, share - STRETCH_FROM) / (1.0 - STRETCH_FROM)
    depth = rows.armpit + length * share + (rows.hem - rows.natural_hem) * extra
    return depth, length / drape.length_tex


@inner
def _edge(drape, axes, depth, seen_px, half_tex):  # type: ignore[no-untyped-def]
    """Distance of a side from the centre line: hides the body, keeps the garment's cut."""
    widest_px = WIDEST_UPPER * seen_px
    if drape.flares:
        # it lies flat as a wide fan; hanging it falls into folds, as a steep cone
        widest_px += SKIRT_FLARE * max(depth - SKIRT_FROM, 0.0) * axes.torso_px
    own_px = half_tex / drape.garment_half_tex * axes.half_seen_px
    return max(EASE * seen_px, min(own_px, widest_px))


@inner
def _inward(axes, half, edge_px):  # type: ignore[no-untyped-def]
    """Inner points: cloth lies true to scale on the front of a round body and turns away at
    its sides. ``half``: the garment's own half width, tl; ``edge_px``: the side as seen, signed.
    """
    own_px = half * axes.torso_px * axes.half_seen_px / axes.half_chest_px
    round_by = min(max(own_px / max(abs(edge_px), 1.0), 1.0), ROUNDEST)
    return edge_px * (round_by * INNER_AT + (1.0 - round_by) * INNER_AT**4)
