"""The scene's light on the garment: its folds and shadows, its brightness, its colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import Evidence
from pipeline.compose.layers import Layers
from pipeline.compose.morph import as_mask, halved, local_mean, odd, resized
from pipeline.compose.view import View
from pipeline.compose.zones import Zones
from pipeline.structures import Alpha, Image

GAIN_ONE = 128  # value of the gain map that changes nothing
SHADE_RANGE = (-0.32, 0.08)  # log of the light of worn folds on the garment; whites must not burn
PLAIN_STRENGTH, BUSY_STRENGTH = 0.85, 0.25  # a print must not shine through as shading
PLAIN_SPREAD, BUSY_SPREAD = 0.12, 0.45  # spread of log lightness of a plain and of a busy print
FINE = 0.42  # half chests; size of the low-pass

MINKOWSKI = 6  # norm of the shades-of-grey estimate
NEUTRAL_LEVEL = 205.0  # level of the estimate at which a garment photo needs no dimming
EXPOSURE_RANGE = (0.62, 1.06)
CAST_RANGE = (0.85, 1.15)
CAST_STRENGTH = 0.5
TONE_TIME_S = 0.6
MEASURE_EVERY_S = 0.09  # light changes slowly: every third frame of a camera is enough

OCCLUDER_SHADOW = 0.33  # of a hand on the garment
GARMENT_SHADOW = 0.22  # of the garment on what is beside it
DARKEST = 8.0  # added to L before its logarithm, so that noise in blacks makes no shading


class SceneTone:
    """Brightness and colour of the scene's light, calm over time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the scene."""
        self._tone: NDArray[np.float32] | None = None
        self._time_s = 0.0

    def measure(self, image: Image, time_s: float) -> NDArray[np.float32]:
        """Factor (3,) per channel for a garment photographed in neutral light.

        Source: Finlayson, Trezzi 2004, "Shades of gray and colour constancy".
        """
        elapsed = max(0.0, time_s - self._time_s)
        if self._tone is not None and 0.0 < elapsed < MEASURE_EVERY_S:
            return self._tone
        pixels = image[::8, ::8].reshape(-1, 3).astype(np.float32)
        level = np.power(np.mean(np.power(pixels, MINKOWSKI), axis=0), 1.0 / MINKOWSKI)
        mean = max(float(level.mean()), 1.0)
        cast = np.clip(level / mean, *CAST_RANGE) ** CAST_STRENGTH
        tone = np.asarray(cast * np.clip(mean / NEUTRAL_LEVEL, *EXPOSURE_RANGE), np.float32)
        self._time_s = time_s
        if self._tone is None:
            self._tone = tone
        else:
            weight = np.float32(1.0 - np.exp(-elapsed / TONE_TIME_S))
            self._tone = self._tone + weight * (tone - self._tone)
        return self._tone


def garment_gain(view: View, zones: Zones, evidence: Evidence, layers: Layers) -> NDArray[np.uint8]:
    """Light on the garment, (h, w) uint8 with ``GAIN_ONE`` = unchanged.

    The slow part of the worn garment's lightness is taken over, and hands cast a soft shadow.
    """
    gain = _folds(view, zones, evidence)
    front = layers.front.astype(np.float32) * np.float32(1 / 255.0)
    down = max(1, int(0.035 * zones.unit))
    fallen = np.concatenate([front[:1].repeat(down, axis=0), front[:-down]])
    size = odd(0.16 * zones.unit)
    shadow = np.clip(cv2.blur(fallen, (size, size)) - front, 0.0, 1.0)
    gain = gain * (1.0 - OCCLUDER_SHADOW * shadow)
    return np.asarray(np.clip(gain * GAIN_ONE + 0.5, 0, 255), np.uint8)


def _folds(view: View, zones: Zones, evidence: Evidence) -> NDArray[np.float32]:
    weight = (evidence.worn > 90) & (evidence.worn > evidence.skin) & (view.person_small > 180)
    if weight.sum() < 50:
        return np.ones(view.shape, np.float32)
    light = np.log(view.lab[..., 0] + np.float32(DARKEST))
    spread = float(light[weight].std())
    strength = float(
        np.interp(spread, [PLAIN_SPREAD, BUSY_SPREAD], [PLAIN_STRENGTH, BUSY_STRENGTH])
    )
    flat = halved(as_mask(weight)).astype(np.float32) * np.float32(1 / 255.0)
    half = halved(light)
    mean = float((half * flat).sum() / flat.sum())
    total, count = local_mean(half, flat, odd(0.5 * FINE * zones.unit))
    slow = (total + 1e-2 * mean) / (count + 1e-2)
    gain = np.exp(np.clip((slow - mean) * strength, *SHADE_RANGE)).astype(np.float32)
    gain = np.asarray(cv2.GaussianBlur(gain, (0, 0), 2.0), np.float32)
    return resized(gain, view.shape[::-1])


def contact_shadow(view: View, zones: Zones, garment: Alpha, layers: Layers) -> Alpha:
    """Shadow (h, w) uint8 that the garment casts on the person beside it; none on ``keep``."""
    cover = garment.astype(np.float32)
    size = odd(0.10 * zones.unit)
    shadow = np.clip(cv2.blur(cover, (size, size)) - cover, 0.0, 255.0) * GARMENT_SHADOW
    shadow *= view.person_small.astype(np.float32) * np.float32(1 / 255.0)
    away = cv2.dilate(layers.keep, np.ones((5, 5), np.uint8))
    shadow[away > 0] = 0.0
    return shadow.astype(np.uint8)
