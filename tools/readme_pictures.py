"""Make the README's pictures anew: ``python -m tools.readme_pictures``."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pipeline.garments import load_garment
from pipeline.images import encode_jpeg, read_image
from pipeline.samples import ASTRONAUT
from pipeline.still import dress_photo
from pipeline.structures import Image

PICTURES = Path("docs/pictures")
DEFAULTS = Path("pipeline/garments/defaults")
WORN = ("breton-top", "mustard-jumper")
TILE_WH = (216, 270)
COLUMNS = 7
QUALITY = 88


def main() -> None:
    """Write ``dressed.jpg`` and ``garments.jpg``."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    person = read_image(ASTRONAUT)
    dressed = [dress_photo(person, load_garment(garment)).image for garment in WORN]
    _write("dressed.jpg", np.concatenate([person, *dressed], axis=1))
    tiles = [_tile(folder) for folder in sorted(DEFAULTS.iterdir()) if folder.is_dir()]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.concatenate(tiles[i : i + COLUMNS], axis=1) for i in range(0, len(tiles), COLUMNS)]
    _write("garments.jpg", np.concatenate(rows, axis=0))


def _tile(folder: Path) -> Image:
    picture = read_image(folder / "original.jpg")
    return np.asarray(cv2.resize(picture, TILE_WH, interpolation=cv2.INTER_AREA), np.uint8)


def _write(name: str, image: Image) -> None:
    (PICTURES / name).write_bytes(encode_jpeg(image, QUALITY))


if __name__ == "__main__":
    main()
