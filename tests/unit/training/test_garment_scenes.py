"""Drawn photos of garments and their masks."""

from __future__ import annotations

import numpy as np

from weights.training.garment_outlines import bounds, filled, sample_outline
from weights.training.garment_scenes import Scenes

SIZE, COUNT = 96, 24


def test_the_same_seed_draws_the_same_scenes() -> None:
    first, second = (Scenes(np.random.default_rng(4), SIZE) for _ in range(2))
    for _ in range(3):
        for one, other in zip(first.draw(), second.draw(), strict=True):
            assert np.array_equal(one, other)


def test_every_scene_shows_a_garment_and_its_mask() -> None:
    scenes = Scenes(np.random.default_rng(1), SIZE)
    shares = []
    for _ in range(COUNT):
        image, mask = scenes.draw()
        assert image.shape == (SIZE, SIZE, 3) and image.dtype == mask.dtype == np.uint8
        assert mask.shape == (SIZE, SIZE) and image.std() > 1
        shares.append(float((mask > 127).mean()))
    assert min(shares) > 0.03 and max(shares) < 0.85


def test_some_garments_are_longer_than_wide_and_some_are_not() -> None:
    rng = np.random.default_rng(2)
    ratios = []
    for _ in range(60):
        low, high = bounds(sample_outline(rng))
        ratios.append(float((high - low)[1] / (high - low)[0]))
    assert min(ratios) < 0.9 and max(ratios) > 1.6


def test_coverage_is_soft_at_the_outline_alone() -> None:
    square = np.array([(10.5, 10), (30.5, 10), (30.5, 30), (10.5, 30)], np.float32)
    plane = filled(square, 40)
    assert plane[20, 20] == 1 and plane[5, 5] == 0
    assert 0 < plane[20, 10] < 1
