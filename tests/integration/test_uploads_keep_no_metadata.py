"""What an upload tells about its sender must not stay: place, camera, time."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from pipeline.garments import Catalog, seed_defaults
from pipeline.images import read_rgba

WORDS = (b"SpyCam 3000", b"SecretPlace")


def photo_with_metadata(catalog: Catalog) -> bytes:
    """A built-in garment on white, as if photographed at a place that is nobody's business."""
    cutout = read_rgba(catalog.list()[0].image.parent / "cutout.png").astype(np.float32)
    share = cutout[..., 3:] / 255
    flat = cutout[..., :3] * share + 245 * (1 - share)
    picture = Image.fromarray(np.pad(flat, ((60, 60), (60, 60), (0, 0)), constant_values=245)
                              .astype(np.uint8))  # fmt: skip
    exif = Image.Exif()
    exif[Base.Make] = WORDS[0].decode()
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSAreaInformation] = WORDS[1]
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95, exif=exif, comment=WORDS[1])
    return buffer.getvalue()


def test_nothing_of_an_uploads_metadata_reaches_the_catalogue(tmp_path: Path) -> None:
    seed_defaults(tmp_path / "catalog")
    catalog = Catalog(tmp_path / "catalog")
    photo = photo_with_metadata(catalog)
    assert all(word in photo for word in WORDS)
    entry = catalog.add(photo, "Mine", None)
    files = [file for file in entry.image.parent.rglob("*") if file.is_file()]
    assert len(files) >= 4
    for file in files:
        data = file.read_bytes()
        assert not any(word in data for word in WORDS), file.name
        if file.suffix in (".jpg", ".png", ".webp"):
            with Image.open(file) as picture:
                assert not picture.getexif(), file.name
                assert "exif" not in picture.info
