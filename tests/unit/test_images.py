"""Pictures in and out: what is read is upright and bounded, what is not a picture is refused."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from pipeline.errors import ImageTooLarge, ImageUnreadable
from pipeline.images import (
    MAX_BYTES,
    decode_image,
    encode_jpeg,
    encode_png,
    from_lab,
    read_image,
    read_rgba,
    to_lab,
    write_png,
)


def gradient(height: int = 20, width: int = 30) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 8, y * 12, 255 - x * 8], axis=-1).astype(np.uint8)


def png_header(width: int, height: int) -> bytes:
    """A tiny file that claims to be huge."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    chunk = b"IHDR" + header
    data = b"IDAT" + zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n"
        + (len(header)).to_bytes(4, "big")
        + chunk
        + zlib.crc32(chunk).to_bytes(4, "big")
        + (len(data) - 4).to_bytes(4, "big")
        + data
        + zlib.crc32(data).to_bytes(4, "big")
    )


def test_png_round_trip_is_exact(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", gradient())
    assert np.array_equal(read_image(tmp_path / "a.png"), gradient())


def test_jpeg_keeps_channel_order() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 220
    decoded = decode_image(encode_jpeg(red))
    assert decoded[8, 8, 0] > 200
    assert decoded[8, 8, 2] < 20


def test_exif_orientation_is_applied() -> None:
    exif = Pil.Exif()
    exif[0x0112] = 6  # turn clockwise
    buffer = io.BytesIO()
    Pil.fromarray(gradient()).save(buffer, "PNG", exif=exif)
    assert np.array_equal(decode_image(buffer.getvalue()), np.rot90(gradient(), -1))


def test_transparent_parts_become_white() -> None:
    rgba = np.zeros((4, 4, 4), np.uint8)
    assert decode_image(encode_png(rgba)).min() == 255


def test_rgba_keeps_alpha(tmp_path: Path) -> None:
    rgba = np.dstack([gradient(), np.full((20, 30), 77, np.uint8)])
    write_png(tmp_path / "a.png", rgba)
    assert np.array_equal(read_rgba(tmp_path / "a.png"), rgba)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"this is not a picture", "not a picture"),
        (encode_jpeg(gradient())[:200], "not a picture|damaged"),
        (
            encode_png(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))[:4000],
            "cut",
        ),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    ],
)
def test_unreadable_bytes_are_refused_in_a_sentence(data: bytes, message: str) -> None:
    with pytest.raises(ImageUnreadable, match=message):
        decode_image(data, "The photo")


@pytest.mark.parametrize("size", [(8000, 5001), (60000, 60000)])
def test_pixel_bombs_are_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge, match="megapixels"):
        decode_image(png_header(*size))


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(ImageTooLarge, match="MiB"):
        decode_image(bytes(MAX_BYTES + 1))


def test_missing_file_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(ImageUnreadable, match=r"nowhere\.png"):
        read_image(tmp_path / "nowhere.png")


def test_lab_round_trip_and_scale() -> None:
    white = np.full((2, 2, 3), 255, np.uint8)
    assert to_lab(white)[0, 0] == pytest.approx([100, 0, 0], abs=0.1)
    image = gradient()
    assert np.abs(from_lab(to_lab(image)).astype(int) - image).max() <= 1
