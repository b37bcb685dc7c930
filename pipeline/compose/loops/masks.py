"""Masks on the analysis grid, (h, w) uint8, 0 or 255: growing, shrinking, what hangs together."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Lengths in cells are typed: a plain number here would be compiled into a copy of every loop.
CELL, TWO_CELLS, FOUR_CELLS = np.intp(1), np.intp(2), np.intp(4)
AS_IT_IS, INVERTED = np.uint8(0), np.uint8(255)

STRAIGHT, DIAGONAL = np.float32(0.955), np.float32(1.369)  # chamfer steps nearest to true lengths

Mask = NDArray[np.uint8]


@njit(cache=True, nogil=True)
def grown(mask: Mask, radius: int) -> Mask:
    """``mask`` widened by ``radius`` cells on every side."""
    return _spread(mask, radius, AS_IT_IS)


@njit(cache=True, nogil=True)
def shrunk(mask: Mask, radius: int) -> Mask:
    """``mask`` narrowed by ``radius`` cells on every side."""
    return _spread(mask, radius, INVERTED)


@njit(cache=True, nogil=True)
def opened(mask: Mask, radius: int) -> Mask:
    """``mask`` without specks and threads thinner than ``2 * radius + 1``."""
    return _spread(_spread(mask, radius, INVERTED), radius, AS_IT_IS)


@njit(cache=True, nogil=True)
def _spread(mask: Mask, radius: int, turn: np.uint8) -> Mask:
    """Spread what is set, or if ``INVERTED`` what is not; beyond the edge there is nothing."""
    rows, columns = mask.shape
    size = 2 * radius + 1
    wide = np.zeros((rows + 2 * radius, columns), np.uint8)
    line = np.zeros(columns + 2 * radius, np.uint8)
    inside = line[radius : radius + columns]
    # plain loops over rows of their own: these compile to wide instructions
    for y in range(rows):
        here, there = mask[y], wide[y + radius]
        for x in range(columns):
            inside[x] = here[x] ^ turn
        for shift in range(size):
            beside = line[shift : shift + columns]
            for x in range(columns):
                there[x] = there[x] | beside[x]
    out = np.zeros((rows, columns), np.uint8)
    for y in range(rows):
        there = out[y]
        for shift in range(size):
            beside = wide[y + shift]
            for x in range(columns):
                there[x] = there[x] | beside[x]
        for x in range(columns):
            there[x] = there[x] ^ turn
    return out


@njit(cache=True, nogil=True)
def touching(found: Mask, seed: Mask, least_area: float) -> Mask:
    """The parts of ``found`` (4-connected) that touch ``seed`` and are not smaller than an area."""
    rows, columns = found.shape
    out = np.zeros((rows, columns), np.uint8)
    queue = np.empty(rows * columns, np.int32)
    for y in range(rows):
        for x in range(columns):
            if seed[y, x] == 0 or found[y, x] == 0 or out[y, x] != 0:
                continue
            queue[0], out[y, x] = y * columns + x, 255
            at, end = 0, 1
            while at < end:
                row, column = queue[at] // columns, queue[at] % columns
                at += 1
                for way in range(4):
                    i = row + (way == 0) - (way == 1)
                    j = column + (way == 2) - (way == 3)
                    if 0 <= i < rows and 0 <= j < columns and found[i, j] and not out[i, j]:
                        out[i, j] = 255
                        queue[end] = i * columns + j
                        end += 1
            if end < least_area:
                for k in range(end):
                    out[queue[k] // columns, queue[k] % columns] = 0
    return out


@njit(cache=True, nogil=True)
def away_from(mask: Mask) -> NDArray[np.float32]:
    """Cells from the nearest cell that is set, told for every 2 × 2 cells (h / 2, w / 2)."""
    rows, columns = mask.shape
    height, width = (rows + 1) // 2, (columns + 1) // 2
    out = np.full((height, width), np.float32(1e6), np.float32)
    for y in range(rows):
        for x in range(columns):
            if mask[y, x]:
                out[y // 2, x // 2] = 0
    straight, diagonal = 2 * STRAIGHT, 2 * DIAGONAL
    for down in range(2):  # from the top left, then from the bottom right
        way = 1 if down == 0 else -1
        for i in range(height):
            y = i if down == 0 else height - 1 - i
            for j in range(width):
                x = j if down == 0 else width - 1 - j
                best = out[y, x]
                if 0 <= x - way < width:
                    best = min(best, out[y, x - way] + straight)
                if 0 <= y - way < height:
                    best = min(best, out[y - way, x] + straight)
                    if x > 0:
                        best = min(best, out[y - way, x - 1] + diagonal)
                    if x < width - 1:
                        best = min(best, out[y - way, x + 1] + diagonal)
                out[y, x] = best
    return out
