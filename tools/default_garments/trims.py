"""Plackets, buttons, pockets and bindings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.structures import PART_CODES, Part
from tools.default_garments.canvas import Canvas, Floats, blur, mirror, offset, smooth_curve
from tools.default_garments.design import Design
from tools.default_garments.fabrics import Fabric
from tools.default_garments.folding import body_relief
from tools.default_garments.layers import Layer
from tools.default_garments.light import Finish, to_linear
from tools.default_garments.ruled import ruled_fields
from tools.default_garments.seams import Sewing

RGB = tuple[float, float, float]
Detail = Callable[[Canvas, Design], list[Layer]]
BUTTON_FINISH = Finish(contrast=0.9, sheen=0.05, depth=0.2)
TORSO = PART_CODES[Part.TORSO]


def patch(
    canvas: Canvas,
    design: Design,
    outline: Floats,
    rows: Sequence[Floats],
    key: int,
    *,
    fabric: Fabric | None = None,
    thread: float | None = None,
    shadow: float = 0.26,
    painted: bool = True,
) -> Layer:
    """A flat piece sewn on the front: it lies in the body's own folds."""
    x, y = (np.broadcast_to(c, canvas.shape) for c in canvas.xy)
    albedo, weave = (fabric or design.fabric).lay(canvas, x + 0.01, y, key)
    for paint in design.prints if painted else ():
        albedo = paint(canvas, Part.TORSO, x + 0.01, y, albedo)
    sewing = Sewing.on(canvas)
    for row in rows:
        sewing.stitches(row, thread if thread is not None else design.thread, 0.9)
    pucker = 0.5 * canvas.noise(key + 5, 0.06)
    relief = body_relief(canvas, design) + weave + sewing.relief + pucker
    return Layer(
        canvas.mask(outline),
        albedo * sewing.tone[..., None],
        relief,
        design.finish,
        roll=0.010,
        shadow=shadow,
        shadow_size=0.012,
    )


def button(canvas: Canvas, centre: tuple[float, float], radius: float, colour: RGB) -> Layer:
    """A four-hole button sewn on."""
    x, y = canvas.xy
    cx, cy = centre
    r = np.hypot(x - cx, y - cy) / radius
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    centre_px = canvas.to_px(np.array([centre]))[0]
    plain = np.stack([np.cos(t), np.sin(t)], axis=1) * radius * canvas.scale + centre_px
    rim = np.exp(-(((r - 0.84) / 0.13) ** 2))
    tone = np.ones(canvas.shape, np.float32)
    for dx in (-0.24, 0.24):
        for dy in (-0.24, 0.24):
            hole = np.hypot((x - cx) / radius - dx, (y - cy) / radius - dy)
            tone = tone * (1 - 0.75 * np.exp(-((hole / 0.14) ** 2)))
    thread = np.exp(-(((((x - cx) / radius) ** 2 - ((y - cy) / radius) ** 2) / 0.03) ** 2)) * (
        r < 0.34
    )
    albedo = to_linear(colour)[None, None] * (tone + 0.15 * thread)[..., None]
    relief = (1.6 * rim - 0.5 * np.clip(1 - r, 0, 1)).astype(np.float32)
    return Layer(
        canvas.mask_px(plain.astype(np.float32)),
        albedo.astype(np.float32),
        relief,
        BUTTON_FINISH,
        roll=radius * 0.35,
        shadow=0.45,
        shadow_size=0.010,
    )


def placket(
    half: float,
    top: float,
    bottom: float,
    buttons: Sequence[float],
    colour: RGB,
    *,
    square_end: bool = True,
    radius: float = 0.024,
) -> Detail:
    """A buttoned strip down the middle, from ``top`` to ``bottom``; buttons at these heights."""

    def draw(canvas: Canvas, design: Design) -> list[Layer]:
        end = bottom + (0.0 if square_end else 0.03)
        box = np.array([(-half, top), (half, top), (half, end), (-half, end)], np.float32)
        ys = np.linspace(top, bottom, 60)
        rows = [np.stack([np.full_like(ys, x), ys], axis=1) for x in (-half + 0.013, half - 0.013)]
        if square_end:
            for up in (0.012, 0.075):
                rows.append(np.array([(-half + 0.012, end - up), (half - 0.012, end - up)]))
        clip = canvas.mask(design.cut.body())
        strip = patch(canvas, design, box, [r.astype(np.float32) for r in rows], 80)
        strip = _clipped(strip, clip)
        discs = [button(canvas, (0.0, y), radius, colour) for y in buttons]
        holes = [_buttonhole(canvas, y, radius) for y in buttons]
        strip = Layer(
            strip.alpha,
            strip.albedo * np.prod(holes, axis=0)[..., None],
            strip.relief,
            strip.finish,
            strip.part,
            strip.roll,
            strip.shadow,
            strip.shadow_size,
        )
        return [strip, *discs]

    return draw


def _clipped(layer: Layer, clip: Floats) -> Layer:
    return Layer(
        layer.alpha * clip,
        layer.albedo,
        layer.relief,
        layer.finish,
        layer.part,
        layer.roll,
        layer.shadow,
        layer.shadow_size,
    )


def _buttonhole(canvas: Canvas, y: float, radius: float) -> Floats:
    line = np.array([(0, y - radius * 1.5), (0, y + radius * 1.5)], np.float32)
    return 1 - 0.35 * blur(canvas.lines([line], 0.007), 1.0)


def chest_pocket(x0: float, x1: float, y0: float, y1: float, thread: float | None = None) -> Detail:
    """A patch pocket with a turned top edge and a pointed end."""

    def draw(canvas: Canvas, design: Design) -> list[Layer]:
        def frame(inset: float) -> Floats:
            a, b, low = x0 + inset, x1 - inset, y1 - inset
            corner = 0.24 * (y1 - y0)
            return np.array(
                [
                    (a, y0),
                    (a, low - corner * 0.45),
                    ((a + b) / 2, low),
                    (b, low - corner * 0.45),
                    (b, y0),
                ],
                np.float32,
            )

        top = [np.array([(x0 + 0.006, y), (x1 - 0.006, y)], np.float32) for y in (y0 + 0.062,)]
        piece = patch(
            canvas, design, frame(0.0), [frame(0.013), *top], 84, thread=thread, shadow=0.30
        )
        return [piece]

    return draw


def kangaroo_pocket(top: float, bottom: float) -> Detail:
    """The front pocket of a hoodie."""

    def draw(canvas: Canvas, design: Design) -> list[Layer]:
        def right(inset: float) -> Floats:
            return smooth_curve(
                [
                    (0.34 - inset * 0.4, top + inset),
                    (0.46 - inset, top + 0.17),
                    (0.60 - inset, top + 0.34),
                ],
                20,
            )

        opening = right(0.0)
        down = np.array([(0.60, top + 0.34), (0.60, bottom)], np.float32)
        half = np.concatenate([opening, down])
        outline = np.concatenate([half, mirror(half)[::-1]])
        rows = [right(0.022), mirror(right(0.022)), right(0.036), mirror(right(0.036))]
        rows.append(np.array([(-0.33, top + 0.016), (0.33, top + 0.016)], np.float32))
        for side in (-1, 1):
            rows.append(np.array([(side * 0.584, top + 0.36), (side * 0.584, bottom)], np.float32))
        return [patch(canvas, design, outline, rows, 88, shadow=0.42)]

    return draw


def armhole_binding(width: float) -> Detail:
    """A narrow band of trim around the armholes of a sleeveless top."""

    def draw(canvas: Canvas, design: Design) -> list[Layer]:
        layers = []
        for side in (-1, 1):
            edge = design.cut.armhole(60)
            inner = offset(edge, width)
            if side < 0:
                edge, inner = mirror(edge), mirror(inner)
            fields = ruled_fields(canvas, inner, edge)
            albedo, weave = design.trim.lay(canvas, fields.along, fields.across * width, 70 + side)
            relief = 0.09 * width * canvas.scale * (1 - np.abs(2 * fields.across - 1) ** 3) + weave
            alpha = canvas.mask(np.concatenate([inner, edge[::-1]])) * canvas.mask(
                design.cut.body()
            )
            layers.append(
                Layer(
                    alpha,
                    albedo,
                    relief.astype(np.float32),
                    design.finish,
                    TORSO,
                    roll=0.010,
                    shadow=0.25,
                    shadow_size=0.010,
                )
            )
        return layers

    return draw
