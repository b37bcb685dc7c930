"""How wide a torso is seen, and how its shoulders slope: rays from its own axes, both sides.

What is measured has one row per side, the wearer's left first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.compiled import compiled, inner
from pipeline.geometry import Floats
from pipeline.silhouette import cast, distance_to_segment
from pipeline.structures import Body, Side

Pair = tuple[float, float]

OUTWARD = {Side.RIGHT: -1.0, Side.LEFT: 1.0}
"""Direction of each of the wearer's sides along ``Body.right``, seen from the front."""
_OUTWARD = np.array([OUTWARD[side] for side in Side])

LEVELS = np.array([0.30, 0.42, 0.54, 0.66, 0.78, 0.90, 1.02, 1.14, 1.26])
"""Depths below the shoulder line at which the body's width is measured, tl."""
_USUAL_WIDTHS = 1.0 - 0.06 * np.sin(np.clip((LEVELS - 0.3) / 0.7, 0.0, 1.0) * np.pi)  # hw as seen
LONGEST_WIDTH = 1.9  # hw
NARROWEST, WIDEST = 0.75, 1.50  # usual widths
BESIDE_ARM = (0.85, 1.12)  # usual widths, where an arm hides the edge
BEHIND_ARM = 0.15  # confidence of such a width
ARM_RADIUS = 0.20  # hw: nearer to an arm's bones is the arm
ARM_FROM, ARM_TO = 0.25, 1.35  # of the upper arm and of the forearm: the part beside the torso
STEPS_PER_HALF_CHEST = 60.0  # of a ray; below one pixel a step shows no more

SLOPE_STATIONS = np.array([0.40, 0.58, 0.76])
"""Where the slope from neck to shoulder is measured, hw away from the centre line as seen."""
USUAL_SLOPE = np.array([0.156, 0.141, 0.125])  # tl above the line through the joints
LOWEST_SLOPE = 0.07  # tl
HIGHEST_SLOPE = np.array([0.26, 0.22, 0.18])  # tl; what reaches higher is hair, a hood or an arm
LEVEL, RAISED = 0.04, 0.20  # tl: hair and hoods rise to the neck by more than a raised shoulder
STEEPEST_STEP = 0.05  # tl from one station to the next
LONGEST_SLOPE = 1.3  # highest slopes


class Axes(NamedTuple):
    """A body's own coordinate system in one frame; points and vectors are x and y.

    Attributes:
        middle, hip: of the shoulders and of the hips, px.
        up: unit vector from hip to shoulder.
        right: unit vector to the right in the picture, perpendicular to ``up``.
        torso_px: between ``middle`` and ``hip``.
        half_chest_px, half_seen_px: half chest width from the front, and as seen now.
        cos_yaw: of the turn away from the camera.
    """

    middle: Pair
    hip: Pair
    up: Pair
    right: Pair
    torso_px: float
    half_chest_px: float
    half_seen_px: float
    cos_yaw: float

    @classmethod
    def of(cls, body: Body) -> Axes:
        """The axes that a body was measured in."""
        middle, hip, up, right = (
            (float(place[0]), float(place[1]))
            for place in (body.mid_shoulder, body.mid_hip, body.up, body.right)
        )
        sizes = body.torso_px, body.half_chest_px, body.half_chest_seen_px
        return cls(middle, hip, up, right, *sizes, math.cos(body.yaw_rad))

    def told(self, point: Floats) -> Pair:
        """How far a point of the frame lies to the right of ``middle``, and above it."""
        x, y = float(point[0]) - self.middle[0], float(point[1]) - self.middle[1]
        return x * self.right[0] + y * self.right[1], x * self.up[0] + y * self.up[1]

    def place(self, across: float, up: float, start: Sequence[float]) -> Pair:
        """The point that lies ``across`` to the right of ``start`` and ``up`` above it, px."""
        return (
            start[0] + across * self.right[0] + up * self.up[0],
            start[1] + across * self.right[1] + up * self.up[1],
        )


@compiled
def measure_widths(alpha, axes, joints):  # type: ignore[no-untyped-def]
    """Half width of the body at ``LEVELS``.

    Args:
        alpha: (H, W) uint8, the person.
        axes: the body's ``Axes``.
        joints: (2, 3, 2) float64, shoulder, elbow and wrist of both sides, px.

    Returns:
        (2, m) shares of the half chest as seen, and (2, m) how far to believe them.
    """
    share, trust = np.empty((2, LEVELS.size)), np.empty((2, LEVELS.size))
    step_px = max(1.0, axes.half_chest_px / STEPS_PER_HALF_CHEST)
    bones, radius_px = _beside_torso(joints), ARM_RADIUS * axes.half_chest_px
    for side in range(2):
        ray = (_OUTWARD[side] * axes.right[0], _OUTWARD[side] * axes.right[1])
        for k in range(LEVELS.size):
            down_px = LEVELS[k] * axes.torso_px
            start = (
                axes.middle[0] - down_px * axes.up[0],
                axes.middle[1] - down_px * axes.up[1],
            )
            length_px = LONGEST_WIDTH * axes.half_chest_px
            reach_px, inside, left = cast(alpha, start, ray, length_px, step_px)
            arm_px = _distance_to_arms(start, ray, reach_px, step_px, bones, radius_px)
            usual_px = _USUAL_WIDTHS[k] * axes.half_seen_px
            if arm_px <= reach_px:
                width_px = min(max(arm_px, BESIDE_ARM[0] * usual_px), BESIDE_ARM[1] * usual_px)
                trust[side, k] = BEHIND_ARM if inside and arm_px > 0.0 else 0.0
            else:
                width_px = min(max(reach_px, NARROWEST * usual_px), WIDEST * usual_px)
                trust[side, k] = 1.0 if inside and left else 0.0
            share[side, k] = width_px / axes.half_seen_px
    return share, trust


@inner
def _distance_to_arms(origin, ray, reach_px, step_px, bones, radius_px):  # type: ignore[no-untyped-def]
    """Distance along a ray to the first place on either arm; infinite beyond ``reach_px``."""
    walked_px = 0.0
    while walked_px <= reach_px:
        place = (origin[0] + ray[0] * walked_px, origin[1] + ray[1] * walked_px)
        gap_px = np.inf
        for k in range(bones.shape[0]):
            start, end = (bones[k, 0], bones[k, 1]), (bones[k, 2], bones[k, 3])
            near_px = distance_to_segment(place, start, end)
            gap_px = min(gap_px, near_px - radius_px)
        if gap_px < 0.0:
            return walked_px
        walked_px += step_px * max(1, int(gap_px / step_px))  # no arm is nearer than the gap
    return np.inf


@inner
def _beside_torso(joints):  # type: ignore[no-untyped-def]
    """The parts of the bones that may lie beside the torso: (4, 4), x and y of both ends, px."""
    bones = np.empty((4, 4))
    for side in range(2):
        for axis in range(2):
            shoulder, elbow = joints[side, 0, axis], joints[side, 1, axis]
            bones[2 * side, axis] = shoulder + ARM_FROM * (elbow - shoulder)
            bones[2 * side, 2 + axis] = bones[2 * side + 1, axis] = elbow
            bones[2 * side + 1, 2 + axis] = elbow + ARM_TO * (joints[side, 2, axis] - elbow)
    return bones


@compiled
def measure_slopes(alpha, axes, known):  # type: ignore[no-untyped-def]
    """Height of the slope from neck to shoulder above the shoulder line at ``SLOPE_STATIONS``.

    Args:
        alpha: (H, W) uint8, the person.
        axes: the body's ``Axes``.
        known: (2, k) tl, what was measured so far.

    Returns:
        (2, k) tl, and (2, k) 1 where it can be believed, else 0.
    """
    height, trust = np.empty(known.shape), np.empty(known.shape)
    for side in range(2):
        for k in range(SLOPE_STATIONS.size):
            out_px = _OUTWARD[side] * SLOPE_STATIONS[k] * axes.half_seen_px
            start = (
                axes.middle[0] + out_px * axes.right[0],
                axes.middle[1] + out_px * axes.right[1],
            )
            length_px = LONGEST_SLOPE * HIGHEST_SLOPE[0] * axes.torso_px
            reach_px, inside, left = cast(alpha, start, axes.up, length_px, 1.0)
            height[side, k] = reach_px / axes.torso_px
            trust[side, k] = 1.0 if inside and left else 0.0
        level = trust[side].all() and height[side, 0] - height[side, -1] < LEVEL
        for k in range(SLOPE_STATIONS.size):
            highest = max(RAISED, HIGHEST_SLOPE[k]) if level else HIGHEST_SLOPE[k]
            good = trust[side, k] > 0.0 and LOWEST_SLOPE < height[side, k] < highest
            if k + 1 < SLOPE_STATIONS.size:
                good = good and height[side, k] - known[side, k + 1] < STEEPEST_STEP
            trust[side, k] = 1.0 if good else 0.0
    return height, trust
