"""What the pixels say: soft maps of skin, worn garment and hair. No decisions here.

The parser says what is where, coarsely and a few times a second. It also shows which pixels teach
what skin, hair and the worn garment look like; those colours then say it of every cell of every
frame. Where both could be true, the parser decides; where they disagree, a colour that fits well.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.loops.colours import HAND_ENDS, LIGHTNESS_PER_BYTE, rate, smooth
from pipeline.compose.parts import HAIR, SKIN, WORN, Planes
from pipeline.compose.settle import Settler
from pipeline.compose.view import View
from pipeline.compose.zones import Zones
from pipeline.structures import Alpha

SURELY_PERSON = 200  # person alpha of a pixel that may teach a colour
LEARN_TIME_S = 0.5  # time constant of skin and hair
LEARN_EVERY_S = 0.2  # colours change slowly
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
SURE = 190  # share of the parser's that may teach a colour

FULL_BIN = 1.0 / 250.0  # share of the worn histogram at which a colour certainly belongs to it
DOUBT = 3.0  # so many times more of a colour is needed where it is also that of skin or hair
NOTHING = 0.12  # likeness of "none of the three"
TRUST = 0.95  # in the parser
TRUST_AT_HAND, TRUST_AT_STILL_HAND = 0.3, 0.9  # in the mirror what it says is a moment old
DOUBTS = np.array([0.003, 0.03, 0.01], np.float32)  # least likeness of skin, worn and hair
CALM_TIME_S = 0.2  # averaging time of the maps where nothing moves
BOX_BLUR = 85  # of 256; a neighbour's weight in the mean of three
BACKGROUND = 20  # person alpha below which a cell shows what is behind the person

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


class Witness:
    """Gathers evidence; holds the colours learnt from one person.

    ``reset`` when another person may be in front of the camera.

    Args:
        photo: the parser studied this very picture.
    """

    def __init__(self, photo: bool = False) -> None:
        self._trust_at_hand = TRUST_AT_STILL_HAND if photo else TRUST_AT_HAND
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

    @property
    def bodily(self) -> NDArray[np.float32]:
        """(2, 3, 256) likeness of each Lab byte to skin and to hair; the product counts."""
        return self._tables

    def observe(self, view: View, zones: Zones, parts: Planes, time_s: float) -> Evidence:
        """Learn from a view and rate its cells.

        Args:
            view: the person's neighbourhood.
            zones: where its parts are.
            parts: (3, h, w) the parser's shares, see ``parts.CarriedParts``.
            time_s: the frame's time; a frame seen twice teaches nothing new.
        """
        elapsed = None if self._learnt_s is None else max(0.0, time_s - self._learnt_s)
        hands = _hand_distance(zones)
        if elapsed is None or elapsed >= LEARN_EVERY_S:
            self._learnt_s = time_s
            self._learn(view, zones, parts, hands, elapsed or 0.0)
        planes = rate(
            view.lab,
            *self._tables,
            self._worn_table,
            self._bins,
            parts,
            hands,
            DOUBTS,
            NOTHING,
            TRUST,
            self._trust_at_hand,
        )
        self._settler.apply(view, planes, time_s)
        skin, worn, hair = smooth(planes, BOX_BLUR)
        hair[view.person < 100] = 0
        return Evidence(skin, worn, hair)

    def _learn(
        self, view: View, zones: Zones, parts: Planes, hands: Alpha, elapsed_s: float
    ) -> None:
        weight = _weight(elapsed_s, LEARN_TIME_S)
        sure = (parts > SURE) & (view.person > SURELY_PERSON)
        # without eyes, lips and glasses, by the median: hands and neck are lit in other ways
        face = view.lab[sure[SKIN] & (zones.in_face < FACE_MIDDLE)]
        self._skin = _follow(self._skin, _blob(face, SKIN_WIDTH_SCALE, SKIN_WIDTH_MIN), weight)
        hair = view.lab[sure[HAIR]]
        self._hair = _follow(self._hair, _blob(hair, HAIR_WIDTH_SCALE, HAIR_WIDTH_MIN), weight)
        self._learn_worn(view.lab[sure[WORN] & (hands > HAND_ENDS)], elapsed_s)
        for table, blob in zip(self._tables, (self._skin, self._hair), strict=True):
            if blob is not None:
                table[:] = blob.likeness(self._bytes)
        self._worn_table = self._rate_worn()

    def _learn_worn(self, pixels: NDArray[np.uint8], elapsed_s: float) -> None:
        if len(pixels) < FEW_PIXELS:
            return
        places = sum(self._bins[c][pixels[:, c]] for c in range(3))
        counts = np.bincount(places, minlength=BIN_COUNT).astype(np.float32)
        counts /= counts.sum()
        if self._worn is None:
            self._worn = counts
        else:
            weight = np.float32(_weight(elapsed_s, WORN_TIME_S))
            self._worn += weight * (counts - self._worn)

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


def _weight(elapsed_s: float, constant_s: float) -> float:
    return float(1.0 - np.exp(-elapsed_s / constant_s))


def _hand_distance(zones: Zones) -> Alpha:
    """Percent of a hand's radius to the nearer hand, (h, w) uint8."""
    both = [limb.hand_distance for limb in zones.limbs.values()]
    return np.asarray(np.minimum(*both), np.uint8)


def _follow(old: _Blob | None, new: _Blob | None, weight: float) -> _Blob | None:
    if old is None or new is None:
        return new if old is None else old
    old.move(new, weight)
    return old


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
