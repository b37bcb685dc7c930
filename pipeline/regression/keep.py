"""Which frames of a stream of unknown length are kept as pictures, and a film for the report."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.images import encode_jpeg
from pipeline.regression.measure import SmallFrame
from pipeline.regression.recording import Pictures

FILM_FRAMES = 120  # of one case in the report
FILM_QUALITY = 82


class PictureKeeper:
    """Keeps reference pictures evenly over a stream, at most ``limit`` of them.

    Args:
        limit: how many at most. It keeps every frame, then every second, every fourth, …
        rows: keep exactly these frames instead: those that a baseline has.
    """

    def __init__(self, limit: int, rows: Iterable[int] | None = None) -> None:
        self._limit = limit
        self._rows = None if rows is None else frozenset(rows)
        self._step = 1
        self._kept: dict[int, NDArray[np.uint8]] = {}

    def offer(self, row: int, small: SmallFrame) -> None:
        """Show it the next frame. Only dressed ones are kept by themselves."""
        if self._rows is not None:
            if row in self._rows:
                self._kept[row] = small.dressed
            return
        if row % self._step or not small.dressed[..., 3].any():
            return
        self._kept[row] = small.dressed
        while len(self._kept) > self._limit:
            self._step *= 2
            self._kept = {r: p for r, p in self._kept.items() if r % self._step == 0}

    def pictures(self, size_hw: tuple[int, int]) -> Pictures:
        """What was kept.

        Args:
            size_hw: of the pictures, in case there is none.
        """
        rows = sorted(self._kept)
        blank = np.zeros((0, *size_hw, 4), np.uint8)
        return Pictures(
            np.array(rows, np.int64), np.stack([self._kept[r] for r in rows]) if rows else blank
        )


def half_of(pictures: Pictures) -> Pictures:
    """Every second picture, to meet a size budget."""
    return Pictures(pictures.rows[::2], pictures.dressed[::2])


@dataclass(frozen=True, slots=True)
class Film:
    """Small JPEG pictures of a run for people to look at.

    Attributes:
        result: by frame, what went out.
        camera: the same frames before.
    """

    result: dict[int, bytes]
    camera: dict[int, bytes]


class FilmKeeper:
    """Collects a film: evenly, at most ``FILM_FRAMES``, and the frames of the references."""

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self._always = frozenset(rows)
        self._step = 1
        self._result: dict[int, bytes] = {}
        self._camera: dict[int, bytes] = {}

    def offer(self, row: int, small: SmallFrame) -> None:
        """Show it the next frame."""
        if row % self._step and row not in self._always:
            return
        rgb, mask = small.dressed[..., :3], small.dressed[..., 3:]
        shown = np.where(mask > 0, rgb, small.camera)
        self._result[row] = encode_jpeg(np.ascontiguousarray(shown), FILM_QUALITY)
        self._camera[row] = encode_jpeg(small.camera, FILM_QUALITY)
        if len(self._result) > FILM_FRAMES + len(self._always):
            self._step *= 2
            for store in (self._result, self._camera):
                for old in [r for r in store if r % self._step and r not in self._always]:
                    del store[old]

    def film(self) -> Film:
        """What was kept."""
        return Film(dict(self._result), dict(self._camera))


def save_film(film: Film, path: Path) -> None:
    """Write a film as one file."""
    rows = sorted(film.result)
    blobs = [film.result[r] for r in rows] + [film.camera[r] for r in rows]
    lengths = np.array([len(b) for b in blobs], np.int64)
    data = np.frombuffer(b"".join(blobs), np.uint8)
    np.savez(path, rows=np.array(rows, np.int64), lengths=lengths, data=data)


def load_film(path: Path) -> Film:
    """Inverse of ``save_film``."""
    with np.load(path, allow_pickle=False) as arrays:
        rows, ends = arrays["rows"].tolist(), np.cumsum(arrays["lengths"])
        stream = io.BytesIO(arrays["data"].tobytes())
    begins = [0, *ends[:-1].tolist()]
    blobs = [stream.getvalue()[a:b] for a, b in zip(begins, ends.tolist(), strict=True)]
    half = len(rows)
    return Film(
        dict(zip(rows, blobs[:half], strict=True)), dict(zip(rows, blobs[half:], strict=True))
    )
