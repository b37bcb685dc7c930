"""Smoothing: calm at rest, quick in motion, the same at every frame rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from standing_pose import standing_pose

from pipeline.labels import Landmark
from pipeline.smoothing import PoseSmoother, torso_length_px
from pipeline.structures import Pose

TORSO_PX = 180.0


def _shifted(pose: Pose, dx: float) -> Pose:
    return replace(pose, landmarks_px=pose.landmarks_px + np.float32([dx, 0]))


def _run(shifts_px: np.ndarray, fps: float) -> np.ndarray:
    """x of the right shoulder, smoothed, minus its rest position."""
    smoother, pose = PoseSmoother(), standing_pose(torso_px=TORSO_PX)
    rest = pose.landmarks_px[Landmark.RIGHT_SHOULDER, 0]
    return np.array(
        [
            smoother.smooth(_shifted(pose, dx), i / fps).landmarks_px[Landmark.RIGHT_SHOULDER, 0]
            - rest
            for i, dx in enumerate(shifts_px)
        ]
    )


def test_torso_length() -> None:
    assert torso_length_px(standing_pose(torso_px=123.0)) == pytest.approx(123.0, abs=0.01)


def test_jitter_of_a_still_person_is_reduced_several_times() -> None:
    pose, smoother, rng = standing_pose(), PoseSmoother(), np.random.default_rng(1)
    noisy = rng.normal(0.0, 0.8, (90, 33, 2)).astype(np.float32)
    smooth = np.array(
        [
            smoother.smooth(
                replace(pose, landmarks_px=pose.landmarks_px + noise), i / 30
            ).landmarks_px
            for i, noise in enumerate(noisy)
        ]
    )
    steps = np.linalg.norm(np.diff(smooth[20:], axis=0), axis=2)
    raw_steps = np.linalg.norm(np.diff(noisy[20:], axis=0), axis=2)
    assert np.percentile(steps, 95) < np.percentile(raw_steps, 95) / 5


@pytest.mark.parametrize("fps", [15.0, 30.0])
def test_a_fast_arm_lags_about_half_a_frame_at_most(fps: float) -> None:
    speed_px = 2.0 * TORSO_PX / fps  # two torso lengths a second
    shifts = speed_px * np.arange(int(fps))
    lag_frames = (shifts - _run(shifts, fps)) / speed_px
    assert lag_frames[len(lag_frames) // 2 :].max() < 0.55


def test_the_result_does_not_depend_on_the_frame_rate() -> None:
    seconds = np.arange(0, 2.0, 1 / 60)
    swing = 0.3 * TORSO_PX * np.sin(2 * np.pi * 0.5 * seconds)
    at_60, at_30 = _run(swing, 60.0)[::2], _run(swing[::2], 30.0)
    assert np.abs(at_60 - at_30)[10:].max() < 0.02 * TORSO_PX


def test_reset_forgets_the_old_place() -> None:
    smoother, pose = PoseSmoother(), standing_pose()
    for i in range(10):
        smoother.smooth(pose, i / 30)
    smoother.reset()
    elsewhere = _shifted(pose, 3.0)
    np.testing.assert_array_equal(
        smoother.smooth(elsewhere, 10 / 30).landmarks_px, elsewhere.landmarks_px
    )


@pytest.mark.parametrize("time_s", [5.0, -1.0], ids=["long pause", "clock set back"])
def test_a_broken_clock_starts_afresh(time_s: float) -> None:
    smoother, pose = PoseSmoother(), standing_pose()
    for i in range(10):
        smoother.smooth(pose, i / 30)
    elsewhere = _shifted(pose, 3.0)
    np.testing.assert_array_equal(
        smoother.smooth(elsewhere, time_s).landmarks_px, elsewhere.landmarks_px
    )


def test_two_frames_of_one_time_do_no_harm() -> None:
    smoother, pose = PoseSmoother(), standing_pose()
    smoother.smooth(pose, 1.0)
    again = smoother.smooth(_shifted(pose, 1.0), 1.0)
    assert np.isfinite(again.landmarks_px).all()


def test_depth_is_smoothed_and_the_rest_passes() -> None:
    smoother, pose = PoseSmoother(), standing_pose()
    smoother.smooth(pose, 0.0)
    deeper = replace(pose, z_px=pose.z_px + np.float32(5.0))
    smooth = smoother.smooth(deeper, 1 / 30)
    assert (pose.z_px < smooth.z_px).all() and (smooth.z_px < deeper.z_px).all()
    assert smooth.visibility is deeper.visibility and smooth.person_alpha is deeper.person_alpha


def test_the_callers_arrays_stay_as_they_are() -> None:
    smoother, pose = PoseSmoother(), standing_pose()
    before = pose.landmarks_px.copy(), pose.z_px.copy()
    first = smoother.smooth(pose, 0.0)
    kept = first.landmarks_px.copy()
    smoother.smooth(_shifted(pose, 9.0), 1 / 30)
    np.testing.assert_array_equal(pose.landmarks_px, before[0])
    np.testing.assert_array_equal(pose.z_px, before[1])
    np.testing.assert_array_equal(first.landmarks_px, kept)
