"""The own parser's crop, inputs and way back to the frame; its weights are judged elsewhere."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import NotSupported, WeightsError
from pipeline.labels import Landmark, OwnPart
from pipeline.own_crop import (
    CLOSE_PLACES,
    INPUT_HW,
    JOINTS,
    LIMBS,
    POSE_STRIDE,
    OwnCrop,
    person_box,
    picture_planes,
    pose_planes,
)
from pipeline.own_parse import OwnParse
from pipeline.own_parser import WEIGHTS, OwnParser
from tests.unit.standing_pose import SIZE_WH, standing_pose

HEIGHT, WIDTH = INPUT_HW
MOST_BYTES = 8_000_000
WRISTS = JOINTS.index((Landmark.LEFT_WRIST, Landmark.RIGHT_WRIST))


def test_a_crop_maps_there_and_back() -> None:
    crop = OwnCrop.fit(100, 40, 300, 400)
    points = np.array([[100.0, 40.0], [222.5, 301.0]], np.float32)
    back = crop.points(points) @ crop.to_frame[:, :2].T + crop.to_frame[:, 2]
    np.testing.assert_allclose(back, points, atol=1e-3)


def test_a_crop_holds_its_box_around_the_same_centre() -> None:
    crop = OwnCrop.fit(100, 40, 160, 400)  # a tall box: its height fills the crop
    top_left, bottom_right = crop.points(np.array([[99.5, 39.5], [159.5, 399.5]], np.float32))
    assert top_left[1] == pytest.approx(-0.5, abs=1e-3)
    assert bottom_right[1] == pytest.approx(HEIGHT - 0.5, abs=1e-3)
    assert (top_left[0] + bottom_right[0]) / 2 == pytest.approx((WIDTH - 1) / 2, abs=1e-3)


def test_the_box_holds_head_and_hands_and_stays_in_the_frame() -> None:
    pose = standing_pose()
    x0, y0, x1, y1 = person_box(pose.landmarks_px, pose.visibility, SIZE_WH)
    for mark in (Landmark.NOSE, Landmark.LEFT_WRIST, Landmark.RIGHT_WRIST, Landmark.LEFT_HIP):
        x, y = pose.landmarks_px[mark]
        assert x0 < x < x1 and y0 < y < y1
    eyes_y = pose.landmarks_px[Landmark.LEFT_EYE][1]
    assert y0 < eyes_y - 0.4 * (pose.landmarks_px[Landmark.NOSE][1] - y0)  # room for hair
    assert x0 >= 0 and y0 >= 0 and x1 <= SIZE_WH[0] and y1 <= SIZE_WH[1]


def test_the_whole_person_includes_what_only_the_outline_knows() -> None:
    pose = standing_pose()
    right = round(person_box(pose.landmarks_px, pose.visibility, SIZE_WH, True)[2])
    alpha = np.zeros_like(pose.person_alpha)
    alpha[200:240, right : right + 40] = 255  # an arm without landmarks
    alpha[200:240, :10] = 255  # somebody else
    pose = replace(pose, person_alpha=alpha)
    corners = np.array([[right + 38, 220], [5, 220]], np.float32)
    held, beside = OwnCrop.around(pose, True).points(corners)
    assert 0 <= held[0] < WIDTH
    assert beside[0] < 0
    assert OwnCrop.around(pose).scale == OwnCrop.around(standing_pose()).scale


def test_a_person_outside_gives_the_whole_frame() -> None:
    pose = standing_pose(centre=(-2000.0, 170.0))
    assert person_box(pose.landmarks_px, pose.visibility, SIZE_WH) == (0, 0, *SIZE_WH)


def test_the_whole_person_is_seen_coarser() -> None:
    pose = standing_pose(torso_px=100.0)
    seen = pose.visibility.copy()
    seen[[Landmark.LEFT_INDEX, Landmark.RIGHT_INDEX]] = 0  # this drawing has no hands
    seen[[Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE]] = 1
    pose = replace(pose, visibility=seen)
    upper, whole = (OwnCrop.around(pose, whole=w) for w in (False, True))
    assert whole.to_crop[0, 0] < upper.to_crop[0, 0]


def test_there_is_room_for_the_toes() -> None:
    pose = standing_pose(torso_px=60.0)
    places, seen = pose.landmarks_px.copy(), pose.visibility.copy()
    feet = [Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE]
    toes = [Landmark.LEFT_FOOT_INDEX, Landmark.RIGHT_FOOT_INDEX]
    places[feet], places[toes] = ((150, 460), (170, 460)), ((140, 472), (190, 480))
    seen[[*feet, *toes]] = 1
    size_wh = (SIZE_WH[0], 600)
    bottom = person_box(places, seen, size_wh, whole=True)[3]
    assert bottom > 480 + 6
    assert person_box(places, seen, size_wh)[3] < 460  # of the upper body nothing changes


def test_a_large_picture_is_averaged_and_not_sampled() -> None:
    checks = np.indices((1024, 768)).sum(0) % 2 * 255
    image = np.repeat(checks[..., None], 3, 2).astype(np.uint8)
    planes = picture_planes(
        image, np.full(checks.shape, 255, np.uint8), OwnCrop.fit(0, 0, 768, 1024)
    )
    middle = planes[0, :, 20:-20, 20:-20]
    np.testing.assert_allclose(middle[:3], 0.0, atol=0.02)
    np.testing.assert_allclose(middle[3], 1.0)


def test_outside_the_frame_is_grey_and_nobody() -> None:
    image = np.full((100, 75, 3), 255, np.uint8)
    crop = OwnCrop.fit(0, -100, 75, 100)  # the upper half lies above the frame
    planes = picture_planes(image, np.full((100, 75), 255, np.uint8), crop)
    assert abs(planes[0, 0, 10, WIDTH // 2]) < 0.01
    assert planes[0, 3, 10, WIDTH // 2] == -1
    assert planes[0, 0, -10, WIDTH // 2] == 1 and planes[0, 3, -10, WIDTH // 2] == 1


def test_joints_are_spots_shared_by_both_sides() -> None:
    points = np.zeros((33, 2), np.float32)
    points[Landmark.LEFT_WRIST] = (41.5, 101.5)
    points[Landmark.RIGHT_WRIST] = (121.5, 61.5)
    seen = np.zeros(33, np.float32)
    seen[[Landmark.LEFT_WRIST, Landmark.RIGHT_WRIST]] = 1
    planes = pose_planes(points, seen)[0]
    wrists = planes[WRISTS]
    for x, y in ((10, 25), (30, 15)):
        assert wrists[y, x] == pytest.approx(1.0, abs=0.01)
    assert planes.sum() == pytest.approx(wrists.sum())  # nothing is drawn of what is not seen
    assert wrists.shape == (HEIGHT // POSE_STRIDE, WIDTH // POSE_STRIDE)


def test_a_limb_needs_both_ends() -> None:
    forearm = len(JOINTS) + LIMBS.index((2, 3))
    points = np.full((33, 2), 20.0, np.float32)
    points[Landmark.LEFT_WRIST] = (120, 200)
    seen = np.zeros(33, np.float32)
    seen[Landmark.LEFT_ELBOW] = 1
    assert pose_planes(points, seen)[0, forearm].sum() == 0
    seen[Landmark.LEFT_WRIST] = 1
    assert pose_planes(points, seen)[0, forearm, 27, 17] == 1  # about half way


def test_labels_land_where_the_crop_was() -> None:
    logits = np.full((len(OwnPart), *INPUT_HW), -3.0, np.float32)
    logits[OwnPart.UPPER, HEIGHT // 2 :] = 3.0
    logits[OwnPart.HAIR, : HEIGHT // 2] = 3.0
    labels = OwnParse(OwnCrop.fit(100, 50, 196, 178), logits).labels((300, 240))
    assert labels.shape == (240, 300)
    assert labels[60, 150] == OwnPart.HAIR and labels[170, 150] == OwnPart.UPPER
    assert labels[112, 150] == OwnPart.HAIR and labels[115, 150] == OwnPart.UPPER
    assert not labels[:48].any() and not labels[:, 198:].any()


@pytest.mark.parametrize(
    "box",
    [(100, 50, 196, 178), (-60, 100, 20, 230), (250, 180, 400, 400), (-50, -20, 900, 700)],
)
def test_labels_are_those_of_a_crop_warped_onto_the_whole_frame(box: tuple[int, ...]) -> None:
    noise = np.random.default_rng(3).normal(0, 2, (len(OwnPart), 8, 6)).astype(np.float32)
    logits = np.stack([cv2.resize(plane, INPUT_HW[::-1]) for plane in noise])
    crop = OwnCrop.fit(*box)
    outside = [5.0] + [-5.0] * (len(OwnPart) - 1)
    wanted = np.stack(
        [
            cv2.warpAffine(plane, crop.to_frame, (300, 240), borderValue=(v,))
            for plane, v in zip(logits, outside, strict=True)
        ]
    ).argmax(0)
    parse = OwnParse(crop, logits)
    assert np.mean(parse.labels((300, 240)) != wanted) < 1e-3  # OpenCV rounds places to 1/32 px
    assert np.mean(parse.frame_logits((300, 240)).argmax(0) != wanted) < 1e-3
    assert wanted.any()


def test_a_crop_beside_the_frame_says_nobody() -> None:
    logits = np.full((len(OwnPart), *INPUT_HW), -3.0, np.float32)
    logits[OwnPart.UPPER] = 3.0
    assert not OwnParse(OwnCrop.fit(-300, 0, -100, 200), logits).labels((300, 240)).any()


def test_probabilities_sum_to_one() -> None:
    logits = np.random.default_rng(1).normal(0, 30, (len(OwnPart), *INPUT_HW)).astype(np.float32)
    np.testing.assert_allclose(
        OwnParse(OwnCrop.fit(0, 0, 3, 4), logits).probabilities.sum(0), 1, atol=1e-5
    )


class Painted:
    """Stands in for the network: cloth where its picture is bright, hair on its own left edge."""

    def __init__(self) -> None:
        self.bright_on_the_left: list[bool] = []
        self.outlined: list[bool] = []

    def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        bright, outline = inputs["picture"][0, 0], inputs["picture"][0, 3]
        self.outlined.append(bool((outline > 0).any()))
        middle = WIDTH // 2
        self.bright_on_the_left.append(bool(bright[:, :middle].mean() > bright[:, middle:].mean()))
        logits = np.full((1, len(OwnPart), *INPUT_HW), -4.0, np.float32)
        logits[0, OwnPart.BACKGROUND] = 0
        logits[0, OwnPart.UPPER] = 3 * bright
        logits[0, OwnPart.HAIR, :, :EDGE_PX] = 4
        return [logits]


EDGE_PX = 24


def painted_parser() -> tuple[OwnParser, Painted, np.ndarray]:
    """A parser, what stands in for its network, and a picture that is bright on the left."""
    parser, painted = OwnParser(), Painted()
    parser._session = painted
    image = np.zeros((*SIZE_WH[::-1], 3), np.uint8)
    image[:, : int(standing_pose().landmarks_px[Landmark.NOSE, 0])] = 255
    return parser, painted, image


def test_a_mirrored_look_lands_where_the_plain_one_does() -> None:
    parser, painted, image = painted_parser()
    plain, mirrored = (parser.run(image, standing_pose(), mirrored=m) for m in (False, True))
    assert painted.bright_on_the_left == [True, False]
    inner = np.s_[:, EDGE_PX : WIDTH - EDGE_PX]
    assert np.mean(plain.crop_labels[inner] != mirrored.crop_labels[inner]) < 0.02
    assert (plain.crop_labels == OwnPart.UPPER).mean() > 0.1


def test_only_close_looks_are_without_the_outline_and_each_is_repeated_mirrored() -> None:
    parser, painted, image = painted_parser()
    parser.study(image, standing_pose(), closely=False)
    assert all(painted.outlined)
    far = len(painted.outlined)
    parser.study(image, standing_pose())
    close = painted.outlined[2 * far :]
    assert len(close) == 2 * len(CLOSE_PLACES)
    assert not any(close)


def test_missing_and_foreign_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights"):
        OwnParser(tmp_path / "none.onnx")
    (tmp_path / "other.onnx").write_bytes(b"not a network")
    with pytest.raises(WeightsError, match="damaged"):
        OwnParser(tmp_path / "other.onnx")


def test_without_the_runtime_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(NotSupported, match=r"pip install -e \."):
        OwnParser(tmp_path / "none.onnx")


def test_the_shipped_weights_are_small_and_fit() -> None:
    assert WEIGHTS.stat().st_size <= MOST_BYTES
    image = np.full((*SIZE_WH[::-1], 3), 120, np.uint8)
    parse = OwnParser().run(image, standing_pose())
    assert parse.logits.shape == (len(OwnPart), *INPUT_HW)
    assert np.isfinite(parse.logits).all()


def test_nobody_is_all_background() -> None:
    image, parser = np.zeros((30, 40, 3), np.uint8), OwnParser()
    assert not parser.parse(image, None).any()
    logits = parser.logits(image, None)
    assert logits.shape == (30, 40, len(OwnPart))
    assert (logits.argmax(-1) == OwnPart.BACKGROUND).all()
