"""Things drawn in front of rendered people."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.labels import Landmark, OwnPart
from weights.training import props
from weights.training.props import Props

HEIGHT, WIDTH = 200, 150
CLOTH = 90
SKIN = (200, 150, 120)
RIM = (5, 5)  # pixels partly covered keep their label
SHOULDERS, HIPS = 60, 140


@pytest.fixture
def landmarks() -> np.ndarray:
    """Somebody who faces the camera, one hand before the belly."""
    points = np.ones((33, 3), np.float32)
    points[Landmark.LEFT_SHOULDER, :2] = (105, SHOULDERS)
    points[Landmark.RIGHT_SHOULDER, :2] = (45, SHOULDERS)
    points[Landmark.LEFT_HIP, :2] = (95, HIPS)
    points[Landmark.RIGHT_HIP, :2] = (55, HIPS)
    points[[Landmark.LEFT_INDEX, Landmark.RIGHT_INDEX], :2] = (75, 110)
    return points


@pytest.fixture
def person() -> tuple[np.ndarray, np.ndarray]:
    """A grey picture and its labels: a garment with a hand on it before a room."""
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[SHOULDERS - 10 : HIPS, 40:110] = OwnPart.UPPER
    label[100:120, 65:85] = OwnPart.HANDS
    return np.full((HEIGHT, WIDTH, 3), CLOTH, np.uint8), label


def only(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Draw this kind alone, and always."""
    monkeypatch.setattr(props, "SHARES", {kind: 1.0})


@pytest.mark.parametrize("kind", ["lanyard", "strap", "ball", "thing"])
def test_what_is_drawn_is_labelled_and_nothing_else_changes(
    kind: str, landmarks: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, kind)
    cloth = np.full((HEIGHT, WIDTH, 3), CLOTH, np.uint8), np.full((HEIGHT, WIDTH), OwnPart.UPPER)
    drawn = 0
    for seed in range(20):
        image, label = Props(np.random.default_rng(seed)).place(*cloth, landmarks)
        thing = label == OwnPart.ACCESSORY
        drawn += bool(thing.any())
        near = cv2.dilate(thing.astype(np.uint8), np.ones(RIM)) > 0
        assert (image[~near] == CLOTH).all()
        assert (label[~thing] == OwnPart.UPPER).all()
    assert drawn > 12


def test_lanyards_hang_on_clothes_only(
    person: tuple, landmarks: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "lanyard")
    for seed in range(10):
        _, label = Props(np.random.default_rng(seed)).place(*person, landmarks)
        assert (person[1][label == OwnPart.ACCESSORY] == OwnPart.UPPER).all()


def test_hands_may_hold_things(
    person: tuple, landmarks: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "ball")
    monkeypatch.setattr(props, "HAND_IN_FRONT", 1.0)
    for seed in range(10):
        _, label = Props(np.random.default_rng(seed)).place(*person, landmarks)
        assert ((label == OwnPart.HANDS) == (person[1] == OwnPart.HANDS)).all()


def test_who_is_seen_from_the_side_wears_no_lanyard(
    person: tuple, landmarks: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "lanyard")
    landmarks[Landmark.RIGHT_SHOULDER, 0] = 95
    _, label = Props(np.random.default_rng(0)).place(*person, landmarks)
    assert not (label == OwnPart.ACCESSORY).any()


def test_a_hand_held_close_to_the_lens_is_a_mass_of_skin_at_an_edge(
    landmarks: np.ndarray, person: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(props, "LENS_HANDS", 1.0)
    image, label = person[0].copy(), person[1]
    image[label == OwnPart.HANDS] = SKIN
    for seed in range(20):
        drawn, now = Props(np.random.default_rng(seed)).lens_hand(image, label, landmarks)
        new = (now == OwnPart.HANDS) & (label != OwnPart.HANDS)
        edge = np.concatenate([new[:, 0], new[:, -1], new[-1]])
        assert edge.any()
        assert (now[~new] == label[~new]).all()
        tone = drawn[new].mean(0)
        assert tone[0] > 1.2 * tone[2]  # as reddish as the hand before the belly
    assert np.array_equal(image[label == OwnPart.HANDS][0], SKIN)


def test_a_hand_close_to_the_lens_hides_little_of_the_face(
    landmarks: np.ndarray, person: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(props, "LENS_HANDS", 1.0)
    image, label = person
    face = np.zeros_like(label, bool)
    face[60:110, 10:60] = True  # near a side, so that most hands would be before it
    label[face] = OwnPart.FACE
    hidden, held = [], 0
    for seed in range(60):
        _, now = Props(np.random.default_rng(seed)).lens_hand(image, label, landmarks)
        hidden.append((now[face] == OwnPart.HANDS).mean())
        held += bool((now != label).any())
    assert max(hidden) <= props.LENS_HIDES
    assert held > 10


def test_a_hand_close_to_the_lens_continues_an_arm_that_leaves_the_picture(
    landmarks: np.ndarray, person: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(props, "LENS_HANDS", 1.0)
    monkeypatch.setattr(props, "LENS_REACHED", 1.0)
    image, label = person
    label[120:140, 110:] = OwnPart.UPPER  # a sleeve to the right
    for seed in range(20):
        _, now = Props(np.random.default_rng(seed)).lens_hand(image, label, landmarks)
        new = (now == OwnPart.HANDS) & (label != OwnPart.HANDS)
        assert new[:140, -1].any()
        assert not new[:, 0].any()


def test_no_hand_is_close_to_the_lens_of_somebody_far_away_or_without_skin(
    landmarks: np.ndarray, person: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(props, "LENS_HANDS", 1.0)
    image, label = person
    covered = np.where(label == OwnPart.HANDS, OwnPart.UPPER, label).astype(np.uint8)
    hands = Props(np.random.default_rng(0))
    assert hands.lens_hand(image, covered, landmarks)[0] is image
    far = landmarks * (0.5, 0.5, 1)
    assert hands.lens_hand(image, label, far)[0] is image
