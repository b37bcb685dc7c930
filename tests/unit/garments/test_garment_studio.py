"""On a studio's plain ground: what lies beside the garment and is not part of it."""

from __future__ import annotations

import cv2
import numpy as np
from garment_drawings import CENTER_X, SIZE_WH, draw
from numpy.typing import NDArray

from pipeline.garments.cutout import CutoutMode, cut_out
from pipeline.structures import Image

BLUE = (120, 150, 205)
GREY = (200, 200, 202)
SHADOW = 0.16  # of the ground's light
SHADOW_OFFSET_PX = (-26, 14)
SHADOW_BLUR_PX = 9.0
JOINT = (150, 120, 100)


def overlap(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return np.count_nonzero(found & truth) / np.count_nonzero(found | truth)


def _shadowed(image: Image, mask: NDArray[np.bool_]) -> Image:
    """A soft shadow to the left and below."""
    moved = np.roll(mask, SHADOW_OFFSET_PX, axis=(1, 0)).astype(np.float32)
    light = 1 - SHADOW * cv2.GaussianBlur(moved, (0, 0), SHADOW_BLUR_PX)
    light[mask] = 1.0
    return np.clip(image * light[..., None], 0, 255).astype(np.uint8)


def test_a_soft_shadow_is_no_garment() -> None:
    drawing = draw("tee", "white", colour=BLUE)
    found = cut_out(_shadowed(drawing.image, drawing.mask))
    assert found.mode is CutoutMode.STUDIO
    assert overlap(found.mask, drawing.mask) > 0.975


def test_sleeves_in_the_shadows_colour_stay() -> None:
    drawing = draw("tee", "white", colour=BLUE)
    sleeve = drawing.mask & (np.abs(np.arange(SIZE_WH[0]) - CENTER_X) > 112)[None]
    image = drawing.image.copy()
    image[sleeve] = GREY
    found = cut_out(image)
    assert np.count_nonzero(found.mask & sleeve) > 0.95 * np.count_nonzero(sleeve)


def test_a_joint_in_the_floor_is_no_garment() -> None:
    drawing = draw("tee", "white", colour=BLUE)
    image = drawing.image.copy()
    cv2.line(image, (CENTER_X + 30, 0), (CENTER_X + 36, SIZE_WH[1] - 1), JOINT, 3, cv2.LINE_AA)
    image[drawing.mask] = drawing.image[drawing.mask]
    found = cut_out(image)
    assert not found.mask[:60].any() and not found.mask[-60:].any()
    assert overlap(found.mask, drawing.mask) > 0.97
