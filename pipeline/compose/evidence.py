"""What the pixels say: soft maps of skin, worn garment and hair. No decisions here.

``Evidence`` is the seam: today colour models learnt from the person in front of the camera fill it,
a trained parser of human parts can fill it instead, and nothing behind it changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.loops.colours import LIGHTNESS_PER_BYTE, rate, smooth
from pipeline.compose.loops.masks import shrunk, touching
from pipeline.compose.morph import as_mask, dilated
from pipeline.compose.settle import Settler
from pipeline.compose.view import View
from pipeline.compose.zones import Zones, fill_chest, fill_ellipse
from pipeline.structures import Alpha, Body

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
FACE_MIDDLE = 75  # percent of the face's ellipse
SURELY_SKIN = 0.35
MOSTLY = 0.6  # a chest that looks like skin or hair for the most part is a garment of that colour

FULL_BIN = 1.0 / 250.0  # share of the worn histogram at which a colour certainly belongs to it
DOUBT = 3.0  # so many times more of a colour is needed where it is also that of skin or hair
NOTHING = 0.12  # weight of "none of the three"
CALM_TIME_S = 0.2  # averaging time of the maps where nothing moves
BOX_BLUR = 85  # of 256; a neighbour's weight in the mean of three
BACKGROUND = 20  # person alpha below which a cell shows what is behind the person
MIXED_RIM = 1  # cells beside the person that may show some of their colour
DOUBTFUL_RIM = 4  # cells; so far may the person's mask reach over what is behind

LIGHTNESS_BINS, CHROMA_BINS = 12, 32
BIN_COUNT = LIGHTNESS_BINS * CHROMA_BINS * CHROMA_BINS
CHROMA_PER_BIN = 4  # pale skin and a white shirt differ by two bins
LAB_ORIGIN = np.array([0, 128, 128], np.float32)  # bytes
LAB_PER_BYTE = np.array([LIGHTNESS_PER_BYTE, 1, 1], np.float32)
CHROMA_FIRST = 64  # byte of the first bin; stronger colours share the outer bins


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

    def likeness(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """exp(-½ ((value - mean) / width)²) of the three channels' values (3, n)."""
        off = (values - self.mean[:, None]) / self.width[:, None]
        return np.asarray(np.exp(-0.5 * off * off), np.float32)


class ColourEvidence:
    """Evidence from colours learnt on the person: skin on the face, worn on the chest, hair above.

    Holds one session's models; ``reset`` when another person may be in front of the camera.
    """

    def __init__(self) -> None:
        self._bins = _bin_terms()
        self._bytes = _lab_of_bytes()
        self.reset()

    def reset(self) -> None:
        """Forget everything learnt."""
        self._skin: _Blob | None = None
        self._hair: _Blob | None = None
        self._worn: NDArray[np.float32] | None = None
        self._settler = Settler(CALM_TIME_S)
        self._tables = np.zeros((2, 3, 256), np.float32)
        self._worn_table = np.zeros(BIN_COUNT, np.float32)
        self._learnt_s: float | None = None

    def observe(self, view: View, zones: Zones, body: Body, time_s: float) -> Evidence:
        """Learn from a view and rate its cells.

        Args:
            view: the person's neighbourhood.
            zones: where its parts are.
            body: the person.
            time_s: the frame's time; a frame seen twice teaches nothing new.
        """
        elapsed = None if self._learnt_s is None else max(0.0, time_s - self._learnt_s)
        if elapsed is None or elapsed >= LEARN_EVERY_S:
            self._learnt_s = time_s
            self._learn(view, zones, body, elapsed or 0.0)
        skin, hair = self._tables
        planes = rate(view.lab, skin, hair, self._worn_table, self._bins, NOTHING)
        self._settler.apply(view, planes, time_s)
        skin, worn, hair = smooth(planes, BOX_BLUR)
        hair[view.person < 100] = 0
        return Evidence(skin, _not_behind(worn, view.person), hair)

    def _learn(self, view: View, zones: Zones, body: Body, elapsed_s: float) -> None:
        weight = _weight(elapsed_s, LEARN_TIME_S)
        self._skin = _follow(self._skin, _face_blob(view, zones), weight)
        skin = self._like(view, self._skin)
        self._hair = _follow(self._hair, _hair_blob(view, zones, skin), weight)
        hair = self._like(view, self._hair)
        chest = fill_chest(view, body) > 0
        self._learn_worn(view, zones, chest, skin, hair, _weight(elapsed_s, WORN_TIME_S))
        for table, blob in zip(self._tables, (self._skin, self._hair), strict=True):
            if blob is not None:
                table[:] = blob.likeness(self._bytes)
        self._worn_table = self._rate_worn()

    def _like(self, view: View, blob: _Blob | None) -> NDArray[np.bool_]:
        """Cells (h, w) that look like a colour."""
        if blob is None:
            return np.zeros(view.shape, np.bool_)
        table = np.log(blob.likeness(self._bytes) + np.float32(1e-9))
        total = table[0][view.lab[..., 0]]
        total += table[1][view.lab[..., 1]]
        total += table[2][view.lab[..., 2]]
        return np.asarray(total >= np.log(SURELY_SKIN))

    def _learn_worn(
        self,
        view: View,
        zones: Zones,
        chest: NDArray[np.bool_],
        skin: NDArray[np.bool_],
        hair: NDArray[np.bool_],
        weight: float,
    ) -> None:
        for limb in zones.limbs.values():
            chest |= limb.within(0.6, start=0.1, end=0.8)
        for limb in zones.limbs.values():
            chest &= ~limb.within(1.3, start=1.0) & (limb.hand_distance > 100)
        chest &= view.person > SURELY_PERSON
        for other in (_attached(zones, skin), hair):
            clear = chest & ~other
            if clear.sum() > (1.0 - MOSTLY) * chest.sum():
                chest = clear
        pixels = view.lab[chest]
        if len(pixels) < FEW_PIXELS:
            return
        places = sum(self._bins[c][pixels[:, c]] for c in range(3))
        counts = np.bincount(places, minlength=BIN_COUNT).astype(np.float32)
        counts /= counts.sum()
        if self._worn is None:
            self._worn = counts
        else:
            self._worn += np.float32(weight) * (counts - self._worn)

    def _rate_worn(self) -> NDArray[np.float32]:
        """How surely each bin's colour is that of the worn garment."""
        if self._worn is None:
            return np.zeros(BIN_COUNT, np.float32)
        table = self._worn.reshape(LIGHTNESS_BINS, CHROMA_BINS * CHROMA_BINS)
        planes = _soften(table, (1, 3)).reshape(LIGHTNESS_BINS, CHROMA_BINS, CHROMA_BINS)
        soft = _soften(np.ascontiguousarray(planes.transpose(1, 2, 0)), (5, 5)).transpose(2, 0, 1)
        needed = np.full(soft.shape, FULL_BIN, np.float32)
        for blob in (self._skin, self._hair):
            if blob is not None:
                light, a, b = (blob.likeness(v)[c] for c, v in enumerate(_bin_centres()))
                like = light[:, None, None] * (a[:, None] * b)
                needed *= 1.0 + DOUBT * like
        return np.clip(soft / needed, 0.0, 1.0).astype(np.float32).ravel()


def _bin_terms() -> NDArray[np.int32]:
    """What each byte of each Lab channel (3, 256) adds to the index of a colour's bin."""
    byte = np.arange(256)
    lightness = byte * LIGHTNESS_BINS // 256
    chroma = np.clip((byte - CHROMA_FIRST) // CHROMA_PER_BIN, 0, CHROMA_BINS - 1)
    terms = np.stack([lightness * CHROMA_BINS**2, chroma * CHROMA_BINS, chroma])
    return np.asarray(terms, np.int32)


def _bin_centres() -> tuple[NDArray[np.float32], ...]:
    """Lab values in the middle of the bins, (3, bins) for lightness and for both chromas."""
    lightness = (np.arange(LIGHTNESS_BINS) + 0.5) * (100.0 / LIGHTNESS_BINS)
    chroma = (np.arange(CHROMA_BINS) + 0.5) * CHROMA_PER_BIN + CHROMA_FIRST - 128.0
    return tuple(np.tile(v.astype(np.float32), (3, 1)) for v in (lightness, chroma, chroma))


def _lab_of_bytes() -> NDArray[np.float32]:
    """Lab values (3, 256) of the bytes of ``images.to_lab_bytes``."""
    byte = np.arange(256, dtype=np.float32)
    return np.stack([byte * np.float32(LIGHTNESS_PER_BYTE), byte - 128.0, byte - 128.0])


def _not_behind(worn: Alpha, person: Alpha) -> Alpha:
    """Evidence of the worn garment, less that of what is behind the person just beside.

    A wall in the garment's colour would else be garment wherever the person's mask is a little
    wide; where it is not, a rim left out looks like the wall.
    """
    beyond = dilated(person, MIXED_RIM) < BACKGROUND  # a camera smears colours over the edge
    behind = dilated(np.where(beyond, worn, np.uint8(0)), DOUBTFUL_RIM + MIXED_RIM)
    return np.where(person < BACKGROUND, worn, cv2.subtract(worn, behind))


def _weight(elapsed_s: float, constant_s: float) -> float:
    return float(1.0 - np.exp(-elapsed_s / constant_s))


def _attached(zones: Zones, skin: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Skin that hangs together with the neck, a forearm or a hand; all else is print."""
    seed = zones.neck.copy()
    for limb in zones.limbs.values():
        seed[limb.within(0.7, start=0.5) | (limb.hand_distance < 70)] = 255
    return np.asarray(touching(skin.view(np.uint8), seed, 0.0) > 0)


def _follow(old: _Blob | None, new: _Blob | None, weight: float) -> _Blob | None:
    if old is None or new is None:
        return new if old is None else old
    old.move(new, weight)
    return old


def _face_blob(view: View, zones: Zones) -> _Blob | None:
    """Colour of the middle of the face: its median, without eyes, lips, beard and glasses."""
    pixels = view.lab[(zones.in_face < FACE_MIDDLE) & (view.person > SURELY_PERSON)]
    return _blob(pixels, SKIN_WIDTH_SCALE, SKIN_WIDTH_MIN)


def _hair_blob(view: View, zones: Zones, skin: NDArray[np.bool_]) -> _Blob | None:
    """Colour of what lies on the crown and is not skin; None for a bald head."""
    face = zones.face
    eyes_to_mouth = float(np.hypot(*(face.mouth - face.eyes)))
    top = face.eyes - face.down * eyes_to_mouth * 1.1
    size = (2.2 * face.half_width, 1.9 * eyes_to_mouth)
    crown = fill_ellipse(view.blank(), top, size, face.degrees)
    sure = shrunk(as_mask(view.person > SURELY_PERSON), 1)
    pixels = view.lab[(crown > 0) & (sure > 0) & ~skin]
    return _blob(pixels, HAIR_WIDTH_SCALE, HAIR_WIDTH_MIN)


def _blob(
    pixels: NDArray[np.uint8], scale: tuple[float, ...], least: tuple[float, ...]
) -> _Blob | None:
    """The usual colour of pixels (n, 3) in Lab bytes; None when they are too few."""
    if len(pixels) < FEW_PIXELS:
        return None
    few = pixels[:: 1 + len(pixels) // MANY_PIXELS].astype(np.float32)
    lab = (few - LAB_ORIGIN) * LAB_PER_BYTE
    middle = np.median(lab, axis=0)
    distance = np.abs(lab - middle).sum(axis=1)
    spread = lab[distance <= np.quantile(distance, TRUSTED)].std(axis=0) * np.array(
        scale, np.float32
    )
    width = np.clip(spread, np.array(least), np.array(WIDTH_MAX)).astype(np.float32)
    return _Blob(middle.astype(np.float32), width)


def _soften(table: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(table, size, 0.2 * max(size)), np.float32)
