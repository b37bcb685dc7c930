from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.body import LEVELS, BodyTracker
from pipeline.labels import Landmark
from pipeline.steady import Estimate, Latch, Peak
from pipeline.structures import Arm, Body, Pose, Side

sys.path.insert(0, str(Path(__file__).parent))  # the figures are shared with the looks
from looks.figures import HALF_WIDTH, MIDDLE, SHOULDER_RATIO, TORSO_PX, person


def run(pose: Pose, seconds: float, rate_hz: float, tracker: BodyTracker) -> Body:
    body = tracker.update(pose, 0.0)
    for k in range(1, round(seconds * rate_hz) + 1):
        body = tracker.update(pose, k / rate_hz)
    return body


def test_the_first_look_is_already_right() -> None:
    body = BodyTracker().update(person("t"), 0.0)
    assert body.torso_px == pytest.approx(TORSO_PX, rel=0.01)
    assert body.half_chest_px == pytest.approx(0.52 * SHOULDER_RATIO * TORSO_PX, rel=0.02)
    assert body.yaw_rad < 0.1
    assert body.right.tolist() == pytest.approx([1.0, 0.0], abs=1e-3)
    below_the_armpit = LEVELS > 0.4
    for side in Side:
        widths = body.half_widths_px[side][below_the_armpit]
        assert widths == pytest.approx(HALF_WIDTH, rel=0.06)


def test_sides_are_the_wearers() -> None:
    arms = BodyTracker().update(person("t"), 0.0).arms
    assert arms[Side.LEFT].wrist[0] > MIDDLE[0] > arms[Side.RIGHT].wrist[0]
    assert arms[Side.LEFT].shoulder_tip[0] > arms[Side.LEFT].shoulder[0]
    assert arms[Side.RIGHT].shoulder_tip[0] < arms[Side.RIGHT].shoulder[0]


@pytest.mark.parametrize("seconds", [0.3, 1.5])
def test_ten_and_thirty_frames_a_second_measure_the_same(seconds: float) -> None:
    bodies = []
    for rate_hz in (10.0, 30.0):
        tracker = BodyTracker()
        tracker.update(person("down"), -1.0)
        bodies.append(run(person("t", turn=0.8), seconds, rate_hz, tracker))
    slow, fast = bodies
    assert slow.half_chest_px == pytest.approx(fast.half_chest_px, rel=0.03)
    assert slow.half_widths_px[Side.LEFT] == pytest.approx(fast.half_widths_px[Side.LEFT], rel=0.05)


def test_a_turn_is_seen_and_remembered_as_a_turn() -> None:
    tracker = BodyTracker()
    run(person("down"), 1.0, 30, tracker)
    body = run(person("down", turn=0.65), 0.5, 30, tracker)
    assert np.degrees(body.yaw_rad) == pytest.approx(47, abs=8)
    assert 0.7 < body.half_chest_seen_px / body.half_chest_px < 0.9


def test_seen_from_behind_is_more_than_a_quarter_turn() -> None:
    pose = person("down")
    points = pose.landmarks_px.copy()
    points[:, 0] = 2 * MIDDLE[0] - points[:, 0]
    back = Pose(points, pose.visibility, pose.z_px, pose.person_alpha)
    assert BodyTracker().update(back, 0.0).yaw_rad > np.pi / 2


def with_hips(pose: Pose, visibility: float, moved_px: float) -> Pose:
    points, seen = pose.landmarks_px.copy(), pose.visibility.copy()
    hips = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
    points[hips] += np.float32([moved_px, 0.6 * moved_px])
    seen[hips] = visibility
    return Pose(points, seen, pose.z_px, pose.person_alpha)


def test_guessed_hips_do_not_shake_the_body() -> None:
    sizes = []
    for moved_px in (-40.0, 0.0, 40.0):
        body = BodyTracker().update(with_hips(person("down"), 0.05, moved_px), 0.0)
        sizes.append((body.torso_px, *body.mid_hip))
    assert np.ptp(sizes, axis=0).max() < 1.0
    assert sizes[0][0] == pytest.approx(TORSO_PX, rel=0.1)


def test_hips_fade_from_guessed_to_seen_without_a_jump() -> None:
    torsos = [
        BodyTracker().update(with_hips(person("down"), seen, 25.0), 0.0).torso_px
        for seen in np.linspace(0.2, 0.9, 36)
    ]
    assert abs(torsos[-1] - torsos[0]) > 5.0, "nothing to fade"
    assert np.abs(np.diff(torsos)).max() < 2.0


def with_wrist(depth: float) -> Pose:
    pose = person("bent")
    z = pose.z_px.copy()
    z[Landmark.LEFT_WRIST] = depth * TORSO_PX
    z[Landmark.LEFT_ELBOW] = depth * TORSO_PX
    return Pose(pose.landmarks_px, pose.visibility, z, pose.person_alpha)


@pytest.mark.parametrize(
    ("attribute", "near", "far"), [("in_front", 0.12, 0.02), ("behind", 0.33, 0.42)]
)
def test_depth_flags_do_not_flicker(attribute: str, near: float, far: float) -> None:
    tracker = BodyTracker()
    flags = [
        getattr(
            tracker.update(with_wrist(near if k % 2 else far), k / 30).arms[Side.LEFT], attribute
        )
        for k in range(20)
    ]
    assert len(set(flags)) == 1
    assert tracker.update(with_wrist(-1.0), 1.0).arms[Side.LEFT].in_front
    assert tracker.update(with_wrist(1.0), 1.1).arms[Side.LEFT].behind


def test_a_wrist_that_is_not_seen_is_behind_the_body() -> None:
    tracker = BodyTracker()

    def arm(visibility: float, time_s: float) -> Arm:
        pose = with_wrist(-1.0)
        pose.visibility[Landmark.LEFT_WRIST] = visibility
        return tracker.update(pose, time_s).arms[Side.LEFT]

    flags = [(a.in_front, a.behind) for a in (arm(v, v) for v in (0.3, 0.13, 0.05, 0.13, 0.3))]
    assert flags == [(True, False)] * 2 + [(False, True)] * 2 + [(True, False)]


def test_reset_forgets_the_person() -> None:
    tracker = BodyTracker()
    run(person("down"), 1.0, 30, tracker)
    tracker.reset()
    again = tracker.update(person("t", turn=0.85), 5.0)
    fresh = BodyTracker().update(person("t", turn=0.85), 5.0)
    assert again.half_chest_px == fresh.half_chest_px


def test_worn_hem_is_passed_on() -> None:
    assert BodyTracker().update(person(), 0.0, worn_hem=1.1).worn_hem == 1.1


def test_an_estimate_starts_at_the_first_confident_measurement() -> None:
    estimate = Estimate([5.0, 5.0], tau_s=1.0)
    value = estimate.update([1.0, 1.0], 0.03, [1.0, 0.0])
    assert value[0] == pytest.approx(1.0, abs=0.2) and value[1] == 5.0


def test_a_peak_survives_a_dip_and_forgets_a_bad_start() -> None:
    peak = Peak(0.5, 0.0, 1.0, rise_s=0.25, decay_s=60.0)
    peak.update(0.9, 0.03)
    for _ in range(30):
        peak.update(0.6, 0.03)
    assert peak.value == pytest.approx(0.6, abs=0.12)
    for _ in range(250):
        peak.update(0.7, 0.03)
    for _ in range(30):
        peak.update(0.3, 0.03)
    assert peak.value > 0.6


def test_a_latch_keeps_its_state_between_the_thresholds() -> None:
    latch = Latch(on_above=1.0, off_below=0.0)
    assert [latch.update(v) for v in (0.4, 1.2, 0.5, -0.1, 0.9)] == [
        False,
        True,
        True,
        False,
        False,
    ]
