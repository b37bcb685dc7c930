"""Bending a straight sleeve at the elbow.

On the outer side the cloth goes round the elbow like a fan. On the inner side both halves of the
sleeve stay straight and end at the crease, the line from the elbow to where their edges meet; the
cloth that would cross it is tucked away. So nothing folds over, however sharp the bend.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from pipeline.compiled import ease, inner

SHARPEST_RAD = 0.6  # angle between the bones below which the crease stays where it is
CREASE_SHARES = (0.35, 0.65)  # of that angle: how far the thicker half pushes the crease
CREASE_GAP = 0.01  # of the width: keeps the two lips of the crease in order
TUCKED = 0.01  # of its length stays of the cloth inside the crease
CREASE_DEPTH = 1.1  # half thicknesses: looser cloth does not lengthen the crease
ROOM = 0.75  # of a bone: the crease ends before the shoulder and before the wrist
FAN_LEAST, FAN_MORE = 0.10, 0.16  # of the shorter bone: half length of the fan, straight and folded
BULGE, BULGE_LENGTH = 0.04, 0.35  # cloth stands off a bent elbow: of the width, of the shorter bone


class Bend(NamedTuple):
    """How an elbow is bent.

    Attributes:
        turn_rad: from the upper arm to the forearm, positive clockwise in the picture.
        slopes: of the crease against the upper arm and the forearm, width by length.
        depths_px: how far from the bones it reaches, on the upper arm and on the forearm.
        fan_px: half length of the fan.
        bulge, bulge_px: how far the cloth stands off, as a share, and over which length.
    """

    turn_rad: float
    slopes: tuple[float, float]
    depths_px: tuple[float, float]
    fan_px: float
    bulge: float
    bulge_px: float


@inner
def bend_between(bones, upper_px, fore_px):  # type: ignore[no-untyped-def]
    """The ``Bend`` of an arm.

    Args:
        bones: the arm's ``limbs.Bones``.
        upper_px, fore_px: half thickness of upper arm and forearm near the elbow, on the inner
            side of the bend.
    """
    upper, fore = bones.upper, bones.fore
    cosine = min(max(upper[0] * fore[0] + upper[1] * fore[1], -1.0), 1.0)
    angle = math.acos(cosine)
    between = max(math.pi - angle, SHARPEST_RAD)
    # where the straight inner edges of both halves meet
    own = math.atan2(upper_px * math.sin(between), fore_px + upper_px * math.cos(between))
    own = max(own, CREASE_SHARES[0] * between, between - math.pi / 2)
    own = min(own, CREASE_SHARES[1] * between, math.pi / 2)
    open_by = 1.0 - CREASE_GAP
    shorter_px = min(bones.upper_px, bones.fore_px)
    return Bend(
        math.atan2(upper[0] * fore[1] - upper[1] * fore[0], cosine),
        (math.tan(own) * open_by, math.tan(between - own) * open_by),
        (CREASE_DEPTH * upper_px, CREASE_DEPTH * fore_px),
        (FAN_LEAST + FAN_MORE * angle / math.pi) * shorter_px + 1e-6,
        BULGE * math.sin(angle / 2.0),
        BULGE_LENGTH * shorter_px,
    )


@inner
def bend_point(bones, bend, at, lateral):  # type: ignore[no-untyped-def]
    """Lay a place along and across a straight arm onto the bent one.

    Args:
        bones: the arm's ``limbs.Bones``.
        bend: of its elbow.
        at: px along the arm from the shoulder, the elbow is at ``bones.upper_px``.
        lateral: px from the bones, positive to the outer side.

    Returns:
        x and y, px.
    """
    past = at - bones.upper_px
    along = bones.upper if past < 0.0 else bones.fore
    inner_sign = 1.0 if bones.outer_is_inside else -1.0
    if lateral * inner_sign > 0.0:
        share = 0.0 if past < 0.0 else 1.0
        past, inward = _creased(bones, bend, past, lateral * inner_sign)
        lateral = inward * inner_sign
    else:
        share = ease((past + bend.fan_px) / (2.0 * bend.fan_px))
        lateral *= 1.0 + bend.bulge * math.exp(-((past / bend.bulge_px) ** 2))
    cos, sin = math.cos(bend.turn_rad * share), math.sin(bend.turn_rad * share)
    normal = bones.normal
    across = (normal[0] * cos - normal[1] * sin, normal[0] * sin + normal[1] * cos)
    return (
        bones.bend[0] + along[0] * past + across[0] * lateral,
        bones.bend[1] + along[1] * past + across[1] * lateral,
    )


@inner
def _creased(bones, bend, past, inward):  # type: ignore[no-untyped-def]
    """Place past the elbow and from the bone on the inner side, kept short of the crease."""
    half = 0 if past < 0.0 else 1
    room_px = ROOM * (bones.upper_px if past < 0.0 else bones.fore_px)
    crease = min(min(inward, bend.depths_px[half]) / bend.slopes[half], room_px)
    # tucked rows keep their order: squeezed, never turned over
    kept = max(abs(past), crease + TUCKED * abs(past))
    return (-kept if past < 0.0 else kept), min(inward, kept * bend.slopes[half])
