"""What our own parser says of one frame, and how that comes back to the frame's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import OwnPart
from pipeline.own_crop import OwnCrop, Planes
from pipeline.structures import Alpha

OUTSIDE = -5.0  # logit of every part where the network saw nothing; background has the opposite


@dataclass(frozen=True, eq=False)
class OwnParse:
    """What the network says of one frame.

    Attributes:
        crop: which part of the frame it saw.
        logits: (11, h, w) float32, one plane per ``OwnPart``; 256×192 of a single look.
    """

    crop: OwnCrop
    logits: Planes

    @cached_property
    def probabilities(self) -> Planes:
        """(11, h, w) float32, summing to 1 in every pixel."""
        raised = np.exp(self.logits - self.logits.max(axis=0))
        return np.asarray(raised / raised.sum(axis=0), np.float32)

    @cached_property
    def crop_labels(self) -> NDArray[np.uint8]:
        """(h, w) uint8 of ``OwnPart``."""
        return np.asarray(self.logits.argmax(axis=0), np.uint8)

    def frame_logits(self, size_wh: tuple[int, int]) -> Planes:
        """(11, H, W) float32 in the frame's pixels; outside the crop all is background."""
        width, height = size_wh
        whole = np.empty((len(OwnPart), height, width), np.float32)
        whole[:] = nobody()[:, None, None]
        rows, columns = self.reach(size_wh)
        whole[:, rows, columns] = self.moved(rows, columns)
        return whole

    def labels(self, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
        """(H, W) uint8 of ``OwnPart`` in the frame's pixels."""
        whole = np.full(size_wh[::-1], OwnPart.BACKGROUND, np.uint8)
        rows, columns = self.reach(size_wh)
        whole[rows, columns] = self.moved(rows, columns).argmax(axis=0)
        return whole

    def person(self, size_wh: tuple[int, int]) -> Alpha:
        """(H, W) uint8: how likely a pixel of the frame shows the person, as a share of 255."""
        others = np.delete(self.logits, OwnPart.BACKGROUND, axis=0)
        most = others.max(axis=0)
        odds = most + np.log(np.exp(others - most).sum(axis=0)) - self.logits[OwnPart.BACKGROUND]
        alpha = np.zeros(size_wh[::-1], np.uint8)
        rows, columns = self.reach(size_wh)
        moved = self.spread(odds, rows, columns, outside=OUTSIDE)
        alpha[rows, columns] = 255 / (1 + np.exp(-moved)) + 0.5
        return alpha

    def reach(self, size_wh: tuple[int, int]) -> tuple[slice, slice]:
        """The rows and columns of a frame that the crop may say something of."""
        height, width = self.logits.shape[1:]
        corners = np.array([[-1, -1, 1], [width, -1, 1], [-1, height, 1], [width, height, 1]])
        places = corners @ self.crop.to_frame.T
        low, high = np.floor(places.min(0)), np.ceil(places.max(0)) + 1
        (x0, y0), (x1, y1) = (np.clip(v, 0, size_wh).astype(int).tolist() for v in (low, high))
        return slice(y0, y1), slice(x0, x1)

    def moved(self, rows: slice, columns: slice) -> Planes:
        """(11, h, w) logits of some rows and columns of the frame."""
        planes = zip(self.logits, nobody().tolist(), strict=True)
        return np.stack([self.spread(plane, rows, columns, out) for plane, out in planes])

    def spread(self, plane: Planes, rows: slice, columns: slice, outside: float) -> Planes:
        """(h, w) of some rows and columns of the frame, from a plane of the crop.

        Args:
            plane: as large as those of ``logits``; outside: what it is beyond the crop.
        """
        size_wh = (columns.stop - columns.start, rows.stop - rows.start)
        if not all(size_wh):  # the crop lies beside the frame
            return np.empty(size_wh[::-1], np.float32)
        to_box = self.crop.to_frame.copy()
        to_box[:, 2] -= columns.start, rows.start
        return np.asarray(
            cv2.warpAffine(plane, to_box, size_wh, flags=cv2.INTER_LINEAR, borderValue=(outside,)),
            np.float32,
        )


def nobody() -> NDArray[np.float32]:
    """(11,) logits where the network saw nothing."""
    outside = np.full(len(OwnPart), OUTSIDE, np.float32)
    outside[OwnPart.BACKGROUND] = -OUTSIDE
    return outside
