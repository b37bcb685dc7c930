"""What the pixels say: soft maps of skin, worn garment and hair. No decisions here.

``Evidence`` is the seam: today colour models learnt from the person in front of the camera fill it,
a trained parser of human parts can fill it instead, and nothing behind it changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.kernels import (
    BIN_COUNT,
    CHROMA_BINS,
    LIGHTNESS_BINS,
    bin_centres,
    colour_bins,
    likeness,
    share,
)
from pipeline.compose.morph import as_mask, fill_ellipse, shrunk, touching
from pipeline.compose.settle import Settler
from pipeline.compose.view import View
from pipeline.compose.zones import Face, Zones, fill_face
from pipeline.structures import Alpha

SURELY_PERSON = 200  # person alpha of a pixel that may teach a colour
LEARN_TIME_S = 0.5  # time constant of skin and hair
LEARN_EVERY_S = 0.09  # colours change slowly: every third frame of a camera is enough
WORN_TIME_S = 2.0  # longer: a hand hides part of a print for a while
TRUSTED = 0.7  # share of a sample, nearest to its median, that tells its spread
MANY_PIXELS = 400  # more teach nothing more
FEW_PIXELS = 30  # fewer teach nothing

SKIN_WIDTH_MIN = (32.0, 7.0, 8.0)  # Lab; light falls on hands and neck as it does not on the face
SKIN_WIDTH_SCALE = (1.5, 2.5, 2.5)  # times the spread seen on the face
HAIR_WIDTH_MIN = (14.0, 5.0, 7.0)
HAIR_WIDTH_SCALE = (2.2, 2.5, 2.5)
WIDTH_MAX = (34.0, 14.0, 16.0)  # a wider spread means that something else was in the sample
SURELY_SKIN = 0.35
MOSTLY = 0.6  # a chest that looks like skin or hair for the most part is a garment of that colour

FULL_BIN = 1.0 / 250.0  # share of the worn histogram at which a colour certainly belongs to it
DOUBT = 3.0  # so many times more of a colour is needed where it is also that of skin or hair
NOTHING = 0.12  # weight of "none of the three"
CALM_TIME_S = 0.2  # averaging time of the maps where nothing moves
MAP_BLUR_PX = 3


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Soft maps on a view's analysis grid; they compete, so their sum is at most 255.

    Attributes:
        skin: (h, w) uint8, bare skin anywhere on the person.
        worn: (h, w) uint8, the garment the person really wears on the upper body.
        hair: (h, w) uint8.
    """

    skin: Alpha
    worn: Alpha
    hair: Alpha


@dataclass(slots=True)
class _Blob:
    """A colour and its spread in Lab, learnt over time."""

    mean: NDArray[np.float32]
    width: NDArray[np.float32]

    def move(self, other: _Blob, weight: float) -> None:
        self.mean = self.mean + np.float32(weight) * (other.mean - self.mean)
        self.width = self.width + np.float32(weight) * (other.width - self.width)


class ColourEvidence:
    """Evidence from colours learnt on the person: skin on the face, worn on the chest, hair above.

    Holds one session's models; ``reset`` when another person may be in front of the camera.
    """

    def __init__(self) -> None:
        self._centres = bin_centres()
        self.reset()

    def reset(self) -> None:
        """Forget everything learnt."""
        self._skin: _Blob | None = None
        self._hair: _Blob | None = None
        self._worn: NDArray[np.float32] | None = None
        self._settler = Settler(CALM_TIME_S, 1.0)
        self._table = np.zeros(BIN_COUNT, np.float32)
        self._learnt_s: float | None = None

    def observe(self, view: View, zones: Zones, time_s: float) -> Evidence:
        """Learn from a view and rate its pixels.

        Args:
            view: the person's neighbourhood.
            zones: where its parts are.
            time_s: the frame's time; a frame seen twice teaches nothing new.
        """
        bins = colour_bins(view.lab)
        elapsed = None if self._learnt_s is None else max(0.0, time_s - self._learnt_s)
        if elapsed is None or elapsed >= LEARN_EVERY_S:
            self._learnt_s = time_s
            self._learn(view, zones, bins, elapsed or 0.0)
        skin, hair = _rate(view, self._skin), _rate(view, self._hair)
        maps = share(skin, hair, bins, self._table, NOTHING)
        maps = self._settler.apply(view, maps, time_s)
        soft = cv2.blur(maps, (MAP_BLUR_PX, MAP_BLUR_PX)) * 255.0
        planes = np.ascontiguousarray(soft.astype(np.uint8).transpose(2, 0, 1))
        planes[2][view.person_small < 100] = 0
        return Evidence(*planes)

    def _learn(self, view: View, zones: Zones, bins: NDArray[np.int32], elapsed_s: float) -> None:
        weight = _weight(elapsed_s, LEARN_TIME_S)
        self._skin = _follow(self._skin, _face_blob(view, zones.face), weight)
        skin = _rate(view, self._skin)
        self._hair = _follow(self._hair, _hair_blob(view, zones.face, skin), weight)
        hair = _rate(view, self._hair)
        self._learn_worn(view, zones, bins, skin, hair, _weight(elapsed_s, WORN_TIME_S))
        self._table = self._worn_table()

    def _learn_worn(
        self,
        view: View,
        zones: Zones,
        bins: NDArray[np.int32],
        skin: NDArray[np.float32],
        hair: NDArray[np.float32],
        weight: float,
    ) -> None:
        chest = zones.chest > 0
        for limb in zones.limbs.values():
            chest |= limb.within(0.6, start=0.1, end=0.8)
        chest &= view.person_small > SURELY_PERSON
        chest &= _off_arms(view, zones)
        for other in (_attached_skin(zones, skin), hair):
            clear = chest & (other < SURELY_SKIN)
            if clear.sum() > (1.0 - MOSTLY) * chest.sum():
                chest = clear
        if chest.sum() < FEW_PIXELS:
            return
        counts = np.bincount(bins[chest], minlength=BIN_COUNT).astype(np.float32)
        counts /= counts.sum()
        if self._worn is None:
            self._worn = counts
        else:
            self._worn += np.float32(weight) * (counts - self._worn)

    def _worn_table(self) -> NDArray[np.float32]:
        if self._worn is None:
            return np.zeros(BIN_COUNT, np.float32)
        table = self._worn.reshape(LIGHTNESS_BINS, CHROMA_BINS * CHROMA_BINS)
        stacked = _soften(table, (1, 3)).reshape(LIGHTNESS_BINS, CHROMA_BINS, -1)
        soft = np.stack([_soften(plane, (5, 5)) for plane in stacked]).ravel()
        needed = np.full(BIN_COUNT, FULL_BIN, np.float32)
        for blob in (self._skin, self._hair):
            if blob is not None:
                needed *= 1.0 + DOUBT * likeness(self._centres, blob.mean, blob.width)[0]
        return np.asarray(np.clip(soft / needed, 0.0, 1.0), np.float32)


def _weight(elapsed_s: float, constant_s: float) -> float:
    return float(1.0 - np.exp(-elapsed_s / constant_s))


def _attached_skin(zones: Zones, skin: NDArray[np.float32]) -> NDArray[np.float32]:
    """Skin that hangs together with the neck, a forearm or a hand; all else is print."""
    seed = zones.neck.copy()
    for limb in zones.limbs.values():
        seed[limb.within(0.7, start=0.5) | (limb.hand_distance < 70)] = 255
    return np.where(touching(as_mask(skin > SURELY_SKIN), seed) > 0, skin, np.float32(0.0))


def _off_arms(view: View, zones: Zones) -> NDArray[np.bool_]:
    off = np.ones(view.shape, np.bool_)
    for limb in zones.limbs.values():
        off &= ~limb.within(1.3, start=1.0) & (limb.hand_distance > 100)
    return off


def _follow(old: _Blob | None, new: _Blob | None, weight: float) -> _Blob | None:
    if old is None or new is None:
        return new if old is None else old
    old.move(new, weight)
    return old


def _rate(view: View, blob: _Blob | None) -> NDArray[np.float32]:
    if blob is None:
        return np.zeros(view.shape, np.float32)
    return np.asarray(likeness(view.lab, blob.mean, blob.width), np.float32)


def _face_blob(view: View, face: Face) -> _Blob | None:
    """Colour of the middle of the face: its median, without eyes, lips, beard and glasses."""
    middle = np.zeros(view.shape, np.uint8)
    fill_face(middle, face, 0.75)
    pixels = view.lab[(middle > 0) & (view.person_small > SURELY_PERSON)]
    if len(pixels) < FEW_PIXELS:
        return None
    return _blob(pixels, SKIN_WIDTH_SCALE, SKIN_WIDTH_MIN)


def _hair_blob(view: View, face: Face, skin: NDArray[np.float32]) -> _Blob | None:
    """Colour of what lies on the crown and is not skin; None for a bald head."""
    crown = np.zeros(view.shape, np.uint8)
    eyes_to_mouth = float(np.hypot(*(face.mouth - face.eyes)))
    top = face.eyes - face.down * eyes_to_mouth * 1.1
    size = (2.2 * face.half_width, 1.9 * eyes_to_mouth)
    fill_ellipse(crown, top, size, face.degrees)
    person = shrunk(view.person_small, 3)
    pixels = view.lab[(crown > 0) & (person > SURELY_PERSON) & (skin < SURELY_SKIN)]
    if len(pixels) < FEW_PIXELS:
        return None
    return _blob(pixels, HAIR_WIDTH_SCALE, HAIR_WIDTH_MIN)


def _blob(pixels: NDArray[np.float32], scale: tuple[float, ...], least: tuple[float, ...]) -> _Blob:
    pixels = pixels[:: 1 + len(pixels) // MANY_PIXELS]
    middle = np.median(pixels, axis=0)
    distance = np.abs(pixels - middle).sum(axis=1)
    spread = pixels[distance <= np.quantile(distance, TRUSTED)].std(axis=0) * np.array(
        scale, np.float32
    )
    width = np.clip(spread, np.array(least), np.array(WIDTH_MAX)).astype(np.float32)
    return _Blob(middle.astype(np.float32), width)


def _soften(table: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(table, size, 0.2 * max(size)), np.float32)
