"""Which frames of a stream of unknown length are kept as pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import encode_jpeg
from pipeline.regression.measure import SmallFrame
from pipeline.regression.recording import Pictures

FILM_FRAMES = 48  # of a baseline, for the report
FILM_HEIGHT_PX = 120
SHOTS = 120  # of a check, for the report
SHOT_QUALITY = 82


class PictureKeeper:
    """Keeps reference pictures evenly over a stream, at most ``limit`` of them.

    Args:
        limit: how many at most. It keeps every frame, then every second, every fourth, …
        rows: keep exactly these frames instead: those that a baseline has.
        dressed_only: leave out frames in which nothing is dressed.
        height_px: scale the pictures down to it.
    """

    def __init__(
        self,
        limit: int,
        rows: Iterable[int] | None = None,
        *,
        dressed_only: bool = True,
        height_px: int | None = None,
    ) -> None:
        self._limit = limit
        self._dressed_only = dressed_only
        self._height_px = height_px
        self._rows = None if rows is None else frozenset(rows)
        self._step = 1
        self._kept: dict[int, NDArray[np.uint8]] = {}

    def offer(self, row: int, small: SmallFrame) -> None:
        """Show it the next frame."""
        if self._rows is not None:
            if row in self._rows:
                self._kept[row] = self._scaled(small.dressed)
            return
        if row % self._step or (self._dressed_only and not small.dressed[..., 3].any()):
            return
        self._kept[row] = self._scaled(small.dressed)
        while len(self._kept) > self._limit:
            self._step *= 2
            self._kept = {r: p for r, p in self._kept.items() if r % self._step == 0}

    def _scaled(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = picture.shape[:2]
        if self._height_px is None or self._height_px >= height:
            return picture
        size_wh = max(round(width * self._height_px / height), 1), self._height_px
        return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), np.uint8)

    def pictures(self) -> Pictures:
        """What was kept."""
        rows = sorted(self._kept)
        blank = np.zeros((0, 1, 1, 4), np.uint8)
        return Pictures(
            np.array(rows, np.int64), np.stack([self._kept[r] for r in rows]) if rows else blank
        )


def half_of(pictures: Pictures) -> Pictures:
    """Every second picture, to meet a size budget."""
    return Pictures(pictures.rows[::2], pictures.dressed[::2])


@dataclass(frozen=True, slots=True)
class Shots:
    """Small JPEG pictures of a check for people to look at.

    Attributes:
        result: by frame, what went out.
        camera: the same frames before.
    """

    result: Mapping[int, bytes]
    camera: Mapping[int, bytes]


class ShotKeeper:
    """Collects shots: evenly, at most ``SHOTS``, and always those of some frames."""

    def __init__(self, always: Iterable[int] = ()) -> None:
        self._always = frozenset(always)
        self._step = 1
        self._result: dict[int, bytes] = {}
        self._camera: dict[int, bytes] = {}

    def offer(self, row: int, small: SmallFrame) -> None:
        """Show it the next frame."""
        if row % self._step and row not in self._always:
            return
        rgb, mask = small.dressed[..., :3], small.dressed[..., 3:]
        shown = np.where(mask > 0, rgb, small.camera)
        self._result[row] = encode_jpeg(np.ascontiguousarray(shown), SHOT_QUALITY)
        self._camera[row] = encode_jpeg(small.camera, SHOT_QUALITY)
        if len(self._result) > SHOTS + len(self._always):
            self._step *= 2
            for store in (self._result, self._camera):
                for old in [r for r in store if r % self._step and r not in self._always]:
                    del store[old]

    def shots(self) -> Shots:
        """What was kept."""
        return Shots(dict(self._result), dict(self._camera))


def save_shots(shots: Shots, path: Path) -> None:
    """Write shots as one file."""
    rows = sorted(shots.result)
    blobs = [shots.result[r] for r in rows] + [shots.camera[r] for r in rows]
    lengths = np.array([len(b) for b in blobs], np.int64)
    data = np.frombuffer(b"".join(blobs), np.uint8)
    np.savez(path, rows=np.array(rows, np.int64), lengths=lengths, data=data)


def load_shots(path: Path) -> Shots:
    """Inverse of ``save_shots``."""
    with np.load(path, allow_pickle=False) as arrays:
        rows: list[int] = arrays["rows"].tolist()
        ends: list[int] = np.cumsum(arrays["lengths"]).tolist()
        data = arrays["data"].tobytes()
    blobs = [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    half = len(rows)
    return Shots(
        dict(zip(rows, blobs[:half], strict=True)), dict(zip(rows, blobs[half:], strict=True))
    )
