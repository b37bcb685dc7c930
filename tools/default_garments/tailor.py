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
from tools.default_garments.cloth import crumple_relief, fold_relief, tube_relief
from tools.default_garments.design import Design
from tools.default_garments.folding import body_folds, body_relief, sleeve_folds
from tools.default_garments.layers import Layer
from tools.default_garments.necks import band_layers, inside_back
from tools.default_garments.ruled import ruled_fields
from tools.default_garments.seams import Sewing
from tools.default_garments.trims import button

HEM_ROWS = (0.052, 0.068)
FOLLOW = 0.10  # prints ride a little on the folds


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
