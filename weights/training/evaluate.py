"""Judge the parser on real, hand-labelled frames: ``python -m weights.training.evaluate``.

Needs ``WEARCAST_MEDIA``. Prints intersection over union per class, over all frames, over those
seen and not seen while the weights were made, and by skin tone and framing; how well borders lie;
and, with ``--flicker``, how much labels change from frame to frame, see ``flicker``. ``--sheet``
writes overlays of the seen frames to look at, ``--json`` the figures.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels import OwnPart
from pipeline.own_parser import WEIGHTS, OwnParser
from pipeline.pose import PoseEstimator
from pipeline.structures import Frame
from weights.training.flicker import flickers
from weights.training.sheet import overlaid, write_sheet
from weights.training.truth import media_folder, read_truths

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

IGNORED = 255
BORDER_SHARE = 0.006  # of the picture's diagonal, by which a border may be off
LEAST_PIXELS = 50  # a class with fewer in the truth has no border worth judging
TILE_WH = (288, 384)
SHEET_COLUMNS = 6

log = logging.getLogger("evaluate")


@dataclass
class Score:
    """Confusion of classes, and hits of borders, summed over frames.

    Attributes:
        counts: (classes, classes) pixels by truth and guess, as shares of the person's, so that
            every frame counts the same whatever its size.
        borders: per class, hits and length of the guessed, hits and length of the true border.
    """

    counts: Floats = field(default_factory=lambda: np.zeros((len(OwnPart),) * 2))
    borders: Floats = field(default_factory=lambda: np.zeros((len(OwnPart), 4)))

    def add(self, truth: Bytes, guess: Bytes) -> None:
        """Count one frame."""
        known = truth != IGNORED
        counts = np.zeros((len(OwnPart),) * 2)
        np.add.at(counts, (truth[known], guess[known]), 1)
        self.counts += counts / max(float((truth[known] > 0).sum()), 1)
        reach = max(2, round(BORDER_SHARE * float(np.hypot(*truth.shape))))
        for part in OwnPart:
            if (truth == part).sum() >= LEAST_PIXELS:
                self.borders[part] += _border_hits(truth == part, (guess == part) & known, reach)

    def iou(self) -> dict[str, float]:
        """Per class that occurs, and their mean."""
        both = np.diag(self.counts)
        either = self.counts.sum(0) + self.counts.sum(1) - both
        occurs = self.counts.sum(1) > 0
        found = {p.name.lower(): float(both[p] / either[p]) for p in OwnPart if occurs[p]}
        return found | {"mean": float(np.mean(list(found.values())))}

    def border_f(self) -> dict[str, float]:
        """Harmonic mean of precision and recall of borders, per class that occurs."""
        found = {}
        for part in OwnPart:
            hit, guessed, met, true = self.borders[part]
            if true > 0:
                precision, recall = hit / max(guessed, 1), met / true
                found[part.name.lower()] = 2 * precision * recall / max(precision + recall, 1e-9)
        return found


def _border_hits(truth: NDArray[np.bool_], guess: NDArray[np.bool_], reach: int) -> list[float]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    true, guessed = (_border(m) for m in (truth, guess))
    near_true, near_guessed = (cv2.dilate(b, kernel) for b in (true, guessed))
    return [
        float((guessed & near_true).sum()),
        float(guessed.sum()),
        float((true & near_guessed).sum()),
        float(true.sum()),
    ]


def _border(mask: NDArray[np.bool_]) -> Bytes:
    solid = mask.astype(np.uint8)
    return solid - cv2.erode(solid, np.ones((3, 3), np.uint8), borderValue=1)


def parse_truth(
    parser: OwnParser, estimator: PoseEstimator, image: Bytes
) -> tuple[Bytes | None, float]:
    """Labels of one frame, None where nobody is found; and CPU seconds without the pose."""
    pose = estimator.estimate(Frame(image))
    if pose is None:
        return None, 0.0
    began = time.thread_time()
    guess = parser.parse(image, pose)
    return guess, time.thread_time() - began


def main() -> None:
    """Read the command line and judge."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser, estimator = OwnParser(arguments.weights), PoseEstimator()
    scores: dict[str, Score] = {}
    tiles, missed, spent = [], [], []
    for truth in read_truths():
        image, label = truth.image(media_folder()), truth.label()
        guess, seconds = parse_truth(parser, estimator, image)
        if guess is None:
            missed.append(truth.name)
            continue
        spent.append(seconds)
        for group in truth.groups:
            scores.setdefault(group, Score()).add(label, guess)
        if not truth.blind:
            tiles += [_tile(image, label), _tile(image, guess)]
    estimator.close()
    figures = {
        "frames": len(spent),
        "missed": missed,
        "iou": {group: _rounded(score.iou()) for group, score in sorted(scores.items())},
        "border_f": _rounded(scores["all"].border_f()),
        "flicker": _flickers(parser) if arguments.flicker else None,
        "cpu_ms": round(float(np.median(spent)) * 1e3, 1),
    }
    log.info("%s", json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    if arguments.sheet:
        write_sheet(arguments.sheet, tiles, SHEET_COLUMNS)


def _flickers(parser: OwnParser) -> dict[str, dict[str, float]]:
    """Of one still picture a person, and of moving clips."""
    first = {t.person: t for t in reversed(read_truths())}
    stills = [truth.image(media_folder()) for truth in first.values()]
    return flickers(parser, stills, media_folder())


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}


def _tile(image: Bytes, label: Bytes) -> Bytes:
    """Overlay, cut to the labelled person and padded to one size."""
    shown = overlaid(image, np.where(label == IGNORED, 0, label).astype(np.uint8))
    scale = min(TILE_WH[0] / shown.shape[1], TILE_WH[1] / shown.shape[0])
    small = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.zeros((TILE_WH[1], TILE_WH[0], 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    return tile


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--sheet", type=Path, help="write overlays, truth beside guess")
    parser.add_argument("--flicker", action="store_true", help="measure flicker too; slower")
    return parser.parse_args()


if __name__ == "__main__":
    main()
