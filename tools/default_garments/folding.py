"""Where cloth folds when a garment is laid out: under tension, at elbows, below gathers."""

from __future__ import annotations

import numpy as np

from tools.default_garments.canvas import Canvas, Floats, mirror
from tools.default_garments.cloth import (
    Fold,
    crumple_relief,
    fold_relief,
    hang_relief,
    scatter,
    tube_relief,
)
from tools.default_garments.design import Design


def body_folds(design: Design, rng: np.random.Generator) -> list[Fold]:
    """Where the cloth of the body is under tension, both sides."""
    cut, strength = design.cut, design.drape.folds
    ax, ay = cut.armpit
    sx, sy = cut.shoulder
    wx, wy = cut.waist
    plan = [
        Fold(((ax - 0.02, ay), (0.74, ay - 0.10), (0.48, ay - 0.26)), 0.030, 0.0120),
        Fold(((ax - 0.02, ay + 0.02), (0.70, ay + 0.03), (0.38, ay - 0.06)), 0.036, 0.0130),
        Fold(((ax - 0.02, ay + 0.05), (0.80, ay + 0.25), (0.56, ay + 0.42)), 0.034, 0.0110),
        Fold(((ax - 0.03, ay + 0.12), (0.86, ay + 0.50), (0.74, ay + 0.95)), 0.038, 0.0095),
        Fold(((sx - 0.06, sy + 0.06), (sx - 0.16, 0.5), (sx - 0.20, 0.78)), 0.030, 0.0075),
        Fold(((wx - 0.02, wy), (0.70, wy + 0.10), (0.36, wy + 0.30)), 0.040, 0.0095),
        Fold(((wx - 0.02, wy - 0.12), (0.72, wy - 0.10), (0.40, wy + 0.02)), 0.034, 0.0080),
        Fold(((wx - 0.03, wy + 0.30), (0.66, wy + 0.52), (0.45, wy + 0.80)), 0.042, 0.0085),
        Fold(((0.42, 0.42), (0.30, 0.80), (0.12, 1.15)), 0.050, 0.0055),
        Fold(((0.10, wy - 0.15), (0.18, wy + 0.4), (0.22, cut.length)), 0.055, 0.0065),
        Fold(((0.62, wy + 0.2), (0.66, wy + 0.6), (0.64, cut.length)), 0.050, 0.0070),
    ]
    folds = []
    for fold in plan:
        tall = Fold(fold.path, fold.width, fold.height * strength, fold.skew)
        folds.append(scatter(rng, tall))
        flipped = tuple((-x, y) for x, y in tall.path)
        folds.append(scatter(rng, Fold(flipped, tall.width, tall.height, -tall.skew)))
    return folds


def skirt_folds(design: Design, top: float, rng: np.random.Generator) -> list[Fold]:
    """Folds that fall from the gathers of a skirt and open towards its hem."""
    cut = design.cut
    side = cut.side()
    waist = float(np.interp(top, side[:, 1], side[:, 0]))
    folds = []
    for place in np.linspace(-0.93, 0.93, 17):
        at = place + rng.normal(0, 0.02)
        reach = rng.uniform(0.75, 1.25)
        low = top + reach * (cut.length - top)
        bend = rng.normal(0, 0.03)
        path = (
            (at * waist, top - 0.02),
            (at * (0.6 * waist + 0.4 * cut.hem_half) + bend, 0.6 * top + 0.4 * low),
            (at * cut.hem_half * 0.98, low),
        )
        width, height = rng.uniform(0.036, 0.060), rng.uniform(0.028, 0.055)
        folds.append(Fold(path, width, height, bend * 10))
        foot = (path[2][0] * 1.02, cut.length + 0.35)  # the strongest part lies at the hem
        folds.append(Fold((foot, path[2], path[1]), 1.2 * width, 1.3 * height, -bend * 10))
    for place in np.linspace(-0.97, 0.97, 46):  # short gathers below the seam
        at = (place + rng.normal(0, 0.006)) * waist
        end = (at * 1.06, top + rng.uniform(0.10, 0.30))
        folds.append(Fold(((at, top - 0.03), end), 0.014, rng.uniform(0.005, 0.012)))
    return folds


def sleeve_folds(design: Design, side: int, rng: np.random.Generator) -> list[Fold]:
    """Folds of one sleeve: rays from the armpit, the crook of the elbow, twist of the forearm."""
    outer, inner = design.cut.sleeve_edges(101)
    if side < 0:
        outer, inner = mirror(outer), mirror(inner)
    span = float(np.hypot(*(outer[-1] - outer[0])))
    strength = design.drape.folds

    def at(t: float, s: float) -> tuple[float, float]:
        k = round(float(np.clip(t, 0, 1)) * 100)
        x, y = (1 - s) * inner[k] + s * outer[k]
        return float(x), float(y)

    short = span < 1.2
    if short:
        plan = [
            ((0.05, 0.05), (0.30, 0.40), (0.55, 0.75)),
            ((0.10, 0.0), (0.5, 0.25), (0.95, 0.45)),
            ((0.0, 0.15), (0.10, 0.5), (0.2, 0.9)),
            ((0.45, 1.0), (0.6, 0.7), (0.9, 0.55)),
        ]
    else:
        plan = [
            ((0.01, 0.0), (0.07, 0.4), (0.14, 0.85)),
            ((0.03, 0.0), (0.14, 0.4), (0.26, 0.8)),
            ((0.06, 0.0), (0.22, 0.3), (0.40, 0.55)),
            ((0.42, 0.0), (0.45, 0.4), (0.52, 0.9)),
            ((0.47, 0.0), (0.47, 0.35), (0.42, 0.8)),
            ((0.51, 0.0), (0.57, 0.35), (0.68, 0.75)),
            ((0.38, 1.0), (0.45, 0.65), (0.50, 0.25)),
            ((0.62, 1.0), (0.68, 0.6), (0.72, 0.2)),
            ((0.72, 0.0), (0.77, 0.4), (0.80, 0.9)),
            ((0.86, 1.0), (0.84, 0.6), (0.80, 0.15)),
            ((0.90, 0.0), (0.88, 0.5), (0.90, 0.9)),
            ((0.28, 1.0), (0.34, 0.7), (0.46, 0.5)),
        ]
    folds = []
    for path in plan:
        points = tuple(at(t + rng.normal(0, 0.02), s) for t, s in path)
        fold = Fold(
            points,
            rng.uniform(0.020, 0.034),
            rng.uniform(0.006, 0.0125) * strength,
            rng.uniform(-0.6, 0.6),
        )
        folds.append(fold)
    return folds


def body_relief(canvas: Canvas, design: Design) -> Floats:
    """Relief of the whole front, px."""
    rng = np.random.default_rng([design.seed, 1])
    x, y = canvas.xy
    side = design.cut.side()
    half = np.interp(y[:, 0], side[:, 1], side[:, 0]).astype(np.float32)[:, None]
    above = np.clip((design.cut.armpit[1] + 0.25 - y) / 0.6, 0, 1)
    half = half * (1 + 0.9 * above * above)
    relief = tube_relief(0.5 + 0.5 * x / half, 2 * canvas.scale, 0.060 * design.drape.volume)
    relief = relief + fold_relief(canvas, body_folds(design, rng))
    relief = relief + design.drape.hang * hang_relief(
        canvas, 41, design.cut.armpit[1], design.cut.length
    )
    if design.skirt is not None:
        relief = relief + fold_relief(canvas, skirt_folds(design, design.skirt, rng))
    return relief + design.drape.crumple * crumple_relief(canvas, 43)
