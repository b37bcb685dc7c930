"""Neck bands and what shows behind them."""

from __future__ import annotations

import numpy as np

from pipeline.structures import PART_CODES, Part
from tools.default_garments.canvas import Canvas, Floats, blur
from tools.default_garments.cloth import crumple_relief, tube_relief
from tools.default_garments.design import Design
from tools.default_garments.fabrics import Fabric, poplin
from tools.default_garments.layers import Layer
from tools.default_garments.ruled import ruled_fields
from tools.default_garments.seams import Sewing

INSIDE_TONE = 0.58  # light that reaches the inside of the back
LABEL = Fabric((236, 234, 228), poplin)


def band_layers(canvas: Canvas, design: Design) -> list[Layer]:
    """The band around the front opening, its ribs across it."""
    neck = design.cut.neck
    if not neck.band:
        return []
    inner, outer = design.cut.opening(), design.cut.band_edge()
    fields = ruled_fields(canvas, inner, outer)
    albedo, weave = design.trim.lay(canvas, fields.along, fields.across * fields.width, 36)
    relief = tube_relief(fields.across, neck.band * canvas.scale, 0.10) + weave
    return [
        Layer(
            canvas.mask(np.concatenate([inner, outer[::-1]])),
            albedo,
            relief,
            design.finish,
            PART_CODES[Part.TORSO],
            roll=0.012,
            shadow=0.30,
            shadow_size=0.012,
        )
    ]


def inside_back(canvas: Canvas, design: Design) -> list[Layer]:
    """Inside of the back: cloth in shade, the back of the band, a label."""
    cut = design.cut
    upper = cut.back_edge()
    lower = cut.opening() + np.array([0, 0.4 * cut.neck.band + 0.02], np.float32)
    outline = np.concatenate([upper, lower[::-1]])
    x, y = (np.broadcast_to(c, canvas.shape) for c in canvas.xy)
    albedo, weave = design.fabric.lay(canvas, x, y, 60)
    depth = np.clip(1 - (y + cut.neck.back_rise) / (cut.neck.depth + 0.1), 0, 1)
    side = np.clip(np.abs(x) / cut.neck.half_width, 0, 1) ** 2
    tone = INSIDE_TONE * (0.78 + 0.42 * depth) * (1 - 0.30 * side)
    cloth = Layer(
        canvas.mask(outline),
        albedo * tone[..., None],
        weave + 0.5 * crumple_relief(canvas, 61),
        design.finish,
        shadow=0.0,
    )
    layers = [cloth]
    if cut.neck.band:
        layers.append(_back_band(canvas, design, upper))
    if design.label:
        layers.append(_label(canvas, design))
    return layers


def _back_band(canvas: Canvas, design: Design, upper: Floats) -> Layer:
    width = design.cut.neck.band
    lower = design.cut.back_band_edge()
    fields = ruled_fields(canvas, upper, lower)
    albedo, weave = design.trim.lay(canvas, fields.along, fields.across * fields.width, 62)
    share = np.abs(canvas.xy[0]) / design.cut.neck.half_width
    tone = 0.66 + 0.30 * np.clip(share, 0, 1.2) ** 6  # turns into the light at the shoulder
    relief = tube_relief(fields.across, width * canvas.scale, 0.09) + weave
    return Layer(
        canvas.mask(np.concatenate([upper, lower[::-1]])),
        albedo * np.broadcast_to(np.clip(tone, 0, 1), canvas.shape)[..., None],
        relief,
        design.finish,
        roll=0.012,
        shadow=0.35,
        shadow_size=0.015,
    )


def _label(canvas: Canvas, design: Design) -> Layer:
    """A small woven label without a name."""
    top = float(design.cut.back_band_edge()[:, 1].max()) - 0.010
    half, height = 0.082, 0.085
    box = np.array([(-half, top), (half, top), (half, top + height), (-half, top + height)])
    x, y = (np.broadcast_to(c, canvas.shape) for c in canvas.xy)
    albedo, weave = LABEL.lay(canvas, x, y, 63)
    sewing = Sewing.on(canvas)
    edge = np.array([(-half + 0.012, top + 0.016), (half - 0.012, top + 0.016)], np.float32)
    sewing.stitches(edge, -0.3, 0.3)
    word = np.array([(-half * 0.5, top + height * 0.6), (half * 0.5, top + height * 0.6)])
    ink = 1 - 0.5 * blur(canvas.lines([word.astype(np.float32)], 0.006), 0.8)
    return Layer(
        canvas.mask(box.astype(np.float32)),
        albedo * (0.86 * ink * sewing.tone)[..., None],
        weave + sewing.relief,
        design.finish,
        roll=0.004,
        shadow=0.35,
        shadow_size=0.012,
    )
