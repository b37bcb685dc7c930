"""What the benchmark dresses: the sample person and a striped garment, without any pose tracker."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import Landmark, VitonGroup
from pipeline.samples import astronaut
from pipeline.stack.crop import PersonCrop
from pipeline.structures import Category, Frame, Garment, Pose, Sleeves

# The sample person's landmarks at 640 × 480, as found by the pose tracker; what lies below the
# picture is not seen.
_LANDMARKS = {
    Landmark.NOSE: (286, 120),
    Landmark.LEFT_EYE: (310, 105),
    Landmark.RIGHT_EYE: (268, 97),
    Landmark.LEFT_EAR: (331, 115),
    Landmark.RIGHT_EAR: (255, 102),
    Landmark.MOUTH_LEFT: (297, 143),
    Landmark.MOUTH_RIGHT: (268, 137),
    Landmark.LEFT_SHOULDER: (344, 212),
    Landmark.RIGHT_SHOULDER: (209, 177),
    Landmark.LEFT_ELBOW: (369, 317),
    Landmark.RIGHT_ELBOW: (166, 298),
    Landmark.LEFT_WRIST: (362, 287),
    Landmark.RIGHT_WRIST: (184, 372),
    Landmark.LEFT_HIP: (294, 406),
    Landmark.RIGHT_HIP: (201, 391),
}
_HEAD_PX, _LIMB_PX = 46, 44  # radii at 640 × 480
STRIPE_PX = 24
_JUMPER = (
    *((150, 20), (250, 50), (310, 50), (410, 20), (550, 380), (470, 420), (415, 230), (415, 590)),
    *((145, 590), (145, 230), (90, 420), (10, 380)),
)


def sample_frame() -> Frame:
    """The sample person, 640 × 480."""
    return Frame(astronaut())


def sample_pose() -> Pose:
    """Where they stand."""
    points = np.full((len(Landmark), 2), (250.0, 540.0), np.float32)
    visibility = np.full(len(Landmark), 0.1, np.float32)
    for mark, place in _LANDMARKS.items():
        points[mark] = place
        visibility[mark] = 0.99
    depth = np.zeros(len(Landmark), np.float32)
    return Pose(points, visibility, depth, np.full((480, 640), 255, np.uint8))


def sample_garment(number: int = 0) -> Garment:
    """A striped jumper, drawn; only its picture matters to the networks."""
    texture = np.zeros((600, 560, 4), np.uint8)
    outline = np.array(_JUMPER, np.int32)
    shape = np.zeros(texture.shape[:2], np.uint8)
    cv2.fillPoly(shape, [outline], (255,))
    rows = np.arange(600)[:, None] // STRIPE_PX % 2
    colour = np.where(rows[..., None] > 0, (40, 60 + 20 * number, 120), (235, 225, 210))
    texture[..., :3] = np.where(shape[..., None] > 0, colour, 0)
    texture[..., 3] = shape
    line = np.zeros((2, 2), np.float32)
    parts = (shape > 0).astype(np.uint8)
    kind = Category.UPPER, Sleeves.LONG
    return Garment(f"striped-{number}", "Striped", *kind, texture, parts, {}, line)


def drawn_groups(crop: PersonCrop, dressed: bool) -> NDArray[np.uint8]:
    """``VitonGroup`` of the sample person's crop, drawn from the landmarks.

    Args:
        crop: of the sample frame.
        dressed: the plan (bare hands and neck) instead of what the camera shows.
    """
    canvas = np.zeros(crop.size_hw, np.uint8)
    unit = crop.scale
    at = {
        mark: tuple(int(v) for v in crop.to_crop(np.array(place, np.float32)).round())
        for mark, place in _LANDMARKS.items()
    }
    upper = int(VitonGroup.UPPER)
    corners = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
    corners += [Landmark.RIGHT_HIP, Landmark.LEFT_HIP]
    cv2.fillPoly(canvas, [np.array([at[mark] for mark in corners], np.int32)], (upper,))
    width = round(_LIMB_PX * unit)
    for side in ("LEFT", "RIGHT"):
        arm = [at[Landmark[f"{side}_{name}"]] for name in ("SHOULDER", "ELBOW", "WRIST")]
        cv2.polylines(canvas, [np.array(arm, np.int32)], False, (upper,), width)
        hand = VitonGroup.LEFT_ARM if side == "LEFT" else VitonGroup.RIGHT_ARM
        cv2.circle(canvas, arm[2], width // 2, (int(hand),), -1)
    nose = at[Landmark.NOSE]
    cv2.circle(canvas, nose, round(1.35 * _HEAD_PX * unit), (int(VitonGroup.HAIR),), -1)
    cv2.circle(canvas, nose, round(_HEAD_PX * unit), (int(VitonGroup.FACE),), -1)
    hips = max(at[Landmark.LEFT_HIP][1], at[Landmark.RIGHT_HIP][1])
    canvas[hips:][canvas[hips:] == upper] = int(VitonGroup.BOTTOM)
    if dressed:  # the new garment's neckline is deeper
        neck = (np.add(at[Landmark.LEFT_SHOULDER], at[Landmark.RIGHT_SHOULDER]) // 2).tolist()
        cv2.circle(canvas, neck, round(0.6 * _LIMB_PX * unit), (int(VitonGroup.BACKGROUND),), -1)
    return canvas
