"""OpenPose's joints, files and skeleton picture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from standing_pose import standing_pose, with_points

from pipeline.labels import Body25, Landmark
from pipeline.openpose import (
    BODY_PAIRS,
    HAND_COLOURS,
    draw_annotated,
    draw_skeleton,
    landmarks_json,
    to_body25,
    to_openpose_json,
)

RED = int(0.6 * 255)  # a lone limb in pure red, blended once over black


def _missing() -> np.ndarray:
    return np.zeros((25, 3), np.float32)


# ---------------------------------------------------------------- joints


@pytest.mark.parametrize(
    ("joint", "mark"),
    [
        (Body25.NOSE, Landmark.NOSE),
        (Body25.R_SHOULDER, Landmark.RIGHT_SHOULDER),
        (Body25.L_WRIST, Landmark.LEFT_WRIST),
        (Body25.R_HIP, Landmark.RIGHT_HIP),
        (Body25.R_EYE, Landmark.RIGHT_EYE),
        (Body25.L_EAR, Landmark.LEFT_EAR),
    ],
)
def test_joints_come_from_the_same_side(joint: Body25, mark: Landmark) -> None:
    pose = standing_pose()
    np.testing.assert_allclose(to_body25(pose)[joint], [*pose.landmarks_px[mark], 0.99], rtol=1e-5)


def test_every_landmark_lands_in_its_own_joint() -> None:
    points = np.stack([np.arange(33) * 10.0 + 5, np.arange(33) * 7.0 + 3], axis=1)
    pose = replace(standing_pose(), landmarks_px=points.astype(np.float32))
    sources = ((to_body25(pose)[:, 0] - 5) / 10).tolist()
    # mid-points lie between two landmarks; -0.5 is a missing joint
    trunk_and_limbs = [0, 11.5, 12, 14, 16, 11, 13, 15, 23.5, 24, 26, 28, 23, 25, 27]
    face_and_feet = [5, 2, 8, 7, 31, -0.5, 29, 32, -0.5, 30]
    assert sources == pytest.approx([*trunk_and_limbs, *face_and_feet])


def test_derived_joints_are_as_sure_as_the_worse_half() -> None:
    pose = standing_pose()
    visibility = pose.visibility.copy()
    visibility[Landmark.LEFT_SHOULDER] = 0.7
    visibility[Landmark.LEFT_HIP] = 0.2
    joints = to_body25(replace(pose, visibility=visibility))
    assert joints[Body25.NECK] == pytest.approx([320.0, 170.0, 0.7], abs=1e-3)
    assert not joints[Body25.MID_HIP].any()


def test_hidden_or_outside_is_missing() -> None:
    pose = with_points(standing_pose(), left_wrist=(640.0, 100.0), nose=(50.0, -1.0))
    joints = to_body25(pose)
    assert not joints[Body25.L_WRIST].any() and not joints[Body25.NOSE].any()
    assert not to_body25(pose, min_visibility=0.995).any()


# ---------------------------------------------------------------- files


def test_keypoint_file_has_openposes_layout() -> None:
    pose = standing_pose()
    document = json.loads(json.dumps(to_openpose_json(pose)))
    (person,) = document["people"]
    assert document["version"] == 1.3
    lengths = {key: len(value) for key, value in person.items() if key.endswith("_2d")}
    assert lengths == {
        "pose_keypoints_2d": 75,
        "face_keypoints_2d": 210,
        "hand_left_keypoints_2d": 63,
        "hand_right_keypoints_2d": 63,
    }
    joints = np.reshape(person["pose_keypoints_2d"], (25, 3))
    np.testing.assert_allclose(joints, to_body25(pose), atol=1e-3)


def test_nobody_is_an_empty_list() -> None:
    assert to_openpose_json(None) == {"version": 1.3, "people": []}


def test_landmark_file_names_all_33() -> None:
    pose = standing_pose()
    marks = json.loads(json.dumps(landmarks_json(pose)))["landmarks"]
    assert len(marks) == 33
    assert marks[12]["name"] == "right_shoulder"
    assert marks[12]["x_px"] == pytest.approx(float(pose.landmarks_px[12, 0]), abs=1e-3)
    assert marks[0]["z_px"] == pytest.approx(float(pose.z_px[0]), abs=1e-3)
    assert marks[0]["visibility"] == pytest.approx(0.99)


# ---------------------------------------------------------------- the skeleton picture


def test_a_lone_limb_in_pure_red() -> None:
    body = _missing()
    body[Body25.NECK] = 300, 300, 1
    body[Body25.MID_HIP] = 300, 700, 1  # its colour, pure red, is the limb's
    picture = draw_skeleton(body)
    assert picture.shape == (1024, 768, 3)
    assert picture[500, 300].tolist() == [RED, 0, 0]
    across = np.flatnonzero(picture[500, :, 0])
    assert len(across) == 2 * int(768 / 120) + 1  # full line width from 400 px on


def test_discs_lie_over_limbs_and_are_blended() -> None:
    body = _missing()
    body[Body25.NECK] = 300, 300, 1
    body[Body25.MID_HIP] = 300, 700, 1
    inside_both = draw_skeleton(body)[302, 300]
    assert inside_both.tolist() == [int(0.4 * 0.6 * 255 + 0.6 * 255), 0, 0]


def test_small_people_get_thin_lines() -> None:
    body = _missing()
    body[Body25.NECK] = 300, 300, 1
    body[Body25.MID_HIP] = 300, 340, 1
    across = np.flatnonzero(draw_skeleton(body)[320, :, 0])
    assert len(across) == 2 * int(0.33 * 768 / 120) + 1


def test_missing_joints_draw_nothing() -> None:
    body = _missing()
    body[:, 2] = 0.05  # the threshold itself
    assert not draw_skeleton(body).any()


def test_hands_are_drawn_in_finger_colours() -> None:
    hand = np.zeros((21, 3), np.float32)
    hand[0], hand[9] = (200, 500, 1), (200, 400, 1)
    picture = draw_skeleton(_missing(), [hand, np.zeros((21, 3), np.float32)])
    assert picture[450, 200].tolist() == [int(0.6 * c) for c in (0, 100, 50)]
    assert HAND_COLOURS[16].tolist() == [0, 125, 255]


def test_parts_of_a_body_outside_the_picture_are_cut() -> None:
    body = _missing()
    body[Body25.NECK] = 10, 300, 1
    body[Body25.R_SHOULDER] = -80, 300, 1
    assert draw_skeleton(body, size_hw=(600, 400))[300, 0].any()


def test_body_has_24_limbs() -> None:
    assert len(set(BODY_PAIRS)) == 24


def _vectors() -> Path | None:
    beside = Path(__file__).parents[3] / "shared/networks/vectors"
    folder = Path(os.environ.get("WEARCAST_VECTORS", beside))
    return folder if (folder / "prep_viton__render_v0.npz").exists() else None


@pytest.mark.parametrize("variant", [0, 1, 2])
def test_agrees_with_reference_pictures(variant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _vectors()
    if folder is None:
        pytest.skip("WEARCAST_VECTORS is not set: no reference pictures on this machine")
    monkeypatch.syspath_prepend(folder.parent)
    recipe = pytest.importorskip("recipe")
    joints = np.asarray(recipe.scene(0, 1024, 768, variant)["keypoints"], np.float32)
    wanted = np.load(folder / f"prep_viton__render_v{variant}.npz")["rgb"]
    assert (draw_skeleton(joints) != wanted).mean() <= 1e-4


# ---------------------------------------------------------------- for people to look at


def test_annotation_draws_on_a_copy() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    pose = standing_pose()
    drawn = draw_annotated(image, pose)
    assert (image == 90).all()
    left, right = pose.landmarks_px[[Landmark.LEFT_ELBOW, Landmark.RIGHT_ELBOW]].round().astype(int)
    assert drawn[left[1], left[0]].tolist() == [255, 159, 28]
    assert drawn[right[1], right[0]].tolist() == [46, 196, 255]
    assert (drawn[:30, :30] == 90).all()


def test_annotation_leaves_guesses_out() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    pose = replace(standing_pose(), visibility=np.full(33, 0.2, np.float32))
    assert not draw_annotated(image, pose).any()


def test_needs_no_mediapipe() -> None:
    code = "import sys, pipeline.openpose; sys.exit('mediapipe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
