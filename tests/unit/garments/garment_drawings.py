"""Garments drawn for the tests, with the truth about them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures import Image

SIZE_WH = (480, 560)
CENTER_X = 240

# Half outlines from the neck down the picture's right side (the wearer's left), mirrored.
TEE = [(45, 90), (105, 108), (178, 190), (138, 222), (108, 190), (108, 470)]
LONG = [(45, 90), (105, 108), (228, 385), (186, 410), (108, 205), (108, 470)]
TANK = [(52, 90), (82, 90), (88, 165), (112, 210), (112, 470)]
TROUSERS = [(80, 60), (95, 160), (110, 510), (40, 510), (12, 240)]
NECK_DEPTH = 28

TRUTH = {
    "tee": {"armpit": (108, 190), "cuff_outer": (178, 190), "cuff_inner": (138, 222)},
    "long": {"armpit": (108, 205), "cuff_outer": (228, 385), "cuff_inner": (186, 410)},
    "tank": {"armpit": (112, 210)},
}
HALVES = {"tee": TEE, "long": LONG, "tank": TANK, "trousers": TROUSERS}


@dataclass(frozen=True)
class Drawing:
    """A photo and the garment's true pixels in it."""

    image: Image
    mask: NDArray[np.bool_]


def ground(kind: str) -> Image:
    """``plain`` grey, ``white``, or ``gradient`` like a badly lit sheet; with a little noise."""
    width, height = SIZE_WH
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    level = {"plain": 190.0, "white": 250.0}.get(kind)
    light = np.full((height, width), level) if level else 235.0 - 0.07 * x - 0.05 * y
    noise = np.random.default_rng(1).normal(0, 1.2, (height, width, 3))
    return np.clip(light[..., None] + noise, 0, 255).astype(np.uint8)


def garment_mask(kind: str) -> NDArray[np.bool_]:
    """The silhouette, with a round neckline for what has shoulders."""
    half = np.array(HALVES[kind], np.float32)
    right, left = half * (1, 1) + (CENTER_X, 0), half * (-1, 1) + (CENTER_X, 0)
    outline = np.concatenate([right, left[::-1]])
    mask = np.zeros(SIZE_WH[::-1], np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    if kind != "trousers":
        neck = (int(HALVES[kind][0][0]), NECK_DEPTH)
        cv2.ellipse(mask, (CENTER_X, 90), neck, 0, 0, 360, 0, -1)
    return mask > 0


def draw(kind: str, on: str = "plain", colour: tuple[int, int, int] = (30, 70, 150)) -> Drawing:
    """A garment of slightly uneven colour on a background, antialiased."""
    mask = garment_mask(kind)
    height, width = mask.shape
    y, x = np.mgrid[0:height, 0:width]
    shade = 1.0 + 0.06 * np.sin(x / 17.0) * np.sin(y / 23.0)
    cloth = np.clip(np.asarray(colour) * shade[..., None], 0, 255)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)[..., None]
    image = cloth * soft + ground(on) * (1 - soft)
    return Drawing(image.astype(np.uint8), mask)
