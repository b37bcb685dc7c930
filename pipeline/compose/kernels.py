"""The loops over pixels, compiled. No decisions here: every number arrives as an argument.

Compiled code is cached beside the package, releases the interpreter lock and runs on one core:
sessions are threads, and the same input always gives the same pixels.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

LIGHTNESS_BINS, CHROMA_BINS = 12, 32
BIN_COUNT = LIGHTNESS_BINS * CHROMA_BINS * CHROMA_BINS
_LIGHTNESS_PER_BIN = 100.0 / LIGHTNESS_BINS
_CHROMA_PER_BIN = 4.0  # pale skin and a white shirt differ by two bins
_CHROMA_ORIGIN = 64.0


@njit(cache=True, nogil=True)
def colour_bins(lab: NDArray[np.float32]) -> NDArray[np.int32]:
    """Index of the Lab histogram bin of every pixel of (h, w, 3)."""
    height, width = lab.shape[:2]
    out = np.empty((height, width), np.int32)
    for y in range(height):
        for x in range(width):
            lightness = int(lab[y, x, 0] / _LIGHTNESS_PER_BIN)
            lightness = min(max(lightness, 0), LIGHTNESS_BINS - 1)
            a = min(max(int((lab[y, x, 1] + _CHROMA_ORIGIN) / _CHROMA_PER_BIN), 0), CHROMA_BINS - 1)
            b = min(max(int((lab[y, x, 2] + _CHROMA_ORIGIN) / _CHROMA_PER_BIN), 0), CHROMA_BINS - 1)
            out[y, x] = (lightness * CHROMA_BINS + a) * CHROMA_BINS + b
    return out


def bin_centres() -> NDArray[np.float32]:
    """Lab colour in the middle of every bin, (1, BIN_COUNT, 3), in the order of the indices."""
    lightness = (np.arange(LIGHTNESS_BINS) + 0.5) * _LIGHTNESS_PER_BIN
    chroma = (np.arange(CHROMA_BINS) + 0.5) * _CHROMA_PER_BIN - _CHROMA_ORIGIN
    grid = np.meshgrid(lightness, chroma, chroma, indexing="ij")
    return np.asarray(np.stack(grid, axis=-1).reshape(1, BIN_COUNT, 3), np.float32)


@njit(cache=True, nogil=True)
def likeness(
    lab: NDArray[np.float32], mean: NDArray[np.float32], width: NDArray[np.float32]
) -> NDArray[np.float32]:
    """exp(-½ Σ ((lab - mean) / width)²) for every pixel of (h, w, 3)."""
    rows, columns = lab.shape[:2]
    out = np.empty((rows, columns), np.float32)
    for y in range(rows):
        for x in range(columns):
            total = np.float32(0.0)
            for c in range(3):
                d = (lab[y, x, c] - mean[c]) / width[c]
                total += d * d
            out[y, x] = np.exp(np.float32(-0.5) * total) if total < 18.0 else np.float32(0.0)
    return out


@njit(cache=True, nogil=True)
def share(
    skin: NDArray[np.float32],
    hair: NDArray[np.float32],
    bins: NDArray[np.int32],
    worn_table: NDArray[np.float32],
    nothing: float,
) -> NDArray[np.float32]:
    """Divide each pixel among skin, worn and hair (h, w, 3), leaving a rest for the unknown."""
    rows, columns = bins.shape
    out = np.empty((rows, columns, 3), np.float32)
    for y in range(rows):
        for x in range(columns):
            worn = worn_table[bins[y, x]]
            total = skin[y, x] + worn + hair[y, x] + np.float32(nothing)
            out[y, x, 0] = skin[y, x] / total
            out[y, x, 1] = worn / total
            out[y, x, 2] = hair[y, x] / total
    return out


@njit(cache=True, nogil=True)
def changed(
    maps: NDArray[np.float32], old_maps: NDArray[np.float32], least: float
) -> NDArray[np.uint8]:
    """255 where any of the maps (h, w, k) differs from the old one by more than ``least``."""
    rows, columns, count = maps.shape
    out = np.zeros((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            for k in range(count):
                if abs(maps[y, x, k] - old_maps[y, x, k]) > least:
                    out[y, x] = 255
    return out


@njit(cache=True, nogil=True)
def settle(
    maps: NDArray[np.float32],
    lab: NDArray[np.float32],
    old_maps: NDArray[np.float32],
    old_lab: NDArray[np.float32],
    known: NDArray[np.uint8],
    moved: NDArray[np.uint8],
    calm_weight: float,
    noise: float,
    span: float,
) -> None:
    """Average maps over time where the picture stands still, in place.

    The weight of the new value grows from ``calm_weight`` (colour change below ``noise``) to 1
    (``span`` above it), and is 1 where ``moved`` is not 0, so that a moving hand leaves nothing
    behind. ``old_*`` and ``known`` carry over to the next frame.
    """
    rows, columns, count = maps.shape
    for y in range(rows):
        for x in range(columns):
            weight = np.float32(1.0)
            if known[y, x] and not moved[y, x]:
                change = np.float32(0.0)
                for c in range(3):
                    change += abs(lab[y, x, c] - old_lab[y, x, c])
                excess = (change - noise) / span
                weight = np.float32(min(max(float(excess), calm_weight), 1.0))
            known[y, x] = 1
            for c in range(3):
                old_lab[y, x, c] += weight * (lab[y, x, c] - old_lab[y, x, c])
            for k in range(count):
                if weight < 1.0:
                    maps[y, x, k] = old_maps[y, x, k] + weight * (maps[y, x, k] - old_maps[y, x, k])
                old_maps[y, x, k] = maps[y, x, k]


@njit(cache=True, nogil=True)
def limb_field(
    rows: int, columns: int, chain: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How far each cell is from a limb, and where along it.

    Args:
        rows, columns: size of the result.
        chain: (n, 4) joints in order: x, y, radius, position along the limb (at most 2.5).

    Returns:
        Distance from the bone in percent of the radius there, and position in percent, both
        (rows, columns) uint8; distance 255 means "2.55 radii or farther".
    """
    distance = np.full((rows, columns), 255, np.uint8)
    position = np.zeros((rows, columns), np.uint8)
    reach = np.float32(2.55)
    x0, y0 = np.float32(1e9), np.float32(1e9)
    x1, y1 = np.float32(-1e9), np.float32(-1e9)
    for i in range(chain.shape[0]):
        room = reach * chain[i, 2]
        x0, x1 = min(x0, chain[i, 0] - room), max(x1, chain[i, 0] + room)
        y0, y1 = min(y0, chain[i, 1] - room), max(y1, chain[i, 1] + room)
    for y in range(max(0, int(y0)), min(rows, int(y1) + 2)):
        for x in range(max(0, int(x0)), min(columns, int(x1) + 2)):
            best = reach * reach
            place = np.float32(0.0)
            for i in range(chain.shape[0] - 1):
                dx, dy = chain[i + 1, 0] - chain[i, 0], chain[i + 1, 1] - chain[i, 1]
                px, py = x - chain[i, 0], y - chain[i, 1]
                t = (px * dx + py * dy) / (dx * dx + dy * dy + np.float32(1e-6))
                t = min(max(t, np.float32(0.0)), np.float32(1.0))
                radius = chain[i, 2] + (chain[i + 1, 2] - chain[i, 2]) * t
                ex, ey = px - dx * t, py - dy * t
                ratio = (ex * ex + ey * ey) / (radius * radius)
                if ratio < best:
                    best = ratio
                    place = chain[i, 3] + (chain[i + 1, 3] - chain[i, 3]) * t
            distance[y, x] = int(np.sqrt(best) * np.float32(100.0))
            position[y, x] = int(place * np.float32(100.0) + np.float32(0.5))
    return distance, position


@njit(cache=True, nogil=True)
def paint_fill(
    flesh: NDArray[np.uint8],
    behind: NDArray[np.uint8],
    tone: NDArray[np.float32],
    folds: NDArray[np.float32],
    distance: NDArray[np.uint8],
    roundness: float,
    ground: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Skin over the surroundings, as one layer (h, w, 4) of premultiplied RGBA.

    Args:
        flesh, behind: (h, w) alpha of skin and of surroundings.
        tone: (h, w, 3) skin colour before shading.
        folds: (h, w) factor of the light found on the worn cloth.
        distance: (h, w) percent of the limb's radius; brightness falls off across a limb.
        roundness: loss of light at the limb's edge.
        ground: (h, w, 3) colour of the surroundings.
    """
    rows, columns = flesh.shape
    per = np.float32(1.0 / 255.0)
    out = np.zeros((rows, columns, 4), np.uint8)
    for y in range(rows):
        for x in range(columns):
            if flesh[y, x] == 0 and behind[y, x] == 0:
                continue
            over = flesh[y, x] * per
            under = behind[y, x] * per * (np.float32(1.0) - over)
            off = min(distance[y, x] * np.float32(0.01), np.float32(1.0))
            light = folds[y, x] * (np.float32(1.0) - np.float32(roundness) * off * off) * over
            for c in range(3):
                value = tone[y, x, c] * light
                value = min(max(value, np.float32(0.0)), np.float32(255.0) * over)
                out[y, x, c] = int(value + ground[y, x, c] * under)
            out[y, x, 3] = int((over + under) * np.float32(255.0) + np.float32(0.5))
    return out


@njit(cache=True, nogil=True)
def limit(layer: NDArray[np.uint8], room: NDArray[np.uint8]) -> None:
    """Scale a premultiplied RGBA layer (H, W, 4) by ``room`` (H, W), in place."""
    rows, columns = room.shape
    for y in range(rows):
        for x in range(columns):
            left = np.int32(room[y, x])
            if left == 255 or layer[y, x, 3] == 0:
                continue
            for c in range(4):
                layer[y, x, c] = (np.int32(layer[y, x, c]) * left + 127) // 255


@njit(cache=True, nogil=True)
def extend_garment(
    garment: NDArray[np.uint8],
    wanted: NDArray[np.uint8],
    to_edge: NDArray[np.float32],
    faith: NDArray[np.float32],
    smooth: NDArray[np.uint8],
    step: int,
    inset: float,
) -> None:
    """Continue the garment beyond its edge by mirroring it there, in place.

    Args:
        garment: (H, W, 4) premultiplied RGBA.
        wanted: (H, W) alpha the garment shall have at least.
        to_edge: (h, w, 2) cells down and right to the garment's edge.
        faith: (h, w) 0..1, share of the mirrored colour; the rest is ``smooth``.
        smooth: (h, w, 3) colour of the garment nearby.
        step: frame px per cell.
        inset: px inside the edge to mirror at.
    """
    rows, columns = wanted.shape
    last_row, last_column = to_edge.shape[0] - 1, to_edge.shape[1] - 1
    for y in range(rows):
        fy = min(max((y + 0.5) / step - 0.5, 0.0), last_row - 1e-3)
        top = int(fy)
        low = np.float32(fy - top)
        for x in range(columns):
            have = garment[y, x, 3]
            if wanted[y, x] <= have:
                continue
            fx = min(max((x + 0.5) / step - 0.5, 0.0), last_column - 1e-3)
            left = int(fx)
            right = np.float32(fx - left)
            bottom, beside = min(top + 1, last_row), min(left + 1, last_column)
            w00 = (np.float32(1.0) - low) * (np.float32(1.0) - right)
            w01 = (np.float32(1.0) - low) * right
            w10 = low * (np.float32(1.0) - right)
            w11 = low * right
            dy = w00 * to_edge[top, left, 0] + w01 * to_edge[top, beside, 0]
            dy += w10 * to_edge[bottom, left, 0] + w11 * to_edge[bottom, beside, 0]
            dx = w00 * to_edge[top, left, 1] + w01 * to_edge[top, beside, 1]
            dx += w10 * to_edge[bottom, left, 1] + w11 * to_edge[bottom, beside, 1]
            trust = w00 * faith[top, left] + w01 * faith[top, beside]
            trust += w10 * faith[bottom, left] + w11 * faith[bottom, beside]
            length = np.sqrt(dy * dy + dx * dx) + np.float32(1e-3)
            scale = (np.float32(2.0) + np.float32(inset) / (length * step)) * step
            sy, sx = int(y + dy * scale + 0.5), int(x + dx * scale + 0.5)
            solid = 0 <= sy < rows and 0 <= sx < columns and garment[sy, sx, 3] >= 250
            if not solid:
                trust = np.float32(0.0)
            part = np.float32(wanted[y, x] - have) * np.float32(1.0 / 255.0)
            for c in range(3):
                colour = w00 * smooth[top, left, c] + w01 * smooth[top, beside, c]
                colour += w10 * smooth[bottom, left, c] + w11 * smooth[bottom, beside, c]
                if solid:
                    colour += trust * (garment[sy, sx, c] - colour)
                garment[y, x, c] = int(min(garment[y, x, c] + colour * part, np.float32(255.0)))
            garment[y, x, 3] = wanted[y, x]


@njit(cache=True, nogil=True)
def blend(
    camera: NDArray[np.uint8],
    garment: NDArray[np.uint8],
    back: NDArray[np.uint8],
    fill: NDArray[np.uint8],
    front: NDArray[np.uint8],
    shadow: NDArray[np.uint8],
    room: NDArray[np.uint8],
    gain: NDArray[np.uint8],
    tone: NDArray[np.float32],
    opacity: float,
    crisp: float,
    grain: float,
    out: NDArray[np.uint8],
    mask: NDArray[np.uint8],
) -> None:
    """Put all layers together.

    Args:
        camera: (H, W, 3).
        garment, back, fill: (H, W, 4) premultiplied RGBA, top to bottom.
        front: (H, W) alpha of the parts of camera and fill that lie in front of the garment.
        shadow: (H, W) darkness on what is not garment.
        room: (H, W) alpha of the place that is left to ``back``.
        gain: (H, W) light on the garment, 128 = 1.
        tone: (3,) factor per channel on the garment.
        opacity: 0..1 of everything.
        crisp: contrast of the edges of ``fill`` and ``front``, which come from a coarser grid.
        grain: levels of noise on ``fill``, which has none of the camera's.
        out: (H, W, 3) result; the camera's own pixel wherever ``mask`` is 0.
        mask: (H, W) result.
    """
    rows, columns = mask.shape
    per = np.float32(1.0 / 255.0)
    one = np.float32(1.0)
    fade = np.float32(opacity)
    half = np.float32(0.5)
    sharper = np.float32(crisp)
    rough = np.float32(grain / 32768.0)
    for y in range(rows):
        for x in range(columns):
            if (
                garment[y, x, 3] == 0
                and fill[y, x, 3] == 0
                and back[y, x, 3] == 0
                and shadow[y, x] == 0
            ):
                mask[y, x] = 0
                for c in range(3):
                    out[y, x, c] = camera[y, x, c]
                continue
            ahead = (np.float32(front[y, x]) * per - half) * sharper + half
            open_ = one - min(max(ahead, np.float32(0.0)), one)
            cover = garment[y, x, 3] * per * open_
            collar = back[y, x, 3] * room[y, x] * per * per * open_
            soft = fill[y, x, 3] * per
            filled = min(max((soft - half) * sharper + half, np.float32(0.0)), one)
            part = filled / max(soft, per)
            # sixteen bits that look random and are the same at the same place
            mixed = np.uint32(y) * np.uint32(668265263) + np.uint32(x) * np.uint32(374761393)
            mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
            mixed = (mixed ^ (mixed >> np.uint32(16))) * np.uint32(2246822519)
            mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(3266489917)
            noise = np.float32((mixed >> np.uint32(16)) & np.uint32(0xFFFF)) - np.float32(32768.0)
            speck = noise * rough * filled
            bright = (255 - shadow[y, x]) * per
            clear = (one - cover) * (one - collar) * (one - filled) * bright
            strength = int((one - clear) * fade * np.float32(255.0) + np.float32(0.5))
            mask[y, x] = strength
            if strength == 0:
                for c in range(3):
                    out[y, x, c] = camera[y, x, c]
                continue
            light = gain[y, x] * np.float32(1.0 / 128.0) * open_
            for c in range(3):
                was = np.float32(camera[y, x, c])
                value = was * (one - filled) + fill[y, x, c] * part + speck
                lit = light * tone[c]
                value = value * (one - collar) + back[y, x, c] * room[y, x] * per * lit
                value *= bright
                value = value * (one - cover) + min(garment[y, x, c] * lit, np.float32(255.0))
                value = was + (value - was) * fade + np.float32(0.5)
                out[y, x, c] = int(min(max(value, np.float32(0.0)), np.float32(255.0)))
