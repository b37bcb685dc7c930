"""Turned-down collars, hoods and cords."""

from __future__ import annotations

import numpy as np

from pipeline.structures import PART_CODES, Part
from tools.default_garments.canvas import Canvas, Floats, mirror, offset, smooth_curve
from tools.default_garments.cloth import Fold, crumple_relief, fold_relief
from tools.default_garments.design import Design
from tools.default_garments.fabrics import Fabric
from tools.default_garments.layers import Layer
from tools.default_garments.ruled import ruled_fields
from tools.default_garments.seams import Sewing
from tools.default_garments.trims import Detail

TORSO = PART_CODES[Part.TORSO]


def collar(tip: tuple[float, float], spread: float = 0.15, *, stitched: float = 0.03) -> Detail:
    """Two leaves of a turned-down collar around the opening; ``tip`` of the right one, units."""

    def draw(canvas: Canvas, design: Design) -> list[Layer]:
        layers = []
        for side in (-1, 1):
            inner, outer = _leaf_edges(design, tip, spread)
            if side < 0:
                inner, outer = mirror(inner), mirror(outer)
            layers.append(_leaf(canvas, design, inner, outer, side, stitched))
        return layers

    return draw


def _leaf_edges(design: Design, tip: tuple[float, float], spread: float) -> tuple[Floats, Floats]:
    """Fold edge and outer edge of the right leaf of the picture, from the back to the front."""
    neck = design.cut.neck
    opening = design.cut.opening()
    inner = opening[len(opening) // 2 :][::-1]  # from the neck point down to the middle
    a, top = neck.half_width, neck.top
    outer = smooth_curve(
        [
            (a + 0.010, top + 0.008),
            (a + 0.55 * spread, top + 0.050),
            (a + 0.95 * spread, 0.085),
            (a + 0.80 * spread, 0.20),
            (tip[0] + 0.10, 0.5 * (tip[1] + 0.20) + 0.02),
            tip,
        ],
        60,
    )
    return inner, outer


def _leaf(
    canvas: Canvas, design: Design, inner: Floats, outer: Floats, side: int, stitched: float
) -> Layer:
    outline = np.concatenate([inner, outer[::-1]])
    fields = ruled_fields(canvas, inner[np.linspace(0, len(inner) - 1, 60).astype(int)], outer)
    albedo, weave = design.trim.lay(canvas, fields.along, fields.across * fields.width, 90 + side)
    sewing = Sewing.on(canvas)
    if stitched:
        front = np.linspace(outer[-1], inner[-1], 14)[1:].astype(np.float32)
        sewing.stitches(offset(outer, -stitched * -side), design.thread + 0.02, 0.8)
        sewing.stitches(offset(front, -stitched * -side), design.thread + 0.02, 0.8)
    roll = 0.030 * canvas.scale * np.exp(-((np.clip(fields.across, 0, 1) / 0.35) ** 2))
    soft = 0.5 * crumple_relief(canvas, 92 + side)
    return Layer(
        canvas.mask(outline),
        albedo * sewing.tone[..., None],
        roll + weave + soft + sewing.relief,
        design.finish,
        TORSO,
        roll=0.014,
        shadow=0.40,
        shadow_size=0.022,
    )


def hood_front(width: float = 0.30) -> Detail:
    """The two soft edges of a hood that meet on the chest."""

    def draw(canvas: Canvas, design: Design) -> list[Layer]:
        neck = design.cut.neck
        opening = design.cut.opening()
        layers = []
        for side in (1, -1):
            inner = opening[len(opening) // 2 :][::-1]
            inner = np.concatenate([inner, [(-0.035, neck.depth + 0.035)]]).astype(np.float32)
            outer = smooth_curve(
                [
                    (neck.half_width + 0.02, neck.top - 0.02),
                    (neck.half_width + 0.62 * width, neck.top + 0.05),
                    (neck.half_width + 0.86 * width, 0.13),
                    (neck.half_width + 0.52 * width, 0.33),
                    (0.20, neck.depth + 0.13),
                    (-0.02, neck.depth + 0.17),
                ],
                len(inner),
            )
            if side < 0:
                inner, outer = mirror(inner), mirror(outer)
            layers.append(_hood_edge(canvas, design, inner, outer, side))
        return layers

    return draw


def _hood_edge(canvas: Canvas, design: Design, inner: Floats, outer: Floats, side: int) -> Layer:
    fields = ruled_fields(canvas, inner, outer)
    albedo, weave = design.fabric.lay(canvas, fields.along, fields.across * fields.width, 94 + side)
    sewing = Sewing.on(canvas)
    turn = side * 1.0
    for way in (0.062, 0.074):
        sewing.stitches(offset(inner, turn * way), 0.08, 0.9)
    across = np.clip(fields.across, 0, 1)
    puff = 0.20 * fields.width * canvas.scale * np.sin(np.pi * across**0.8)
    rng = np.random.default_rng([design.seed, 95 + side])
    folds = []
    for t in (0.25, 0.45, 0.62, 0.8):
        k = int(t * (len(inner) - 1))
        a, b = inner[k], outer[min(k + 6, len(outer) - 1)]
        path = tuple(tuple(a + s * (b - a) + rng.normal(0, 0.01, 2)) for s in (0.9, 0.55, 0.2))
        folds.append(Fold(path, 0.028, 0.010))
    return Layer(
        canvas.mask(np.concatenate([inner, outer[::-1]])),
        albedo * sewing.tone[..., None],
        puff
        + weave
        + fold_relief(canvas, folds)
        + 0.8 * crumple_relief(canvas, 96 + side)
        + sewing.relief,
        design.finish,
        TORSO,
        roll=0.020,
        shadow=0.45,
        shadow_size=0.030,
    )


def hood_back(rise: float = 0.36) -> Detail:
    """The hood lying behind the neck: its outside above, its lining towards the neck."""

    def draw(canvas: Canvas, design: Design) -> list[Layer]:
        neck = design.cut.neck
        a, top = neck.half_width, neck.top
        upper = smooth_curve(
            [
                (-a - 0.20, top + 0.10),
                (-a - 0.13, top - 0.10),
                (-a * 0.72, top - rise * 0.80),
                (0, top - rise),
                (a * 0.72, top - rise * 0.80),
                (a + 0.13, top - 0.10),
                (a + 0.20, top + 0.10),
            ],
            81,
        )
        rim = smooth_curve(
            [
                (-a - 0.02, top + 0.04),
                (-a * 0.90, top - 0.09),
                (-a * 0.55, top - rise * 0.52),
                (0, top - rise * 0.64),
                (a * 0.55, top - rise * 0.52),
                (a * 0.90, top - 0.09),
                (a + 0.02, top + 0.04),
            ],
            81,
        )
        low = design.cut.opening() + np.array([0, 0.05], np.float32)
        lining = _lining(canvas, design, np.concatenate([rim, low[::-1]]))
        return [lining, _hood_outside(canvas, design, upper, rim)]

    return draw


def _lining(canvas: Canvas, design: Design, outline: Floats) -> Layer:
    x, y = (np.broadcast_to(c, canvas.shape) for c in canvas.xy)
    albedo, weave = design.fabric.lay(canvas, x, y, 97)
    neck = design.cut.neck
    tone = 0.30 + 0.22 * np.clip((neck.depth - y) / (neck.depth - neck.top + 0.25), 0, 1)
    middle = Fold(((0.0, neck.top - 0.20), (0.005, neck.top), (0.0, 0.2)), 0.02, -0.006)
    relief = weave + 1.2 * crumple_relief(canvas, 98) + fold_relief(canvas, [middle])
    return Layer(canvas.mask(outline), albedo * tone[..., None], relief, design.finish, shadow=0.0)


def _hood_outside(canvas: Canvas, design: Design, upper: Floats, rim: Floats) -> Layer:
    fields = ruled_fields(canvas, rim, upper)
    albedo, weave = design.fabric.lay(canvas, fields.along, fields.across * fields.width, 99)
    across = np.clip(fields.across, 0, 1)
    puff = 0.22 * fields.width * canvas.scale * np.sin(np.pi * across**0.9)
    rng = np.random.default_rng([design.seed, 99])
    folds = []
    for k in range(8, 74, 9):
        path = tuple(
            tuple(rim[k] + s * (upper[k] - rim[k]) + rng.normal(0, 0.015, 2))
            for s in (0.05, 0.5, 0.95)
        )
        folds.append(Fold(path, 0.026, float(rng.uniform(-0.006, 0.008))))
    sewing = Sewing.on(canvas)
    sewing.stitches(offset(rim, -0.045), 0.08, 0.9)
    return Layer(
        canvas.mask(np.concatenate([rim, upper[::-1]])),
        albedo * 0.93 * sewing.tone[..., None],
        puff + weave + fold_relief(canvas, folds) + crumple_relief(canvas, 100) + sewing.relief,
        design.finish,
        roll=0.024,
        shadow=0.5,
        shadow_size=0.030,
    )


def cords(fabric: Fabric, top: float, lengths: tuple[float, float]) -> Detail:
    """Two drawstrings that hang from the hood, with a knot at the end."""

    def draw(canvas: Canvas, design: Design) -> list[Layer]:
        layers = []
        for side, length in zip((-1, 1), lengths, strict=True):
            start = (side * 0.085, top)
            path = smooth_curve(
                [
                    start,
                    (side * 0.115, top + 0.3 * length),
                    (side * 0.100, top + 0.7 * length),
                    (side * 0.112, top + length),
                ],
                60,
            )
            half = np.full(60, 0.0135)
            half[:2] = 0.010
            half[51:55] = (0.017, 0.024, 0.024, 0.017)
            half[55:] = np.linspace(0.012, 0.018, 5)
            left = np.stack([offset(path, 1.0) - path], axis=0)[0] * half[:, None]
            first, second = (path + left).astype(np.float32), (path - left).astype(np.float32)
            fields = ruled_fields(canvas, first, second)
            albedo, weave = fabric.lay(canvas, fields.across * 0.03, fields.along, 102 + side)
            braid = np.cos(2 * np.pi * (fields.along / 0.014 + 0.5 * np.abs(2 * fields.across - 1)))
            round_ = 5.0 * (1 - np.abs(2 * np.clip(fields.across, 0, 1) - 1) ** 2)
            layers.append(
                Layer(
                    canvas.mask(np.concatenate([first, second[::-1]])),
                    albedo,
                    (weave + round_ + 0.4 * braid).astype(np.float32),
                    design.finish,
                    TORSO,
                    roll=0.006,
                    shadow=0.45,
                    shadow_size=0.016,
                )
            )
        return layers

    return draw
