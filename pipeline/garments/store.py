"""A garment as a folder of plain files, which any program can read and a person can look at.

``garment.json``   what it is and its measurements (``SCHEMA``)
``cutout.png``     RGBA, colour not premultiplied
``parts.png``      grey, ``structures.PART_CODES``
``thumbnail.jpg``  on white
``original.jpg``   the photo it came from, if there was one
``back_collar.png`` RGBA, colour not premultiplied, if there is one
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.images import encode_jpeg, encode_png, read_image, read_rgba
from pipeline.structures import Category, Garment, Image, Sleeves

SCHEMA = 1
GARMENT_FILE = "garment.json"
CUTOUT_FILE = "cutout.png"
PARTS_FILE = "parts.png"
THUMBNAIL_FILE = "thumbnail.jpg"
ORIGINAL_FILE = "original.jpg"
COLLAR_FILE = "back_collar.png"
THUMBNAIL_WH = 300, 400
THUMBNAIL_MARGIN = 16
BUILT_IN, UPLOADED = "built_in", "upload"


@dataclass(frozen=True, slots=True)
class GarmentEntry:
    """A line of the catalogue.

    Attributes:
        id, name, category, sleeves: as in ``Garment``.
        thumbnail: path of a small picture on white.
        image: path of the photo, or of the cut-out when there was no photo.
        source: ``built_in`` or ``upload``.
        notice: as in ``Garment``.
    """

    id: str
    name: str
    category: Category
    sleeves: Sleeves
    thumbnail: Path
    image: Path
    source: str
    notice: str = ""


def straight(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Premultiplied → plain colour; ``premultiply`` gives back exactly the same bytes."""
    alpha = rgba[..., 3:].astype(np.float32)
    plain = np.where(alpha > 0, rgba[..., :3] * 255.0 / np.maximum(alpha, 1.0), 0.0)
    colour = np.clip(np.rint(plain), 0, 255).astype(np.uint8)
    return np.concatenate([colour, rgba[..., 3:]], axis=-1)


def premultiply(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Plain colour → premultiplied."""
    scaled = rgba[..., :3].astype(np.float32) * (rgba[..., 3:].astype(np.float32) / 255.0)
    return np.concatenate([np.rint(scaled).astype(np.uint8), rgba[..., 3:]], axis=-1)


def save_garment(
    garment: Garment, folder: Path, original_jpg: bytes | None = None, source: str = BUILT_IN
) -> None:
    """Write a garment's files into a folder, which is made when it does not exist.

    Args:
        garment: what to write.
        folder: where to; files of the same names are replaced.
        original_jpg: the photo, JPEG bytes.
        source: ``built_in`` or ``upload``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CUTOUT_FILE).write_bytes(encode_png(straight(garment.texture)))
    (folder / PARTS_FILE).write_bytes(encode_png(garment.parts))
    (folder / THUMBNAIL_FILE).write_bytes(encode_jpeg(draw_thumbnail(garment), quality=88))
    if original_jpg is not None:
        (folder / ORIGINAL_FILE).write_bytes(original_jpg)
    if garment.back_collar is not None:
        (folder / COLLAR_FILE).write_bytes(encode_png(straight(garment.back_collar)))
    text = _as_text(describe(garment) | {"source": source})
    (folder / GARMENT_FILE).write_text(text, encoding="utf-8")


def describe(garment: Garment) -> dict[str, Any]:
    """The content of ``garment.json``."""
    height, width = garment.texture.shape[:2]
    facts = {
        "schema": SCHEMA,
        "id": garment.id,
        "name": garment.name,
        "category": str(garment.category),
        "sleeves": str(garment.sleeves),
        "size_wh": [width, height],
        "landmarks": {key: _rounded(p) for key, p in sorted(garment.landmarks.items())},
        "neckline": [_rounded(point) for point in garment.neckline],
    }
    return facts | ({"notice": garment.notice} if garment.notice else {})


def _rounded(point: NDArray[np.float32]) -> list[float]:
    return [round(float(value), 2) for value in point]


def draw_thumbnail(garment: Garment) -> Image:
    """The garment on white, (400, 300, 3) uint8 RGB."""
    layers = garment.texture.astype(np.float32)
    if garment.back_collar is not None:
        behind = 1.0 - layers[..., 3:] / 255.0
        layers = layers + behind * garment.back_collar.astype(np.float32)
    white = layers[..., :3] + 255.0 - layers[..., 3:]
    room_w, room_h = (side - 2 * THUMBNAIL_MARGIN for side in THUMBNAIL_WH)
    height, width = white.shape[:2]
    scale = min(room_w / width, room_h / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(white, size, interpolation=method)
    canvas = np.full((THUMBNAIL_WH[1], THUMBNAIL_WH[0], 3), 255.0, np.float32)
    x, y = (THUMBNAIL_WH[0] - size[0]) // 2, (THUMBNAIL_WH[1] - size[1]) // 2
    canvas[y : y + size[1], x : x + size[0]] = small
    return np.asarray(np.clip(canvas + 0.5, 0, 255), np.uint8)


def load_garment_folder(folder: Path) -> Garment:
    """Read what ``save_garment`` wrote.

    Raises:
        InputError: a file is missing, damaged, or of another version; the message names it.
    """
    facts = _read_facts(folder)
    texture = premultiply(read_rgba(folder / CUTOUT_FILE))
    parts = np.ascontiguousarray(read_image(folder / PARTS_FILE)[..., 0])
    collar_file = folder / COLLAR_FILE
    collar = premultiply(read_rgba(collar_file)) if collar_file.is_file() else None
    if parts.shape != texture.shape[:2] or (collar is not None and collar.shape != texture.shape):
        raise InputError(f"The pictures in {folder} differ in size. Add the garment again.")
    try:
        return Garment(
            id=str(facts["id"]),
            name=str(facts["name"]),
            category=Category(facts["category"]),
            sleeves=Sleeves(facts["sleeves"]),
            texture=texture,
            parts=parts,
            landmarks={k: np.array(p, np.float32) for k, p in facts["landmarks"].items()},
            neckline=np.array(facts["neckline"], np.float32).reshape(-1, 2),
            back_collar=collar,
            notice=str(facts.get("notice", "")),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(folder, str(error)) from error


def load_entry(folder: Path) -> GarmentEntry:
    """Read a garment's line of the catalogue without its pictures. Raises ``InputError``."""
    facts = _read_facts(folder)
    for needed in (CUTOUT_FILE, PARTS_FILE, THUMBNAIL_FILE):
        if not (folder / needed).is_file():
            raise _damaged(folder, f"{needed} is missing")
    original = folder / ORIGINAL_FILE
    try:
        return GarmentEntry(
            id=folder.name,
            name=str(facts["name"]),
            category=Category(facts["category"]),
            sleeves=Sleeves(facts["sleeves"]),
            thumbnail=folder / THUMBNAIL_FILE,
            image=original if original.is_file() else folder / CUTOUT_FILE,
            source=str(facts.get("source", BUILT_IN)),
            notice=str(facts.get("notice", "")),
        )
    except (KeyError, ValueError) as error:
        raise _damaged(folder, str(error)) from error


def rename_garment(folder: Path, name: str) -> None:
    """Give a garment another name in one step, so that nobody reads half a file.

    Raises:
        InputError: there is no garment in the folder, or it is damaged.
    """
    facts = {**_read_facts(folder), "name": name}
    fresh = folder / f".{GARMENT_FILE}"
    fresh.write_text(_as_text(facts), encoding="utf-8")
    fresh.replace(folder / GARMENT_FILE)


def _as_text(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _read_facts(folder: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads((folder / GARMENT_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{folder} holds no garment: {GARMENT_FILE} cannot be read"
            f" ({error.strerror or error}). Make one with `wearcast garment`."
        ) from error
    except ValueError as error:
        raise _damaged(folder, f"{GARMENT_FILE} is not JSON") from error
    if not isinstance(facts, dict) or facts.get("schema") != SCHEMA:
        raise _damaged(folder, f"{GARMENT_FILE} is not of schema {SCHEMA}")
    return facts


def _damaged(folder: Path, why: str) -> InputError:
    return InputError(f"The garment in {folder} is damaged: {why}. Remove it and add it again.")
