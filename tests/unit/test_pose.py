"""The pose of a real picture, following one person, scene cuts, and a quiet terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.clips import VideoReader
from pipeline.gate import Gate, judge
from pipeline.labels import Landmark
from pipeline.native_log import without_native_noise
from pipeline.pose import PoseEstimator, PoseTracker
from pipeline.scene import CutDetector
from pipeline.structures import Frame, Image, Reason

SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]


@pytest.fixture(scope="module")
def estimator() -> Iterator[PoseEstimator]:
    with PoseEstimator(static=True) as estimator:
        yield estimator


def _beside(left: Image, right: Image) -> Image:
    """Two pictures standing on the same floor."""
    height = max(left.shape[0], right.shape[0])
    canvas = np.full((height, left.shape[1] + right.shape[1], 3), 200, np.uint8)
    canvas[height - left.shape[0] :, : left.shape[1]] = left
    canvas[height - right.shape[0] :, left.shape[1] :] = right
    return canvas


def _scaled(image: Image, scale: float) -> Image:
    return np.asarray(
        cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )


# ---------------------------------------------------------------- one picture


def test_finds_the_astronaut(estimator: PoseEstimator, astronaut_image: Image) -> None:
    before = astronaut_image.copy()
    pose = estimator.estimate(Frame(astronaut_image))
    assert pose is not None
    assert pose.size_wh == (640, 480)
    assert (pose.visibility[SHOULDERS] > 0.9).all()
    left, right = pose.landmarks_px[SHOULDERS]
    assert left[0] - right[0] > 80  # she faces the camera
    nose = pose.landmarks_px[Landmark.NOSE]
    assert right[0] < nose[0] < left[0] and nose[1] < left[1] - 40
    assert (pose.z_px < 0).any() and ((pose.visibility >= 0) & (pose.visibility <= 1)).all()
    chest = pose.landmarks_px[SHOULDERS].mean(axis=0).astype(int)
    assert pose.person_alpha[chest[1] + 40, chest[0]] > 200
    assert pose.person_alpha[5, 5] < 60 or pose.person_alpha[5, -5] < 60
    np.testing.assert_array_equal(astronaut_image, before)


def test_pixels_follow_the_size_of_the_picture(
    estimator: PoseEstimator, astronaut_image: Image
) -> None:
    small = estimator.estimate(Frame(astronaut_image))
    large = estimator.estimate(Frame(_scaled(astronaut_image, 1.5)))
    assert small is not None and large is not None
    np.testing.assert_allclose(
        large.landmarks_px[SHOULDERS] / 1.5, small.landmarks_px[SHOULDERS], atol=8.0
    )


def test_nobody_in_an_empty_picture(estimator: PoseEstimator) -> None:
    assert estimator.estimate(Frame(np.full((240, 320, 3), 128, np.uint8))) is None


def test_a_closed_estimator_says_so() -> None:
    estimator = PoseEstimator()
    estimator.close()
    estimator.close()
    with pytest.raises(RuntimeError, match="closed"):
        estimator.estimate(Frame(np.zeros((48, 64, 3), np.uint8)))


# ---------------------------------------------------------------- following


def test_the_nearest_of_two_is_followed_and_kept(astronaut_image: Image) -> None:
    near, far = astronaut_image, _scaled(astronaut_image, 0.6)
    image = _beside(far, near)
    with PoseTracker() as tracker:
        poses = [tracker.track(Frame(image, i / 30)) for i in range(3)]
        # the other one comes nearer than the one being dressed: kept all the same
        grown = _beside(_scaled(astronaut_image, 0.6), _scaled(astronaut_image, 1.0))
        poses.append(tracker.track(Frame(grown, 3 / 30)))
    for pose in poses:
        assert pose is not None
        assert pose.landmarks_px[SHOULDERS, 0].mean() > far.shape[1]


def test_does_not_hop_to_a_neighbour(astronaut_image: Image) -> None:
    person, nobody = astronaut_image, np.full_like(astronaut_image, 200)
    with PoseTracker() as tracker:
        tracker._cuts.is_cut = lambda frame: False  # type: ignore[method-assign]
        for i in range(3):
            assert tracker.track(Frame(_beside(person, nobody), i / 30)) is not None
        hopped = [tracker.track(Frame(_beside(nobody, person), (3 + i) / 30)) for i in range(3)]
        later = tracker.track(Frame(_beside(nobody, person), 2.0))
    assert hopped == [None, None, None]
    assert later is not None  # the first one is gone for good: dress who is there


def test_tracking_is_deterministic(astronaut_image: Image) -> None:
    def run() -> list[np.ndarray]:
        with PoseTracker() as tracker:
            images = [np.roll(astronaut_image, 3 * i, axis=1) for i in range(4)]
            poses = [tracker.track(Frame(image, i / 30)) for i, image in enumerate(images)]
        assert all(poses)
        return [np.hstack([p.landmarks_px, p.z_px[:, None]]) for p in poses if p]

    for first, second in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_reset_starts_like_new(astronaut_image: Image) -> None:
    with PoseTracker() as tracker:
        first = tracker.track(Frame(astronaut_image, 0.0))
        tracker.track(Frame(np.roll(astronaut_image, 9, axis=1), 1 / 30))
        tracker.reset()
        again = tracker.track(Frame(astronaut_image, 0.0))
    assert first is not None and again is not None
    np.testing.assert_array_equal(first.landmarks_px, again.landmarks_px)


# ---------------------------------------------------------------- scene cuts


def test_a_cut_is_seen_and_motion_is_not(astronaut_image: Image) -> None:
    detector, rng = CutDetector(), np.random.default_rng(0)
    other = np.ascontiguousarray(astronaut_image[::-1])
    moving = [np.roll(astronaut_image, 2 * i, axis=1) for i in range(8)]
    noisy = [np.uint8(np.clip(m + rng.normal(0, 3, m.shape), 0, 255)) for m in moving]
    seen = [detector.is_cut(Frame(image, i / 30)) for i, image in enumerate([*noisy, other, other])]
    assert seen == [False] * 8 + [True, False]


def test_the_tracker_reports_the_cut(astronaut_image: Image) -> None:
    images = [astronaut_image] * 3 + [np.ascontiguousarray(astronaut_image[:, ::-1])]
    with PoseTracker() as tracker:
        cuts = []
        for i, image in enumerate(images):
            tracker.track(Frame(image, i / 30))
            cuts.append(tracker.cut)
    assert cuts == [False, False, False, True]


# ---------------------------------------------------------------- the terminal


def test_only_known_noise_is_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    with without_native_noise():
        os.write(2, b"W0000 inference_feedback_manager.cc:114] Feedback manager requires\n")
        os.write(2, b"a real error\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "a real error\nafterwards\n"


# ---------------------------------------------------------------- real clips


def _reasons(path: Path, frames: int) -> list[Reason | None]:
    gate, reasons = Gate(), []
    with PoseTracker() as tracker, VideoReader(path) as clip:
        for picture in islice(clip, frames):
            pose = tracker.track(picture.frame)
            verdict = gate.update(pose, picture.frame.time_s, cut=tracker.cut)
            reasons.append(verdict.reason)
    return reasons


@pytest.mark.media
@pytest.mark.parametrize("name", ["hand_only_no_torso", "no_person_empty_room"])
def test_nobody_is_never_dressed(media: Path, name: str) -> None:
    assert set(_reasons(media / f"videos/{name}.mp4", 60)) == {Reason.NO_PERSON}


@pytest.mark.media
def test_a_close_webcam_without_hips_is_dressed(media: Path) -> None:
    assert _reasons(media / "videos/webcam_closeup_man_wave.mp4", 15)[-1] is None


@pytest.mark.media
def test_photos_of_people(media: Path, estimator: PoseEstimator) -> None:
    from pipeline.images import read_image

    wanted = {
        "oot_model_1": None,
        "selfie_woman_street": None,
        "real_man_hands_on_hips": None,
        "still_man_side_juggle": Reason.TURN_TO_CAMERA,
    }
    found = {
        name: judge(estimator.estimate(Frame(read_image(media / f"people/{name}.jpg"))))
        for name in wanted
    }
    assert found == wanted
