"""The hand-checked garment photos and how a cut-out is judged by them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline.garments.ingest import WORK_PX
from pipeline.labels import OwnPart
from weights.training.evaluate_cutout import IGNORED, by_background, methods, overlap
from weights.training.garment_truth import (
    BACKGROUNDS,
    GARMENTS,
    GarmentTruth,
    read_garment_truths,
)

LEAST_SHARE, MOST_SHARE = 0.1, 0.75  # of a picture that a garment fills


def test_every_photo_has_a_label_with_one_garment() -> None:
    truths = read_garment_truths()
    assert len({t.name for t in truths}) == len(truths) >= 30
    assert {t.background for t in truths} == set(BACKGROUNDS)
    for truth in truths:
        label = truth.label()
        assert max(label.shape) == WORK_PX
        assert {0, OwnPart.UPPER} <= set(np.unique(label)) <= {0, OwnPart.UPPER, IGNORED}
        assert LEAST_SHARE < (label == OwnPart.UPPER).mean() < MOST_SHARE


def test_every_label_has_its_polygons_and_every_file_its_row() -> None:
    rows = {row["name"] for row in json.loads((GARMENTS / "photos.json").read_text())}
    for folder, ending in (("labels", ".png"), ("polygons", ".txt")):
        assert {path.stem for path in (GARMENTS / folder).glob(f"*{ending}")} == rows


def test_overlap_leaves_out_what_nobody_can_tell() -> None:
    label = np.zeros((10, 10), np.uint8)
    label[:, :5] = OwnPart.UPPER
    guess = np.zeros((10, 10), np.bool_)
    guess[:, :4] = True
    assert overlap(label, guess) == pytest.approx(0.8)
    label[:, 4] = IGNORED
    assert overlap(label, guess) == 1.0


def test_every_background_has_its_own_mean() -> None:
    truths = [GarmentTruth(n, "", b) for n, b in (("a", "plain"), ("b", "plain"), ("c", "floor"))]
    scores = {"a": 1.0, "b": 0.8, "c": 0.6}
    assert by_background(scores, truths) == {"plain": 0.9, "floor": 0.6, "all": 0.8}


def test_networks_are_judged_only_when_asked_for() -> None:
    assert set(methods(None)) == {"colour"}
