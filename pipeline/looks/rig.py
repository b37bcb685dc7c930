"""Bones that carry a keyframe's picture from its own pose to another one.

The torso bends as a thin-plate spline through points of a body, the arms follow their two bones.
Everything is measured on single poses, without memory: between two equal poses nothing moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import smoothstep, unit
from pipeline.labels import MIN_VISIBILITY, Landmark
from pipeline.looks.tps import tps_matrix
from pipeline.stature import SHOULDERS_PER_TORSO, Stature, measure_stature
from pipeline.structures import Pose, Side

Vector = NDArray[np.float64]

OUTWARD = {Side.RIGHT: -1.0, Side.LEFT: 1.0}  # along ``Stature.right``, seen from the front
HALF_CHEST = 0.52 * SHOULDERS_PER_TORSO  # torso lengths; joints sit inside the body by 4 %
TURN_SLACK = 0.95  # shoulders this close to their widest are not turned
CHEST_DEPTH = 0.50  # depth of the chest / its width
DEPTHS = (0.30, 0.65, 1.00, 1.35)  # torso lengths below the shoulders, of the torso's points
NECK = 0.20  # torso lengths above the shoulders
HIP_WIDTH = 0.9  # of the chest's

ARM_JOINTS: Mapping[Side, tuple[Landmark, Landmark, Landmark]] = {
    Side.LEFT: (Landmark.LEFT_SHOULDER, Landmark.LEFT_ELBOW, Landmark.LEFT_WRIST),
    Side.RIGHT: (Landmark.RIGHT_SHOULDER, Landmark.RIGHT_ELBOW, Landmark.RIGHT_WRIST),
}
SHORTEST, LONGEST = 0.4, 2.5  # of a bone: foreshortening stretches the picture no further
ARMHOLE_IN, ARMHOLE_OUT = 0.30, 0.25  # half chests from the joint: follows the torso, the arm
FARTHEST_TURN_RAD = 0.8  # of a bone: the picture of a sleeve tears beyond
FARTHEST_WIDTH = 0.25  # logarithm of the ratio of the widths of two turned chests
SHORT = 0.12  # torso lengths; a bone seen end on has no direction
BEND = 0.30  # stations around the elbow over which both bones pull


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """An arm's joints in the picture.

    Attributes:
        joints: (3, 2) shoulder, elbow, wrist, px.
        seen: elbow and wrist are no guesses.
    """

    joints: Vector
    seen: bool = True

    def bones(self) -> tuple[Vector, Vector]:
        """Upper arm and forearm as vectors."""
        return self.joints[1] - self.joints[0], self.joints[2] - self.joints[1]

    def station(self, points: Vector) -> tuple[Vector, Vector]:
        """Place along the arm (0 shoulder, 1 elbow, 2 wrist) and distance from it, px."""
        upper, upper_px = _nearest(points, self.joints[0], self.joints[1])
        fore, fore_px = _nearest(points, self.joints[1], self.joints[2])
        on_fore = fore_px < upper_px
        return np.where(on_fore, 1.0 + fore, upper), np.where(on_fore, fore_px, upper_px)


def _nearest(points: Vector, start: Vector, end: Vector) -> tuple[Vector, Vector]:
    """Share of the way from start to end, and distance, of the nearest point of a bone."""
    bone = end - start
    share = np.clip((points - start) @ bone / max(float(bone @ bone), 1e-6), 0.0, 1.0)
    off = points - start - share[:, None] * bone
    return share, np.hypot(off[:, 0], off[:, 1])


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """The bones of one pose.

    Attributes:
        stature: the torso's axis.
        half_chest_px: as seen.
        controls: (k, 2) points of the torso.
        arms: per side.
    """

    stature: Stature
    half_chest_px: float
    controls: Vector
    arms: Mapping[Side, Arm]

    @classmethod
    def of(cls, pose: Pose) -> Rig:
        """Measure a pose."""
        points = pose.landmarks_px.astype(np.float64)
        stature = measure_stature(pose)
        arms = {
            side: Arm(points[list(j)], bool(pose.visibility[list(j)].min() >= MIN_VISIBILITY))
            for side, j in ARM_JOINTS.items()
        }
        apart = float(np.hypot(*(arms[Side.LEFT].joints[0] - arms[Side.RIGHT].joints[0])))
        cos_yaw = min(1.0, apart / (TURN_SLACK * SHOULDERS_PER_TORSO * stature.torso_px))
        seen = np.sqrt(cos_yaw**2 + (1.0 - cos_yaw**2) * CHEST_DEPTH**2)
        half = float(HALF_CHEST * stature.torso_px * seen)
        return cls(stature, half, _controls(stature, half, arms), arms)

    def distance(self, other: Rig) -> float:
        """How far another pose is from this one; 1 is as far as a picture can be bent."""
        turns = []
        for side in Side:
            if other.arms[side].seen and self.arms[side].seen:
                mine, other_bones = self.arms[side].bones(), other.arms[side].bones()
                for old, new in zip(mine, other_bones, strict=True):
                    long = min(np.hypot(*old), np.hypot(*new)) > SHORT * self.stature.torso_px
                    turns += [float(np.arccos(np.clip(unit(old) @ unit(new), -1, 1)))] * bool(long)
        narrowing = other.half_chest_px / other.stature.torso_px
        narrowing /= self.half_chest_px / self.stature.torso_px
        turned = abs(float(np.log(narrowing))) / FARTHEST_WIDTH
        return max([turn / FARTHEST_TURN_RAD for turn in turns] + [turned])

    def across(self, points: Vector) -> Vector:
        """Half chests to the picture's right of the centre line."""
        aside: Vector = (points - self.stature.mid_shoulder) @ self.stature.right
        return aside / self.half_chest_px

    def at(self, across: Vector, depth: Vector) -> Vector:
        """Points so far across and so many torso lengths below the shoulder line: (n, 2) px."""
        right, up = self.stature.right, self.stature.up
        sideways = np.multiply.outer(across * self.half_chest_px, right)
        downward = np.multiply.outer(depth * self.stature.torso_px, up)
        placed: Vector = self.stature.mid_shoulder + sideways - downward
        return placed


def _controls(stature: Stature, half_px: float, arms: Mapping[Side, Arm]) -> Vector:
    down, right = -stature.up * stature.torso_px, stature.right * half_px
    middle = stature.mid_shoulder
    points = [arms[side].joints[0] for side in Side]
    points += [middle - NECK * down, middle]
    for depth in DEPTHS:
        width = 1.0 + (HIP_WIDTH - 1.0) * min(depth, 1.0)
        points += [middle + depth * down + share * width * right for share in (-1.0, 0.0, 1.0)]
    return np.array(points)


class Skin:
    """How points of a keyframe's picture follow the bones.

    Args:
        rig: of the keyframe.
        points: (n, 2) in the keyframe's frame, px.
        on_arm: per side (n,) bool: these points belong to that sleeve.
    """

    def __init__(self, rig: Rig, points: Vector, on_arm: Mapping[Side, NDArray[np.bool_]]) -> None:
        self._rig = rig
        self._points = points
        self._bend = tps_matrix(rig.controls, points).astype(np.float64)
        self._own = self._bend @ rig.controls  # the spline smooths a little: only differences count
        self._arms = {side: self._pull(side, on_arm[side]) for side in Side}

    def _pull(self, side: Side, on_arm: NDArray[np.bool_]) -> tuple[Vector, Vector]:
        """(n,) how far each point follows the arm, and of that the forearm's share."""
        station, _ = self._rig.arms[side].station(self._points)
        shoulder = self._rig.arms[side].joints[0]
        outwards = (self._points - shoulder) @ self._rig.stature.right * OUTWARD[side]
        along = station * float(np.hypot(*(self._rig.arms[side].joints[1] - shoulder)))
        reach = np.maximum(outwards, along) / self._rig.half_chest_px
        pull = smoothstep((reach + ARMHOLE_IN) / (ARMHOLE_IN + ARMHOLE_OUT)).astype(np.float64)
        fore = smoothstep((station - 1.0 + BEND) / (2.0 * BEND)).astype(np.float64)
        return np.where(on_arm, pull, 0.0), fore

    def follow(self, rig: Rig) -> Vector:
        """Where the points are when the bones are ``rig``: (n, 2) px."""
        placed: Vector = self._points + self._bend @ rig.controls - self._own
        zoom = rig.stature.torso_px / self._rig.stature.torso_px
        for side, (pull, fore) in self._arms.items():
            before, after = self._rig.arms[side].joints, rig.arms[side].joints
            upper = _carried(self._points, before[:2], after[:2], zoom)
            lower = _carried(self._points, before[1:], after[1:], zoom)
            on_arm = upper + fore[:, None] * (lower - upper)
            placed = placed + pull[:, None] * (on_arm - placed)
        return placed


def _carried(points: Vector, before: Vector, after: Vector, zoom: float) -> Vector:
    """Points carried along by one bone: stretched along it, zoomed across it."""
    old, new = before[1] - before[0], after[1] - after[0]
    old_px, new_px = float(np.hypot(*old)), float(np.hypot(*new))
    if old_px < 1.0 or new_px < 1.0:  # seen end on: no direction
        moved: Vector = points + after[0] - before[0]
        return moved
    stretch = float(np.clip(new_px / old_px, SHORTEST, LONGEST))
    along, onto = unit(old).astype(np.float64), unit(new).astype(np.float64)
    offset = points - before[0]
    ahead = (offset @ along) * stretch
    aside = (offset @ np.array([-along[1], along[0]])) * zoom
    across = np.array([-onto[1], onto[0]])
    carried: Vector = after[0] + np.multiply.outer(ahead, onto) + np.multiply.outer(aside, across)
    return carried
