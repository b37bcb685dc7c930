"""Detail that renders lack: strands, folds, weave and blotches, drawn over what is too smooth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import OwnPart

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIDE = 448  # px of a field, from which crops are cut
MOST = 2.5  # standard deviations a field reaches
STRENGTHS = (0.02, 0.3)  # of the change of brightness, at one standard deviation
SKIN = (OwnPart.FACE, OwnPart.NECK, OwnPart.ARMS, OwnPart.HANDS, OwnPart.LEGS)
SKIN_STRENGTH = 0.35  # of the others'
SHARES: tuple[tuple[float, tuple[OwnPart, ...]], ...] = (
    (0.35, (OwnPart.BACKGROUND,)),
    (0.35, SKIN),
    (0.5, (OwnPart.HAIR,)),
    (0.35, (OwnPart.LOWER,)),
    (0.5, (OwnPart.UPPER,)),
)
"""How often something is drawn over each group."""


class Detail:
    """Draws detail at random.

    Args:
        rng: where chance comes from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        grains = [_noise(rng, (r, r)) for r in (0.7, 1.5, 4.0)]
        strands = [_noise(rng, (along, across)) for along, across in ((9, 0.6), (18, 1), (30, 2))]
        folds = [-np.abs(_noise(rng, size)) for size in ((8, 8), (24, 7), (40, 12))]
        mixed = [grains[0] + grains[2], strands[1] + folds[0], folds[1] + strands[0]]
        self._fields = [_spread(f) for f in (*grains, *strands, *folds, *mixed)]

    def draw(self, image: Bytes, label: Bytes) -> Bytes:
        """Another picture (H, W, 3) of the same labels (H, W)."""
        rng = self._rng
        for share, parts in SHARES:
            mask = np.isin(label, parts)
            if rng.random() > share or not mask.any():
                continue
            strength = np.exp(rng.uniform(*np.log(STRENGTHS)))
            strength *= SKIN_STRENGTH if parts is SKIN else 1
            gain = 1 + strength * self._field(label.shape) * cv2.blur(
                mask.astype(np.float32), (3, 3)
            )
            image = cv2.multiply(image, cv2.merge([gain] * 3), dtype=cv2.CV_8U)
        return image

    def _field(self, size_hw: tuple[int, ...]) -> Floats:
        """A crop of a field, turned and stretched."""
        rng, (height, width) = self._rng, size_hw
        field = self._fields[rng.integers(len(self._fields))]
        angle, zoom = rng.uniform(0, 360), np.exp(rng.uniform(-0.5, 0.7)) * height / 256
        turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle, zoom)
        turn[:, 2] += (width - SIDE) / 2, (height - SIDE) / 2
        return np.asarray(
            cv2.warpAffine(field, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.float32
        )


def _noise(rng: np.random.Generator, radii: tuple[float, float]) -> Floats:
    """Smooth noise, longer in one direction than in the other, of standard deviation 1."""
    white = rng.normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    smooth = cv2.GaussianBlur(white, (0, 0), sigmaX=radii[0], sigmaY=radii[1])
    return np.asarray(smooth / smooth.std(), np.float32)


def _spread(field: Floats) -> Floats:
    """Mean 0, standard deviation 1, no more than ``MOST``."""
    return np.asarray(np.clip((field - field.mean()) / field.std(), -MOST, MOST), np.float32)
