"""Makes a garment from its design: pieces, folds, seams."""

from __future__ import annotations

import numpy as np

from pipeline.structures import PART_CODES, Part
from tools.default_garments.canvas import (
    Canvas,
    Floats,
    arc_length,
    blur,
    mirror,
    offset,
    smooth_curve,
)
from tools.default_garments.cloth import (
    Fold,
    crumple_relief,
    fold_relief,
    hang_relief,
    scatter,
    tube_relief,
)
from tools.default_garments.design import Design
from tools.default_garments.layers import Layer
from tools.default_garments.necks import band_layers, inside_back
from tools.default_garments.ruled import ruled_fields
from tools.default_garments.seams import Sewing
from tools.default_garments.trims import button

HEM_ROWS = (0.052, 0.068)
FOLLOW = 0.10  # prints ride a little on the folds


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


def body_layer(canvas: Canvas, design: Design) -> Layer:
    """The front."""
    cut = design.cut
    relief = body_relief(canvas, design)
    x, y = canvas.xy
    u, v = follow(
        canvas, relief, np.broadcast_to(x, canvas.shape), np.broadcast_to(y, canvas.shape)
    )
    albedo, weave = design.fabric.lay(canvas, u, v, 11)
    for paint in design.prints:
        albedo = paint(canvas, Part.TORSO, u, v, albedo)
    sewing = Sewing.on(canvas)
    if not design.waistband:
        sewing.hem(cut.hem(), HEM_ROWS, design.thread)
    for flip in (False, True):
        edge = mirror(cut.armhole()) if flip else cut.armhole()
        if design.raglan is not None:
            seam = mirror(cut.raglan_seam()) if flip else cut.raglan_seam()
            sewing.stitches(offset(seam, -0.018 if flip else 0.018), 0.04, 0.5)
        elif cut.sleeve is None:
            sewing.stitches(offset(edge, -0.05 if flip else 0.05))
        else:
            sewing.stitches(offset(edge, -0.020 if flip else 0.020), 0.04, 0.5)
    if design.skirt is not None:
        sewing.seam(waist_seam(design, design.skirt), 2.2)
    band = cut.band_edge()
    if cut.neck.band:
        sewing.stitches(offset(band, 0.016), 0.05, 0.5)
    return Layer(
        canvas.mask(cut.raglan_body() if design.raglan else cut.body()),
        albedo * sewing.tone[..., None],
        relief + weave + sewing.relief,
        design.finish,
        PART_CODES[Part.TORSO],
        roll=0.014,
        shadow=0.22,
        shadow_size=0.012,
    )


def waist_seam(design: Design, top: float) -> Floats:
    """Seam between bodice and skirt, side to side."""
    side = design.cut.side()
    half = float(np.interp(top, side[:, 1], side[:, 0])) + 0.02
    return smooth_curve([(-half, top - 0.015), (0.0, top + 0.015), (half, top - 0.015)], 80)


def follow(canvas: Canvas, relief: Floats, u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Cloth coordinates that ride on the folds."""
    smooth = blur(relief, 0.012 * canvas.scale)
    gy, gx = np.gradient(smooth)
    return (u + FOLLOW * 0.1 * gx).astype(np.float32), (v + FOLLOW * 0.1 * gy).astype(np.float32)


def sleeve_layers(canvas: Canvas, design: Design, side: int) -> list[Layer]:
    """One sleeve; ``side`` is +1 on the right of the picture (the wearer's left)."""
    cut = design.cut
    outer, inner = cut.sleeve_edges()
    armhole = cut.armhole()
    if side < 0:
        outer, inner, armhole = mirror(outer), mirror(inner), mirror(armhole)
    part = Part.LEFT_SLEEVE if side > 0 else Part.RIGHT_SLEEVE
    grain = cut.sleeve_grain()
    fields = ruled_fields(canvas, *(grain if side > 0 else map(mirror, grain)))
    rng = np.random.default_rng([design.seed, 5 + side])
    relief = tube_relief(fields.across, fields.width * canvas.scale, 0.15 * design.drape.volume)
    relief = relief + fold_relief(canvas, sleeve_folds(design, side, rng))
    relief = relief + design.drape.crumple * crumple_relief(canvas, 50 + side)
    u, v = (fields.across - 0.5) * fields.width * side, fields.along + cut.shoulder[1]
    u, v = follow(canvas, relief, u, v)
    albedo, weave = (design.raglan or design.fabric).lay(canvas, u, v, 20 + side)
    for paint in design.prints:
        albedo = paint(canvas, part, u, v, albedo)
    sewing = Sewing.on(canvas)
    cuff_line = np.linspace(outer[-1], inner[-1], 30).astype(np.float32)
    if not design.cuff:
        sewing.hem(cuff_line, [side * way for way in HEM_ROWS], design.thread)
    hidden = offset(armhole, side * 0.05)  # runs on below the front
    start = outer[:1]
    if design.raglan:
        hidden = offset(cut.raglan_seam(), 0.05)
        start = cut.raglan_shoulder()
        if side < 0:
            hidden, start = mirror(hidden), mirror(start)
    outline = np.concatenate([start, outer, _cuff_edge(outer, inner), inner[::-1], hidden[::-1]])
    layers = [
        Layer(
            canvas.mask(outline),
            albedo * sewing.tone[..., None],
            relief + weave + sewing.relief,
            design.finish,
            PART_CODES[part],
        )
    ]
    if design.cuff:
        layers.append(cuff_layer(canvas, design, side, outer, inner))
    if design.cuff_button is not None:
        middle = 0.55 * _before_end(outer, design.cuff * 0.5) + 0.45 * _before_end(
            inner, design.cuff * 0.5
        )
        layers.append(
            button(canvas, (float(middle[0]), float(middle[1])), 0.019, design.cuff_button)
        )
    return layers


def _cuff_edge(outer: Floats, inner: Floats, bow: float = 0.012) -> Floats:
    t = np.linspace(0, 1, 20)[:, None]
    along = outer[-1] - outer[-2]
    along = along / np.hypot(*along)
    line = outer[-1] + t * (inner[-1] - outer[-1])
    return np.asarray((line + along * bow * 4 * t * (1 - t)), np.float32)


def _before_end(edge: Floats, way: float) -> Floats:
    """The point of an edge that lies ``way`` units before its end."""
    length = arc_length(edge)
    at = max(float(length[-1]) - way, 0.0)
    return np.array([np.interp(at, length, edge[:, i]) for i in (0, 1)], np.float32)


def cuff_layer(canvas: Canvas, design: Design, side: int, outer: Floats, inner: Floats) -> Layer:
    """A band of trim at the end of a sleeve."""
    end = _cuff_edge(outer, inner)
    first, second = (_before_end(edge, design.cuff) for edge in (outer, inner))
    pinch = 0.02 * (second - first)
    start = _cuff_edge(
        np.array([2 * first - outer[-1], first + pinch]), np.array([second, second - pinch])
    )
    fields = ruled_fields(canvas, start, end)
    albedo, weave = design.trim.lay(canvas, fields.along, fields.across * fields.width, 30 + side)
    cuff_width = float(np.hypot(*(end[-1] - end[0])))
    across = fields.along / cuff_width
    relief = tube_relief(across, cuff_width * canvas.scale, 0.15) + weave
    part = Part.LEFT_SLEEVE if side > 0 else Part.RIGHT_SLEEVE
    outline = np.concatenate([start, end[::-1]])
    return Layer(
        canvas.mask(outline),
        albedo,
        relief,
        design.finish,
        PART_CODES[part],
        roll=0.012,
        shadow=0.25,
        shadow_size=0.010,
    )


def waistband_layer(canvas: Canvas, design: Design) -> Layer:
    """A band of trim at the hem."""
    cut = design.cut
    low = cut.hem()[::-1]
    high = low - np.array([0, design.waistband], np.float32)
    fields = ruled_fields(canvas, high, low)
    x, _ = canvas.xy
    albedo, weave = design.trim.lay(canvas, fields.along, fields.across * fields.width, 34)
    relief = (
        tube_relief(
            0.5 + 0.5 * np.broadcast_to(x, canvas.shape) / cut.hem_half, 2 * canvas.scale, 0.06
        )
        + weave
    )
    relief = relief + 0.5 * fold_relief(
        canvas, body_folds(design, np.random.default_rng([design.seed, 1]))
    )
    return Layer(
        canvas.mask(np.concatenate([high, low[::-1]])),
        albedo,
        relief,
        design.finish,
        PART_CODES[Part.TORSO],
        roll=0.014,
        shadow=0.25,
        shadow_size=0.012,
    )


def front_layers(canvas: Canvas, design: Design) -> list[Layer]:
    """Everything of the front, lowest first."""
    layers: list[Layer] = []
    if design.cut.sleeve is not None:
        for side in (-1, 1):
            layers += sleeve_layers(canvas, design, side)
    layers.append(body_layer(canvas, design))
    if design.waistband:
        layers.append(waistband_layer(canvas, design))
    layers += band_layers(canvas, design)
    for detail in design.details:
        layers += detail(canvas, design)
    return layers


def back_layers(canvas: Canvas, design: Design) -> list[Layer]:
    """What shows above the front neckline: the inside of the back."""
    layers = inside_back(canvas, design)
    for detail in design.back_details:
        layers += detail(canvas, design)
    return layers
