"""The scene's light on the garment: its folds and shadows, its brightness, its colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import Evidence
from pipeline.compose.loops.fills import fold_gain, light_and_shadow, worn_light
from pipeline.compose.loops.masks import grown
from pipeline.compose.morph import as_mask, doubled, odd, twice_blurred
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

FEW_CELLS = 50  # of worn cloth tell no light

OCCLUDER_SHADOW = 0.33  # of a hand on the garment
HAND_SHADOW_SIZE, HAND_SHADOW_DOWN = 0.16, 0.035  # half chests
GARMENT_SHADOW_SIZE = 0.10  # half chests
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


def light_of(
    view: View, zones: Zones, evidence: Evidence, front: Alpha, keep: Alpha, cover: Alpha
) -> NDArray[np.uint8]:
    """Light on the garment, ``GAIN_ONE`` = unchanged, and its shadow, (2, h, w) uint8.

    The slow part of the worn garment's lightness is taken over; hands cast a soft shadow on the
    garment, and the garment on the person beside it, but not on ``keep``.

    Args:
        view: the person's neighbourhood.
        zones: where its parts are.
        evidence: what its cells look like.
        front: (h, w) alpha of what lies in front of the garment.
        keep: (h, w) alpha of what must not change.
        cover: (h, w) alpha of the garment.
    """
    size = odd(HAND_SHADOW_SIZE * zones.unit)
    down = max(1, int(HAND_SHADOW_DOWN * zones.unit))
    around = cv2.blur(front, (size, size))
    fallen = np.concatenate([around[:1].repeat(down, axis=0), around[:-down]])
    size = odd(GARMENT_SHADOW_SIZE * zones.unit)
    lights = light_and_shadow(
        _folds(view, zones, evidence),
        front,
        fallen,
        cover,
        cv2.blur(cover, (size, size)),
        view.person,
        grown(as_mask(keep > 0), 2),
        OCCLUDER_SHADOW,
        GARMENT_SHADOW,
        GAIN_ONE,
    )
    return np.asarray(lights, np.uint8)


def _folds(view: View, zones: Zones, evidence: Evidence) -> NDArray[np.float32]:
    """Slow changes of the light on what is worn, (h, w) or larger; 1 = none."""
    light, (count, mean, spread) = worn_light(
        view.lab, evidence.skin, evidence.worn, view.person, DARKEST
    )
    if count < FEW_CELLS:
        return np.ones(view.shape, np.float32)
    strength = np.interp(spread, [PLAIN_SPREAD, BUSY_SPREAD], [PLAIN_STRENGTH, BUSY_STRENGTH])
    slow = twice_blurred(light, odd(0.5 * FINE * zones.unit))
    gain = fold_gain(slow, float(mean), float(strength), *SHADE_RANGE)
    return doubled(cv2.GaussianBlur(gain, (0, 0), 2.0))
