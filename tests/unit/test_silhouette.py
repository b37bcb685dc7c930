"""Rays through the person mask, and the geometry of single numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.geometry import ease, interpolate, smoothstep
from pipeline.silhouette import cast, evened, share_covered

RIGHT, UP = (1.0, 0.0), (0.0, -1.0)


def person(columns: slice, edge: int = 0) -> np.ndarray:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, columns] = 255
    alpha[:, columns.stop : columns.stop + 1] = edge
    return alpha


def test_a_ray_ends_at_the_last_pixel_of_the_person() -> None:
    reach_px, inside, left = cast(person(slice(10, 31)), (20.0, 20.0), RIGHT, 30.0, 1.0)
    assert (inside, left) == (True, True)
    assert reach_px == pytest.approx(10.5, abs=0.02)  # from pixel 20 to the far edge of pixel 30


def test_a_soft_edge_is_found_between_the_steps() -> None:
    reaches = [
        cast(person(slice(10, 31), edge), (20.0, 20.0), RIGHT, 30.0, 1.0)[0]
        for edge in (0, 60, 120)
    ]
    assert reaches == sorted(reaches) and reaches[2] - reaches[0] > 0.3


def test_a_ray_that_starts_outside_goes_nowhere() -> None:
    reach_px, inside, _ = cast(person(slice(10, 31)), (40.0, 20.0), RIGHT, 10.0, 1.0)
    assert (reach_px, inside) == (0.0, False)


def test_leaving_the_picture_is_not_leaving_the_person() -> None:
    reach_px, inside, left = cast(person(slice(10, 31)), (20.0, 5.0), UP, 30.0, 1.0)
    assert (reach_px, inside, left) == (5.0, True, False)
    assert cast(person(slice(0, 60)), (20.0, 5.0), RIGHT, 30.0, 1.0)[2] is False  # never ended


def test_what_lies_outside_of_the_picture_does_not_count_as_uncovered() -> None:
    places = np.array([(a, d) for a in (0.1, 0.5, 0.9) for d in (0.1, 0.5, 0.9)])
    corners = np.array([[10, 30], [30, 30], [10, 70], [30, 70]], np.float32)
    assert share_covered(person(slice(5, 40)), corners, places) == 1.0
    assert share_covered(person(slice(20, 40)), corners, places) == pytest.approx(2 / 3)
    assert share_covered(person(slice(5, 40)), corners + 100, places) == 0.0


def test_neighbours_are_evened_along_rows_alone() -> None:
    rows = np.array([[0.0, 4.0, 0.0], [8.0, 8.0, 8.0]])
    assert evened(rows).tolist() == [[1.0, 2.0, 1.0], [8.0, 8.0, 8.0]]


@pytest.mark.parametrize("x", [-1.0, 0.0, 0.3, 1.0, 1.7, 3.0, 9.0])
def test_single_numbers_follow_numpy(x: float) -> None:
    at, values = [0.0, 1.0, 3.0], [5.0, 7.0, -1.0]
    assert interpolate(x, at, values) == pytest.approx(np.interp(x, at, values))
    assert ease(x) == pytest.approx(float(smoothstep(x)))
