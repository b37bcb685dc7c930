"""A hood that lies above its garment in the photo, laid down behind the neck."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.neckline import Neckline
from pipeline.garments.regions import Mask, largest, opened
from pipeline.images import to_lab

WIDTH, HEIGHT = 1.3, 0.5  # of the neck's width: so large lies a hood behind a neck
LOWER = 0.5  # of the neck's width: so far it goes on behind the front
TALL = 0.6  # of the neck's width; what rises less is a collar
LEAST_WIDTH = 0.75  # of the neck's width; a hanger and its hook are narrower
SOLID = 0.85  # of its area is not thin
THIN = 0.2  # of the neck's width
SAME_CLOTH = 16.0  # ΔE between hood and chest
CHEST = 1.0  # of the neck's width below the neckline


def lay_down_hood(
    texture: NDArray[np.uint8], neckline: Neckline, solid_alpha: int
) -> NDArray[np.uint8] | None:
    """What stands up above a neckline, as it hangs behind the neck; None if that is no hood.

    Args:
        texture: (h, w, 4) premultiplied RGBA, with the hood.
        neckline: of the garment.
        solid_alpha: of a pixel that belongs to it.

    Returns:
        (h, w, 4) premultiplied RGBA, the hood alone.
    """
    left, right = neckline.points[0], neckline.points[-1]
    width = float(right[0] - left[0])
    hood = largest(neckline.behind & (texture[..., 3] > solid_alpha))
    rows, columns = np.nonzero(hood)
    if not rows.size or not _is_hood(texture, hood, width, float(neckline.points[:, 1].max())):
        return None
    share_x = min(1.0, WIDTH * width / float(np.ptp(columns)))
    share_y = min(1.0, (HEIGHT + LOWER) * width / float(np.ptp(rows)))
    foot = 0.5 * float(left[1] + right[1]) + LOWER * width
    middle = 0.5 * float(columns.min() + columns.max())
    squeeze = np.array(
        [
            [share_x, 0.0, 0.5 * float(left[0] + right[0]) - share_x * middle],
            [0.0, share_y, foot - share_y * float(rows.max())],
        ]
    )
    alone = np.where(hood[..., None], texture, 0).astype(np.uint8)
    laid = cv2.warpAffine(alone, squeeze, texture.shape[1::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(laid, np.uint8)


def _is_hood(texture: NDArray[np.uint8], hood: Mask, neck_width: float, chest_y: float) -> bool:
    rows, columns = np.nonzero(hood)
    if np.ptp(rows) < TALL * neck_width or np.ptp(columns) < LEAST_WIDTH * neck_width:
        return False
    if np.count_nonzero(opened(hood, round(THIN * neck_width))) < SOLID * rows.size:
        return False
    x0, x1 = int(columns.min()), int(columns.max()) + 1
    y0 = int(chest_y)
    chest = texture[y0 : y0 + int(CHEST * neck_width), x0:x1]
    seen = chest[chest[..., 3] == 255]
    if not len(seen):
        return False
    colours = to_lab(
        np.stack([np.median(texture[hood], axis=0)[:3], np.median(seen, axis=0)[:3]])
        .astype(np.uint8)
        .reshape(1, 2, 3)
    )
    return float(np.linalg.norm(colours[0, 0] - colours[0, 1])) < SAME_CLOTH
