"""The hand-labelled frames and the figures made from them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.labels import OwnPart
from weights.training.annotate import paint
from weights.training.evaluate import IGNORED, Score
from weights.training.truth import read_truths

LEAST_PEOPLE = 12
LEAST_BLIND = 16
BLIND_APART = 14  # frames; the shortest clip has no room for more


def test_every_frame_has_a_label_of_known_classes() -> None:
    truths = read_truths()
    assert len({t.name for t in truths}) == len(truths)
    assert len({t.person for t in truths}) >= LEAST_PEOPLE
    for truth in truths:
        label = truth.label()
        assert set(np.unique(label)) <= {*map(int, OwnPart), IGNORED}
        assert {OwnPart.FACE, OwnPart.HAIR, OwnPart.UPPER} <= set(np.unique(label))
        assert truth.tone in ("light", "medium", "dark")
        assert truth.framing in ("close", "half", "full")


def test_blind_frames_are_no_neighbours_of_seen_ones() -> None:
    truths = read_truths()
    blind = [t for t in truths if t.blind]
    assert len(blind) >= LEAST_BLIND
    for truth in blind:
        seen = [t.frame for t in truths if t.file == truth.file and not t.blind]
        assert all(abs(truth.frame - frame) >= BLIND_APART for frame in seen)


def test_a_blind_frame_is_judged_with_all_and_apart_from_seen_ones() -> None:
    truth = next(t for t in read_truths() if t.blind)
    assert {"all", "blind"} <= set(truth.groups) and "seen" not in truth.groups
    seen = next(t for t in read_truths() if not t.blind)
    assert {"all", "seen"} <= set(seen.groups) and "blind" not in seen.groups


def _halves(shift: int = 0) -> np.ndarray:
    label = np.zeros((60, 60), np.uint8)
    label[:, 20 + shift : 40 + shift] = OwnPart.UPPER
    return label


def test_a_perfect_guess_scores_one() -> None:
    score = Score()
    score.add(_halves(), _halves())
    assert score.iou() == {"background": 1.0, "upper": 1.0, "mean": 1.0}
    assert score.border_f() == {"background": 1.0, "upper": 1.0}


def test_a_shifted_guess_loses_overlap_and_then_borders() -> None:
    near, far = Score(), Score()
    near.add(_halves(), _halves(2))
    far.add(_halves(), _halves(8))
    assert near.iou()["upper"] == pytest.approx(18 / 22)
    assert near.border_f()["upper"] > 0.95
    assert far.border_f()["upper"] < 0.2


def test_what_nobody_can_tell_counts_for_nothing() -> None:
    truth, score = _halves(), Score()
    truth[:30] = IGNORED
    guess = _halves()
    guess[:30] = OwnPart.LEGS
    score.add(truth, guess)
    assert score.iou()["upper"] == 1.0


def test_painted_borders_move_to_the_pictures_own() -> None:
    image = np.full((60, 60, 3), 230, np.uint8)
    image[:, 22:] = (200, 20, 20)
    polygons = "UPPER 20,0 60,0 60,60 20,60"
    assert paint(image, f"snap 0\n{polygons}")[30, 20] == OwnPart.UPPER
    moved = paint(image, polygons)
    assert moved[30, 20] == OwnPart.BACKGROUND and moved[30, 24] == OwnPart.UPPER


def test_an_outline_may_move_further_than_the_parts_inside() -> None:
    image = np.full((60, 60, 3), 230, np.uint8)
    image[:, 25:] = (200, 20, 20)
    polygons = "UPPER 19,0 60,0 60,60 19,60"
    assert paint(image, f"snap 3 9\n{polygons}")[30, 22] == OwnPart.BACKGROUND
    assert paint(image, f"snap 3\n{polygons}")[30, 23] == OwnPart.UPPER


def test_corners_count_from_the_origin_and_crumbs_are_filled() -> None:
    image = np.zeros((60, 60, 3), np.uint8)
    halves = "UPPER 100,200 128,200 128,260 100,260\nLOWER 130,200 160,200 160,260 130,260"
    label = paint(image, f"snap 0\norigin 100,200\n{halves}")
    assert label[30, 27] == OwnPart.UPPER and label[30, 31] == OwnPart.LOWER
    assert label.all()  # the gap between both is no background
