"""How shoulders slope, measured on drawn outlines."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.trunk import SLOPE_STATIONS, USUAL_SLOPE, Axes, measure_slopes

TORSO_PX, HALF_PX = 200.0, 100.0
AXES = Axes(
    (200.0, 150.0), (200.0, 350.0), (0.0, -1.0), (1.0, 0.0), TORSO_PX, HALF_PX, HALF_PX, 1.0
)


def measured(*heights: float) -> tuple[list[float], list[float]]:
    """Heights and trust at the stations of a person whose both shoulders have this outline, tl."""
    alpha = np.zeros((400, 400), np.uint8)
    away = np.abs(np.arange(400) - AXES.middle[0]) / HALF_PX
    top = AXES.middle[1] - np.interp(away, SLOPE_STATIONS, heights) * TORSO_PX
    alpha[np.arange(400)[:, None] >= top] = 255
    height, trust = measure_slopes(alpha, AXES, np.stack([USUAL_SLOPE] * 2))
    return height[0].tolist(), trust[0].tolist()


def test_usual_shoulders_are_believed() -> None:
    height, trust = measured(*USUAL_SLOPE)
    assert height == pytest.approx(USUAL_SLOPE.tolist(), abs=0.01)
    assert trust == [1, 1, 1]


def test_a_raised_shoulder_is_as_high_at_its_end_as_near_the_neck() -> None:
    assert measured(0.205, 0.19, 0.185)[1][2] == 1


def test_hair_or_a_hood_on_a_shoulder_is_not_the_shoulder() -> None:
    assert measured(0.29, 0.25, 0.188)[1] == [0, 0, 0]
