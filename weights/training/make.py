"""Make training pictures: ``python -m weights.training.make --data FOLDER --count 1000 --seed 1``.

Writes ``NNNNNN.jpg`` (clean picture), ``NNNNNN.png`` (classes) and ``NNNNNN.npy`` (landmarks) into
``FOLDER/train-SEED``. What is there already is not made again, so a run can be stopped at any time,
and several can share the work by ``--first``. The library is built on first use.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import cv2
import numpy as np

from weights.training.assets import check_assets
from weights.training.generator.library import build_library, load_library
from weights.training.generator.render import Generator, Sample
from weights.training.sheet import painted, write_sheet

JPEG_QUALITY = 95  # the losses of cameras are added when training
REPORT_EVERY = 100
SHEET_COLUMNS = 8

log = logging.getLogger("make")


def main() -> None:
    """Read the command line and make pictures."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    library_path = arguments.data / "library.pkl"
    if not library_path.exists():
        check_assets(arguments.data)
        library = build_library(arguments.data / "makehuman", arguments.data / "environments")
        library.save(library_path)
    generator = Generator(load_library(library_path), arguments.seed)
    folder = arguments.data / f"train-{arguments.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(arguments.first, arguments.first + arguments.count)
    if arguments.sheet:
        tiles = []
        for number in numbers:
            sample = generator.sample(number)
            tiles += [sample.image, painted(sample.label)]
        write_sheet(arguments.sheet, tiles, SHEET_COLUMNS)
        return
    began = time.process_time()
    for done, number in enumerate(numbers):
        if not (folder / f"{number:06d}.npy").exists():
            write_sample(folder, number, generator.sample(number))
        if done % REPORT_EVERY == 0:
            log.info("%d of %d, %.0f CPU-s", done, len(numbers), time.process_time() - began)


def write_sample(folder: Path, number: int, sample: Sample) -> None:
    """Write one sample's three files; the landmarks come last and mark it as whole."""
    path = folder / f"{number:06d}"
    picture = cv2.cvtColor(sample.image, cv2.COLOR_RGB2BGR)
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    cv2.imwrite(str(path.with_suffix(".jpg")), picture, quality)
    cv2.imwrite(str(path.with_suffix(".png")), sample.label)
    np.save(path.with_suffix(".npy"), sample.landmarks)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of assets and pictures")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first picture")
    parser.add_argument("--sheet", type=Path, help="write one contact sheet instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()
