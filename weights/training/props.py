"""Things in front of people, drawn into rendered pictures anew each time they are used.

Balls, cups, cards, books, bags' straps and lanyards: flat shapes with a little shading. A hand may
hold them, so hands stay in front more often than not. All are accessories, but for the hand that
holds the camera: a smooth mass of skin that comes in from the picture's edge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import Landmark, OwnPart

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

SHARES = {"lanyard": 0.24, "strap": 0.05, "ball": 0.16, "thing": 0.12}
HAND_IN_FRONT = 0.7  # of what is held
AT_A_HAND = 0.6  # of balls and things; the others pass before the body
WORN_OVER = (OwnPart.UPPER, OwnPart.NECK, OwnPart.LOWER)
LEAST_SHOULDERS = 0.5  # of the torso's length: narrower people stand sideways
LEAST_TORSO_PX = 24.0
LENS_HANDS = 0.2  # of near people's pictures, at whose edge a hand is held close to the lens
LENS_TORSO = 0.3  # of the picture's height; whoever holds the camera is not farther away
LENS_REACHED = 0.5  # of such hands, which come in where or above where an arm leaves the picture
LENS_SIZE = (0.15, 0.5)  # of the picture's shorter side
LEAST_SKIN_PX = 60  # that show which colour it has
BARE = (OwnPart.FACE, OwnPart.ARMS, OwnPart.HANDS, OwnPart.NECK)
LENS_HIDES = 0.2  # of the face at most: one who looks into a camera does not cover it
LENS_LABELLED = 127  # where at least half of what is seen is the hand
FINE = 4  # bits of a pixel that OpenCV draws to


@dataclass(frozen=True, slots=True)
class Torso:
    """Where things hang and are held: points in pixels.

    Attributes:
        left, right: shoulders; hips: between the hips; hands: (2, 2) of both wrists.
        size: from shoulders to hips.
    """

    left: Floats
    right: Floats
    hips: Floats
    hands: Floats
    size: float

    @classmethod
    def of(cls, landmarks: Floats) -> Torso:
        """From (33, 3) landmarks."""
        at = landmarks[:, :2]
        left, right = at[Landmark.LEFT_SHOULDER], at[Landmark.RIGHT_SHOULDER]
        hips = at[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(0)
        hands = at[[Landmark.LEFT_INDEX, Landmark.RIGHT_INDEX]]
        return cls(left, right, hips, hands, float(np.hypot(*((left + right) / 2 - hips))))

    @property
    def neck(self) -> Floats:
        """Between the shoulders."""
        return (self.left + self.right) / 2

    def across(self, share: float) -> Floats:
        """A point between the shoulders, 0 at the left one."""
        return np.asarray(self.left + share * (self.right - self.left), np.float32)


class Props:
    """Draws them at random.

    Args:
        rng: where chance comes from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._kinds: dict[str, Callable[[Bytes, Torso], None]] = {
            "lanyard": self._lanyard,
            "strap": self._strap,
            "ball": self._ball,
            "thing": self._thing,
        }

    def place(self, image: Bytes, label: Bytes, landmarks: Floats) -> tuple[Bytes, Bytes]:
        """The RGB picture (H, W, 3) and its labels (H, W) with things added, or as they were."""
        wanted = [name for name, share in SHARES.items() if self._rng.random() < share]
        torso = Torso.of(landmarks)
        if not wanted or torso.size < LEAST_TORSO_PX:
            return image, label
        picture = np.dstack([image, label])
        for name in wanted:
            self._kinds[name](picture, torso)
        return np.ascontiguousarray(picture[..., :3]), np.ascontiguousarray(picture[..., 3])

    def lens_hand(self, image: Bytes, label: Bytes, landmarks: Floats) -> tuple[Bytes, Bytes]:
        """RGB picture (H, W, 3) and labels (H, W), some with a hand close to the lens.

        Its outline is as soft as what is far too near is; it is as bright as the person's skin, or
        up to twice as dark or bright. It covers little of the face.
        """
        rng = self._rng
        skin = image[np.isin(label, BARE)]
        height, width = label.shape
        far = Torso.of(landmarks).size < LENS_TORSO * height
        if far or rng.random() > LENS_HANDS or len(skin) < LEAST_SKIN_PX:
            return image, label
        size = min(height, width) * rng.uniform(*LENS_SIZE)
        middle = _on_the_edge(height, width, rng)
        leaving = _leaving(label) if rng.random() < LENS_REACHED else []
        if len(leaving):
            middle = rng.choice(leaving) - np.array([0, rng.uniform(0, 1) * size], np.float32)
        inward = np.array([width / 2, height / 2]) - middle
        shape = _blank(image)
        _disc(shape, middle, size * 0.75)
        heading = np.arctan2(inward[1], inward[0]) + rng.normal(0, 0.7)
        for finger in range(int(rng.integers(0, 5))):
            angle = heading + (finger - 1.5) * rng.uniform(0.2, 0.5)
            tip = middle + np.array([np.cos(angle), np.sin(angle)]) * size * rng.uniform(0.8, 1.5)
            _stroke(shape, (middle, tip), max(2, round(size * rng.uniform(0.25, 0.45))))
        shape = cv2.GaussianBlur(shape, (0, 0), size * rng.uniform(0.03, 0.2))
        hides, face = shape > LENS_LABELLED, label == OwnPart.FACE
        if np.count_nonzero(hides & face) > LENS_HIDES * np.count_nonzero(face):
            return image, label
        coarse = rng.normal(0, 0.15, (4, 4)).astype(np.float32)
        shade = rng.uniform(0.55, 1.5) * np.exp(cv2.resize(coarse, (width, height)))
        colour = np.median(skin, 0) * np.exp(rng.normal(0, 0.06, 3))
        alpha = (shape / np.float32(255))[..., None]
        mixed = image * (1 - alpha) + np.clip(shade[..., None] * colour, 0, 255) * alpha
        hand = np.where(hides, OwnPart.HANDS, label)
        return mixed.astype(np.uint8), hand.astype(np.uint8)

    def _lanyard(self, picture: Bytes, torso: Torso) -> None:
        """A ribbon from both sides of the neck to a card on the chest or belly."""
        if float(np.hypot(*(torso.left - torso.right))) < LEAST_SHOULDERS * torso.size:
            return
        rng = self._rng
        down = (torso.hips - torso.neck) * rng.uniform(0.3, 0.75)
        end = torso.neck + down + rng.normal(0, 0.03, 2) * torso.size
        inset = rng.uniform(0.28, 0.4)
        shape = _blank(picture)
        width = max(1, round(torso.size * rng.uniform(0.015, 0.04)))
        for share in (inset, 1 - inset):
            start = torso.across(share) - 0.1 * down
            middle = start + 0.55 * (end - start) + 0.06 * (torso.across(share) - torso.neck)
            _stroke(shape, (start, middle, end), width)
        self._paint(picture, shape, self._colour(), WORN_OVER)
        if rng.random() < 0.85:
            size = torso.size * rng.uniform(0.13, 0.2) * np.array([rng.uniform(0.65, 1.3), 1.0])
            card = _blank(picture)
            _tilted(card, end + np.array([0, size[1] / 2]), size, rng.normal(0, 6))
            white = rng.uniform(150, 250, 3) if rng.random() < 0.6 else self._colour()
            self._paint(picture, card, white, WORN_OVER)
            if rng.random() < 0.6:
                photo = _blank(picture)
                _tilted(photo, end + np.array([0, size[1] * 0.55]), size * rng.uniform(0.3, 0.6), 0)
                self._paint(picture, np.minimum(photo, card), self._colour(), (OwnPart.ACCESSORY,))

    def _strap(self, picture: Bytes, torso: Torso) -> None:
        """A bag's strap from one shoulder across the chest to the other hip."""
        start = torso.across(self._rng.choice([0.15, 0.85]) + self._rng.normal(0, 0.05))
        end = 2 * torso.hips - torso.neck - 0.8 * (start - torso.neck)
        shape = _blank(picture)
        _stroke(shape, (start, (start + end) / 2, end), max(2, round(torso.size * 0.06)))
        self._paint(picture, shape, self._colour(), WORN_OVER)

    def _ball(self, picture: Bytes, torso: Torso) -> None:
        """A disc that is lit like a sphere; some have spots."""
        radius = torso.size * self._rng.uniform(0.12, 0.36)
        middle = self._somewhere(torso, radius)
        shape = _blank(picture)
        _disc(shape, middle, radius)
        colour = self._colour()
        shade = _sphere(picture, middle, radius, self._rng)
        held = self._behind_hands()
        self._paint(picture, shape, colour, held, shade)
        for _ in range(int(self._rng.choice([0, 6], p=[0.5, 0.5]))):
            spot = _blank(picture)
            _disc(spot, middle + self._rng.normal(0, 0.5, 2) * radius, radius * 0.28)
            self._paint(picture, np.minimum(spot, shape), 255 - colour, (OwnPart.ACCESSORY,), shade)

    def _thing(self, picture: Bytes, torso: Torso) -> None:
        """A phone, cup, book or box: a turned rectangle that is darker to one side."""
        size = torso.size * self._rng.uniform(0.1, 0.5, 2)
        middle = self._somewhere(torso, float(size.min()) / 2)
        shape = _blank(picture)
        _tilted(shape, middle, size, self._rng.uniform(-90, 90))
        rows, columns = np.indices(picture.shape[:2], np.float32)
        slope = self._rng.normal(0, 0.4, 2) / max(float(size.max()), 1)
        shade = 1 + (columns - middle[0]) * slope[0] + (rows - middle[1]) * slope[1]
        self._paint(picture, shape, self._colour(), self._behind_hands(), shade.clip(0.4, 1.6))

    def _somewhere(self, torso: Torso, reach: float) -> Floats:
        """At one of the hands, or before the body."""
        if self._rng.random() < AT_A_HAND:
            hand = torso.hands[self._rng.integers(2)]
            return np.asarray(hand + self._rng.normal(0, 0.7, 2) * reach, np.float32)
        middle = (torso.neck + torso.hips) / 2
        return np.asarray(middle + self._rng.normal(0, 0.35, 2) * torso.size, np.float32)

    def _behind_hands(self) -> tuple[OwnPart, ...]:
        if self._rng.random() > HAND_IN_FRONT:
            return tuple(OwnPart)
        return tuple(part for part in OwnPart if part != OwnPart.HANDS)

    def _colour(self) -> Floats:
        """RGB bytes: white, black or any."""
        kind = self._rng.random()
        if kind < 0.3:
            return np.asarray(np.full(3, self._rng.uniform(170, 250)), np.float32)
        if kind < 0.5:
            return np.asarray(np.full(3, self._rng.uniform(5, 60)), np.float32)
        return np.asarray(self._rng.uniform(10, 245, 3), np.float32)

    def _paint(
        self,
        picture: Bytes,
        shape: Bytes,
        colour: Floats | NDArray[np.float64],
        over: Sequence[OwnPart],
        shade: Floats | None = None,
    ) -> None:
        """Colour and label (H, W, 4) where a shape (H, W) lies over such parts, in place."""
        alpha = shape * np.isin(picture[..., 3], over)
        drawn = colour if shade is None else shade[..., None] * colour
        part = (alpha / np.float32(255))[..., None]
        grain = self._rng.normal(0, 3, (*alpha.shape, 1))
        mixed = picture[..., :3] * (1 - part) + (drawn + grain) * part
        picture[..., :3] = np.clip(mixed, 0, 255)
        picture[..., 3][alpha > 127] = OwnPart.ACCESSORY


def _blank(picture: Bytes) -> Bytes:
    return np.zeros(picture.shape[:2], np.uint8)


def _on_the_edge(height: int, width: int, rng: np.random.Generator) -> Floats:
    """A point of the picture's sides or lower edge, where a held-out hand comes in."""
    side = rng.choice(["left", "right", "below"], p=[0.4, 0.4, 0.2])
    if side == "below":
        return np.array([rng.uniform(0, width), height], np.float32)
    return np.array([0 if side == "left" else width, rng.uniform(0.1, 1) * height], np.float32)


def _leaving(label: Bytes) -> Floats:
    """(N, 2) pixels of sleeves and arms on the picture's left and right side."""
    ends = label[:, [0, -1]]
    y, side = np.nonzero((ends == OwnPart.UPPER) | (ends == OwnPart.ARMS))
    return np.stack([side * (label.shape[1] - 1), y], 1).astype(np.float32)


def _fixed(point: Floats | NDArray[np.float64]) -> tuple[int, int]:
    """As OpenCV wants points that lie between pixels."""
    x, y = (round(float(v) * (1 << FINE)) for v in np.clip(point, -2000, 2000))
    return x, y


def _stroke(shape: Bytes, points: Sequence[Floats], width: int) -> None:
    line = np.array([_fixed(p) for p in points], np.int32)
    cv2.polylines(shape, [line], False, (255,), width, cv2.LINE_AA, FINE)


def _disc(shape: Bytes, middle: Floats, radius: float) -> None:
    cv2.circle(shape, _fixed(middle), round(radius * (1 << FINE)), (255,), -1, cv2.LINE_AA, FINE)


def _tilted(shape: Bytes, middle: Floats, size_wh: Floats, degrees: float) -> None:
    """A turned rectangle."""
    corners = cv2.boxPoints((tuple(map(float, middle)), tuple(map(float, size_wh)), degrees))
    line = np.array([_fixed(c) for c in corners], np.int32)
    cv2.fillPoly(shape, [line], (255,), cv2.LINE_AA, FINE)


def _sphere(picture: Bytes, middle: Floats, radius: float, rng: np.random.Generator) -> Floats:
    """(H, W) brightness of a sphere under one light, about 1 where it faces it."""
    rows, columns = np.indices(picture.shape[:2], np.float32)
    x, y = (columns - middle[0]) / radius, (rows - middle[1]) / radius
    z = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    light = rng.normal(0, 0.6, 3) + np.array([0, -0.5, 1.0])
    light /= np.linalg.norm(light)
    ambient = rng.uniform(0.3, 0.8)
    facing = np.clip(x * light[0] + y * light[1] + z * light[2], 0, 1)
    return np.asarray(ambient + (1 - ambient) * facing, np.float32)
