"""From a pose to a body: scale, stance, silhouette and limbs, steady enough to hang cloth on.

Lengths are measured once and remembered as ratios of the torso (``tl``, hip line to shoulder line)
or of the half chest (``hw``), so that they survive a step towards the camera.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import smoothstep, unit
from pipeline.labels import Landmark
from pipeline.limbs import Bones, LimbMeasure
from pipeline.silhouette import cast, near_segment, sample_rays
from pipeline.steady import Estimate, Latch, Peak
from pipeline.structures import Arm, Body, Pose, Side

Vector = NDArray[np.float64]

OUTWARD = {Side.RIGHT: -1.0, Side.LEFT: 1.0}
"""Direction of each of the wearer's sides along ``Body.right``, seen from the front."""

LEVELS = np.array([0.30, 0.42, 0.54, 0.66, 0.78, 0.90, 1.02, 1.14, 1.26])
"""Depths below the shoulder line at which the body's width is measured, tl."""

SLOPE_STATIONS = np.array([0.40, 0.58, 0.76])
"""Where the slope from neck to shoulder is measured, hw away from the centre line as seen."""
USUAL_SLOPE = np.array([0.156, 0.141, 0.125])  # tl above the line through the joints
LOWEST_SLOPE = 0.07  # tl
HIGHEST_SLOPE = np.array([0.26, 0.22, 0.18])  # tl; what reaches higher is hair, a hood or an arm
STEEPEST_STEP = 0.05  # tl from one station to the next

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


class _Axes:
    """The body's own coordinate system in one frame."""

    def __init__(self, middle: Vector, hip: Vector, ratio: float, shoulder_px: float) -> None:
        self.middle, self.hip = middle, hip
        self.torso_px = float(np.hypot(*(middle - hip)))
        self.up = unit(middle - hip).astype(np.float64)
        self.right = np.array([-self.up[1], self.up[0]])
        self.half_chest_px = HALF_CHEST_PER_SHOULDER * ratio * self.torso_px
        frontal_px = TURN_SLACK * ratio * self.torso_px
        self.cos_yaw = min(1.0, shoulder_px / max(frontal_px, 1e-6))
        seen = self.cos_yaw**2 + (1.0 - self.cos_yaw**2) * CHEST_DEPTH**2
        self.half_seen_px = self.half_chest_px * float(np.sqrt(seen))
        self.narrowing = self.half_seen_px / self.half_chest_px


class _ArmMemory:
    """What a session knows about one arm."""

    def __init__(self) -> None:
        self.tip_reach = Estimate(0.27, tau_s=0.20)  # hw from joint to shoulder tip
        self.thickness = LimbMeasure()
        self.in_front = Latch(on_above=0.0, off_below=-0.10)
        self.behind = Latch(on_above=0.45, off_below=0.30)


class BodyTracker:
    """Measures one person from frame to frame. One per session; not shared between threads."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person: the next update is a first look at somebody new."""
        self._ratio = Peak(*SHOULDER_RATIOS, rise_s=0.25, decay_s=60.0)
        self._upper = Peak(*UPPER_ARM, rise_s=0.25, decay_s=110.0)
        self._fore = Peak(*FOREARM, rise_s=0.25, decay_s=110.0)
        self._widths = {side: Estimate(np.ones(len(LEVELS)), tau_s=0.10) for side in Side}
        self._slopes = {side: Estimate(USUAL_SLOPE, tau_s=0.30) for side in Side}
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
        dt_s = float(np.clip(dt_s, 1e-3, LONGEST_GAP_S))
        self._last_s = time_s
        points = pose.landmarks_px.astype(np.float64)
        axes = self._axes(pose, points, dt_s)
        self._measure_bones(points, axes, dt_s)
        widths = {side: self._half_widths(pose, points, axes, side, dt_s) for side in Side}
        depth = _depths(pose, axes)
        arms = {side: self._arm(pose, points, axes, depth, side, dt_s) for side in Side}
        fore = {side: sum(depth[side]) for side in Side}
        right_nearer = self._right_is_nearer.update(fore[Side.LEFT] - fore[Side.RIGHT])
        return Body(
            pose=pose,
            mid_shoulder=axes.middle.astype(np.float32),
            mid_hip=axes.hip.astype(np.float32),
            up=axes.up.astype(np.float32),
            right=axes.right.astype(np.float32),
            torso_px=axes.torso_px,
            half_chest_px=axes.half_chest_px,
            half_chest_seen_px=axes.half_seen_px,
            yaw_rad=_yaw(points, axes),
            levels=LEVELS.astype(np.float32),
            half_widths_px=widths,
            arms=arms,
            worn_hem=worn_hem,
            nearer_arm=Side.RIGHT if right_nearer else Side.LEFT,
            slopes_px={side: self._slope(pose, axes, side, dt_s) for side in Side},
        )

    def _axes(self, pose: Pose, points: Vector, dt_s: float) -> _Axes:
        left, right = points[Landmark.LEFT_SHOULDER], points[Landmark.RIGHT_SHOULDER]
        middle = 0.5 * (left + right)
        shoulder_px = float(np.hypot(*(left - right)))
        hip = 0.5 * (points[Landmark.LEFT_HIP] + points[Landmark.RIGHT_HIP])
        trust = _hip_trust(pose, hip)
        measured = shoulder_px / max(float(np.hypot(*(middle - hip))), 1e-6)
        ratio = self._ratio.update(measured, dt_s, trust)
        if trust < 1.0:
            guess = _guess_hip(points, middle, shoulder_px, ratio)
            hip = trust * hip + (1.0 - trust) * guess
        return _Axes(middle, hip, ratio, shoulder_px)

    def _measure_bones(self, points: Vector, axes: _Axes, dt_s: float) -> None:
        upper = max(_bone(points, _JOINTS[side][0], _JOINTS[side][1]) for side in Side)
        fore = max(_bone(points, _JOINTS[side][1], _JOINTS[side][2]) for side in Side)
        self._upper.update(upper / axes.torso_px, dt_s)
        self._fore.update(fore / axes.torso_px, dt_s)

    def _half_widths(
        self, pose: Pose, points: Vector, axes: _Axes, side: Side, dt_s: float
    ) -> NDArray[np.float32]:
        """Half width at ``LEVELS``, remembered as shares of the half chest seen now."""
        origins = axes.middle - axes.up * (LEVELS * axes.torso_px)[:, None]
        step_px = max(1.0, axes.half_chest_px / 60.0)
        rays = sample_rays(origins, OUTWARD[side] * axes.right, 1.9 * axes.half_chest_px, step_px)
        hits = cast(pose.person_alpha, rays, step_px)
        arm_px = _distance_to_arms(rays, points, axes, step_px)
        usual = axes.half_seen_px * (
            1.0 - 0.06 * np.sin(np.clip((LEVELS - 0.3) / 0.7, 0.0, 1.0) * np.pi)
        )
        arm_first = arm_px <= hits.reach_px
        width = np.where(
            arm_first,
            np.clip(arm_px, 0.85 * usual, 1.12 * usual),
            np.clip(hits.reach_px, 0.75 * usual, 1.50 * usual),
        )
        trust = np.where(arm_first, 0.15, 1.0)
        nothing = ~hits.started_inside | (arm_first & (arm_px <= 0.0)) | (~hits.left & ~arm_first)
        trust = np.where(nothing, 0.0, trust)
        share = self._widths[side].update(width / axes.half_seen_px, dt_s, trust)
        padded = np.concatenate([share[:1], share, share[-1:]])
        smooth = np.convolve(padded, [0.25, 0.5, 0.25], "valid")
        return (smooth * axes.half_seen_px).astype(np.float32)

    def _slope(self, pose: Pose, axes: _Axes, side: Side, dt_s: float) -> NDArray[np.float32]:
        """Height of the slope from neck to shoulder above the shoulder line."""
        out = OUTWARD[side] * axes.right * axes.half_seen_px
        origins = axes.middle + out * SLOPE_STATIONS[:, None]
        length_px = 1.3 * HIGHEST_SLOPE[0] * axes.torso_px
        hits = cast(pose.person_alpha, sample_rays(origins, axes.up, length_px, 1.0), 1.0)
        height = hits.reach_px / axes.torso_px
        good = hits.left & hits.started_inside
        good &= (height > LOWEST_SLOPE) & (height < HIGHEST_SLOPE)
        good[:-1] &= height[:-1] - self._slopes[side].value[1:] < STEEPEST_STEP
        slope = self._slopes[side].update(height, dt_s, np.where(good, 1.0, 0.0))
        return (slope * axes.torso_px).astype(np.float32)

    def _arm(
        self,
        pose: Pose,
        points: Vector,
        axes: _Axes,
        depth: dict[Side, tuple[float, float]],
        side: Side,
        dt_s: float,
    ) -> Arm:
        memory = self._arms[side]
        shoulder_id, elbow_id, wrist_id, *hand_ids = _JOINTS[side]
        shoulder, elbow, wrist = points[shoulder_id], points[elbow_id], points[wrist_id]
        lift = float(smoothstep(_elevation(shoulder, elbow, axes) / np.pi))
        outward = OUTWARD[side] * axes.right
        armpit = shoulder - axes.up * axes.torso_px * (0.245 - 0.09 * lift)
        armpit = armpit - outward * 0.02 * axes.half_seen_px
        elbow_z, wrist_z = depth[side]
        bones = Bones.of(shoulder, elbow, wrist, axes.half_chest_px, OUTWARD[side])
        visible = float(min(pose.visibility[elbow_id], pose.visibility[wrist_id]))
        return Arm(
            shoulder=shoulder.astype(np.float32),
            elbow=elbow.astype(np.float32),
            wrist=wrist.astype(np.float32),
            hand=points[hand_ids].mean(axis=0).astype(np.float32),
            shoulder_tip=_tip(pose, axes, memory, shoulder, outward, lift, dt_s),
            armpit=armpit.astype(np.float32),
            visible=visible,
            in_front=memory.in_front.update(0.05 - wrist_z),
            behind=memory.behind.update(min(elbow_z, wrist_z)),
            upper_px=self._upper.value * axes.torso_px,
            fore_px=self._fore.value * axes.torso_px,
            thickness_px=memory.thickness.update(
                pose.person_alpha, bones, axes.half_chest_px, dt_s
            ),
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


def _hip_trust(pose: Pose, hip: Vector) -> float:
    """0 = the hips are a guess of the tracker, 1 = they are seen. Continuous."""
    height = pose.person_alpha.shape[0]
    seen = float(min(pose.visibility[Landmark.LEFT_HIP], pose.visibility[Landmark.RIGHT_HIP]))
    inside = (1.20 * height - hip[1]) / (0.20 * height)
    return float(smoothstep((seen - 0.25) / 0.5)) * float(smoothstep(inside))


def _guess_hip(points: Vector, middle: Vector, shoulder_px: float, ratio: float) -> Vector:
    """Where the hips should be, from shoulders and face alone."""
    eyes = 0.5 * (points[Landmark.LEFT_EYE] + points[Landmark.RIGHT_EYE])
    mouth = 0.5 * (points[Landmark.MOUTH_LEFT] + points[Landmark.MOUTH_RIGHT])
    frontal_px = SHOULDERS_PER_FACE * float(np.hypot(*(eyes - mouth)))
    # faces differ by some 15 %: only a clearly narrower pair of shoulders is a turned body
    cos_yaw = float(np.clip(shoulder_px / max(0.85 * frontal_px, 1e-6), 0.6, 1.0))
    across = points[Landmark.LEFT_SHOULDER] - points[Landmark.RIGHT_SHOULDER]
    down = unit(np.array([-across[1], across[0]])) * np.sign(across[0] + 1e-9)
    down = unit(0.5 * down + 0.5 * np.array([0.0, 1.0]))
    hip: Vector = middle + down * (shoulder_px / cos_yaw / ratio)
    return hip


def _yaw(points: Vector, axes: _Axes) -> float:
    yaw = float(np.arccos(axes.cos_yaw))
    across = points[Landmark.LEFT_SHOULDER] - points[Landmark.RIGHT_SHOULDER]
    return yaw if across @ axes.right >= 0.0 else float(np.pi) - yaw


def _depths(pose: Pose, axes: _Axes) -> dict[Side, tuple[float, float]]:
    """Elbow and wrist behind (+) or before (-) the torso, torso lengths."""
    torso = (
        Landmark.LEFT_SHOULDER,
        Landmark.RIGHT_SHOULDER,
        Landmark.LEFT_HIP,
        Landmark.RIGHT_HIP,
    )
    middle = float(pose.z_px[list(torso)].mean())
    depths = {}
    for side in Side:
        _, elbow, wrist, *_ = _JOINTS[side]
        depths[side] = (
            (float(pose.z_px[elbow]) - middle) / axes.torso_px,
            (float(pose.z_px[wrist]) - middle) / axes.torso_px,
        )
    return depths


def _bone(points: Vector, start: Landmark, end: Landmark) -> float:
    return float(np.hypot(*(points[start] - points[end])))


def _elevation(shoulder: Vector, elbow: Vector, axes: _Axes) -> float:
    """0 = the upper arm hangs, pi = it points up."""
    return float(np.arccos(np.clip(-(unit(elbow - shoulder) @ axes.up), -1.0, 1.0)))


def _distance_to_arms(rays: Vector, points: Vector, axes: _Axes, step_px: float) -> Vector:
    """Distance along each ray to the first pixel of either arm; infinite when none is met."""
    radius_px = 0.20 * axes.half_chest_px
    near = np.zeros(rays.shape[:2], bool)
    for side in Side:
        shoulder, elbow, wrist = (points[k] for k in _JOINTS[side][:3])
        near |= near_segment(rays, shoulder + 0.25 * (elbow - shoulder), elbow, radius_px)
        near |= near_segment(rays, elbow, wrist + 0.35 * (wrist - elbow), radius_px)
    return np.where(near.any(axis=1), near.argmax(axis=1) * step_px, np.inf)


def _tip(
    pose: Pose,
    axes: _Axes,
    memory: _ArmMemory,
    shoulder: Vector,
    outward: Vector,
    lift: float,
    dt_s: float,
) -> NDArray[np.float32]:
    """Where a shoulder seam sits: up and out from the joint to the silhouette."""
    direction = unit(
        axes.up * (0.86 - 0.25 * lift) + outward * (0.42 - 0.35 * lift) * axes.narrowing
    ).astype(np.float64)
    rays = sample_rays(shoulder[None], direction, 0.6 * axes.half_chest_px, 1.0)
    hits = cast(pose.person_alpha, rays, 1.0)
    good = bool(hits.left[0] and hits.started_inside[0])
    reach = float(np.clip(hits.reach_px[0] / axes.half_chest_px, *TIP_REACH))
    reach = float(memory.tip_reach.update(reach, dt_s, float(good)))
    return (shoulder + direction * axes.half_chest_px * reach).astype(np.float32)
