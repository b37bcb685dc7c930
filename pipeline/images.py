"""Pictures from and to bytes and files, and the one place that knows about colour channel order.

Decoding is safe for uploads: the size is checked from the header before a pixel is decoded, EXIF
orientation is applied and then dropped with all other metadata.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageOps, UnidentifiedImageError

from pipeline.errors import ImageTooLarge, ImageUnreadable
from pipeline.structures import Image

MAX_PIXELS = 36_000_000  # a good phone's picture; below the 40 megapixels that a bomb starts at
MAX_BYTES = 20 * 1024 * 1024
FORMATS = ("JPEG", "PNG", "WEBP", "BMP")


def _open(data: bytes, what: str) -> Pil.Image:
    if not data:
        raise ImageUnreadable(f"{what} is empty (0 bytes). Choose a JPEG, PNG or WebP picture.")
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(
            f"{what} has {len(data) / 2**20:.1f} MiB; at most {MAX_BYTES // 2**20} MiB are allowed."
            " Choose a smaller picture."
        )
    try:
        with warnings.catch_warnings():  # our own limit below answers for pixel bombs
            warnings.simplefilter("ignore", Pil.DecompressionBombWarning)
            picture = Pil.open(io.BytesIO(data), formats=FORMATS)
    except Pil.DecompressionBombError as error:
        raise ImageTooLarge(_too_many_pixels(what, None)) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ImageUnreadable(
            f"{what} is not a picture we can read. Choose a JPEG, PNG or WebP picture."
        ) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageTooLarge(_too_many_pixels(what, picture.size))
    return picture


def _too_many_pixels(what: str, size_wh: tuple[int, int] | None) -> str:
    size = f"is {size_wh[0]}×{size_wh[1]}" if size_wh else "is far too large"
    return f"{what} {size}; at most {MAX_PIXELS // 10**6} megapixels are allowed. Scale it down."


def _decode(data: bytes, mode: str, what: str) -> NDArray[np.uint8]:
    picture = _open(data, what)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged EXIF must not stop a readable picture
            upright = ImageOps.exif_transpose(picture)
        if mode == "RGB" and upright.has_transparency_data:
            ground = Pil.new("RGBA", upright.size, "white")
            upright = Pil.alpha_composite(ground, upright.convert("RGBA"))
        return np.asarray(upright.convert(mode), np.uint8).copy()
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise ImageUnreadable(
            f"{what} is damaged or cut off: it starts like a picture but cannot be decoded."
            " Save or download it again."
        ) from error


def decode_image(data: bytes, what: str = "The file") -> Image:
    """Decode an uploaded picture.

    Args:
        data: the bytes of a JPEG, PNG, WebP or BMP.
        what: how to name it in an error message, capitalised.

    Returns:
        (H, W, 3) uint8 RGB, upright; transparent parts on white.

    Raises:
        ImageUnreadable: empty, damaged, or no picture.
        ImageTooLarge: more than ``MAX_BYTES`` or ``MAX_PIXELS``.
    """
    return _decode(data, "RGB", what)


def decode_rgba(data: bytes, what: str = "The file") -> NDArray[np.uint8]:
    """Decode to (H, W, 4) uint8 RGBA, colour *not* premultiplied. Raises as ``decode_image``."""
    return _decode(data, "RGBA", what)


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageTooLarge(
                f"{path} has more than {MAX_BYTES // 2**20} MiB. Choose a smaller picture."
            )
        return path.read_bytes()
    except OSError as error:
        raise ImageUnreadable(
            f"{path} cannot be opened ({error.strerror or error}). Check the path."
        ) from error


def read_image(path: Path | str) -> Image:
    """Read a picture file as (H, W, 3) uint8 RGB. Raises as ``decode_image``."""
    return decode_image(_read_bytes(Path(path)), str(path))


def read_rgba(path: Path | str) -> NDArray[np.uint8]:
    """Read a picture file as (H, W, 4) uint8 RGBA, colour *not* premultiplied."""
    return _decode(_read_bytes(Path(path)), "RGBA", str(path))


def _encode(array: NDArray[np.uint8], kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    Pil.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def encode_png(array: NDArray[np.uint8]) -> bytes:
    """Encode (H, W), (H, W, 3) or (H, W, 4) uint8 as PNG bytes."""
    return _encode(array, "PNG", compress_level=3)


def encode_jpeg(image: Image, quality: int = 90) -> bytes:
    """Encode (H, W, 3) uint8 RGB as JPEG bytes."""
    return _encode(image, "JPEG", quality=quality)


def write_png(path: Path | str, array: NDArray[np.uint8]) -> None:
    """Write (H, W), (H, W, 3) or (H, W, 4) uint8 as a PNG file."""
    Path(path).write_bytes(encode_png(array))


def to_lab(image: Image) -> NDArray[np.float32]:
    """(H, W, 3) uint8 RGB → CIE Lab float32, L in 0..100, a and b about ±128 (D65)."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)


def to_lab_bytes(image: Image) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB → CIE Lab in bytes: L * 2.55, a + 128, b + 128. Quicker, for tables."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), np.uint8)


def from_lab(lab: NDArray[np.float32]) -> Image:
    """Inverse of ``to_lab``; colours outside sRGB are clipped."""
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return np.asarray(np.clip(rgb * 255.0 + 0.5, 0, 255), np.uint8)
