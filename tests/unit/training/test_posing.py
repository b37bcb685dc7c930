"""How the synthetic people stand, and where their cameras are."""

from __future__ import annotations

import numpy as np

from weights.training.generator.person import Person
from weights.training.generator.posing import STRIDING, _legs
from weights.training.generator.render import SELFIES, sample_camera

PEOPLE = 400
JOINTS = {  # metres; the viewer is at -y
    "head": (0, 0, 1.6), "neck01": (0, 0, 1.45),
    "upperleg01.L": (0.1, 0, 0.9), "upperleg01.R": (-0.1, 0, 0.9),
    "upperarm01.L": (0.18, 0, 1.4), "upperarm01.R": (-0.18, 0, 1.4),
    "wrist.L": (0.3, 0, 0.85), "wrist.R": (-0.3, 0, 0.85),
}  # fmt: skip
STRETCHED = (0.2, -0.5, 1.5)


def test_most_people_stand_and_some_stride() -> None:
    bends = []
    for seed in range(PEOPLE):
        thigh = _legs(np.random.default_rng(seed))["upperleg01.L"]
        bends.append(np.arccos(np.clip(thigh[2, 2], -1, 1)))
    standing = np.mean(np.array(bends) < 0.35)
    assert 1 - 1.3 * STRIDING < standing < 1 - 0.6 * STRIDING
    assert max(bends) > 1.2


def test_only_a_stretched_hand_holds_the_camera() -> None:
    def eyes(hand: tuple[float, float, float]) -> np.ndarray:
        joints = np.array(list((JOINTS | {"wrist.L": hand}).values()), np.float32)
        person = Person([], joints, 1.75, 0.0)
        index = {name: i for i, name in enumerate(JOINTS)}
        return np.array(
            [sample_camera(person, index, np.random.default_rng(s)).eye for s in range(PEOPLE)]
        )

    near = np.linalg.norm(eyes(STRETCHED) - STRETCHED, axis=1) < 0.35
    assert abs(near.mean() - SELFIES) < 0.1
    hanging = JOINTS["wrist.L"]
    assert np.linalg.norm(eyes(hanging) - hanging, axis=1).min() > 0.4


def test_a_selfie_looks_at_the_head() -> None:
    joints = np.array(list((JOINTS | {"wrist.L": STRETCHED}).values()), np.float32)
    person, index = Person([], joints, 1.75, 0.0), {name: i for i, name in enumerate(JOINTS)}
    places = []
    for seed in range(PEOPLE):
        camera = sample_camera(person, index, np.random.default_rng(seed))
        if np.linalg.norm(camera.eye - STRETCHED) < 0.35:
            places.append(camera.pixels(joints[[index["head"]]], (384, 288))[0])
    off = np.array(places) - (143.5, 191.5)
    assert np.abs(off.mean(0)).max() < 25 and np.abs(off).max() < 150
