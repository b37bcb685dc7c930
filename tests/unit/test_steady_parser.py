"""The steady parser, over a parser that says what a test wants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.labels import OwnPart
from pipeline.own_parser import INPUT_HW, OwnCrop, OwnParse
from pipeline.steady_parser import KEPT_PX, NEW_SHARE, SteadyParser
from pipeline.structures import Pose
from tests.unit.standing_pose import SIZE_WH, standing_pose

WIDTH, HEIGHT = SIZE_WH
POSE = standing_pose()


class _Says:
    """Shirt where the crop's left half is, as surely as told."""

    def __init__(self) -> None:
        self.sure = 1.0
        self.crops: list[OwnCrop] = []

    def run_planes(self, picture: np.ndarray, pose: Pose, crop: OwnCrop) -> OwnParse:
        self.crops.append(crop)
        logits = np.zeros((len(OwnPart), *INPUT_HW), np.float32)
        logits[OwnPart.UPPER, :, :96] = self.sure
        return OwnParse(crop, logits)


def _image(level: int = 100, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    image = level + rng.normal(0, noise, (HEIGHT, WIDTH, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def _moved(pose: Pose, by_px: float) -> Pose:
    return replace(pose, landmarks_px=(pose.landmarks_px + by_px).astype(np.float32))


def _shirt(parse: OwnParse) -> float:
    return float(parse.logits[OwnPart.UPPER, :, 10:80].mean())


def test_what_is_said_of_a_still_noisy_picture_changes_slowly() -> None:
    says = _Says()
    steady = SteadyParser(says)
    assert _shirt(steady.run(_image(noise=4), POSE)) == 1
    says.sure = -1.0
    second = _shirt(steady.run(_image(noise=4, seed=1), POSE))
    assert abs(second - (1 - 2 * NEW_SHARE)) < 0.1
    for seed in range(2, 40):
        last = steady.run(_image(noise=4, seed=seed), POSE)
    assert _shirt(last) < -0.9


def test_what_changes_counts_at_once() -> None:
    says = _Says()
    steady = SteadyParser(says)
    steady.run(_image(100), POSE)
    says.sure = -1.0
    assert _shirt(steady.run(_image(140), POSE)) == -1


def test_the_crop_stays_while_the_pose_only_jitters() -> None:
    says = _Says()
    steady = SteadyParser(says)
    for by_px in (0, 0.5, -0.5, 0.5):
        steady.run(_image(), _moved(POSE, by_px))
    assert all(crop is says.crops[0] for crop in says.crops)
    steady.run(_image(), _moved(POSE, 30))
    off = says.crops[-1].to_crop - says.crops[0].to_crop
    assert np.abs(off).max() > KEPT_PX / 2


def test_a_new_crop_takes_the_old_words_to_their_new_place() -> None:
    says = _Says()
    steady = SteadyParser(says)
    first = steady.run(_image(), POSE)
    says.sure = 0.0  # from now on it knows nothing, what is left is memory
    second = steady.run(_image(), _moved(POSE, 15))
    size = (WIDTH, HEIGHT)
    before, after = (p.frame_logits(size)[OwnPart.UPPER] for p in (first, second))
    person = POSE.person_alpha > 0
    both = person & (before > 0.99)
    assert both.sum() > 100
    assert np.mean(after[both] > 0.5) > 0.95


def test_a_reset_forgets() -> None:
    says = _Says()
    steady = SteadyParser(says)
    steady.run(_image(), POSE)
    steady.reset()
    says.sure = -1.0
    assert _shirt(steady.run(_image(), POSE)) == -1
