"""Linear resampling along one axis as a small matrix, so that a picture's resize is two products.

Upright scalings need no general warp: ``rows @ picture @ columns.T`` samples the whole picture at
exact positions, gives the same numbers on every machine, runs where the picture is (CPU or GPU),
and two resizes in a row are the product of their matrices.
"""

from __future__ import annotations

import torch
from torch import Tensor


def linear_taps(positions: Tensor, length: int) -> Tensor:
    """Weights that sample a line of ``length`` values linearly.

    Args:
        positions: (n,) float64 where to sample; 0 is the centre of the first value. Everything
            outside the line is 0, also the neighbour of a position just beyond its end.
        length: number of values.

    Returns:
        (n, length) float64.
    """
    distance = positions[:, None] - torch.arange(length, dtype=torch.float64)
    return (1 - distance.abs()).clamp(min=0)


def sample_linear(maps: Tensor, positions: Tensor, dim: int) -> Tensor:
    """Sample along one axis like ``linear_taps``, rounding as OpenCV 5 does, to the last bit.

    Args:
        maps: float32, any shape.
        positions: (n,) float32 where to sample ``dim``.
        dim: the axis, negative.
    """
    border = maps.new_zeros([1 if i == maps.ndim + dim else n for i, n in enumerate(maps.shape)])
    padded = torch.cat((border, maps, border), dim)
    floor = positions.floor()
    last = padded.shape[dim] - 1
    low, high = (padded.index_select(dim, (floor.long() + step).clamp(0, last)) for step in (1, 2))
    share = (positions - floor).view([-1] + [1] * (-1 - dim))
    return low + share * (high - low)


def corner_aligned_taps(size: int, length: int) -> Tensor:
    """Resize ``length`` values to ``size``, first onto first and last onto last: (size, length)."""
    return linear_taps(torch.linspace(0, length - 1, size, dtype=torch.float64), length)


def apply_taps(rows: Tensor, columns: Tensor, maps: Tensor) -> Tensor:
    """Resample (..., h, w) with rows (H, h) and columns (W, w): (..., H, W), in maps' type."""
    return rows.to(maps) @ maps @ columns.to(maps).T


def half_pixel_taps(size: int, length: int) -> Tensor:
    """Resize ``length`` values to ``size`` by the outer edges, repeating the ends: (size, length).

    As ``torch.nn.functional.interpolate`` does without ``align_corners`` and antialiasing.
    """
    positions = (torch.arange(size, dtype=torch.float64) + 0.5) * (length / size) - 0.5
    return linear_taps(positions.clamp(0, length - 1), length)
