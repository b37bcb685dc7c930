"""Pictures and files that let a person judge what was made of a garment photo."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.store import UPLOADED, save_garment
from pipeline.images import write_png
from pipeline.structures import PART_CODES, Garment, Image, Part

CHECKER_PX = 16
CHECKER_GREYS = 205, 235
PART_TINTS = {
    Part.TORSO: (60, 160, 90),
    Part.LEFT_SLEEVE: (220, 90, 60),
    Part.RIGHT_SLEEVE: (60, 110, 230),
}
PANEL_GAP = 12
TEXT_STRIP = 28


def on_checkerboard(rgba: NDArray[np.uint8]) -> Image:
    """Lay a premultiplied (h, w, 4) picture on a checkerboard."""
    y, x = np.mgrid[0 : rgba.shape[0], 0 : rgba.shape[1]]
    light = (x // CHECKER_PX + y // CHECKER_PX) % 2
    ground = np.asarray(CHECKER_GREYS, np.float32)[light][..., None]
    clear = 1.0 - rgba[..., 3:].astype(np.float32) / 255.0
    return np.asarray(np.clip(rgba[..., :3] + clear * ground + 0.5, 0, 255), np.uint8)


def draw_parts(garment: Garment) -> Image:
    """Parts tinted, landmarks and neckline drawn and named."""
    picture = on_checkerboard(garment.texture).astype(np.float32)
    for part, tint in PART_TINTS.items():
        here = garment.parts == PART_CODES[part]
        picture[here] = 0.55 * picture[here] + 0.45 * np.asarray(tint, np.float32)
    canvas = np.ascontiguousarray(picture.astype(np.uint8))
    line = np.rint(garment.neckline).astype(np.int32)
    cv2.polylines(canvas, [line], False, (255, 230, 0), 2, cv2.LINE_AA)
    for key, point in garment.landmarks.items():
        x, y = (round(float(v)) for v in point)
        cv2.circle(canvas, (x, y), 4, (230, 0, 0), -1, cv2.LINE_AA)
        _write(canvas, key, (min(x + 6, canvas.shape[1] - 90), max(y - 4, 10)), 0.38)
    return canvas


def draw_overview(garment: Garment, image: Image) -> Image:
    """Photo, cut-out and parts side by side, with a line of text."""
    height = garment.texture.shape[0]
    width = round(image.shape[1] * height / image.shape[0])
    photo = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    panels = [np.asarray(photo), on_checkerboard(garment.texture), draw_parts(garment)]
    gap = np.full((height, PANEL_GAP, 3), 255, np.uint8)
    row = np.hstack([panels[0], gap, panels[1], gap, panels[2]])
    strip = np.full((TEXT_STRIP, row.shape[1], 3), 255, np.uint8)
    text = f"{garment.name}: {garment.category}, {garment.sleeves}"
    if garment.back_collar is not None:
        text += ", back collar"
    _write(strip, text.encode("ascii", "replace").decode(), (6, 19), 0.5)
    return np.vstack([strip, row])


def _write(canvas: Image, text: str, at: tuple[int, int], size: float) -> None:
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(canvas, text, at, font, size, (255, 255, 255), 3, cv2.LINE_AA)
    cv2.putText(canvas, text, at, font, size, (0, 0, 0), 1, cv2.LINE_AA)


def write_inspection(garment: Garment, image: Image, folder: Path) -> None:
    """Write what was made of a photo, to be looked at.

    Args:
        garment: the result of ``ingest_garment``.
        image: (H, W, 3) uint8 RGB, the photo.
        folder: gets what ``save_garment`` writes, so that it can be worn, and with it ``mask.png``
            and ``overview.png``.
    """
    save_garment(garment, folder, source=UPLOADED)
    write_png(folder / "mask.png", np.ascontiguousarray(garment.texture[..., 3]))
    write_png(folder / "overview.png", draw_overview(garment, image))
