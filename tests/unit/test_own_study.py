"""A still picture is looked at whole and closely, and what was seen is put together."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.labels import Landmark, OwnPart
from pipeline.own_crop import INPUT_HW, OwnCrop, close_boxes, sampled
from pipeline.own_parse import OwnParse
from pipeline.own_study import looks, snapped, study
from pipeline.structures import Pose
from tests.unit.standing_pose import SIZE_WH, standing_pose

HEIGHT, WIDTH = INPUT_HW
EDGE_PX = 16
LINE_PX = 1  # of the frame: finer than the pixels of a look at a whole figure
ANKLES = [Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE]
HANDS = [
    Landmark.LEFT_WRIST,
    Landmark.LEFT_INDEX,
    Landmark.RIGHT_WRIST,
    Landmark.RIGHT_INDEX,
]


def standing(ankles: bool = True, hands: bool = True) -> Pose:
    """The whole figure, ``SIZE_WH`` large; its hands lie at its wrists."""
    pose = standing_pose(centre=(320.0, 130.0), torso_px=120.0)
    marks, seen = pose.landmarks_px.copy(), pose.visibility.copy()
    for side in ("LEFT", "RIGHT"):
        marks[Landmark[f"{side}_INDEX"]] = marks[Landmark[f"{side}_WRIST"]]
        marks[Landmark[f"{side}_ANKLE"]] = marks[Landmark[f"{side}_HIP"]] + (0, 120)
    seen[:] = 1
    seen[Landmark.LEFT_HEEL :] = 0
    seen[[Landmark.LEFT_KNEE, Landmark.RIGHT_KNEE, *ANKLES]] = ankles
    seen[HANDS] = hands
    return replace(pose, landmarks_px=marks, visibility=seen)


class Drawn:
    """Stands in for the network: sees cloth where its crop of a picture is bright.

    Attributes:
        crops: what it was asked to look at.
        wrong: it takes its crops' left edge for hair.
    """

    def __init__(self, image: np.ndarray, wrong: bool = False) -> None:
        self.image, self.wrong = image, wrong
        self.crops: list[OwnCrop] = []

    def __call__(self, crop: OwnCrop, mirrored: bool, outlined: bool = True) -> OwnParse:
        self.crops.append(crop)
        seen = sampled(self.image, crop.to_crop, (WIDTH, HEIGHT), 0)
        logits = np.full((len(OwnPart), HEIGHT, WIDTH), -6.0, np.float32)
        logits[OwnPart.UPPER] = seen / 64.0 - 2.0
        logits[OwnPart.BACKGROUND] = 2.0 - seen / 64.0
        if self.wrong:
            edge = np.s_[:, WIDTH - EDGE_PX :] if mirrored else np.s_[:, :EDGE_PX]
            logits[OwnPart.HAIR][edge] = 4.0
        return OwnParse(crop, logits)


def test_closer_looks_are_at_what_is_there() -> None:
    pose = standing()
    first = next(iter(looks(pose, whole=True))).crop.scale
    scales = [look.crop.scale / first for look in looks(pose, whole=True)]
    assert len(scales) == 2 + 2 + 2 * 7  # whole, upper body; eyes and both arms' joints
    assert scales[2] > 1.2 and min(scales[4:]) > scales[2]
    assert [look.crop.scale / first for look in looks(pose, True, closely=False)] == scales[:4]
    without_hands = standing(hands=False)
    assert sum(1 for _ in looks(without_hands, whole=True)) == len(scales) - 2 * 2
    half = standing(ankles=False)
    assert sum(1 for _ in looks(half, whole=False)) == len(scales) - 2  # it is the upper body


def test_hands_are_looked_at_left_and_right_without_the_outline_which_often_lacks_them() -> None:
    pose = standing()
    found = list(looks(pose, whole=True))
    assert all(look.outlined for look in found[:4])
    for wrist in pose.landmarks_px[[Landmark.LEFT_WRIST, Landmark.RIGHT_WRIST]]:
        at = [look for look in found if np.abs(_middle(look.crop) - wrist).max() < 2]
        assert [look.mirrored for look in at] == [False, True]
        assert not any(look.outlined for look in at)


def _middle(crop: OwnCrop) -> np.ndarray:
    return np.asarray(crop.to_frame @ (WIDTH / 2, HEIGHT / 2, 1))


def test_nobody_looks_beside_the_frame() -> None:
    pose = standing()
    marks = pose.landmarks_px.copy()
    marks[[Landmark.LEFT_WRIST, Landmark.LEFT_INDEX]] = (-40, 200)
    here = close_boxes(pose.landmarks_px, pose.visibility, SIZE_WH)
    assert len(close_boxes(marks, pose.visibility, SIZE_WH)) == len(here) - 1


def test_what_only_a_closer_look_resolves_is_found() -> None:
    pose = standing()
    x, y = np.round(pose.landmarks_px[Landmark.LEFT_WRIST]).astype(int).tolist()
    lines = np.zeros(SIZE_WH[::-1], np.uint8)
    for aside in range(-12, 13, 2 * LINE_PX):
        lines[y - 12 : y + 12, x + aside : x + aside + LINE_PX] = 255
    near = np.s_[y - 8 : y + 8, x - 10 : x + 10]
    drawn = Drawn(lines)
    once = drawn(OwnCrop.around(pose, whole=True), False).labels(SIZE_WH)
    studied = study(pose, True, True, drawn).labels(SIZE_WH)
    wrong = [
        np.mean((labels == OwnPart.UPPER)[near] != (lines > 0)[near]) for labels in (once, studied)
    ]
    assert wrong[1] < 0.5 * wrong[0]


@pytest.mark.parametrize("ankles", [True, False])
def test_everything_comes_back_where_it_was(ankles: bool) -> None:
    pose = standing(ankles)
    noise = np.random.default_rng(5).uniform(0, 255, (9, 12)).astype(np.float32)
    blobs = np.clip(cv2.resize(noise, SIZE_WH, interpolation=cv2.INTER_CUBIC), 0, 255)
    drawn = Drawn(blobs.astype(np.uint8))
    found = study(pose, True, True, drawn)
    labels = found.labels(SIZE_WH) == OwnPart.UPPER
    sure = np.abs(blobs - 128) > 24
    rows, columns = drawn(drawn.crops[0], False).reach(SIZE_WH)
    inside, rim = np.zeros_like(sure), 4
    within = np.s_[rows.start + rim : rows.stop - rim, columns.start + rim : columns.stop - rim]
    inside[within] = sure[within]
    assert inside.sum() > 10_000
    assert np.mean(labels[inside] != (blobs > 128)[inside]) < 0.01
    labels[rows, columns] = False
    assert not labels.any()


def test_what_looks_get_wrong_at_their_edges_is_forgiven() -> None:
    pose = standing()
    bright = np.full(SIZE_WH[::-1], 255, np.uint8)
    drawn = Drawn(bright, wrong=True)
    once = drawn(OwnCrop.around(pose, whole=True), False).crop_labels
    assert (once[:, :EDGE_PX] == OwnPart.HAIR).all()
    studied = study(pose, True, True, drawn).crop_labels
    assert (studied == OwnPart.HAIR).mean() < 0.02
    middle = studied[studied.shape[0] // 4 : -studied.shape[0] // 4, studied.shape[1] // 4 :]
    assert not (middle == OwnPart.HAIR).any()


@pytest.mark.parametrize(("edge", "border"), [(98, 98), (None, 100)])
def test_a_border_moves_to_an_edge_that_the_picture_shows(edge: int | None, border: int) -> None:
    """Seen at 100 where the picture has its edge at 98, or has none."""
    image = np.random.default_rng(1).integers(60, 68, (HEIGHT, WIDTH, 3), np.uint8)
    if edge:
        image[:, edge:] += 100
    logits = np.full((len(OwnPart), HEIGHT, WIDTH), -9.0, np.float32)
    logits[OwnPart.UPPER] = (np.arange(WIDTH) - 99.5) / 3
    logits[OwnPart.BACKGROUND] = -logits[OwnPart.UPPER]
    crop = OwnCrop(np.eye(2, 3, dtype=np.float32))
    found = snapped(OwnParse(crop, logits), image).labels((WIDTH, HEIGHT)) == OwnPart.UPPER
    begins = found[40:200].argmax(axis=1)
    assert np.abs(begins - border).mean() < 0.5
    assert found[:, 120:].all() and not found[:, :80].any()
