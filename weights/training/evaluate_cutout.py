"""Judge the garment cut-out on hand-checked photos: ``python -m weights.training.evaluate_cutout``.

Needs ``WEARCAST_MEDIA``. Prints intersection over union per photo and its mean per background:
for colour and edges alone, which is the product's default, and with ``--weights FOLDER`` also for
the U2-Net there alone (``network``) and as one more guess that is judged like the others
(``both``). ``--sheet`` writes overlays to look at, truth first; ``--json`` the figures.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.cutout import cut_out
from pipeline.garments.network_mask import network_mask
from pipeline.labels import OwnPart
from weights.training.garment_truth import BACKGROUNDS, GarmentTruth, read_garment_truths
from weights.training.sheet import overlaid, write_sheet
from weights.training.truth import Bytes, media_folder

Mask = NDArray[np.bool_]
Method = Callable[[Bytes], Mask]

IGNORED = 255
TILE_PX = 320
SHEET_PHOTOS = 2  # beside each other

log = logging.getLogger("evaluate_cutout")


def overlap(truth: Bytes, guess: Mask) -> float:
    """Intersection over union of the garment, where it is known."""
    known, garment = truth != IGNORED, truth == OwnPart.UPPER
    return float((garment & guess).sum() / max(((garment | guess) & known).sum(), 1))


def by_background(scores: Mapping[str, float], truths: list[GarmentTruth]) -> dict[str, float]:
    """Mean over the photos of each background, and over all."""
    groups = {kind: [t.name for t in truths if t.background == kind] for kind in BACKGROUNDS}
    groups["all"] = [t.name for t in truths]
    return {
        kind: round(float(np.mean([scores[name] for name in names])), 4)
        for kind, names in groups.items()
        if names
    }


def methods(weights: Path | None) -> dict[str, Method]:
    """What is compared, by name."""
    found: dict[str, Method] = {"colour": lambda image: cut_out(image).mask}
    if weights is not None:
        segment = partial(network_mask, folder=weights)
        found["network"] = lambda image: _or_nothing(segment(image), image)
        found["both"] = lambda image: cut_out(image, segment).mask
    return found


def _or_nothing(mask: Mask | None, image: Bytes) -> Mask:
    return np.zeros(image.shape[:2], np.bool_) if mask is None else mask


def main() -> None:
    """Read the command line and judge."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    compared = methods(arguments.weights)
    truths = [t for t in read_garment_truths() if not arguments.only or t.name in arguments.only]
    scores: dict[str, dict[str, float]] = {name: {} for name in compared}
    spent: dict[str, list[float]] = {name: [] for name in compared}
    tiles = []
    for truth in truths:
        image, label = truth.image(media_folder()), truth.label()
        tiles.append(_tile(image, label))
        for name, method in compared.items():
            began = time.process_time()
            guess = method(image)
            spent[name].append(time.process_time() - began)
            scores[name][truth.name] = round(overlap(label, guess), 4)
            tiles.append(_tile(image, np.where(guess, OwnPart.UPPER, 0).astype(np.uint8)))
    figures = {
        name: {
            "iou": by_background(scores[name], truths),
            "cpu_s": round(float(np.median(spent[name])), 2),
            "photos": dict(sorted(scores[name].items(), key=lambda row: row[1])),
        }
        for name in compared
    }
    log.info("%s", json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    if arguments.sheet:
        write_sheet(arguments.sheet, tiles, SHEET_PHOTOS * (1 + len(compared)))


def _tile(image: Bytes, label: Bytes) -> Bytes:
    """Overlay in a square; what nobody can tell is white."""
    shown = overlaid(image, label)
    scale = TILE_PX / max(shown.shape[:2])
    small = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.zeros((TILE_PX, TILE_PX, 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[:TILE_PX, :TILE_PX]
    return tile


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, help="folder with a U2-Net, as in the product")
    parser.add_argument("--only", nargs="*", help="names of photos")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--sheet", type=Path, help="write overlays, truth first")
    return parser.parse_args()


if __name__ == "__main__":
    main()
