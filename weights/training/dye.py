"""Other colours for the same picture: what is known of every pixel makes them nearly free.

Cloth, hair, skin, shoes and surroundings each get a colour of their own, whatever the others have,
so that no colour means a class. Light, shade, folds and prints are kept.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import OwnPart
from weights.training.generator.colours import HAIR_TONES, SKIN_TONES

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

SKIN = (OwnPart.FACE, OwnPart.NECK, OwnPart.ARMS, OwnPart.HANDS, OwnPart.LEGS)
SHARES: tuple[tuple[float, tuple[OwnPart, ...]], ...] = (
    (0.25, (OwnPart.BACKGROUND,)),
    (0.3, SKIN),
    (0.25, (OwnPart.HAIR,)),
    (0.4, (OwnPart.LOWER,)),
    (0.55, (OwnPart.UPPER,)),
    (0.4, (OwnPart.FEET,)),
    (0.3, (OwnPart.ACCESSORY,)),
)
"""How often each group is dyed."""
SLEEVED = 0.25  # share of pictures whose bare arms become sleeves of the garment's colour
CUFFS = (-0.5, 0.6)  # how far from the hand those may end, in hands' sizes; below 0 over it
CUFFED = 0.7  # of such sleeves; the others end where the hand begins
HOSED = 0.06  # of those whose bare legs become those of tights or trousers
ALIKE = 0.4  # share of pictures in which two of these neighbours have about one colour
NEIGHBOURS: tuple[tuple[OwnPart, OwnPart], ...] = (
    (OwnPart.UPPER, OwnPart.HAIR),
    (OwnPart.UPPER, OwnPart.HAIR),
    (OwnPart.HAIR, OwnPart.UPPER),
    (OwnPart.HAIR, OwnPart.UPPER),
    (OwnPart.BACKGROUND, OwnPart.HAIR),
    (OwnPart.BACKGROUND, OwnPart.UPPER),
    (OwnPart.LOWER, OwnPart.UPPER),
    (OwnPart.BACKGROUND, OwnPart.FACE),
)
"""The first takes the colour of the second; what is named twice comes twice as often."""
LEAST_PIXELS = 12
GAINS = (0.35, 2.6)  # how much contrast may change with lightness
TURNS = 0.5  # share of dyes that turn the hues of prints as well
LIKE_SKIN = 70.0  # distance of RGB bytes under which a sleeve would pass for a bare arm
TRIES = 8
LUMA = np.array([0.299, 0.587, 0.114])


class Dyer:
    """Dyes pictures at random.

    Args:
        rng: where chance comes from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def dye(self, image: Bytes, label: Bytes) -> tuple[Bytes, Bytes]:
        """The dyed RGB picture (H, W, 3), and its labels, where bare limbs may now be clothed."""
        rng = self._rng
        for share, parts in SHARES:
            if rng.random() < share:
                image = self._dyed(image, np.isin(label, parts), self._colour(parts))
        if rng.random() < ALIKE:
            image = self._matched(image, label, *NEIGHBOURS[rng.integers(len(NEIGHBOURS))])
        if rng.random() < SLEEVED:
            image, label = self._clothed(image, label, self._sleeves(label), OwnPart.UPPER)
        if rng.random() < HOSED:
            image, label = self._clothed(image, label, label == OwnPart.LEGS, OwnPart.LOWER)
        return image, label

    def _matched(self, image: Bytes, label: Bytes, part: OwnPart, model: OwnPart) -> Bytes:
        """One part in about the colour of another, as black hair on a black shirt."""
        shown = label == model
        if np.count_nonzero(shown) < LEAST_PIXELS:
            return image
        colour = np.array(cv2.mean(image, shown.astype(np.uint8))[:3])
        return self._dyed(image, label == part, colour * _around(self._rng, 0.15))

    def _sleeves(self, label: Bytes) -> NDArray[np.bool_]:
        """What sleeves would cover: arms down to a cuff before the hand, at it, or over it."""
        arms, hands = label == OwnPart.ARMS, label == OwnPart.HANDS
        if self._rng.random() > CUFFED or not hands.any() or not arms.any():
            return arms
        cuff = self._rng.uniform(*CUFFS) * np.sqrt(np.count_nonzero(hands))
        if cuff >= 0:
            return arms & (_away_from(hands) > cuff)
        return arms | (hands & (_away_from(arms) < -cuff))

    def _clothed(
        self, image: Bytes, label: Bytes, limb: NDArray[np.bool_], cloth: OwnPart
    ) -> tuple[Bytes, Bytes]:
        """Bare limbs and the cloth beside them in one colour that no skin has."""
        worn = label == cloth
        if limb.sum() < LEAST_PIXELS or worn.sum() < LEAST_PIXELS:
            return image, label
        skin = np.array(cv2.mean(image, limb.astype(np.uint8))[:3])
        for _ in range(TRIES):
            colour = self._cloth()
            if np.linalg.norm(colour - skin) > LIKE_SKIN and not _is_skin(colour):
                dyed = self._dyed(self._dyed(image, limb, colour), worn, colour)
                return dyed, np.where(limb, cloth, label).astype(np.uint8)
        return image, label

    def _dyed(self, image: Bytes, mask: NDArray[np.bool_], colour: Floats) -> Bytes:
        """The picture with the mask's mean colour moved to another one."""
        if np.count_nonzero(mask) < LEAST_PIXELS:
            return image
        mean = np.array(cv2.mean(image, mask.astype(np.uint8))[:3])
        gain = float(np.clip((colour @ LUMA + 12) / (mean @ LUMA + 12), *GAINS))
        turn = gain * self._turn()
        changed = cv2.transform(image, np.column_stack([turn, colour - turn @ mean]))
        new = cv2.blur(mask.astype(np.float32), (3, 3))
        return np.asarray(cv2.blendLinear(changed, image, new, 1 - new), np.uint8)

    def _turn(self) -> NDArray[np.float64]:
        """(3, 3) that turns hues around grey and makes them stronger or weaker."""
        if self._rng.random() > TURNS:
            return np.eye(3)
        grey = np.full((3, 3), 1 / 3)
        turned = cv2.Rodrigues(self._rng.uniform(-np.pi, np.pi) * np.ones(3) / np.sqrt(3))[0]
        return np.asarray(grey + self._rng.uniform(0.2, 1.2) * (turned - grey))

    def _colour(self, parts: tuple[OwnPart, ...]) -> Floats:
        """An RGB colour in bytes that such a thing may have."""
        rng = self._rng
        if OwnPart.FACE in parts:
            return _between(SKIN_TONES, rng) * _around(rng, 0.1)
        if OwnPart.HAIR in parts and rng.random() < 0.85:
            return _between(HAIR_TONES, rng) * _around(rng, 0.2)
        return self._cloth()

    def _cloth(self) -> Floats:
        rng = self._rng
        kind = rng.random()
        if kind < 0.2:
            colour = np.full(3, rng.uniform(6, 50))
        elif kind < 0.36:
            colour = np.full(3, rng.uniform(170, 245))
        elif kind < 0.46:
            colour = np.full(3, rng.uniform(50, 170))
        elif kind < 0.54:
            colour = np.array([0.45, 0.6, 1.0]) * rng.uniform(30, 110)
        elif kind < 0.6:
            colour = _between(SKIN_TONES, rng)
        elif kind < 0.72:  # red to yellow, which sleeves share with skin in warm light
            colour = _hsv(rng.uniform(-4, 24) % 180, rng.uniform(110, 255), rng.uniform(70, 255))
        else:
            colour = _hsv(rng.uniform(0, 180), rng.uniform(40, 255), rng.uniform(40, 255))
        return np.asarray(colour * _around(rng, 0.05), np.float32)


def _away_from(part: NDArray[np.bool_]) -> Floats:
    """(H, W) distance to a part in px."""
    return np.asarray(cv2.distanceTransform((~part).astype(np.uint8), cv2.DIST_L2, 3), np.float32)


def _hsv(hue: float, pure: float, bright: float) -> NDArray[np.float64]:
    """RGB bytes of a hue below 180."""
    pixel = np.array([[[hue, pure, bright]]], np.uint8)
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0].astype(np.float64)


def _between(tones: tuple[tuple[int, int, int], ...], rng: np.random.Generator) -> Floats:
    """Any colour along a row of them."""
    table = np.array(tones, np.float32)
    where = rng.uniform(0, len(table) - 1)
    first = min(int(where), len(table) - 2)
    return np.asarray(table[first] + (where - first) * (table[first + 1] - table[first]))


def _around(rng: np.random.Generator, spread: float) -> Floats:
    """Lightness and cast, by which a colour is multiplied."""
    return np.asarray(np.exp(rng.normal(0, spread) + rng.normal(0, 0.03, 3)), np.float32)


def _is_skin(colour: Floats) -> bool:
    """Whether it is about as red, green and blue as skin in some light."""
    red, green, blue = (float(c) for c in colour)
    return red > 50 and 1.12 < red / max(green, 1) < 1.75 and 1.0 < green / max(blue, 1) < 1.7
