"""Bending a straight sleeve at the elbow.

On the outer side the cloth goes round the elbow like a fan. On the inner side both halves of the
sleeve stay straight and end at the crease, the line from the elbow to where their edges meet; the
cloth that would cross it is tucked away. So nothing folds over, however sharp the bend.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import smoothstep
from pipeline.limbs import Bones

Vector = NDArray[np.float64]

SHARPEST_RAD = 0.6  # angle between the bones below which the crease stays where it is
CREASE_SHARES = (0.35, 0.65)  # of that angle: how far the thicker half pushes the crease
CREASE_GAP = 0.01  # of the width: keeps the two lips of the crease in order
TUCKED = 0.06  # of its length stays of the cloth inside the crease
CREASE_DEPTH = 1.1  # half thicknesses: looser cloth does not lengthen the crease
ROOM = 0.75  # of a bone: the crease ends before the shoulder and before the wrist
FAN_LEAST, FAN_MORE = 0.10, 0.16  # of the shorter bone: half length of the fan, straight and folded
BULGE, BULGE_LENGTH = 0.04, 0.35  # cloth stands off a bent elbow: of the width, of the shorter bone


def bend_sleeve(
    bones: Bones, at: Vector, lateral: Vector, thickness_px: tuple[float, float]
) -> Vector:
    """Lay positions along and across a straight arm onto the bent one.

    Args:
        bones: the arm, px.
        at: (n,) px along the arm from the shoulder, the elbow is at ``bones.upper_px``.
        lateral: (n,) px from the bones, positive to the outer side.
        thickness_px: half thickness of upper arm and forearm near the elbow, on the inner side of
            the bend.

    Returns:
        (n, 2) px.
    """
    cosine = float(np.clip(bones.upper @ bones.fore, -1.0, 1.0))
    angle = float(np.arccos(cosine))
    turn = float(bones.upper[0] * bones.fore[1] - bones.upper[1] * bones.fore[0])
    inner_sign = 1.0 if bones.outer_is_inside else -1.0
    past = at - bones.upper_px
    inward = lateral * inner_sign
    inside, on_upper = inward > 0.0, past < 0.0
    creased, width = _crease(bones, np.abs(past), inward, on_upper, angle, thickness_px)
    fan_past, fan_lateral, share = _fan(bones, past, lateral, angle)
    past = np.where(inside, np.where(on_upper, -creased, creased), fan_past)
    lateral = np.where(inside, width * inner_sign, fan_lateral)
    share = np.where(inside, np.where(on_upper, 0.0, 1.0), share)
    turned = np.arctan2(turn, cosine) * share
    cos, sin = np.cos(turned), np.sin(turned)
    normal = bones.normal
    along = np.where(on_upper[:, None], bones.upper, bones.fore)
    across = np.column_stack([normal[0] * cos - normal[1] * sin, normal[0] * sin + normal[1] * cos])
    laid: Vector = bones.bend + along * past[:, None] + across * lateral[:, None]
    return laid


def _crease(
    bones: Bones,
    distance: Vector,
    inward: Vector,
    on_upper: NDArray[np.bool_],
    angle: float,
    thickness_px: tuple[float, float],
) -> tuple[Vector, Vector]:
    """Distance from the elbow and from the bone on the inner side, kept short of the crease."""
    between = max(np.pi - angle, SHARPEST_RAD)
    upper, fore = thickness_px
    # where the straight inner edges of both halves meet
    own = float(np.arctan2(upper * np.sin(between), fore + upper * np.cos(between)))
    least, most = (share * between for share in CREASE_SHARES)
    own = float(np.clip(own, max(least, between - np.pi / 2), min(most, np.pi / 2)))
    slope = np.where(on_upper, np.tan(own), np.tan(between - own)) * (1.0 - CREASE_GAP)
    room = ROOM * np.where(on_upper, bones.upper_px, bones.fore_px)
    thickness = CREASE_DEPTH * np.where(on_upper, upper, fore)
    crease = np.minimum(np.minimum(inward, thickness) / slope, room)
    # tucked rows keep their order: squeezed, never turned over
    kept = np.maximum(distance, crease + TUCKED * distance)
    return kept, np.minimum(inward, kept * slope)


def _fan(
    bones: Bones, past: Vector, lateral: Vector, angle: float
) -> tuple[Vector, Vector, Vector]:
    """Past, lateral and share of the turn on the outer side."""
    shorter = min(bones.upper_px, bones.fore_px)
    radius = (FAN_LEAST + FAN_MORE * angle / np.pi) * shorter + 1e-6
    share = smoothstep((past + radius) / (2.0 * radius)).astype(np.float64)
    bulge = BULGE * np.sin(angle / 2.0) * np.exp(-((past / (BULGE_LENGTH * shorter)) ** 2))
    return past, lateral * (1.0 + bulge), share
