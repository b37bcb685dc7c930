"""Dress a clip and put every n-th frame, camera above result, onto one sheet to look at.

    python -m tools.contact_sheet CLIP GARMENT -o sheet.png [--every 10] [--start 0] [--frames 300]

The whole clip up to the last wanted frame is dressed, as a mirror would see it; only the sheet is
written. The reason stands on frames that were not dressed.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from pipeline.clips import VideoReader
from pipeline.garments import load_garment
from pipeline.images import write_png
from pipeline.live import LiveTryOn
from pipeline.structures import Composite, Image

COLUMNS = 5
TEXT = cv2.FONT_HERSHEY_SIMPLEX


def main() -> None:
    """Read the options, dress, write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("garment")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--height", type=int, default=300, help="of one picture, px")
    options = parser.parse_args()
    cells = []
    with VideoReader(options.clip) as reader, LiveTryOn(load_garment(options.garment)) as mirror:
        for index, clip_frame in enumerate(islice(reader, options.start + options.frames)):
            composite = mirror.process(clip_frame.frame)
            if index >= options.start and (index - options.start) % options.every == 0:
                cells.append(_cell(clip_frame.frame.image, composite, index, options.height))
    write_png(options.out, _sheet(cells))


def _cell(camera: Image, composite: Composite, index: int, height: int) -> Image:
    both = np.concatenate([camera, composite.image], axis=0)
    width = max(1, round(camera.shape[1] * height / camera.shape[0]))
    small = cv2.resize(both, (width, 2 * height), interpolation=cv2.INTER_AREA)
    label = f"{index} {composite.reason.value if composite.reason else ''}"
    cv2.putText(small, label, (4, height + 16), TEXT, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(small, label, (4, height + 16), TEXT, 0.5, (255, 255, 0), 1, cv2.LINE_AA)
    return np.asarray(small, np.uint8)


def _sheet(cells: list[Image]) -> Image:
    blank = np.zeros_like(cells[0])
    cells = cells + [blank] * (-len(cells) % COLUMNS)
    rows = [np.concatenate(cells[i : i + COLUMNS], axis=1) for i in range(0, len(cells), COLUMNS)]
    return np.concatenate(rows, axis=0)


if __name__ == "__main__":
    main()
