"""What our own parser sees of a frame: a 3:4 crop around the person, and what it takes from there.

A picture with the person's outline as a fourth plane at 256×192, and the pose as heat maps at a
quarter of that. Training crops and encodes with the same functions (``weights/training``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import MIN_VISIBILITY, Landmark
from pipeline.structures import Alpha, Image, Points, Pose

INPUT_HW = (256, 192)
PICTURE_PLANES = 4  # red, green, blue, person
POSE_STRIDE = 4  # crop pixels per pixel of the pose's planes

JOINTS: tuple[tuple[Landmark, Landmark], ...] = (
    (Landmark.LEFT_EYE, Landmark.RIGHT_EYE),
    (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER),
    (Landmark.LEFT_ELBOW, Landmark.RIGHT_ELBOW),
    (Landmark.LEFT_WRIST, Landmark.RIGHT_WRIST),
    (Landmark.LEFT_INDEX, Landmark.RIGHT_INDEX),
    (Landmark.LEFT_HIP, Landmark.RIGHT_HIP),
    (Landmark.LEFT_KNEE, Landmark.RIGHT_KNEE),
    (Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE),
)
"""One plane each; left and right share it, because no class depends on the side."""
LIMBS = ((1, 2), (2, 3), (5, 6), (6, 7))
"""One plane each: the joints that an upper arm, a forearm, a thigh and a shin connect."""
POSE_PLANES = len(JOINTS) + len(LIMBS)
JOINT_SIGMA = 1.6  # pixels of the pose's planes
LIMB_THICKNESS = 2  # the same

UPPER_BODY = JOINTS[:6]
LEGS = JOINTS[6:]
HEAD_ROOM = 0.51  # of the shoulder-to-hip length, from the eyes up
HAIR_ROOM = 0.4  # of the same, to both sides of the eyes
HAND_ROOM = 0.25  # of the same, around everything else
OUTLINE_ROOM = 0.6  # of the same; what of the outline lies farther away is somebody else
FEET = (
    Landmark.LEFT_HEEL,
    Landmark.RIGHT_HEEL,
    Landmark.LEFT_FOOT_INDEX,
    Landmark.RIGHT_FOOT_INDEX,
)
CLOSE_HEIGHT = 1.2  # torso lengths, of what a closer look sees
CLOSE_PLACES = (
    (Landmark.LEFT_EYE, Landmark.RIGHT_EYE),
    (Landmark.LEFT_WRIST, Landmark.LEFT_INDEX),
    (Landmark.RIGHT_WRIST, Landmark.RIGHT_INDEX),
    (Landmark.LEFT_ELBOW,),
    (Landmark.RIGHT_ELBOW,),
    (Landmark.LEFT_SHOULDER,),
    (Landmark.RIGHT_SHOULDER,),
)
"""Landmarks in whose middle a closer look at a still picture is taken."""
LEAST_TORSO = 0.12  # of the picture's height; also of somebody bent towards the camera
TORSO_PER_SHOULDERS = 1.2  # of a body seen from the front, whose hips may be guessed too high
SHRINK_FIRST = 0.5  # below this scale the picture is halved before it is sampled
MIDDLE = 127.5

Planes = NDArray[np.float32]
Affine = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OwnCrop:
    """The part of a frame the network sees.

    Attributes:
        to_crop: (2, 3) affine from frame to crop pixels, both counted from the centre of the
            top-left pixel.
    """

    to_crop: Affine

    @property
    def to_frame(self) -> Affine:
        """(2, 3) affine from crop to frame pixels."""
        return np.asarray(cv2.invertAffineTransform(self.to_crop), np.float32)

    @property
    def scale(self) -> float:
        """Crop pixels per frame pixel."""
        return float(np.hypot(*self.to_crop[0, :2]))

    def points(self, frame_px: Points) -> Points:
        """Frame (n, 2) → crop (n, 2) pixels."""
        return np.asarray(frame_px @ self.to_crop[:, :2].T + self.to_crop[:, 2], np.float32)

    def scaled(self, scale: float) -> OwnCrop:
        """More (below 1) or less of the same place, in as many pixels."""
        height, width = INPUT_HW
        middle = (width - 1) / 2, (height - 1) / 2
        zoom = cv2.getRotationMatrix2D(middle, 0, scale)
        return OwnCrop(np.asarray(zoom @ square(self.to_crop), np.float32))

    @classmethod
    def around(cls, pose: Pose, whole: bool = False) -> OwnCrop:
        """The crop for a person.

        Args:
            pose: where the person is; sets the size as well.
            whole: down to the feet or the frame's edge, and as far as MediaPipe's outline goes,
                instead of to the hips, which is finer.
        """
        box = person_box(pose.landmarks_px, pose.visibility, pose.size_wh, whole)
        if whole:
            reach_px = OUTLINE_ROOM * torso_length(pose.landmarks_px, pose.size_wh)
            box = _with_outline(box, pose.person_alpha, reach_px)
        return cls.fit(*box)

    @classmethod
    def fit(cls, x0: float, y0: float, x1: float, y1: float) -> OwnCrop:
        """The smallest 3:4 crop, about the same centre, that holds a box of pixel edges."""
        height, width = INPUT_HW
        scale = min(width / max(x1 - x0, 1.0), height / max(y1 - y0, 1.0))
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        return cls(
            np.array(
                [
                    [scale, 0, width / 2 - 0.5 - scale * (x - 0.5)],
                    [0, scale, height / 2 - 0.5 - scale * (y - 0.5)],
                ],
                np.float32,
            )
        )


def person_box(
    landmarks_px: Points,
    visibility: NDArray[np.float32],
    size_wh: tuple[int, int],
    whole: bool = False,
) -> tuple[float, float, float, float]:
    """Left, top, right and bottom pixel edge of what is worth seeing of a person in a frame."""
    pairs = JOINTS if whole else UPPER_BODY
    wanted = [int(joint) for pair in pairs for joint in pair]
    wanted += FEET if whole else ()
    shoulders = landmarks_px[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]]
    torso_px = torso_length(landmarks_px, size_wh)
    trusted = [j for j in wanted if visibility[j] >= MIN_VISIBILITY] or wanted
    points = np.concatenate([landmarks_px[trusted], shoulders])
    low, high = points.min(0) - HAND_ROOM * torso_px, points.max(0) + HAND_ROOM * torso_px
    eyes = landmarks_px[[Landmark.LEFT_EYE, Landmark.RIGHT_EYE]].mean(0)
    top = min(float(low[1]), float(eyes[1]) - HEAD_ROOM * torso_px)
    width, height = size_wh
    legs = [int(joint) for pair in LEGS for joint in pair]
    legs_shown = bool((visibility[legs] >= MIN_VISIBILITY).any())
    bottom = float(high[1]) if legs_shown or not whole else float(height)
    left = min(float(low[0]), float(eyes[0]) - HAIR_ROOM * torso_px)
    right = max(float(high[0]), float(eyes[0]) + HAIR_ROOM * torso_px)
    x0, x1 = (float(np.clip(v, 0, width)) for v in (left, right))
    y0, y1 = (float(np.clip(v, 0, height)) for v in (top, bottom))
    if x1 - x0 < 1 or y1 - y0 < 1:  # the person is out of the picture
        return 0.0, 0.0, float(width), float(height)
    return x0, y0, x1, y1


def _with_outline(
    box: tuple[float, float, float, float], person_alpha: Alpha, reach_px: float
) -> tuple[float, float, float, float]:
    """A box that also holds what of a person lies within ``reach_px`` of it."""
    height, width = person_alpha.shape
    x0, y0 = (max(0, int(v - reach_px)) for v in box[:2])
    x1, y1 = min(width, int(box[2] + reach_px)), min(height, int(box[3] + reach_px))
    rows, columns = (person_alpha[y0:y1, x0:x1] > MIDDLE).nonzero()
    if not len(rows):
        return box
    return (
        min(box[0], x0 + float(columns.min())),
        min(box[1], y0 + float(rows.min())),
        max(box[2], x0 + float(columns.max()) + 1),
        max(box[3], y0 + float(rows.max()) + 1),
    )


def torso_length(landmarks_px: Points, size_wh: tuple[int, int]) -> float:
    """Pixels from the shoulders to the hips, also of somebody who bends or turns."""
    shoulders = landmarks_px[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]]
    hips = landmarks_px[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]]
    return max(
        float(np.hypot(*(shoulders.mean(0) - hips.mean(0)))),
        float(np.hypot(*(shoulders[0] - shoulders[1]))) * TORSO_PER_SHOULDERS,
        LEAST_TORSO * size_wh[1],
    )


def close_boxes(
    landmarks_px: Points,
    visibility: NDArray[np.float32],
    size_wh: tuple[int, int],
) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom pixel edges of closer looks: head, hands, elbows, shoulders.

    Those whose landmarks are not seen, or lie beside the frame, are left out.
    """
    tall = CLOSE_HEIGHT * torso_length(landmarks_px, size_wh)
    wide = tall * INPUT_HW[1] / INPUT_HW[0]
    boxes = []
    for place in map(list, CLOSE_PLACES):
        x, y = landmarks_px[place].mean(0).tolist()
        seen = bool((visibility[place] >= MIN_VISIBILITY).all())
        if seen and 0 <= x < size_wh[0] and 0 <= y < size_wh[1]:
            boxes.append((x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2))
    return boxes


def picture_planes(image: Image, person_alpha: Alpha, crop: OwnCrop) -> Planes:
    """The network's first input, (1, 4, 256, 192): colours and outline in -1..1.

    Args:
        image: (H, W, 3) uint8 RGB; person_alpha: (H, W).
    """
    height, width = INPUT_HW
    colours = sampled(image, crop.to_crop, (width, height), MIDDLE)
    person = sampled(person_alpha, crop.to_crop, (width, height), 0.0)
    planes = np.empty((1, PICTURE_PLANES, height, width), np.float32)
    planes[0, :3] = colours.transpose(2, 0, 1)
    planes[0, 3] = person
    planes /= MIDDLE
    planes -= 1.0
    return planes


def sampled(
    picture: NDArray[np.uint8], to_crop: Affine, size_wh: tuple[int, int], outside: float
) -> NDArray[np.uint8]:
    """A crop of a picture, (h, w) or (h, w, 3), smooth also where it is much smaller.

    Args:
        picture: (H, W) or (H, W, 3); to_crop: (2, 3) from its pixels to the crop's.
        size_wh: of the crop; outside: value of every channel beyond the picture.
    """
    move = to_crop.astype(np.float64)
    while np.hypot(move[0, 0], move[1, 0]) < SHRINK_FIRST and min(picture.shape[:2]) > 2:
        picture = _halved(picture)
        move = move @ np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])
    border = (outside,) * 3
    return np.asarray(
        cv2.warpAffine(picture, move, size_wh, flags=cv2.INTER_LINEAR, borderValue=border), np.uint8
    )


def _halved(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mean of every 2×2 pixels; an odd last row or column is left out."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    even = picture[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def pose_planes(crop_px: Points, visibility: NDArray[np.float32]) -> Planes:
    """The network's second input, (1, 12, 64, 48) in 0..1: joints as spots, limbs as strokes.

    Args:
        crop_px: (33, 2) landmarks in crop pixels; visibility: (33,), below
            ``labels.MIN_VISIBILITY`` a landmark is left out.
    """
    height, width = (n // POSE_STRIDE for n in INPUT_HW)
    planes = np.zeros((1, POSE_PLANES, height, width), np.float32)
    places = (crop_px + 0.5) / POSE_STRIDE - 0.5
    seen = visibility >= MIN_VISIBILITY
    columns, rows = np.arange(width), np.arange(height)
    for plane, pair in zip(planes[0], JOINTS, strict=False):
        for joint in pair:
            if seen[joint]:
                x, y = places[joint]
                spot = np.outer(_bell(rows - y), _bell(columns - x))
                np.maximum(plane, spot, out=plane)
    for plane, (first, second) in zip(planes[0, len(JOINTS) :], LIMBS, strict=True):
        stroke = np.zeros((height, width), np.uint8)
        for start, end in zip(JOINTS[first], JOINTS[second], strict=True):
            if seen[start] and seen[end]:
                cv2.line(stroke, _pixel(places[start]), _pixel(places[end]), (1,), LIMB_THICKNESS)
        plane[:] = stroke
    return planes


def _bell(distance: NDArray[Any]) -> Planes:
    return np.asarray(np.exp(-0.5 * (distance / JOINT_SIGMA) ** 2), np.float32)


def _pixel(place: NDArray[np.float32]) -> tuple[int, int]:
    """Whole pixels, kept within what OpenCV can draw to."""
    x, y = np.clip(np.round(place), -1000, 1000)
    return int(x), int(y)


def square(affine: NDArray[Any]) -> NDArray[np.float64]:
    """An affine map (2, 3) as a matrix (3, 3), to chain and to turn round."""
    return np.vstack([affine, [0, 0, 1]]).astype(np.float64)
