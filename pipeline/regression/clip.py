"""Where the frames of a case come from: a video file, or a sample that is made up on the spot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline.clips import VideoReader
from pipeline.errors import InputError
from pipeline.regression.suite import SAMPLE, Case
from pipeline.samples import ASTRONAUT, FPS, SIZE_WH, swaying_astronaut
from pipeline.structures import Frame

LEAVE_FROM, LEAVE_OVER = 24, 12  # frames: dressed well before the person slides away
DIM_FROM, DIM_OVER, DIM_TO = 16, 16, 0.55


def _leaving(frames: int) -> Iterator[Frame]:
    """The swaying person slides out of the picture to the right."""
    width = SIZE_WH[0]
    for index, frame in enumerate(swaying_astronaut(frames)):
        gone = np.clip((index - LEAVE_FROM) / LEAVE_OVER, 0, 1) ** 2
        matrix = np.array([[1, 0, gone * width], [0, 1, 0]])
        moved = cv2.warpAffine(frame.image, matrix, SIZE_WH, borderMode=cv2.BORDER_REPLICATE)
        yield Frame(np.asarray(moved, np.uint8), frame.time_s)


def _dimming(frames: int) -> Iterator[Frame]:
    """The light goes down."""
    for index, frame in enumerate(swaying_astronaut(frames)):
        down = np.clip((index - DIM_FROM) / DIM_OVER, 0, 1)
        light = 1 - (1 - DIM_TO) * down
        yield Frame((frame.image * light + 0.5).astype(np.uint8), frame.time_s)


SAMPLES: Mapping[str, Callable[[int], Iterator[Frame]]] = {
    "sway": swaying_astronaut,
    "leave": _leaving,
    "dim": _dimming,
}
SAMPLE_FRAMES = 90  # of a sample, when the suite does not say


@dataclass(slots=True)
class Clip:
    """An open clip.

    Attributes:
        frames: its chosen frames.
        source: as the suite names it, without its folder.
        sha256: of the file, or of what a sample is made from.
        fps: average.
        expected: how many frames will come, 0 = not known.
        truncated: the file is cut off or damaged at its end; known once the frames are read.
    """

    frames: Iterator[Frame]
    source: str
    sha256: str
    fps: float
    expected: int
    truncated: bool = False

    def facts(self) -> dict[str, Any]:
        """What a baseline keeps of it."""
        return {
            "source": self.source,
            "sha256": self.sha256,
            "fps": self.fps,
            "truncated": self.truncated,
        }


@contextmanager
def open_clip(case: Case) -> Iterator[Clip]:
    """Open the clip of a case.

    Raises:
        InputError: no such sample.
        VideoUnreadable: not there, not a video.
    """
    if case.source.startswith(SAMPLE):
        yield _sample(case)
        return
    path = Path(case.source)
    with VideoReader(path) as reader:
        stop = None if case.frames is None else case.start + case.frames
        clip = Clip(iter(()), path.name, file_digest(path), float(reader.fps), 0)
        clip.expected = _expected(reader.frames, case)

        def frames() -> Iterator[Frame]:
            for clip_frame in islice(reader, case.start, stop):
                yield clip_frame.frame
            clip.truncated = reader.truncated

        clip.frames = frames()
        yield clip


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def clip_digest(case: Case) -> str:
    """What ``open_clip`` would find, without decoding. Raises as ``open_clip``."""
    if case.source.startswith(SAMPLE):
        return _sample(case).sha256
    path = Path(case.source)
    if not path.is_file():
        with VideoReader(path):  # says in a sentence what is wrong
            pass
    return file_digest(path)


def _sample(case: Case) -> Clip:
    name = case.source.removeprefix(SAMPLE)
    if name not in SAMPLES:
        raise InputError(f"There is no {case.source}. Use one of {', '.join(SAMPLES)}.")
    count = case.frames or max(SAMPLE_FRAMES - case.start, 0)
    frames = islice(SAMPLES[name](case.start + count), case.start, None)
    # not of the pixels: another machine's OpenCV may round them otherwise
    digest = hashlib.sha256(name.encode() + ASTRONAUT.read_bytes()).hexdigest()
    return Clip(frames, case.source, digest, float(FPS), count)


def _expected(total: int, case: Case) -> int:
    rest = max(0, total - case.start)
    return rest if case.frames is None else min(rest or case.frames, case.frames)
