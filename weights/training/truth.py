"""The hand-checked frames: real people, labelled by hand, never trained on.

``evaluation/frames.json`` names the files and frames under ``WEARCAST_MEDIA``, whose pictures are
not part of the project; ``evaluation/labels`` holds the classes as palette PNGs. A label may be
smaller than its frame; the frame is then shrunk to it. A frame with several people is cut to one
of them. 255 is what nobody can tell.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil

from pipeline.clips import VideoReader
from pipeline.images import read_image

Bytes = NDArray[np.uint8]

FOLDER = Path(__file__).parent / "evaluation"
MEDIA_VARIABLE = "WEARCAST_MEDIA"
VIDEO_ENDINGS = (".mp4",)


@dataclass(frozen=True, slots=True)
class Truth:
    """One labelled frame.

    Attributes:
        name: of its label; file, frame: where the picture is under the media folder.
        person: whose frames belong together; tone: skin, light, medium or dark;
        framing: close, half or full.
        box: left, top, right and bottom pixel edge of the part that counts; all if None.
        blind: labelled when the shipped weights were done, and nobody looked at what they say
            of it: whoever makes other weights must not look either.
    """

    name: str
    file: str
    frame: int
    person: str
    tone: str
    framing: str
    box: tuple[int, int, int, int] | None = None
    blind: bool = False

    @property
    def groups(self) -> tuple[str, ...]:
        """Frames with which it is judged."""
        known = "blind" if self.blind else "seen"
        return "all", known, f"tone {self.tone}", f"framing {self.framing}"

    def label(self) -> Bytes:
        """(H, W) uint8 of ``OwnPart``, or 255."""
        return np.asarray(Pil.open(FOLDER / "labels" / f"{self.name}.png"), np.uint8)

    def image(self, media: Path) -> Bytes:
        """(H, W, 3) uint8 RGB, as large as the label."""
        path = media / self.file
        if path.suffix in VIDEO_ENDINGS:
            picture = next(frames_of(path, self.frame))
        else:
            picture = read_image(path)
        if self.box:
            left, top, right, bottom = self.box
            picture = picture[top:bottom, left:right]
        height, width = self.label().shape
        if picture.shape[:2] == (height, width):
            return picture
        return np.asarray(
            cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )


def frames_of(path: Path, first: int) -> Iterator[Bytes]:
    """Pictures of a clip from its frame ``first`` on."""
    for number, clip_frame in enumerate(VideoReader(path)):
        if number >= first:
            yield clip_frame.frame.image


def read_truths() -> list[Truth]:
    """All labelled frames, by name."""
    rows = json.loads((FOLDER / "frames.json").read_text())
    return [Truth(**row) for row in rows]


def media_folder() -> Path:
    """The folder of real clips and photos."""
    return Path(os.environ[MEDIA_VARIABLE])
