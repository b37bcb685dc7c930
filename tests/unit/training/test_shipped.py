"""The shipped parser on a few real, hand-labelled people: far below its figures it is broken."""

from __future__ import annotations

import os

import pytest

from pipeline.own_parser import OwnParser
from pipeline.pose import PoseEstimator
from weights.training.evaluate import Score, parse_truth
from weights.training.truth import MEDIA_VARIABLE, media_folder, read_truths

NAMES = ("oot_model_1", "oot_09597_00", "webcam_man_longsleeve_gestures_0010", "synth_man_0177")
LEAST = {"upper": 0.8, "lower": 0.75, "face": 0.75, "hair": 0.6}


@pytest.mark.media
@pytest.mark.skipif(MEDIA_VARIABLE not in os.environ, reason=f"{MEDIA_VARIABLE} is not set")
def test_real_people_are_parsed() -> None:
    parser, score = OwnParser(), Score()
    with PoseEstimator() as estimator:
        for truth in read_truths():
            if truth.name in NAMES:
                guess, _ = parse_truth(parser, estimator, truth.image(media_folder()))
                assert guess is not None, f"nobody found in {truth.name}"
                score.add(truth.label(), guess)
    found = score.iou()
    assert {k: v for k, v in found.items() if v < LEAST.get(k, 0.0)} == {}
