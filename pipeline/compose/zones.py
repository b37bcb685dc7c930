"""Where the parts of a body lie on the analysis grid: shapes drawn from joints, no colour."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.morph import fill_ellipse
from pipeline.compose.view import View
from pipeline.geometry import Floats, unit
from pipeline.labels import Landmark
from pipeline.structures import Alpha, Arm, Body, DrawnLook, Points, Side

# Radii of a bare arm in half chests, from anthropometry (upper arm 33 cm around and so on).
SHOULDER_RADIUS = 0.33
ELBOW_RADIUS = 0.235
WRIST_RADIUS = 0.165
HAND_RADIUS = 0.34  # wide enough for spread fingers
FINGERTIPS = 1.15  # fingertips lie this much of wrist-to-knuckles beyond the knuckles

FACE_HALF_WIDTH = 0.62  # of the distance between the ears
FACE_HALF_WIDTH_MIN = 0.30  # half chests; when the head is turned the ears are close together
CHIN = 0.62  # of eyes-to-mouth, below the mouth
NECK_HALF_WIDTH = 0.40  # half chests, at the jaw
SUBPIXEL_BITS = 4

WORN_TOP, WORN_BOTTOM = 0.12, 0.80  # torso lengths below the shoulder line: surely the worn shirt
WORN_HALF_WIDTH = 0.72  # half chests seen


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face on the analysis grid.

    Attributes:
        centre, eyes, mouth, chin: (2,) float32.
        down: (2,) unit vector from the eyes to the mouth.
        half_width, half_height: px.
    """

    centre: NDArray[np.float32]
    eyes: NDArray[np.float32]
    mouth: NDArray[np.float32]
    chin: NDArray[np.float32]
    down: NDArray[np.float32]
    half_width: float
    half_height: float

    @property
    def degrees(self) -> float:
        """Turn of the face's long axis against the picture's vertical."""
        return float(np.degrees(np.arctan2(self.down[1], self.down[0]))) - 90.0


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """One arm on the analysis grid.

    Attributes:
        arm: the arm in frame px.
        shoulder, elbow, wrist, knuckles, fingertips: (2,) float32.
        reach: how far the drawn sleeve goes: 0 shoulder, 1 elbow, 2 wrist.
    """

    arm: Arm
    shoulder: NDArray[np.float32]
    elbow: NDArray[np.float32]
    wrist: NDArray[np.float32]
    knuckles: NDArray[np.float32]
    fingertips: NDArray[np.float32]
    reach: float

    def at(self, position: float) -> NDArray[np.float32]:
        """Point at ``position`` along the arm (0 shoulder, 1 elbow, 2 wrist)."""
        if position <= 1.0:
            return self.shoulder + (self.elbow - self.shoulder) * position
        return self.elbow + (self.wrist - self.elbow) * (position - 1.0)


def radius_at(position: float) -> float:
    """Radius of a bare arm in half chests at 0 shoulder, 1 elbow, 2 wrist."""
    return float(
        np.interp(
            position,
            [0.0, 1.0, 1.3, 2.0],
            [SHOULDER_RADIUS, ELBOW_RADIUS, ELBOW_RADIUS, WRIST_RADIUS],
        )
    )


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """Everything geometric that the decisions need, on the analysis grid.

    Attributes:
        unit: half chest, px.
        torso: torso length, px.
        face: the face.
        limbs: per side.
        neckline: (k, 2) the drawn garment's neckline.
        neck: (h, w) uint8, 255 between the jaw and the drawn neckline.
        chest: (h, w) uint8, 255 where the chest and belly surely show the worn garment.
    """

    unit: float
    torso: float
    face: Face
    limbs: dict[Side, Limb]
    neckline: Points
    neck: Alpha
    chest: Alpha


def find_zones(view: View, body: Body, drawn: DrawnLook) -> Zones:
    """Place the zones of a body on the view's analysis grid."""
    half_chest = body.half_chest_px / view.step
    face = _face(view, body, half_chest)
    neckline = view.to_small(drawn.neckline_px)
    return Zones(
        unit=half_chest,
        torso=body.torso_px / view.step,
        face=face,
        limbs={side: _limb(view, arm, drawn, side) for side, arm in body.arms.items()},
        neckline=neckline,
        neck=_neck(view, face, neckline, half_chest),
        chest=_chest(view, body),
    )


def _limb(view: View, arm: Arm, drawn: DrawnLook, side: Side) -> Limb:
    joints = view.to_small(np.stack([arm.shoulder, arm.elbow, arm.wrist, arm.hand]))
    tips = joints[3] + (joints[3] - joints[2]) * FINGERTIPS
    shoulder, elbow, wrist, knuckles = joints
    reach = drawn.sleeve_reach.get(side, 0.0)
    return Limb(arm, shoulder, elbow, wrist, knuckles, tips, reach)


def _face(view: View, body: Body, half_chest: float) -> Face:
    points = view.to_small(body.pose.landmarks_px)
    eyes = (points[Landmark.LEFT_EYE] + points[Landmark.RIGHT_EYE]) / 2
    mouth = (points[Landmark.MOUTH_LEFT] + points[Landmark.MOUTH_RIGHT]) / 2
    ears = float(np.hypot(*(points[Landmark.LEFT_EAR] - points[Landmark.RIGHT_EAR])))
    chin = mouth + (mouth - eyes) * CHIN
    centre = (eyes + mouth) / 2
    return Face(
        centre=centre,
        eyes=eyes,
        mouth=mouth,
        chin=chin,
        down=unit(mouth - eyes),
        half_width=max(ears * FACE_HALF_WIDTH, half_chest * FACE_HALF_WIDTH_MIN),
        half_height=max(float(np.hypot(*(chin - centre))), 3.0),
    )


def _neck(view: View, face: Face, neckline: Points, half_chest: float) -> Alpha:
    across = np.array([-face.down[1], face.down[0]], np.float32)
    if across[0] < 0:
        across = -across
    jaw = face.chin - face.down * 0.25 * face.half_height
    half = across * half_chest * NECK_HALF_WIDTH
    outline = np.concatenate([[jaw - half, jaw + half], neckline[::-1]])
    return fill_polygon(np.zeros(view.shape, np.uint8), outline)


def _chest(view: View, body: Body) -> Alpha:
    half = body.right * body.half_chest_seen_px * WORN_HALF_WIDTH
    top = body.mid_shoulder - body.up * body.torso_px * WORN_TOP
    bottom = body.mid_shoulder - body.up * body.torso_px * WORN_BOTTOM
    corners = view.to_small(np.stack([top - half, top + half, bottom + half, bottom - half]))
    return fill_polygon(np.zeros(view.shape, np.uint8), corners)


def fill_polygon(canvas: Alpha, outline: Floats, value: int = 255) -> Alpha:
    """Fill a polygon (n, 2) into ``canvas``, which is also returned."""
    points = np.round(np.asarray(outline) * (1 << SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(canvas, [points], (value,), cv2.LINE_8, SUBPIXEL_BITS)
    return canvas


def fill_capsule(
    canvas: Alpha, a: Floats, b: Floats, radius_a: float, radius_b: float, value: int = 255
) -> Alpha:
    """Fill the hull of two discs into ``canvas``, which is also returned."""
    along = unit(b - a)
    across = np.array([-along[1], along[0]], np.float32)
    outline = np.stack(
        [a + across * radius_a, b + across * radius_b, b - across * radius_b, a - across * radius_a]
    )
    fill_polygon(canvas, outline, value)
    for centre, radius in ((a, radius_a), (b, radius_b)):
        scaled = np.round(np.asarray(centre) * (1 << SUBPIXEL_BITS)).astype(int)
        size = round(radius * (1 << SUBPIXEL_BITS))
        x, y = int(scaled[0]), int(scaled[1])
        cv2.circle(canvas, (x, y), size, (value,), -1, cv2.LINE_8, SUBPIXEL_BITS)
    return canvas


def fill_arm(
    canvas: Alpha, limb: Limb, start: float, end: float, unit_px: float, scale: float = 1.0
) -> Alpha:
    """Fill an arm between two positions (0 shoulder, 1 elbow, 2 wrist) into ``canvas``.

    Args:
        canvas: (h, w) uint8, changed and returned.
        limb: the arm.
        start, end: positions along the arm, start < end.
        unit_px: half chest, px.
        scale: times the radius of a bare arm.
    """
    stops = [start, *(s for s in (1.0, 1.3) if start < s < end), end]
    for a, b in pairwise(stops):
        radii = (radius_at(a) * unit_px * scale, radius_at(b) * unit_px * scale)
        fill_capsule(canvas, limb.at(a), limb.at(b), *radii)
    return canvas


def fill_hand(canvas: Alpha, limb: Limb, unit_px: float, scale: float = 1.0) -> Alpha:
    """Fill the region a hand can reach from its wrist into ``canvas``, which is also returned."""
    radii = (WRIST_RADIUS * 1.3 * unit_px * scale, HAND_RADIUS * unit_px * scale)
    return fill_capsule(canvas, limb.wrist, limb.fingertips, *radii)


def fill_face(canvas: Alpha, face: Face, scale: float = 1.0) -> Alpha:
    """Fill the face's ellipse into ``canvas``, which is also returned."""
    size = (2 * face.half_width * scale, 2 * face.half_height * scale)
    return fill_ellipse(canvas, face.centre, size, face.degrees)
