"""What counts as flicker."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from pipeline.structures import Frame
from weights.training.flicker import FPS, SETTLED_S, changes, flicker

SIDE = 96
RNG = np.random.default_rng(3)
CLOTH = cv2.GaussianBlur(RNG.integers(0, 255, (SIDE, SIDE, 3), np.uint8), (0, 0), 2)
FRAMES = round(2 * SETTLED_S * FPS)


def half(edge: int) -> np.ndarray:
    """A person of two classes, with background around."""
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[20:70, 20:edge], labels[20:70, edge:70] = 1, 2
    return labels


def still(edges: list[int]) -> Iterator[tuple[Frame, np.ndarray]]:
    for number in range(FRAMES):
        yield Frame(CLOTH, number / FPS), half(edges[number % len(edges)])


def test_a_border_that_wanders_changes_its_pixels_and_an_outline_counts_apart() -> None:
    assert changes(half(40), half(40)) == (0.0, 0.0)
    assert changes(half(40), half(41)) == pytest.approx((1 / 50, 1 / 50))
    narrow = half(40)
    narrow[:, 68:] = 0
    assert changes(half(40), narrow) == pytest.approx((0.0, 2 / 50))


def test_only_what_comes_after_settling_counts() -> None:
    assert flicker(still([40, 41]), moving=False) == pytest.approx((1 / 50, 1 / 50))
    early = [(f, half(40) if f.time_s >= SETTLED_S - 0.1 else o) for f, o in still([40, 45])]
    assert flicker(early, moving=False) == (0.0, 0.0)


def test_labels_that_move_with_the_picture_do_not_flicker() -> None:
    def going() -> Iterator[tuple[Frame, np.ndarray]]:
        for number in range(FRAMES):
            by = (0, number % 2)
            yield Frame(np.roll(CLOTH, by, (0, 1)), number / FPS), np.roll(half(40), by, (0, 1))

    followed, left = flicker(going(), moving=True), flicker(going(), moving=False)
    assert followed is not None and left is not None
    assert followed[1] < 0.002
    assert left[1] > 0.03


def test_a_clip_without_anybody_has_no_figure() -> None:
    assert flicker([], moving=False) is None
