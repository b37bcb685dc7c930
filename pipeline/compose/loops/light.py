"""The light on what is worn, told apart from its colours; told for every 2 × 2 cells."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]

WORN, PERSON = 90, 180  # evidence, and alpha, of a cell that surely shows worn cloth
ALIKE = 16  # bytes of a channel that the cells of one cloth spread over, to either side
SAME_HUE, OTHER_HUE = 8, 24  # bytes of chroma off the usual: light changes no hue
SHADED, OTHER_CLOTH = 0.35, 0.75  # log lightness off the usual: no fold is that dark or bright
DECIDED = 3  # power of the likeness: a little alike in every channel is mostly another cloth
DOUBT = 0.12  # share of cells around from which the light that they show is believed


@njit(cache=True, nogil=True)
def worn_light(
    lab: NDArray[np.uint8], skin: Mask, worn: Mask, person: Mask, darkest: float
) -> tuple[Floats, NDArray[np.float64]]:
    """The light on what is worn: on the cells of its usual colour.

    A dark shirt under an open jacket, a collar or a print is no shadow.

    Args:
        lab: (h, w, 3) Lab in bytes.
        skin, worn: (h, w) evidence.
        person: (h, w) alpha.
        darkest: added to the lightness (0..100) before its logarithm.

    Returns:
        Half array (., ., 2): log lightness times weight, and weight, of worn cloth; and (3,)
        weight in cells, mean and standard deviation of their log lightness.
    """
    rows, columns = worn.shape
    places, colours = (
        np.empty((rows * columns, 2), np.int32),
        np.empty((rows * columns, 3), np.uint8),
    )
    count = 0
    for y in range(rows):
        for x in range(columns):
            if worn[y, x] > WORN and worn[y, x] > skin[y, x] and person[y, x] > PERSON:
                places[count, 0], places[count, 1] = y // 2, x // 2
                for c in range(3):
                    colours[count, c] = lab[y, x, c]
                count += 1
    logs, like = _rated(colours[:count], darkest)
    out = np.zeros(((rows + 1) // 2, (columns + 1) // 2, 2), np.float32)
    whole, total, squares = 0.0, 0.0, 0.0
    for k in range(count):
        value = colours[k]
        light = logs[value[0]]
        weight = (like[0, value[0]] * like[1, value[1]] * like[2, value[2]]) ** DECIDED
        whole += weight
        total += weight * light
        squares += weight * light * light
        cell = out[places[k, 0], places[k, 1]]
        cell[0] += np.float32(0.25) * light * weight
        cell[1] += np.float32(0.25) * weight
    mean = total / max(whole, 1.0)
    spread = np.sqrt(max(squares / max(whole, 1.0) - mean * mean, 0.0))
    return out, np.array([whole, mean, spread])


@njit(cache=True, nogil=True)
def fold_gain(
    light: Floats, mean: float, strength: float, darkest: float, brightest: float
) -> Floats:
    """Factor of the slow changes of light, half.

    Args:
        light: half array (., ., 2), log lightness times weight, and weight, blurred.
        mean: log lightness that changes nothing.
        strength: how much of the changes is taken on.
        darkest, brightest: log of the factor's limits.
    """
    height, width = light.shape[:2]
    out = np.empty((height, width), np.float32)
    rest, usual, scale = np.float32(DOUBT), np.float32(mean), np.float32(strength)
    least, most = np.float32(darkest), np.float32(brightest)
    for y in range(height):
        for x in range(width):
            slow = (light[y, x, 0] + rest * usual) / (light[y, x, 1] + rest)
            out[y, x] = np.exp(min(max((slow - usual) * scale, least), most))
    return out


@njit(cache=True, nogil=True)
def _rated(colours: NDArray[np.uint8], darkest: float) -> tuple[Floats, Floats]:
    """Of each byte: log lightness (256,), and how like the usual it is in each channel (3, 256).

    Args:
        colours: (n, 3) Lab bytes of worn cells.
        darkest: see ``worn_light``.
    """
    logs, like = np.empty(256, np.float32), np.empty((3, 256), np.float32)
    for value in range(256):
        logs[value] = np.log(value * (100.0 / 255.0) + darkest)
    usual = _usual(colours)
    for c in range(3):
        for value in range(256):
            if c == 0:
                off = (abs(logs[value] - logs[usual[0]]) - SHADED) / (OTHER_CLOTH - SHADED)
            else:
                off = (abs(value - usual[c]) - SAME_HUE) / (OTHER_HUE - SAME_HUE)
            like[c, value] = min(max(1.0 - off, 0.0), 1.0)
    return logs, like


@njit(cache=True, nogil=True)
def _usual(colours: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The colour (3,) of most of ``colours`` (n, 3): of its largest cluster, not their middle."""
    usual = np.zeros(3, np.int64)
    fits = np.ones(len(colours), np.bool_)
    for c in (2, 1, 0):  # hues first: one cloth has one hue in many shades
        histogram = np.zeros(256, np.int64)
        for k in range(len(colours)):
            histogram[colours[k, c]] += fits[k]
        most, inside = -1, histogram[:ALIKE].sum()
        for value in range(256):
            if value + ALIKE < 256:
                inside += histogram[value + ALIKE]
            if value > ALIKE:
                inside -= histogram[value - ALIKE - 1]
            if inside > most:
                most, usual[c] = inside, value
        for k in range(len(colours)):
            fits[k] &= abs(np.int64(colours[k, c]) - usual[c]) <= ALIKE
    return usual
