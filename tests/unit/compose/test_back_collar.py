"""Where a back collar or a hood can be seen behind a neck."""

from __future__ import annotations

import numpy as np

from pipeline.compose.loops.grid import behind_neck

CHIN = np.array([40, 20], np.float32)
LEFT, RIGHT = np.array([28, 40], np.float32), np.array([52, 40], np.float32)
RADIUS = 10.0


def seen(neck_half_width: int) -> np.ndarray:
    person = np.zeros((80, 80), np.uint8)
    person[:, 40 - neck_half_width : 40 + neck_half_width] = 255
    return behind_neck(person, CHIN, LEFT, RIGHT, RADIUS)


def test_a_collar_stands_beside_the_neck_and_not_before_it() -> None:
    there = seen(neck_half_width=9)
    assert there[30, 26] == there[30, 54] == 255
    assert (there[22:60, 32:48] == 0).all()


def test_no_scene_shows_between_a_slim_neck_and_its_collar() -> None:
    assert seen(neck_half_width=5)[30, 47] == 255


def test_the_sides_of_a_hood_reach_down_behind_its_front() -> None:
    there = seen(neck_half_width=9)
    assert there[46, 20] == there[46, 60] == 255


def test_no_inside_of_the_back_shows_below_the_neckline() -> None:
    person = np.full((80, 80), 255, np.uint8)
    assert (behind_neck(person, CHIN, LEFT, RIGHT, RADIUS)[42:, 30:50] == 0).all()
