"""The person's window in a frame, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.labels import Landmark
from pipeline.stack.crop import FULL_HW, HALF_HW, PersonCrop, find_crop, line_taps
from tests.unit.standing_pose import standing_pose

WINDOWS = {
    "inside": PersonCrop(40.0, 10.0, 2.0, HALF_HW, (640, 480)),
    "beyond every side": PersonCrop(-30.5, -12.25, 0.9, HALF_HW, (320, 500)),
    "shrinking": PersonCrop(100.0, 0.0, 0.25, HALF_HW, (3840, 2160)),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_points_come_back(name: str) -> None:
    crop = WINDOWS[name]
    points = np.array([[0.0, 0.0], [17.25, 300.5], [639.0, 479.0]], np.float32)
    assert np.allclose(crop.to_frame(crop.to_crop(points)), points, atol=2e-4)


def test_points_and_pixels_agree() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[200:206, 100:106] = 255
    crop = WINDOWS["inside"]
    cut = crop.cut(image)
    rows, columns = np.nonzero(cut[..., 0] > 127)
    middle = crop.to_frame(np.array([columns.mean(), rows.mean()]))
    assert np.allclose(middle, (102.5, 202.5), atol=0.05)


def test_a_smooth_picture_comes_back() -> None:
    y, x = np.mgrid[0:480, 0:640]
    image = np.stack([x * 0.35, y * 0.5, (x + y) * 0.2], -1).astype(np.uint8)
    crop = WINDOWS["inside"]
    back = crop.put_back(crop.cut(image)).astype(int)
    box = crop.box
    assert back.shape[:2] == (box.height, box.width)
    inner = (slice(2, -2), slice(2, -2))
    assert np.abs(back - image[box.slices].astype(int))[inner].max() <= 2


def test_what_lies_beyond_the_frame_repeats_its_edge() -> None:
    image = np.full((500, 320, 3), 9, np.uint8)
    image[:, 0] = 200
    cut = WINDOWS["beyond every side"].cut(image)
    assert (cut[:, :20] == 200).all() and (cut[:, 60:] == 9).all()


def test_shrinking_mixes_all_pixels() -> None:
    image = np.zeros((2160, 3840, 3), np.uint8)
    image[:, ::2] = 200  # a linear sampler that looks at two columns would flicker
    cut = WINDOWS["shrinking"].cut(image)
    assert np.abs(cut[4:-4, 4:-4].astype(int) - 100).max() <= 2


@pytest.mark.parametrize("step", [0.3, 1.0, 3.7])
def test_taps_keep_the_brightness(step: float) -> None:
    taps = line_taps(-2.0, step, 40, 12)
    assert np.allclose(taps.weight.sum(axis=1), 1.0, atol=1e-6)
    assert taps.index.min() >= 0 and taps.index.max() <= 11


def test_a_person_stands_as_in_the_training_pictures() -> None:
    pose = standing_pose(centre=(500.0, 300.0), torso_px=200.0, size_wh=(1280, 720))
    crop = find_crop(pose, FULL_HW)
    joints = crop.to_crop(pose.landmarks_px)
    shoulders = joints[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]].mean(axis=0)
    hips = joints[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=0)
    assert shoulders[0] == pytest.approx(384, abs=2)
    assert 0.2 < shoulders[1] / 1024 < 0.4
    assert 0.3 < (hips[1] - shoulders[1]) / 1024 <= 0.43


def test_arms_that_reach_out_widen_the_window() -> None:
    pose = standing_pose(centre=(640.0, 300.0), torso_px=200.0, size_wh=(1280, 720))
    wide = pose.landmarks_px.copy()
    wide[Landmark.LEFT_WRIST] = (880.0, 320.0)
    reaching = type(pose)(wide, pose.visibility, pose.z_px, pose.person_alpha)
    assert find_crop(reaching).scale < find_crop(pose).scale
    assert find_crop(reaching).to_crop(wide[Landmark.LEFT_WRIST])[0] < FULL_HW[1]


def test_the_window_stays_inside_a_frame_it_fits_into() -> None:
    for centre in ((30.0, 60.0), (600.0, 400.0)):
        crop = find_crop(standing_pose(centre=centre, torso_px=100.0))
        height, width = (n / crop.scale for n in FULL_HW)
        assert crop.left >= 0 and crop.left + width <= 640 + 1e-6
        assert crop.top >= 0 and crop.top + height <= 480 + 1e-6


def test_a_close_person_gets_a_window_around_the_whole_frame() -> None:
    crop = find_crop(standing_pose(centre=(320.0, 300.0), torso_px=400.0))
    box = crop.box
    assert (box.y0, box.y1) == (0, 480)
    assert crop.cut(np.full((480, 640, 3), 50, np.uint8)).shape == (*FULL_HW, 3)
