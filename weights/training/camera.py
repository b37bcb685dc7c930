"""What cameras and MediaPipe do to a clean picture: the errors the parser has to live with."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import Landmark, OwnPart

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

NOISE_SIDE = 512  # of the field that noise is cut from
JPEG_QUALITIES = (25, 95)
NEAR_SHARE = 0.05  # of a crop that a hand close to the lens fills at least
NEAR_UNSEEN = 0.5  # of such hands, which MediaPipe leaves out of the outline
BLANK_SHARE = 0.08  # of outlines without anybody
PATCH_SHARE, PATCH = 0.3, (0.04, 0.25)  # of outlines without a piece of a limb; of the height
SPILL_SHARE, SPILL = 0.08, (0.02, 0.08)  # of outlines with a piece of what is behind; the same
DEFOCUSED, DEFOCUS = 0.6, (1.5, 6.0)  # of such hands; px of blur at full resolution
HURRIED, HURRY = 0.12, (0.1, 0.5)  # of pictures whose arms and hands move; how far, in hands' sizes
LEAST_HURRY_PX = 2
COARSE_SHARE, COARSE = 0.2, (1.5, 4.0)  # of crops of small people; how much they are enlarged
LOW_LIGHT_SHARE, LOW_LIGHT = 0.1, (0.3, 0.6)  # darker ones show nobody whom MediaPipe finds
HAZE_SHARE, HAZE = 0.12, (0.2, 0.6)  # of pictures; how much of the light in them is a veil

# Errors of MediaPipe's landmarks in torso lengths, as measured on rendered people
USUAL_ERROR = 0.018
LIMB_ERROR = 0.035
HIP_ERROR = 0.05
LOST_SHARE = 0.06  # of wrists and hands that are somewhere else
LOST_ERROR = 0.3
UNSEEN_SHARE = 0.05  # of landmarks inside the picture that are not trusted
LIMBS = (
    Landmark.LEFT_ELBOW,
    Landmark.RIGHT_ELBOW,
    *range(Landmark.LEFT_WRIST, Landmark.RIGHT_THUMB + 1),
    *range(Landmark.LEFT_KNEE, Landmark.RIGHT_FOOT_INDEX + 1),
)
HANDS = tuple(range(Landmark.LEFT_WRIST, Landmark.RIGHT_THUMB + 1))
HIPS = (Landmark.LEFT_HIP, Landmark.RIGHT_HIP)


class Camera:
    """Spoils pictures at random.

    Args:
        rng: its own source of chance.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._noise = rng.normal(0, 1, (NOISE_SIDE, NOISE_SIDE, 3)).astype(np.float32)

    def photograph(self, image: Bytes) -> Bytes:
        """Colour cast, exposure, contrast, blur, noise and compression of an RGB picture."""
        rng = self._rng
        if rng.random() < COARSE_SHARE:
            height, width = image.shape[:2]
            coarse = 1 / rng.uniform(*COARSE)
            small = cv2.resize(image, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_AREA)
            return cv2.resize(self._spoiled(small), (width, height), interpolation=cv2.INTER_LINEAR)
        return self._spoiled(image)

    def _spoiled(self, image: Bytes) -> Bytes:
        rng = self._rng
        size = image.shape[0] / 256  # lengths are stated at full resolution
        image = self._colours(image)
        if rng.random() < 0.35:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.4) * size)
        if rng.random() < 0.08:
            image = cv2.filter2D(image, -1, _line(max(2, int(rng.integers(3, 10) * size)), rng))
        if rng.random() < 0.7:
            image = self._noisy(
                image, rng.uniform(1, 4) if rng.random() < 0.8 else rng.uniform(4, 14)
            )
        if rng.random() < 0.5:
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITIES))]
            image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
        return image

    def focus(self, image: Bytes, label: Bytes) -> Bytes:
        """Blur a hand, and its arm, that is too close to the lens to be sharp."""
        if not is_near(label) or self._rng.random() > DEFOCUSED:
            return image
        sigma = self._rng.uniform(*DEFOCUS) * label.shape[0] / 256
        return _smeared(image, label, lambda plane: cv2.GaussianBlur(plane, (0, 0), sigma))

    def hurry(self, image: Bytes, label: Bytes) -> Bytes:
        """Blur arms and hands along a line, as if they alone moved."""
        hands = np.sqrt(np.count_nonzero(label == OwnPart.HANDS))
        reach = int(self._rng.uniform(*HURRY) * hands)
        if reach < LEAST_HURRY_PX or self._rng.random() > HURRIED:
            return image
        kernel = _line(reach, self._rng)
        return _smeared(image, label, lambda plane: cv2.filter2D(plane, -1, kernel))

    def _colours(self, image: Bytes) -> Bytes:
        rng = self._rng
        level = np.arange(256, dtype=np.float32)[:, None] / 255
        curve = level ** np.exp(rng.normal(0, 0.28)) * np.exp(rng.normal(0, 0.08, 3))
        if rng.random() < LOW_LIGHT_SHARE:
            curve = curve * rng.uniform(*LOW_LIGHT)
        if rng.random() < HAZE_SHARE:  # light in the lens
            veil = rng.uniform(*HAZE)
            curve = curve * (1 - veil) + veil * rng.uniform(0.3, 1.0) * np.exp(
                rng.normal(0, 0.05, 3)
            )
        contrast = np.exp(rng.normal(0, 0.18))
        curve = (curve - 0.45) * contrast + 0.45 + rng.normal(0, 0.05)
        table = np.clip(curve * 255, 0, 255).astype(np.uint8)
        image = cv2.LUT(image, table[None])
        if rng.random() < 0.3:  # paler or more colourful, down to grey
            grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            share = float(rng.uniform(-0.3, 1.0))
            image = cv2.addWeighted(image, 1 - share, grey, share, 0)
        return image

    def _noisy(self, image: Bytes, strength: float) -> Bytes:
        height, width = image.shape[:2]
        y = self._rng.integers(NOISE_SIDE - height + 1)
        x = self._rng.integers(NOISE_SIDE - width + 1)
        field = self._noise[y : y + height, x : x + width]
        if self._rng.random() < 0.4:  # grain of compressed video is coarser
            field = cv2.GaussianBlur(field, (0, 0), 0.8) * 2
        return np.clip(image + strength * field, 0, 255).astype(np.uint8)

    def outline(self, label: Bytes) -> Bytes:
        """The person's alpha as MediaPipe would draw it for these labels."""
        rng = self._rng
        if rng.random() < BLANK_SHARE:
            return np.zeros_like(label)
        person = ((label > 0) & (label < 255)).astype(np.float32)
        hands = NEAR_UNSEEN if is_near(label) else 0.08
        for part, share in ((OwnPart.ACCESSORY, 0.3), (OwnPart.HANDS, hands), (OwnPart.HAIR, 0.02)):
            if rng.random() < share:
                person[label == part] = 0
        limbs = np.isin(label, (OwnPart.ARMS, OwnPart.HANDS, OwnPart.LEGS, OwnPart.FEET))
        if rng.random() < PATCH_SHARE:
            person[_patch(limbs, rng.uniform(*PATCH), rng) & limbs] = 0
        if rng.random() < SPILL_SHARE:
            person[_patch(cv2.Laplacian(person, -1) != 0, rng.uniform(*SPILL), rng)] = 1
        size = label.shape[0] / 256  # errors are stated at full resolution
        if rng.random() < 0.8:
            person = _warped(person, rng.uniform(0.5, 3.5) * size, rng)
        soft = cv2.GaussianBlur(person, (0, 0), rng.uniform(0.8, 3.5) * size)
        grown = np.clip((soft - 0.5 + rng.normal(0, 0.15)) * rng.uniform(1, 3) + 0.5, 0, 1)
        return np.asarray(grown * 255, np.uint8)

    def landmarks(self, truth: Floats, torso_px: float, size_wh: tuple[int, int]) -> Floats:
        """(33, 3) x, y in px and visibility, as MediaPipe would see the true ones."""
        rng = self._rng
        error = np.full(len(truth), USUAL_ERROR)
        error[list(LIMBS)] = LIMB_ERROR
        seen = truth.copy()
        lost = np.isin(np.arange(len(truth)), HANDS) & (rng.random(len(truth)) < LOST_SHARE)
        error[lost] = LOST_ERROR
        seen[:, :2] += rng.normal(0, 1, (len(truth), 2)) * error[:, None] * torso_px
        seen[list(HIPS), :2] += rng.normal(0, HIP_ERROR, 2) * torso_px
        inside = ((seen[:, :2] > -4) & (seen[:, :2] < np.array(size_wh) + 4)).all(1)
        seen[:, 2] *= inside & (rng.random(len(truth)) > UNSEEN_SHARE)
        return seen


def is_near(label: Bytes) -> bool:
    """Whether hands fill so much of a crop that they are close to the lens."""
    return bool(np.count_nonzero(label == OwnPart.HANDS) > NEAR_SHARE * label.size)


def _smeared(image: Bytes, label: Bytes, blur: Callable[[Floats], Floats]) -> Bytes:
    """Blurred arms and hands before a sharp rest."""
    moved = np.isin(label, (OwnPart.HANDS, OwnPart.ARMS)).astype(np.float32)
    soft = blur(moved)[..., None]
    light = blur(image * moved[..., None])
    return np.asarray(np.clip(light + (1 - soft) * image, 0, 255), np.uint8)


def _line(reach: int, rng: np.random.Generator) -> Floats:
    """(reach, reach) kernel that blurs along a line of any direction."""
    kernel = np.zeros((reach, reach), np.float32)
    angle, middle = rng.uniform(0, np.pi), (reach - 1) / 2
    way = np.array([np.cos(angle), np.sin(angle)]) * middle
    ends = [tuple(int(v) for v in np.round(middle + sign * way)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _patch(of: NDArray[np.bool_], size: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A disc around one of these pixels, its radius a share of the height, or nothing."""
    found = np.flatnonzero(of)
    disc = np.zeros(of.shape, np.uint8)
    if len(found):
        y, x = divmod(int(rng.choice(found)), of.shape[1])
        cv2.circle(disc, (x, y), round(size * of.shape[0]), (1,), -1)
    return disc > 0


def _warped(mask: Floats, strength_px: float, rng: np.random.Generator) -> Floats:
    """An outline that wanders smoothly."""
    height, width = mask.shape
    coarse = rng.normal(0, 1, (2, height // 24 + 2, width // 24 + 2)).astype(np.float32)
    wander = [cv2.resize(c, (width, height), interpolation=cv2.INTER_LINEAR) for c in coarse]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return cv2.remap(
        mask, x + strength_px * wander[0], y + strength_px * wander[1], cv2.INTER_LINEAR
    )
