"""Studio light on a relief: soft key from the top left, fill, occlusion in the hollows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.default_garments.canvas import Floats, blur

KEY = np.array([-0.46, -0.62, 0.86])
FILL = np.array([0.55, 0.05, 0.9])
HALF = np.array([-0.24, -0.33, 1.0])  # between the key light and the eye
OCCLUSION_PX = (3.0, 9.0, 28.0)


@dataclass(frozen=True)
class Finish:
    """How a cloth answers light.

    Attributes:
        contrast: 1 = matt cotton; lower for white cloth, which lights itself.
        sheen: strength of the soft highlight, in linear light.
        depth: how much colour deepens in the shade.
    """

    contrast: float = 1.0
    sheen: float = 0.01
    depth: float = 0.35


def shade(height: Floats, finish: Finish) -> tuple[Floats, Floats]:
    """Light on a relief (H, W) px: factor (H, W), 1 on a flat piece, and added sheen (H, W)."""
    gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8
    gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8
    inverse = 1 / np.sqrt(1 + gx * gx + gy * gy)

    def towards(light: NDArray[np.float64]) -> Floats:
        x, y, z = light / np.linalg.norm(light)
        return np.asarray((-gx * x - gy * y + z) * inverse, np.float32)

    flat_key = KEY[2] / np.linalg.norm(KEY)
    flat_fill = FILL[2] / np.linalg.norm(FILL)
    wrap = 0.25
    key = np.maximum(towards(KEY) + wrap, 0) / (flat_key + wrap)
    fill = np.maximum(towards(FILL), 0) / flat_fill
    light = 0.68 * key + 0.32 * fill
    hollow = np.zeros_like(height)
    for sigma in OCCLUSION_PX:
        hollow += np.clip((blur(height, sigma) - height) / sigma, -0.10, 0.5)
    light = light * (1 - 0.9 * hollow / len(OCCLUSION_PX))
    light = np.maximum(1 + (light - 1) * finish.contrast, 0.03)
    shine = np.maximum(towards(HALF), 0) ** 14
    return light, (shine - 0.75) * finish.sheen * light


def lit(albedo: Floats, height: Floats, finish: Finish) -> Floats:
    """Linear colour (H, W, 3) of cloth of a linear ``albedo`` (H, W, 3) with a relief (H, W)."""
    light, sheen = shade(height, finish)
    dim = np.clip(1 - light, 0, 1)[..., None]
    deeper = albedo * (albedo / np.maximum(albedo.max(axis=2, keepdims=True), 1e-4)) ** (
        finish.depth * dim
    )
    return np.asarray(np.maximum(deeper * light[..., None] + sheen[..., None], 0), np.float32)


def to_linear(srgb: tuple[float, float, float] | Floats) -> Floats:
    """sRGB 0..255 to linear 0..1."""
    c = np.asarray(srgb, np.float32) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(linear: Floats) -> Floats:
    """Linear 0..1 to sRGB 0..255 (float)."""
    c = np.clip(linear, 0, 1)
    return (
        np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055).astype(np.float32) * 255
    )
