"""The gate: which bodies may be dressed, and how the look comes and goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from standing_pose import standing_pose, with_points

from pipeline.gate import (
    FADE_IN_S,
    FADE_OUT_S,
    GRACE_S,
    REMEMBER_S,
    SETTLE_S,
    TORSO_SHARE,
    Gate,
    Verdict,
    judge,
)
from pipeline.labels import Landmark
from pipeline.stance import measure_stance
from pipeline.structures import Pose, Reason

FPS = 30.0
GOOD = standing_pose()
SIDE = standing_pose(yaw_deg=75.0)


class Clip:
    """Feeds a gate at a steady frame rate and keeps its verdicts."""

    def __init__(self, fps: float = FPS) -> None:
        self.gate, self.fps, self.frame = Gate(), fps, 0
        self.verdicts: list[Verdict] = []

    def play(self, pose: Pose | None, seconds: float, cut: bool = False) -> list[Verdict]:
        played = []
        for i in range(max(1, round(seconds * self.fps))):
            played.append(self.gate.update(pose, self.frame / self.fps, cut=cut and i == 0))
            self.frame += 1
        self.verdicts += played
        return played

    def dress(self) -> None:
        assert self.play(GOOD, 1.2)[-1] == Verdict(None, 1.0, True)


# ---------------------------------------------------------------- one pose


@pytest.mark.parametrize(
    ("pose", "reason"),
    [
        (GOOD, None),
        (None, Reason.NO_PERSON),
        (standing_pose((320, 400), 500.0), Reason.STEP_BACK),
        (standing_pose((320, 330), 330.0), None),
        (standing_pose((320, 330), 330.0, tilt_deg=20.0), Reason.STEP_BACK),
        (standing_pose((40, 170)), Reason.STEP_BACK),
        (standing_pose((620, 170)), Reason.STEP_BACK),
        (standing_pose(torso_px=36.0), Reason.COME_CLOSER),
        (SIDE, Reason.TURN_TO_CAMERA),
        (standing_pose(yaw_deg=-75.0), Reason.TURN_TO_CAMERA),
        (standing_pose(yaw_deg=180.0), Reason.TURN_TO_CAMERA),
        (standing_pose(yaw_deg=25.0), None),
        (standing_pose((320, 30)), Reason.SHOW_FACE),
        (standing_pose(tilt_deg=180.0), Reason.NO_PERSON),
        (standing_pose(tilt_deg=90.0), Reason.NO_PERSON),
        (standing_pose(tilt_deg=20.0), None),
    ],
    ids=[
        "frontal", "nobody", "chest below the picture", "hips below the picture", "selfie",
        "out on the left", "out on the right", "far away", "profile", "other profile", "back",
        "slightly turned", "head cut off", "upside down", "lying", "leaning",
    ],
)  # fmt: skip
def test_judge(pose: Pose | None, reason: Reason | None) -> None:
    assert judge(pose) is reason


def test_a_shape_without_a_person_mask_is_nobody() -> None:
    assert judge(replace(GOOD, person_alpha=np.zeros_like(GOOD.person_alpha))) is Reason.NO_PERSON


def test_guessed_shoulders_are_nobody() -> None:
    visibility = GOOD.visibility.copy()
    visibility[Landmark.LEFT_SHOULDER] = 0.3
    assert judge(replace(GOOD, visibility=visibility)) is Reason.NO_PERSON


def test_a_head_between_the_hips_is_nobody() -> None:
    assert judge(with_points(GOOD, nose=(320.0, 350.0))) is Reason.NO_PERSON


def test_guessed_hips_below_the_picture_do_not_matter() -> None:
    visibility = GOOD.visibility.copy()
    visibility[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]] = 0.01
    close = standing_pose((320, 330), 330.0)
    assert judge(replace(close, visibility=visibility)) is None


@pytest.mark.parametrize("yaw_deg", [0.0, 20.0, 40.0, 60.0, 75.0])
def test_yaw_is_about_right(yaw_deg: float) -> None:
    stance = measure_stance(standing_pose(yaw_deg=yaw_deg))
    assert stance.yaw_deg == pytest.approx(yaw_deg, abs=18.0)


def test_every_limit_forgives_who_is_already_dressed() -> None:
    between = (TORSO_SHARE.enter + TORSO_SHARE.keep) / 2 * GOOD.size_wh[1]
    pose = standing_pose(torso_px=between)
    assert judge(pose, dressed=False) is Reason.COME_CLOSER
    assert judge(pose, dressed=True) is None


# ---------------------------------------------------------------- in time


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0, 60.0])
def test_settles_then_fades_in_by_time_not_by_frames(fps: float) -> None:
    clip = Clip(fps)
    clip.play(GOOD, 1.5)
    first = next(i for i, v in enumerate(clip.verdicts) if v.opacity > 0.0)
    full = next(i for i, v in enumerate(clip.verdicts) if v.opacity == 1.0)
    assert all(v == Verdict(Reason.SETTLING, 0.0, True) for v in clip.verdicts[:first])
    assert first / fps == pytest.approx(SETTLE_S, abs=1.01 / fps)
    assert full / fps == pytest.approx(SETTLE_S + FADE_IN_S, abs=1.01 / fps)


def test_a_lost_pose_fades_out_and_cannot_be_measured() -> None:
    clip = Clip(60.0)
    clip.dress()
    lost = clip.play(None, 1.0)
    gone = next(i for i, v in enumerate(lost) if v.opacity == 0.0)
    assert (gone + 1) / 60.0 == pytest.approx(GRACE_S + FADE_OUT_S, abs=2.01 / 60.0)
    fading = [v.opacity for v in lost[: gone + 1]]
    assert fading == sorted(fading, reverse=True)
    assert max(-np.diff(fading)) < 0.2  # no pop
    assert not any(v.usable for v in lost)
    assert lost[gone].reason is Reason.HOLD_STILL
    assert lost[-1].reason is Reason.NO_PERSON


def test_one_lost_frame_is_not_seen() -> None:
    clip = Clip()
    clip.dress()
    clip.play(None, 1 / FPS)
    clip.play(GOOD, 0.2)
    assert min(v.opacity for v in clip.verdicts[-7:]) == 1.0


def test_back_within_a_moment_needs_no_settling() -> None:
    clip = Clip()
    clip.dress()
    clip.play(None, REMEMBER_S - 1.5 / FPS)
    back = clip.play(GOOD, 0.5)
    assert all(v.opacity > 0.0 for v in back)
    assert max(np.diff([v.opacity for v in back])) < 0.2


def test_back_after_longer_settles_again_and_does_not_jump() -> None:
    clip = Clip()
    clip.dress()
    clip.play(None, 0.5)
    back = clip.play(GOOD, 1.5)
    assert back[0].reason is Reason.SETTLING
    assert back[-1].opacity == 1.0
    assert max(np.diff([v.opacity for v in back])) < 0.2


def test_who_turns_away_fades_out_while_being_followed() -> None:
    clip = Clip()
    clip.dress()
    turned = clip.play(SIDE, 0.5)
    fading = [v for v in turned if v.opacity > 0.0]
    assert fading and all(v.usable for v in fading)
    assert turned[-1] == Verdict(Reason.TURN_TO_CAMERA, 0.0, False)


def test_who_walks_out_is_told_how_they_went() -> None:
    clip = Clip()
    clip.dress()
    clip.play(standing_pose((640, 170)), 0.3)
    assert clip.play(None, 1 / FPS)[-1].reason is Reason.STEP_BACK
    assert clip.play(None, 1.0)[-1].reason is Reason.NO_PERSON


def test_a_cut_undresses_at_once_and_settles_again() -> None:
    clip = Clip()
    clip.dress()
    assert clip.play(GOOD, 1 / FPS, cut=True) == [Verdict(Reason.SETTLING, 0.0, True)]
    assert clip.play(GOOD, 1.0)[-1].opacity == 1.0


@pytest.mark.parametrize("jump_s", [3.0, -3.0])
def test_a_jump_of_the_clock_settles_again(jump_s: float) -> None:
    gate = Gate()
    for i in range(40):
        gate.update(GOOD, i / FPS)
    assert gate.update(GOOD, 40 / FPS + jump_s) == Verdict(Reason.SETTLING, 0.0, True)


def test_swaying_around_a_limit_does_not_flicker() -> None:
    limit_px = TORSO_SHARE.enter * GOOD.size_wh[1]
    clip, dressed = Clip(), []
    clip.play(standing_pose(torso_px=1.2 * limit_px), 1.0)
    for i in range(90):
        sway = 1.0 + 0.06 * np.sin(i)
        dressed.append(clip.play(standing_pose(torso_px=limit_px * sway), 1 / FPS)[0].opacity > 0)
    assert all(dressed)


def test_a_flash_of_a_body_is_never_dressed() -> None:
    clip = Clip(10.0)
    for _ in range(20):
        clip.play(None, 0.1)
        clip.play(GOOD, 0.2)
    assert not any(v.opacity > 0.0 for v in clip.verdicts)


def test_undressed_exactly_when_there_is_a_reason() -> None:
    rng, clip = np.random.default_rng(3), Clip()
    choice: list[Pose | None] = [GOOD, GOOD, GOOD, None, SIDE, standing_pose(torso_px=36.0)]
    for _ in range(80):
        pose = choice[rng.integers(len(choice))]
        clip.play(pose, rng.uniform(0.03, 0.9), cut=rng.random() < 0.1)
    assert {v.opacity > 0.0 for v in clip.verdicts} == {True, False}
    assert all((v.opacity > 0.0) == (v.reason is None) for v in clip.verdicts)
    assert all(0.0 <= v.opacity <= 1.0 for v in clip.verdicts)
