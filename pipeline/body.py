"""From a pose to a body: scale, stance, silhouette and limbs, steady enough to hang cloth on.

Lengths are measured once and remembered as ratios of the torso (``tl``, hip line to shoulder line)
or of the half chest (``hw``), so that they survive a step towards the camera.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import ease
from pipeline.labels import Landmark
from pipeline.limbs import LimbMeasure, bones_between
from pipeline.silhouette import cast, evened
from pipeline.steady import Estimate, Latch, Peak
from pipeline.structures import Arm, Body, Pose, Side
from pipeline.trunk import (
    LEVELS,
    OUTWARD,
    USUAL_SLOPE,
    Axes,
    Pair,
    measure_slopes,
    measure_widths,
)

Places = list[list[float]]  # x and y of every landmark, px

TIP_REACH = (0.16, 0.40)  # hw from the joint to the shoulder seam: least, most

# shoulder width / torso: landmarks outside this range are foreshortening, not build
SHOULDER_RATIOS = (0.68, 0.56, 0.80)  # usual, smallest, largest
TURN_SLACK = 0.95  # shoulders this close to their widest are not turned: breathing and noise
HALF_CHEST_PER_SHOULDER = 0.52  # joints sit inside the body by 4 %
CHEST_DEPTH = 0.50  # depth of the chest / its width: what a profile still shows
SHOULDERS_PER_FACE = 4.6  # shoulder width / (eyes to mouth), used only without hips
UPPER_ARM, FOREARM = (0.52, 0.48, 0.60), (0.44, 0.40, 0.52)  # tl: usual, smallest, largest

FRAME_S = 1.0 / 30.0  # assumed between frames when the clock does not tell
LONGEST_GAP_S = 0.25  # a longer pause counts as this much


class _ArmMemory:
    """What a session knows about one arm."""

    def __init__(self) -> None:
        self.tip_reach = Estimate(0.27, tau_s=0.20)  # hw from joint to shoulder tip
        self.thickness = LimbMeasure()
        self.in_front = Latch(on_above=0.0, off_below=-0.10)
        self.behind = Latch(on_above=0.45, off_below=0.30)
        self.wrist_seen = Latch(on_above=0.15, off_below=0.10)

    def tip(
        self,
        pose: Pose,
        axes: Axes,
        shoulder: Sequence[float],
        sign: float,
        lift: float,
        dt_s: float,
    ) -> Pair:
        """Where a shoulder seam sits: up and out from the joint to the silhouette."""
        narrowing = axes.half_seen_px / axes.half_chest_px
        out, up = _unit(sign * (0.42 - 0.35 * lift) * narrowing, 0.86 - 0.25 * lift)
        tip = axes.place(out, up, shoulder)
        direction = (tip[0] - shoulder[0], tip[1] - shoulder[1])
        length_px = 0.6 * axes.half_chest_px
        reach_px, inside, left = cast(
            pose.person_alpha, (shoulder[0], shoulder[1]), direction, length_px, 1.0
        )
        reach = min(max(reach_px / axes.half_chest_px, TIP_REACH[0]), TIP_REACH[1])
        self.tip_reach.update(reach, dt_s, 1.0 if inside and left else 0.0)
        reach_px = float(self.tip_reach.value) * axes.half_chest_px
        return axes.place(out * reach_px, up * reach_px, shoulder)


class BodyTracker:
    """Measures one person from frame to frame. One per session; not shared between threads."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person: the next update is a first look at somebody new."""
        self._ratio = Peak(*SHOULDER_RATIOS, rise_s=0.25, decay_s=60.0)
        self._upper = Peak(*UPPER_ARM, rise_s=0.25, decay_s=110.0)
        self._fore = Peak(*FOREARM, rise_s=0.25, decay_s=110.0)
        self._widths = Estimate(np.ones((2, len(LEVELS))), tau_s=0.10)
        self._slopes = Estimate(np.stack([USUAL_SLOPE] * 2), tau_s=0.30)
        self._arms = {side: _ArmMemory() for side in Side}
        self._right_is_nearer = Latch(on_above=0.10, off_below=-0.10)
        self._last_s: float | None = None

    def update(self, pose: Pose, time_s: float, worn_hem: float | None = None) -> Body:
        """Measure the body in one frame.

        Args:
            pose: smoothed; needs both shoulders.
            time_s: presentation time of the frame, s.
            worn_hem: depth of the worn garment's hem below the shoulder line, torso lengths.

        Returns:
            A good body from the first frame on; later frames refine it.
        """
        dt_s = FRAME_S if self._last_s is None else time_s - self._last_s
        dt_s = min(max(dt_s, 1e-3), LONGEST_GAP_S)
        self._last_s = time_s
        points: Places = pose.landmarks_px.tolist()
        joints = pose.landmarks_px[_ARMS].astype(np.float64)
        axes = self._axes(pose, points, dt_s)
        self._measure_bones(points, axes, dt_s)
        depth = _depths(pose, axes)
        lean = sum(depth[Side.LEFT]) - sum(depth[Side.RIGHT])
        return Body(
            pose=pose,
            mid_shoulder=np.array(axes.middle, np.float32),
            mid_hip=np.array(axes.hip, np.float32),
            up=np.array(axes.up, np.float32),
            right=np.array(axes.right, np.float32),
            torso_px=axes.torso_px,
            half_chest_px=axes.half_chest_px,
            half_chest_seen_px=axes.half_seen_px,
            yaw_rad=_yaw(points, axes),
            levels=_LEVELS,
            half_widths_px=self._half_widths(pose, axes, joints, dt_s),
            arms={
                side: self._arm(pose, points, bones, axes, depth[side], side, dt_s)
                for side, bones in zip(Side, joints, strict=True)
            },
            worn_hem=worn_hem,
            nearer_arm=Side.RIGHT if self._right_is_nearer.update(lean) else Side.LEFT,
            slopes_px=self._shoulder_slopes(pose, axes, dt_s),
        )

    def _axes(self, pose: Pose, points: Places, dt_s: float) -> Axes:
        left, right = points[Landmark.LEFT_SHOULDER], points[Landmark.RIGHT_SHOULDER]
        middle, shoulder_px = _between(left, right), math.dist(left, right)
        hip = _between(points[Landmark.LEFT_HIP], points[Landmark.RIGHT_HIP])
        trust = _hip_trust(pose, hip)
        measured = shoulder_px / max(math.dist(middle, hip), 1e-6)
        ratio = self._ratio.update(measured, dt_s, trust)
        if trust < 1.0:
            guess = _guess_hip(points, middle, shoulder_px, ratio)
            hip = _between(guess, hip, trust)
        return _axes_of(middle, hip, ratio, shoulder_px)

    def _measure_bones(self, points: Places, axes: Axes, dt_s: float) -> None:
        arms = [[points[joint] for joint in arm[:3]] for arm in _JOINTS.values()]
        upper = max(math.dist(shoulder, elbow) for shoulder, elbow, _ in arms)
        fore = max(math.dist(elbow, wrist) for _, elbow, wrist in arms)
        self._upper.update(upper / axes.torso_px, dt_s)
        self._fore.update(fore / axes.torso_px, dt_s)

    def _half_widths(
        self, pose: Pose, axes: Axes, joints: NDArray[np.float64], dt_s: float
    ) -> dict[Side, NDArray[np.float32]]:
        """Half width at ``LEVELS``, remembered as shares of the half chest seen now."""
        share, trust = measure_widths(pose.person_alpha, axes, joints)
        smooth = evened(self._widths.update(share, dt_s, trust))
        return dict(zip(Side, (smooth * axes.half_seen_px).astype(np.float32), strict=True))

    def _shoulder_slopes(
        self, pose: Pose, axes: Axes, dt_s: float
    ) -> dict[Side, NDArray[np.float32]]:
        """Height of the slope from neck to shoulder above the shoulder line."""
        height, trust = measure_slopes(pose.person_alpha, axes, self._slopes.value)
        slopes = self._slopes.update(height, dt_s, trust)
        return dict(zip(Side, (slopes * axes.torso_px).astype(np.float32), strict=True))

    def _arm(
        self,
        pose: Pose,
        points: Places,
        joints: NDArray[np.float64],
        axes: Axes,
        depth: tuple[float, float],
        side: Side,
        dt_s: float,
    ) -> Arm:
        memory, alpha, sign = self._arms[side], pose.person_alpha, OUTWARD[side]
        shoulder_id, elbow_id, wrist_id, index_id, pinky_id = _JOINTS[side]
        shoulder = points[shoulder_id]
        lift = ease(_elevation(shoulder, points[elbow_id], axes) / math.pi)
        elbow_z, wrist_z = depth
        # a hand that the body hides is guessed to be before it as often as behind it
        wrist_seen = memory.wrist_seen.update(float(pose.visibility[wrist_id]))
        bones = bones_between(joints, axes.half_chest_px, sign)
        armpit = axes.place(
            -sign * 0.02 * axes.half_seen_px, -axes.torso_px * (0.245 - 0.09 * lift), shoulder
        )
        return Arm(
            shoulder=pose.landmarks_px[shoulder_id],
            elbow=pose.landmarks_px[elbow_id],
            wrist=pose.landmarks_px[wrist_id],
            hand=np.array(_between(points[index_id], points[pinky_id]), np.float32),
            shoulder_tip=np.array(memory.tip(pose, axes, shoulder, sign, lift, dt_s), np.float32),
            armpit=np.array(armpit, np.float32),
            visible=float(min(pose.visibility[elbow_id], pose.visibility[wrist_id])),
            in_front=memory.in_front.update(0.05 - wrist_z) & wrist_seen,
            behind=memory.behind.update(min(elbow_z, wrist_z)) | (not wrist_seen),
            upper_px=self._upper.value * axes.torso_px,
            fore_px=self._fore.value * axes.torso_px,
            thickness_px=memory.thickness.update(alpha, bones, axes.half_chest_px, dt_s),
        )


_JOINTS = {
    Side.LEFT: (
        Landmark.LEFT_SHOULDER,
        Landmark.LEFT_ELBOW,
        Landmark.LEFT_WRIST,
        Landmark.LEFT_INDEX,
        Landmark.LEFT_PINKY,
    ),
    Side.RIGHT: (
        Landmark.RIGHT_SHOULDER,
        Landmark.RIGHT_ELBOW,
        Landmark.RIGHT_WRIST,
        Landmark.RIGHT_INDEX,
        Landmark.RIGHT_PINKY,
    ),
}
_ARMS = np.array([_JOINTS[side][:3] for side in Side])  # (2, 3)
_LEVELS = LEVELS.astype(np.float32)


def _between(first: Sequence[float], second: Sequence[float], share: float = 0.5) -> Pair:
    """A point on the way from the first to the second."""
    return (
        first[0] + share * (second[0] - first[0]),
        first[1] + share * (second[1] - first[1]),
    )


def _unit(x: float, y: float) -> Pair:
    length = max(math.hypot(x, y), 1e-6)
    return x / length, y / length


def _axes_of(middle: Pair, hip: Pair, ratio: float, shoulder_px: float) -> Axes:
    torso_px = math.dist(middle, hip)
    up = _unit(middle[0] - hip[0], middle[1] - hip[1])
    half_chest_px = HALF_CHEST_PER_SHOULDER * ratio * torso_px
    frontal_px = TURN_SLACK * ratio * torso_px
    cos_yaw = min(1.0, shoulder_px / max(frontal_px, 1e-6))
    half_seen_px = half_chest_px * math.sqrt(cos_yaw**2 + (1.0 - cos_yaw**2) * CHEST_DEPTH**2)
    right = (-up[1], up[0])
    return Axes(middle, hip, up, right, torso_px, half_chest_px, half_seen_px, cos_yaw)


def _hip_trust(pose: Pose, hip: Pair) -> float:
    """0 = the hips are a guess of the tracker, 1 = they are seen. Continuous."""
    height = pose.person_alpha.shape[0]
    seen = float(min(pose.visibility[Landmark.LEFT_HIP], pose.visibility[Landmark.RIGHT_HIP]))
    inside = (1.20 * height - hip[1]) / (0.20 * height)
    return ease((seen - 0.25) / 0.5) * ease(inside)


def _guess_hip(points: Places, middle: Pair, shoulder_px: float, ratio: float) -> Pair:
    """Where the hips should be, from shoulders and face alone."""
    eyes = _between(points[Landmark.LEFT_EYE], points[Landmark.RIGHT_EYE])
    mouth = _between(points[Landmark.MOUTH_LEFT], points[Landmark.MOUTH_RIGHT])
    frontal_px = SHOULDERS_PER_FACE * math.dist(eyes, mouth)
    # faces differ by some 15 %: only a clearly narrower pair of shoulders is a turned body
    cos_yaw = min(max(shoulder_px / max(0.85 * frontal_px, 1e-6), 0.6), 1.0)
    left, right = points[Landmark.LEFT_SHOULDER], points[Landmark.RIGHT_SHOULDER]
    across_x, across_y = left[0] - right[0], left[1] - right[1]
    sign = math.copysign(1.0, across_x)
    down = _unit(-across_y * sign, across_x * sign)
    down = _unit(down[0], down[1] + 1.0)  # halfway to upright
    torso_px = shoulder_px / cos_yaw / ratio
    return middle[0] + torso_px * down[0], middle[1] + torso_px * down[1]


def _yaw(points: Places, axes: Axes) -> float:
    yaw = math.acos(axes.cos_yaw)
    left, right = points[Landmark.LEFT_SHOULDER], points[Landmark.RIGHT_SHOULDER]
    across = (left[0] - right[0]) * axes.right[0] + (left[1] - right[1]) * axes.right[1]
    return yaw if across >= 0.0 else math.pi - yaw


def _depths(pose: Pose, axes: Axes) -> dict[Side, tuple[float, float]]:
    """Elbow and wrist behind (+) or before (-) the torso, torso lengths."""
    z: list[float] = pose.z_px.tolist()
    shoulders = z[Landmark.LEFT_SHOULDER] + z[Landmark.RIGHT_SHOULDER]
    middle = (shoulders + z[Landmark.LEFT_HIP] + z[Landmark.RIGHT_HIP]) / 4.0
    return {
        side: ((z[elbow] - middle) / axes.torso_px, (z[wrist] - middle) / axes.torso_px)
        for side, (_, elbow, wrist, *_) in _JOINTS.items()
    }


def _elevation(shoulder: Sequence[float], elbow: Sequence[float], axes: Axes) -> float:
    """0 = the upper arm hangs, pi = it points up."""
    along = _unit(elbow[0] - shoulder[0], elbow[1] - shoulder[1])
    down = -(along[0] * axes.up[0] + along[1] * axes.up[1])
    return math.acos(min(max(down, -1.0), 1.0))
