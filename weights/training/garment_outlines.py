"""Outlines of garments as polygons: tops, dresses, shirts, hoods, trousers, shorts and skirts.

Convention: x grows to the right from the garment's middle, y down from the back of the neck or the
waist; a top's shoulders are about 1 apart. Later pieces lie over earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
SIDES = (-1.0, 1.0)
LIMB_STEPS = 7  # points along an edge of a sleeve or leg


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One piece of cloth.

    Attributes:
        points: (n, 2) its corners.
        inside: whether it shows the reverse of the cloth, which lies in shadow.
        own_grain: whether stripes run along it rather than along the garment.
    """

    points: Points
    inside: bool = False
    own_grain: bool = False


def sample_outline(rng: np.random.Generator) -> list[Piece]:
    """Any garment, every piece a little uneven."""
    kinds = (_top, _strap_top, _bottom, _skirt)
    pieces = kinds[int(rng.choice(len(kinds), p=(0.66, 0.14, 0.12, 0.08)))](rng)
    return [Piece(_rounded(p.points, rng), p.inside, p.own_grain) for p in pieces]


def _top(rng: np.random.Generator) -> list[Piece]:
    """With shoulders; sleeveless to long-sleeved, a dress when it is long."""
    neck, chest = rng.uniform(0.13, 0.27), rng.uniform(0.4, 0.56)
    drop, pit = rng.uniform(0.04, 0.16), rng.uniform(0.28, 0.42)
    length = rng.uniform(0.85, 1.5) if rng.random() < 0.8 else rng.uniform(1.6, 2.2)
    waist, hem = chest * rng.uniform(0.78, 1.05), chest * rng.uniform(0.85, 1.25)
    if length > 1.5:
        hem *= rng.uniform(1.0, 1.7)
    sleeve = str(rng.choice(["none", "short", "long", "folded"], p=[0.14, 0.42, 0.3, 0.14]))
    shoulder = 0.5 if sleeve != "none" else rng.uniform(0.32, 0.48)
    depth = rng.uniform(0.04, 0.2) if rng.random() < 0.7 else rng.uniform(0.2, 0.55)
    sides = [(shoulder, drop), (chest * 0.97, pit), (waist, 0.6 * length), (hem, length)]
    bow = rng.normal(0.03, 0.04)
    pieces = [Piece(_mirrored([(0, 0.02), (neck, 0), (neck, depth + 0.1), (0, depth + 0.1)]), True)]
    if rng.random() < 0.15:
        pieces.append(Piece(_mirrored([*sides[2:], (0, length + rng.uniform(0.05, 0.2))]), True))
    neckline = [(0.0, depth), (neck * rng.uniform(0.45, 0.95), depth * 0.55), (neck, 0)]
    body = _mirrored([*neckline, *sides, (hem * 0.5, length + bow), (0, length + bow)])
    pieces.append(Piece(body))
    if rng.random() < 0.18:
        pieces += _opening(rng, depth, length)
    for side in SIDES if sleeve != "none" else ():
        pieces += _sleeve(rng, side, (shoulder * 0.96, drop), pit - drop, sleeve)
    if rng.random() < 0.25:
        pieces += _collar(rng, neck, depth)
    return pieces


def _sleeve(
    rng: np.random.Generator, side: float, start: tuple[float, float], width: float, kind: str
) -> list[Piece]:
    """Out from the shoulder; a folded one turns back over the body or downwards."""
    angle = rng.uniform(0.12, 1.2)
    length = rng.uniform(0.28, 0.55) if kind == "short" else rng.uniform(0.7, 1.2)
    cuff = width * (rng.uniform(0.6, 1.0) if kind == "short" else rng.uniform(0.35, 0.6))
    puff = rng.uniform(1.1, 1.6) if rng.random() < 0.12 else 1.0
    x, y = start[0] - 0.3 * width * np.sin(angle), start[1] + 0.42 * width
    if kind != "folded":
        return [_limb((side * x, y), side * angle, length, (width * puff, cuff))]
    upper = length * rng.uniform(0.4, 0.6)
    elbow = x + upper * np.sin(angle), y + upper * np.cos(angle)
    middle = (width + cuff) / 2
    turned = -rng.uniform(0.2, 1.8)
    first = _limb((side * x, y), side * angle, upper + middle / 3, (width, middle))
    last = _limb((side * elbow[0], elbow[1]), side * turned, length - upper, (middle, cuff))
    return [first, last]


def _limb(
    start: tuple[float, float], angle: float, length: float, widths: tuple[float, float]
) -> Piece:
    """A tapering strip that leaves ``start`` at an angle from straight down, radians."""
    ahead = np.array([np.sin(angle), np.cos(angle)])
    beside = np.array([ahead[1], -ahead[0]])
    along = np.linspace(0, 1, LIMB_STEPS)[:, None]
    middle = np.array(start) + along * length * ahead
    half = (widths[0] + along * (widths[1] - widths[0])) / 2
    ring = np.concatenate([middle + half * beside, (middle - half * beside)[::-1]])
    return Piece(ring.astype(np.float32), own_grain=True)


def _opening(rng: np.random.Generator, depth: float, length: float) -> list[Piece]:
    """A jacket or shirt that hangs open shows its inside."""
    top, low = rng.uniform(0.02, 0.1), rng.uniform(0.01, 0.15)
    return [Piece(_mirrored([(top, depth), (low, length)]), True)]


def _collar(rng: np.random.Generator, neck: float, depth: float) -> list[Piece]:
    """A hood above, a stand-up collar, or two flaps."""
    kind = rng.random()
    if kind < 0.4:
        high, wide = rng.uniform(0.25, 0.5), neck + rng.uniform(0.05, 0.2)
        hood = [(0, -high), (wide * 0.6, -high * 0.85), (wide, -high * 0.3), (neck, 0.06)]
        gap = [(0, -high * 0.7), (neck * 0.5, -high * 0.3), (neck * 0.3, 0.05), (0, depth)]
        return [Piece(_mirrored([*hood, (0, 0.1)])), Piece(_mirrored(gap), True)]
    if kind < 0.65:
        return [Piece(_mirrored([(0, -0.12), (neck * 0.9, -0.12), (neck, depth), (0, depth)]))]
    reach = rng.uniform(0.08, 0.2)
    flap = [(neck, -0.04), (neck + reach, 0.12), (neck * 0.6, 0.2 + reach), (0.01, depth)]
    return [Piece(np.array(flap, np.float32) * np.array([side, 1], np.float32)) for side in SIDES]


def _strap_top(rng: np.random.Generator) -> list[Piece]:
    """A tank or slip: the body hangs from straps, some of them of two strands or crossed."""
    bust, waist = rng.uniform(0.36, 0.5), rng.uniform(0.34, 0.52)
    hem, length = waist * rng.uniform(0.95, 1.6), rng.uniform(0.9, 2.1)
    top, dip, at = rng.uniform(0.25, 0.4), rng.uniform(0.0, 0.25), rng.uniform(0.16, 0.3)
    front = [(0, top + dip), (at, top), (bust, top + 0.12), (waist, 0.75), (hem, length)]
    back = [(0, top + 0.05), (at, top + 0.02), (bust, top + 0.14), (waist, 0.75)]
    wide = float(rng.choice([0.02, 0.035, 0.06, 0.12]))
    crossed = rng.random() < 0.15
    pieces = []
    for side in SIDES:
        for strand in range(2 if rng.random() < 0.35 else 1):
            far = -at * 0.5 if crossed and strand else at + strand * rng.uniform(0.04, 0.12)
            path = np.array([(at, top + 0.05), (at + 0.01, 0), (far, top + 0.1)], np.float32)
            for a, b in ((0, 1), (1, 2)):
                way = path[b] - path[a]
                angle = float(np.arctan2(way[0], way[1]))
                start = (side * float(path[a, 0]), float(path[a, 1]))
                reach = float(np.hypot(*way)) + wide / 2
                pieces.append(_limb(start, side * angle, reach, (wide, wide)))
    return [Piece(_mirrored(back), True), *pieces, Piece(_mirrored([*front, (0, length + 0.03)]))]


def _bottom(rng: np.random.Generator) -> list[Piece]:
    """Trousers or shorts."""
    waist, hip = rng.uniform(0.33, 0.42), rng.uniform(0.4, 0.52)
    rise = rng.uniform(0.45, 0.65)
    length = rise + (rng.uniform(0.15, 0.5) if rng.random() < 0.5 else rng.uniform(0.9, 1.6))
    spread = rng.uniform(0.0, 0.18)
    knee, ankle = hip + spread, hip * rng.uniform(0.75, 1.1) + spread
    cuff = rng.uniform(0.2, 0.4)
    legs = [(0, rise), (max(0.01, ankle - cuff), length), (ankle, length - 0.02), (knee, rise)]
    body = _mirrored([(0, 0.02), (waist, 0), (hip, 0.3), *legs[::-1]])
    band = [(0, -0.02), (waist, -0.02), (waist, 0.05), (0, 0.08)]
    return [Piece(_mirrored(band), True), Piece(body)]


def _skirt(rng: np.random.Generator) -> list[Piece]:
    """Narrow to wide."""
    waist, length = rng.uniform(0.3, 0.42), rng.uniform(0.5, 1.3)
    hem = waist * rng.uniform(1.1, 2.2)
    body = [(0, 0.03), (waist, 0), (hem * 0.85, 0.6 * length), (hem, length), (0, length + 0.05)]
    return [Piece(_mirrored([(0, -0.02), (waist, -0.02), (waist, 0.06), (0, 0.09)]), True),
            Piece(_mirrored(body))]  # fmt: skip


def _mirrored(right: list[tuple[float, float]]) -> Points:
    """A symmetric polygon from its right half, top to bottom."""
    half = np.array(right, np.float32)
    return np.concatenate([half, (half * np.array([-1, 1], np.float32))[::-1]])


def _rounded(points: Points, rng: np.random.Generator) -> Points:
    """Corners cut (Chaikin) once or twice, after each was moved a little."""
    moved = points + rng.normal(0, 0.012, points.shape).astype(np.float32)
    for _ in range(2):
        following = np.roll(moved, -1, 0)
        share = float(rng.uniform(0.04, 0.16))
        near, far = moved + share * (following - moved), following + share * (moved - following)
        moved = np.stack([near, far], 1).reshape(-1, 2).astype(np.float32)
    return moved


def bounds(pieces: list[Piece]) -> tuple[Points, Points]:
    """Least and greatest corner (2,) of all pieces."""
    every = np.concatenate([piece.points for piece in pieces])
    return every.min(0), every.max(0)


def filled(points: Points, size: int) -> Points:
    """(size, size) 0..1 coverage of a polygon given in pixels, with soft edges."""
    plane = np.zeros((size, size), np.uint8)
    shift = 4
    fixed = np.round(points * (1 << shift)).astype(np.int32)
    cv2.fillPoly(plane, [fixed], 255, cv2.LINE_AA, shift)
    return np.asarray(plane.astype(np.float32) / 255)
