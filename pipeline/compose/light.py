"""The scene's light on the garment: its folds and shadows, its brightness, its colour."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import Evidence
from pipeline.compose.loops.fills import light_and_shadow
from pipeline.compose.loops.light import fold_gain, worn_light
from pipeline.compose.loops.masks import grown
from pipeline.compose.morph import as_mask, doubled, odd, twice_blurred
from pipeline.compose.view import View
from pipeline.compose.zones import Zones
from pipeline.geometry import bounding_box
from pipeline.labels import Landmark
from pipeline.structures import Alpha, Body, Image

GAIN_ONE = 128  # value of the gain map that changes nothing
SHADE_RANGE = (-0.32, 0.05)  # log of the light of worn folds on the garment; whites must not burn
PLAIN_STRENGTH, BUSY_STRENGTH = 0.85, 0.25  # a print must not shine through as shading
PLAIN_SPREAD, BUSY_SPREAD = 0.12, 0.45  # spread of log lightness of a plain and of a busy print
FINE = 0.42  # half chests; size of the low-pass

SAMPLE_PX = 8  # every so many pixels of a row and of a column are looked at
MINKOWSKI = 6  # norm of the shades-of-grey estimate
NEUTRAL_LEVEL = 205.0  # level of the estimate at which a garment photo needs no dimming
OVER_SKIN = 1.16  # level of white cloth over that of skin: even pale skin reflects 70 % of it
LIT = 60  # percentile of a face's brightness: its lit side, without its shine
BRIGHTEST = 90  # percentile of a person's brightness: a pale garment, no glint
SURELY_PERSON = 200  # alpha
NEARLY_GREY = 0.25  # difference of the channels, of the brightest; more is paint
WHITE_LEVEL = 240.0  # level of white cloth in a garment photo
EXPOSURE_RANGE = (0.62, 1.0)  # whites must not burn
CAST_RANGE = (0.85, 1.15)
CAST_STRENGTH = 0.5
GREENER = 0.25  # of a cast towards green: the sky and lamps are bluer or yellower, walls are green
TONE_TIME_S = 0.6
PERSON_TIME_S = 4.0  # a face that looks up is brighter: that is no other light
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
        self._white = 0.0  # level of white cloth on the person, at least
        self._time_s = 0.0

    def measure(self, image: Image, body: Body, time_s: float) -> NDArray[np.float32]:
        """Factor (3,) per channel for a garment photographed in neutral light.

        How bright the scene is, its bright places tell, and the person's: nothing on them is
        whiter than white cloth, and no skin nearly as white. Which colour the light has, tells what
        is bright around them and nearly grey.

        Source: Finlayson, Trezzi 2004, "Shades of gray and colour constancy".
        """
        elapsed = max(0.0, time_s - self._time_s)
        if self._tone is not None and 0.0 < elapsed < MEASURE_EVERY_S:
            return self._tone
        pixels = image[::SAMPLE_PX, ::SAMPLE_PX].reshape(-1, 3).astype(np.float32)
        alpha = body.pose.person_alpha[::SAMPLE_PX, ::SAMPLE_PX].reshape(-1)
        power = np.power(pixels, MINKOWSKI)
        level = float(np.power(np.mean(power, axis=0), 1.0 / MINKOWSKI).mean())
        white = _least_white(image, body, pixels[alpha > SURELY_PERSON])
        first = self._tone is None
        self._white += _share(elapsed, PERSON_TIME_S, first) * (white - self._white)
        exposure = np.clip(max(level / NEUTRAL_LEVEL, self._white / WHITE_LEVEL), *EXPOSURE_RANGE)
        beside = alpha == 0
        tone = np.asarray(exposure * _cast(pixels[beside], power[beside]), np.float32)
        self._time_s = time_s
        old = tone if self._tone is None else self._tone
        self._tone = old + np.float32(_share(elapsed, TONE_TIME_S, first)) * (tone - old)
        return self._tone


def _share(elapsed_s: float, constant_s: float, first: bool) -> float:
    """How much of a new measure counts."""
    return 1.0 if first else 1.0 - math.exp(-elapsed_s / constant_s)


def _cast(pixels: NDArray[np.float32], power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colour of the light on what is around the person, (3,), 1 on average.

    Args:
        pixels: (n, 3) RGB.
        power: the same to the power ``MINKOWSKI``.
    """
    if len(pixels) == 0:
        return np.ones(3, np.float32)
    most = pixels.max(axis=1)
    colourful = (most - pixels.min(axis=1)) / np.maximum(most, 1.0)
    grey = np.exp(-np.square(colourful / np.float32(NEARLY_GREY)))
    bright = power.sum(axis=1)
    # paint and plants say nothing about the light; without any grey nothing is known
    known = float(grey @ bright) / max(float(bright.sum()), 1.0)
    level = np.power(np.maximum(grey @ power, 1e-6), 1.0 / MINKOWSKI)
    cast = np.clip(level / level.mean(), *CAST_RANGE)
    cast[1] = 1.0 + GREENER * (cast[1] - 1.0)
    return np.asarray(cast ** (CAST_STRENGTH * known), np.float32)


def _least_white(image: Image, body: Body, person: NDArray[np.float32]) -> float:
    """The level that white cloth on a person has at least, 0..255.

    Args:
        image: (H, W, 3) the picture.
        body: the person in it.
        person: (n, 3) some of their pixels.
    """
    worn = float(np.percentile(person.mean(axis=1), BRIGHTEST)) if len(person) else 0.0
    points = body.pose.landmarks_px[[Landmark.LEFT_EYE, Landmark.RIGHT_EYE, Landmark.NOSE]]
    box = bounding_box(points, (image.shape[1], image.shape[0]))
    face = image[box.y0 : box.y1 : 2, box.x0 : box.x1 : 2]
    if face.size == 0:
        return worn
    return max(worn, OVER_SKIN * float(np.percentile(face.mean(axis=2), LIT)))


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
