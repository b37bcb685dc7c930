"""A one-hot segmentation as labels, and the few pixels where it is not locally constant."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.networks.layers import size_hw

KERNEL = 3  # of both convolutions between segmentation and modulation
TAPS = KERNEL * KERNEL
REACH = 2  # pixels that the two of them look around
ROOM = 32  # border pixels per row and column of a picture; about twice what people's maps have
HIDDEN_ROOM = 1.5  # pixels whose hidden features are needed, per border pixel


class RegionMap(NamedTuple):
    """A one-hot segmentation, taken apart. Its size depends on the picture, or on a fixed room.

    Attributes:
        rows: (B, H, W) int32 which row of a table holds a pixel's modulation: first come the
            regions' constants, then the pixels near borders.
        hidden_taps: (n, 9) int64 labels around every pixel whose hidden features are needed,
            shifted to a table of its own for each of the 9 places.
        border_taps: (m, 9) int64 rows of hidden features around every pixel whose modulation is no
            constant; row n is zero.
        whole: () bool, everything found its place in the room.
    """

    rows: Tensor
    hidden_taps: Tensor
    border_taps: Tensor
    whole: Tensor

    @property
    def border_share(self) -> float:
        """Share of the pixels whose modulation is no constant, or room for them."""
        return len(self.border_taps) / self.rows.numel()


def region_map(seg: Tensor, room: int | None = None) -> RegionMap:
    """Take a one-hot segmentation (B, regions, H, W) apart.

    Args:
        seg: the segmentation.
        room: so many border pixels in all, used or not, so that the same picture size always
            makes the same work and nothing has to be asked of the device; None = as many as there
            are.
    """
    regions = seg.shape[1]
    labels = seg.argmax(1)
    border = border_pixels(labels)
    needed = _dilate(border)
    rows_needed, row_of, whole_needed = _listed(
        needed, None if room is None else int(HIDDEN_ROOM * room)
    )
    rows_border, border_row_of, whole_border = _listed(border, room)
    near_border = border_row_of < len(rows_border)
    rows = torch.where(near_border, border_row_of + regions, labels.flatten()).int()
    count = len(rows_needed)
    tables = torch.arange(TAPS, device=seg.device) * (regions + 1)
    hidden_taps = _around(labels, rows_needed, outside=regions) + tables
    border_taps = _around(row_of.view_as(labels), rows_border, outside=count)
    whole = whole_needed & whole_border
    return RegionMap(rows.view_as(labels), hidden_taps, border_taps, whole)


def room_for(height: int, width: int) -> int:
    """A room that people's segmentations need about half of, for one picture."""
    return min(ROOM * (height + width), height * width)


def border_pixels(labels: Tensor) -> Tensor:
    """(B, H, W) bool: where the 5x5 neighbourhood is not one region inside the picture."""
    values = labels.float()[:, None]
    window = 2 * REACH + 1
    high = F.max_pool2d(values, window, stride=1, padding=REACH)
    low = -F.max_pool2d(-values, window, stride=1, padding=REACH)
    border = (high != low)[:, 0]
    border[:, :REACH] = border[:, -REACH:] = True  # the convolutions see zeros beyond
    border[:, :, :REACH] = border[:, :, -REACH:] = True
    return border


def _dilate(pixels: Tensor) -> Tensor:
    """(B, H, W) bool, grown by one pixel."""
    return F.max_pool2d(pixels.float()[:, None], KERNEL, stride=1, padding=1)[:, 0] > 0


def _listed(pixels: Tensor, room: int | None) -> tuple[Tensor, Tensor, Tensor]:
    """The marked pixels as a list.

    Returns:
        (n,) int64 flat indices, or the number of all pixels where the room is not used up;
        (B · H · W,) int64 place of every pixel in that list, n for those that are not in it;
        () bool, whether all of them found a place.
    """
    marked = pixels.flatten()
    total = len(marked)
    place = marked.cumsum(0) - 1
    if room is None:
        index = marked.nonzero()[:, 0]
        row_of = torch.where(marked, place, len(index))
        return index, row_of, torch.ones((), dtype=torch.bool, device=marked.device)
    kept = marked & (place < room)
    row_of = torch.where(kept, place, room)
    slots = torch.full((room + 1,), total, device=marked.device)
    slots.scatter_(0, row_of, torch.arange(total, device=marked.device))  # the last is a bin
    return slots[:room], row_of, place[-1] < room


def _around(values: Tensor, index: Tensor, outside: int) -> Tensor:
    """(B, H, W) int64 → (n, 9): what lies around the pixels of a list, row by row."""
    height, width = size_hw(values)
    padded = F.pad(values, (1, 1, 1, 1), value=outside)
    inside = index.clamp(max=values.numel() - 1)  # unused places: anything will do
    picture, pixel = inside // (height * width), inside % (height * width)
    first = (picture * (height + 2) + pixel // width) * (width + 2) + pixel % width
    steps = torch.arange(KERNEL, device=values.device)
    offsets = (steps[:, None] * (width + 2) + steps).flatten()
    return padded.flatten()[first[:, None] + offsets]
