"""From a design to a folder of the catalogue: texture, measurements, studio picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil

from pipeline.garments.store import premultiply, save_garment
from pipeline.images import encode_jpeg
from pipeline.structures import PART_CODES, Garment, Image, Part
from tools.default_garments.canvas import Canvas, Floats, blur
from tools.default_garments.design import Design
from tools.default_garments.layers import Stack, compose, to_rgba
from tools.default_garments.light import to_linear, to_srgb
from tools.default_garments.tailor import back_layers, front_layers

DRAWN_HEIGHT_PX = 1440  # the height everything is drawn at
TEXTURE_HEIGHT_PX = 600
MARGIN_UNITS = 0.06
NECKLINE_POINTS = 41
STUDIO_HEIGHT_PX = 900
STUDIO_WIDTH_PX = 720  # one format for all, as shops do
STUDIO_FILL = 0.86, 0.94  # share of the picture's height and width that a garment may take
STUDIO_RGB = (238.0, 237.0, 235.0)
STUDIO_QUALITY = 88
KEPT_STEP = 2  # colours are kept in steps of this: finer ones are noise that fills the files


@dataclass(frozen=True)
class Drawn:
    """A garment at the size it is drawn at."""

    canvas: Canvas
    front: Stack
    back: Stack


def draw(design: Design) -> Drawn:
    """Draw front and inside of the back of a design."""
    cut = design.cut
    points = np.array(list(cut.landmarks().values()))
    half = max(float(np.abs(points[:, 0]).max()), cut.hem_half) + MARGIN_UNITS
    top = -design.headroom - MARGIN_UNITS
    bottom = max(cut.length, float(points[:, 1].max())) + MARGIN_UNITS
    scale = DRAWN_HEIGHT_PX / (bottom - top)
    canvas = Canvas(scale, (-half, half), (top, bottom), design.seed)
    front = compose(canvas, front_layers(canvas, design))
    return Drawn(canvas, front, compose(canvas, back_layers(canvas, design)))


def to_garment(design: Design, drawn: Drawn) -> Garment:
    """Reduce a drawing to the texture and measurements the pipeline wants."""
    rows, columns = drawn.canvas.shape
    size = round(columns * TEXTURE_HEIGHT_PX / rows), TEXTURE_HEIGHT_PX
    scale = np.array([size[0] / columns, size[1] / rows], np.float32)

    def place(points: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        return ((drawn.canvas.to_px(points) + 0.5) * scale - 0.5).astype(np.float32)

    texture = premultiply(_stepped(to_rgba(drawn.front, size)))
    landmarks = {k: place(np.array([p]))[0] for k, p in design.cut.landmarks().items()}
    opening = design.cut.opening()
    chosen = np.linspace(0, len(opening) - 1, NECKLINE_POINTS).round().astype(int)
    return Garment(
        id=design.id,
        name=design.name,
        category=design.category,
        sleeves=design.sleeves,
        texture=texture,
        parts=_parts(design, drawn, size, texture[..., 3]),
        landmarks=landmarks,
        neckline=place(opening[chosen]),
        back_collar=premultiply(_stepped(to_rgba(drawn.back, size))),
    )


def _stepped(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    colour = np.minimum((rgba[..., :3].astype(np.int16) + 1) // KEPT_STEP * KEPT_STEP, 254)
    return np.concatenate([colour.astype(np.uint8), rgba[..., 3:]], axis=2)


def _parts(
    design: Design, drawn: Drawn, size: tuple[int, int], alpha: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Part map; a raglan sleeve ends at the armhole like any other, or it would tear the chest."""
    parts = drawn.front.parts.copy()
    torso = drawn.canvas.mask(design.cut.body()) > 0.5
    parts[torso & (parts > 0)] = PART_CODES[Part.TORSO]
    grown = cv2.dilate(parts, np.ones((5, 5), np.uint8))  # soft edges belong to a part as well
    parts = np.where(parts > 0, parts, grown)
    small = cv2.resize(parts, size, interpolation=cv2.INTER_NEAREST)
    return np.where(alpha > 0, np.maximum(small, 1 * (small == 0)), 0).astype(np.uint8)


def studio_picture(drawn: Drawn) -> Image:
    """The garment on a light ground with a soft shadow: (900, 720, 3) uint8 RGB."""
    front, back = drawn.front, drawn.back
    behind = (1 - front.alpha)[..., None]
    colour = front.colour + back.colour * behind
    alpha = front.alpha + back.alpha * behind[..., 0]
    rows, columns = alpha.shape
    height, width = STUDIO_HEIGHT_PX, STUDIO_WIDTH_PX
    scale = min(STUDIO_FILL[0] * height / rows, STUDIO_FILL[1] * width / columns)
    size = round(columns * scale), round(rows * scale)
    picture = np.zeros((height, width, 4), np.float32)
    y, x = (height - size[1]) // 2, (width - size[0]) // 2
    packed = np.concatenate([colour, alpha[..., None]], axis=2)
    picture[y : y + size[1], x : x + size[0]] = cv2.resize(
        packed, size, interpolation=cv2.INTER_AREA
    )
    ground = _ground(picture[..., 3])
    out = picture[..., :3] + ground * (1 - picture[..., 3:])
    dither = np.random.default_rng(0).uniform(-0.7, 0.7, (height, width, 1))  # no bands
    return np.clip(np.rint(to_srgb(out) + dither), 0, 255).astype(np.uint8)


def _ground(alpha: Floats) -> Floats:
    """Paper with a little falloff and the garment's shadow on it, linear (H, W, 3)."""
    height, width = alpha.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    falloff = 1.02 - 0.07 * ((x / width - 0.42) ** 2 + (y / height - 0.35) ** 2)
    contact = blur(np.roll(alpha, (3, 2), (0, 1)), 3.0)
    soft = blur(np.roll(alpha, (14, 9), (0, 1)), 16.0)
    shade = (1 - 0.20 * contact) * (1 - 0.20 * soft)
    return np.asarray(
        (to_linear(STUDIO_RGB)[None, None] * (falloff * shade)[..., None]), np.float32
    )


def make(design: Design, folder: Path) -> None:
    """Draw a design and write its catalogue folder, ``folder/<id>``."""
    drawn = draw(design)
    garment = to_garment(design, drawn)
    jpeg = encode_jpeg(studio_picture(drawn), STUDIO_QUALITY)
    save_garment(garment, folder / design.id, jpeg)
    for picture in (folder / design.id).glob("*.png"):
        _squeeze(picture)


def _squeeze(path: Path) -> None:
    """Pack a PNG as tightly as it goes: these files are committed."""
    with Pil.open(path) as picture:
        picture.load()
        picture.save(path, optimize=True)
