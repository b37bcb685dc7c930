"""The pose of a real picture, following one person, scene cuts, and a quiet terminal."""

from __future__ import annotations

import os
import subprocess
import sys
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
from pipeline.structures import Frame, Image, Pose, Reason

SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]


@pytest.fixture(scope="module")
def estimator() -> Iterator[PoseEstimator]:
    with PoseEstimator() as estimator:
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


@pytest.fixture
def without_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CutDetector, "is_cut", lambda self, frame: False)


def _two(image: Image, left: float, right: float) -> Image:
    """The same person twice, mirrored on the right, scaled as told, each in a half of its own."""
    halves = []
    for half, scale in ((image[:, 100:540], left), (image[:, 540:100:-1], right)):
        person = _scaled(np.ascontiguousarray(half), scale)
        canvas = np.full((480, 440, 3), 200, np.uint8)
        x = (440 - person.shape[1]) // 2
        canvas[480 - person.shape[0] :, x : x + person.shape[1]] = person
        halves.append(canvas)
    return np.hstack(halves)


def _is_left(pose: Pose | None) -> bool:
    assert pose is not None
    return bool(pose.landmarks_px[SHOULDERS, 0].mean() < 440)


def test_the_nearest_of_two_is_followed(astronaut_image: Image) -> None:
    image = _two(astronaut_image, 1.0, 0.6)
    with PoseEstimator() as estimator:  # or what follows would prove nothing
        assert not _is_left(estimator.estimate(Frame(image)))
    with PoseTracker() as tracker:
        assert all(_is_left(tracker.track(Frame(image, i / 30))) for i in range(3))
    with PoseTracker() as tracker:
        assert not _is_left(tracker.track(Frame(_two(astronaut_image, 0.6, 1.0))))


@pytest.mark.usefixtures("without_cuts")
def test_the_followed_one_is_kept_when_another_comes_nearer(astronaut_image: Image) -> None:
    with PoseTracker() as tracker:
        sides = [
            _is_left(tracker.track(Frame(_two(astronaut_image, 0.75, other), i / 30)))
            for i, other in enumerate((0.5, 0.5, 0.7, 0.9, 1.0, 1.0))
        ]
    assert sides == [True] * 6


@pytest.mark.usefixtures("without_cuts")
def test_does_not_hop_to_a_neighbour(astronaut_image: Image) -> None:
    person, nobody = astronaut_image, np.full_like(astronaut_image, 200)
    with PoseTracker() as tracker:
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


EMPTY_THEN_SOMEBODY = """
import numpy as np
from pipeline.pose import PoseEstimator
from pipeline.samples import astronaut
from pipeline.structures import Frame

with PoseEstimator() as estimator:
    assert estimator.estimate(Frame(np.full((480, 640, 3), 127, np.uint8))) is None
    assert estimator.estimate(Frame(astronaut())) is not None
"""


def test_the_first_person_is_met_in_silence_even_after_empty_pictures() -> None:
    done = subprocess.run(  # MediaPipe warns once a process
        [sys.executable, "-c", EMPTY_THEN_SOMEBODY], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


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
        "selfie_woman_street": Reason.STEP_BACK,
        "real_man_hands_on_hips": None,
        "still_man_side_juggle": Reason.TURN_TO_CAMERA,
    }
    found = {
        name: judge(estimator.estimate(Frame(read_image(media / f"people/{name}.jpg"))))
        for name in wanted
    }
    assert found == wanted
