"""The soft edge: no wall travels along, and no cloth is lost where it is pale."""

from __future__ import annotations

import numpy as np
from garment_drawings import SIZE_WH, draw, garment_mask
from numpy.typing import NDArray

from pipeline.garments.matte import premultiplied
from pipeline.garments.regions import Mask, grow, shrink

WALL = np.full((*SIZE_WH[::-1], 3), 190.0, np.float32)
DARK, PALE = (40, 30, 60), (214, 204, 190)
STRIPE_PX = 14


def alpha_of(image: NDArray[np.uint8], mask: Mask) -> NDArray[np.uint8]:
    return premultiplied(image, mask, WALL)[..., 3]


def test_pale_stripes_reach_the_edge() -> None:
    mask = garment_mask("tank")
    rows = np.arange(SIZE_WH[1])[:, None, None] // STRIPE_PX % 2
    image = np.where(mask[..., None], np.where(rows, DARK, PALE), WALL).astype(np.uint8)
    assert (alpha_of(image, mask)[shrink(mask, 5)] > 250).mean() > 0.98  # all but a few corners


def test_a_cast_shadow_is_cleared() -> None:
    cloth = garment_mask("tank")
    image = draw("tank", colour=DARK).image.copy()
    shadow = np.roll(cloth, 9, axis=1) & ~grow(cloth, 3)
    image[shadow] = 165
    alpha = alpha_of(image, cloth | grow(cloth, 3) | shadow)
    assert alpha[shadow & ~grow(cloth, 9)].mean() < 25
    assert alpha[shrink(cloth, 9)].min() == 255
