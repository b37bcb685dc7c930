"""Where the parts of a body lie on the analysis grid: shapes drawn from joints, no colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.loops.arms import ENTRIES, PER_STATION, outline_arm
from pipeline.compose.loops.grid import head_field, limb_field
from pipeline.compose.loops.masks import grown
from pipeline.compose.view import View
from pipeline.geometry import Floats, unit
from pipeline.labels import Landmark
from pipeline.limbs import STATIONS, USUAL, USUAL_AT, USUAL_HALF, Bones, bones_between
from pipeline.structures import Alpha, Arm, Body, DrawnLook, Points, Side
from pipeline.trunk import OUTWARD

# Radii of a bare arm in half chests, from anthropometry (upper arm 33 cm around and so on).
SHOULDER_RADIUS = 0.33
ELBOW_RADIUS = 0.235
WRIST_RADIUS = 0.165
FOREARM_BELLY = 0.3  # of the forearm keeps the elbow's radius
PALM_RADIUS = 0.22
HAND_RADIUS = 0.36  # wide enough for spread fingers
KNUCKLES_HALF_WIDTH = 0.2  # half chests; an arm without its hand in sight goes on this wide
UNDER_CLOTH = 0.97  # of the half width of a worn sleeve is arm, if it is that tight
TAPER, UPPER_END = 1.1, 0.8  # an upper arm, under a loose sleeve, is so slim as what follows
ELBOW = (STATIONS > UPPER_END) & (STATIONS < 1.1)
ASKEW = 1.3  # of its half widths' mean: so wide is one side where the bone lies off the middle
THINNEST = 0.7  # of a bare arm's usual width; less is seen of an arm that something hides
THINNEST_SIDE = 0.4  # of its half
FINGERTIPS = 1.15  # fingertips lie this much of wrist-to-knuckles beyond the knuckles

FACE_HALF_WIDTH = 0.62  # of the distance between the ears
FACE_HALF_WIDTH_MIN = 0.30  # half chests; when the head is turned the ears are close together
CHIN = 0.62  # of eyes-to-mouth, below the mouth
NECK_HALF_WIDTH = 0.40  # half chests, at the jaw
SUBPIXEL_BITS = 4


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
    def across(self) -> NDArray[np.float32]:
        """Unit vector square to ``down``, from the picture's left to its right."""
        across = np.array([self.down[1], -self.down[0]], np.float32)
        return across if across[0] > 0.0 else -across

    @property
    def degrees(self) -> float:
        """Turn of the face's long axis against the picture's vertical."""
        return float(np.degrees(np.arctan2(self.down[1], self.down[0]))) - 90.0


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """One arm on the analysis grid.

    Attributes:
        arm: the arm in frame px.
        joints: (5, 2) float32: shoulder, elbow, wrist, knuckles, fingertips.
        reach: how far the drawn sleeve goes: 0 shoulder, 1 elbow, 2 wrist.
        distance: (h, w) uint8, distance from the arm's bones in percent of a bare arm's radius.
        position: (h, w) uint8, place along the arm in percent: 100 elbow, 200 wrist.
        hand_distance: (h, w) uint8, the same distance for the hand, wrist to fingertips.
        outline: (h, w) uint8, alpha of the bare arm from the shoulder to the knuckles, no wider
            than it is seen.
        across: (h, w, 3) int8, where on the arm a cell lies, see ``arms.outline_arm``.
    """

    arm: Arm
    joints: Points
    reach: float
    distance: Alpha
    position: Alpha
    hand_distance: Alpha
    outline: Alpha
    across: NDArray[np.int8]

    def within(self, radii: float, start: float = 0.0, end: float = 2.0) -> NDArray[np.bool_]:
        """(h, w), True closer to the arm than ``radii`` bare arm radii, between two positions."""
        near = self.distance < 100.0 * radii
        if start > 0.0:
            near &= self.position >= round(100 * start)
        if end < 2.0:
            near &= self.position <= round(100 * end)
        return np.asarray(near)


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """Everything geometric that the decisions need, on the analysis grid.

    Attributes:
        unit: half chest, px.
        torso: torso length, px.
        face: the face.
        limbs: per side.
        neckline: (k, 2) the drawn garment's neckline.
        hem: (2, 2) the drawn garment's hem corners, picture left then right.
        hips: (2, 2) two points of the hip line, picture left then right.
        in_face: (h, w) uint8, percent of the way from the face's middle to its edge, at most 255.
        below_chin: (h, w) uint8, percent of a half chest below the chin, at most 255.
        neck: (h, w) uint8, 255 between the jaw and the drawn neckline.
        opening: (h, w) uint8, 255 in the drawn front neckline, which shows bare chest.
        trunk: (h, w) uint8, 255 on the body without its arms, from the shoulders down.
    """

    unit: float
    torso: float
    face: Face
    limbs: dict[Side, Limb]
    neckline: Points
    hem: Points
    hips: Points
    in_face: Alpha
    below_chin: Alpha
    neck: Alpha
    opening: Alpha
    trunk: Alpha


def find_zones(view: View, body: Body, drawn: DrawnLook) -> Zones:
    """Place the zones of a body on the view's analysis grid."""
    half_chest = body.half_chest_px / view.step
    face = _face(view, body, half_chest)
    neckline = view.to_small(drawn.neckline_px)
    hip = body.mid_hip
    lines = view.to_small(np.array([*drawn.hem_px, hip, hip + body.right], np.float32))
    in_face, below_chin = head_field(
        *view.shape,
        face.centre,
        face.down,
        face.half_width,
        face.half_height,
        face.chin,
        half_chest,
    )
    return Zones(
        unit=half_chest,
        torso=body.torso_px / view.step,
        face=face,
        limbs={side: _limb(view, body, drawn, side, half_chest) for side in body.arms},
        neckline=neckline,
        hem=lines[:2],
        hips=lines[2:],
        in_face=in_face,
        below_chin=below_chin,
        neck=_neck(view, face, neckline, half_chest),
        opening=fill_polygon(view.blank(), neckline),
        trunk=_trunk(view, body),
    )


def _limb(view: View, body: Body, drawn: DrawnLook, side: Side, half_chest: float) -> Limb:
    arm = body.arms[side]
    joints = view.to_small(np.array([arm.shoulder, arm.elbow, arm.wrist, arm.hand, arm.hand]))
    joints[4] += (joints[3] - joints[2]) * np.float32(FINGERTIPS)
    shoulder, elbow, wrist, _, tips = joints.tolist()
    belly = [e + (w - e) * FOREARM_BELLY for e, w in zip(elbow, wrist, strict=True)]
    chains = np.array(
        [
            [*shoulder, SHOULDER_RADIUS * half_chest, 0.0],
            [*elbow, ELBOW_RADIUS * half_chest, 1.0],
            [*belly, ELBOW_RADIUS * half_chest, 1.0 + FOREARM_BELLY],
            [*wrist, WRIST_RADIUS * half_chest, 2.0],
            [*wrist, PALM_RADIUS * half_chest, 2.0],
            [*tips, HAND_RADIUS * half_chest, 2.5],
        ],
        np.float32,
    )
    distance, position = limb_field(*view.shape, chains[:4])
    hand_distance, _ = limb_field(*view.shape, chains[4:])
    reach = drawn.sleeve_reach.get(side, 0.0)
    outline, across = _outline(view, body, side)
    return Limb(arm, joints, reach, distance, position, hand_distance, outline, across)


def _outline(view: View, body: Body, side: Side) -> tuple[Alpha, NDArray[np.int8]]:
    """Alpha of a bare arm, and where on it each cell lies, see ``Limb``."""
    arm = body.arms[side]
    joints = np.array([arm.shoulder, arm.elbow, arm.wrist], np.float64)
    bones: Bones = bones_between(joints, body.half_chest_px, OUTWARD[side])
    path = view.to_small(np.array([bones.start, bones.bend, bones.end, arm.hand], np.float32))
    places = np.arange(ENTRIES) / PER_STATION
    usual = np.interp(
        places, [*USUAL_AT, places[-1]], [*USUAL_HALF, KNUCKLES_HALF_WIDTH]
    ) * np.float32(body.half_chest_px)
    half = np.stack([usual, usual])
    if arm.thickness_px is not None:
        shares = arm.thickness_px / (USUAL * body.half_chest_px)
        middles, elbow = shares.mean(axis=0), shares[:, ELBOW].mean(axis=1)
        slim = TAPER * min(float(np.median(middles[STATIONS > UPPER_END])), float(elbow.mean()))
        for row, seen, end in zip(half, arm.thickness_px, TAPER * elbow, strict=True):
            most = usual * np.interp(places, [0, UPPER_END], [slim, min(end, ASKEW * slim)])
            most[places >= UPPER_END] = np.inf
            limit = np.minimum(UNDER_CLOTH * np.interp(places, STATIONS, seen), most)
            np.clip(row, THINNEST_SIDE * usual, np.maximum(limit, THINNEST_SIDE * usual), out=row)
        half[1] += np.maximum(2 * THINNEST * usual - half.sum(axis=0), 0)  # bones lie a little off
    half = np.maximum(half / view.step, 1.0).astype(np.float32)
    alpha, across = outline_arm(*view.shape, path, half, OUTWARD[side])
    return alpha, across


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
    jaw = face.chin - face.down * 0.25 * face.half_height
    half = face.across * half_chest * NECK_HALF_WIDTH
    outline = np.concatenate([[jaw - half, jaw + half], neckline[::-1]])
    # a little under the garment's edge, which is soft
    return np.asarray(grown(fill_polygon(view.blank(), outline), 1), np.uint8)


def _trunk(view: View, body: Body) -> Alpha:
    down = body.mid_shoulder - body.up * (body.levels * body.torso_px)[:, None]
    # the wearer's right is on the left of the picture
    left = down - body.right * body.half_widths_px[Side.RIGHT][:, None]
    right = down + body.right * body.half_widths_px[Side.LEFT][:, None]
    tops = np.stack([body.arms[Side.RIGHT].shoulder, body.arms[Side.LEFT].shoulder])
    outline = np.concatenate([tops[:1], left, right[::-1], tops[1:]])
    return fill_polygon(view.blank(), view.to_small(outline))


def fill_polygon(canvas: Alpha, outline: Floats) -> Alpha:
    """Fill a polygon (n, 2) into ``canvas``, which is also returned."""
    points = np.round(np.asarray(outline) * (1 << SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(canvas, [points], (255,), cv2.LINE_8, SUBPIXEL_BITS)
    return canvas
