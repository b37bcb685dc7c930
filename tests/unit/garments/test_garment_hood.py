"""A hood above its garment is laid down behind the neck; hangers and heads are not."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.garments.hood import HEIGHT, LOWER, lay_down_hood
from pipeline.garments.neckline import Neckline
from pipeline.structures import Side

CLOTH, OTHER = (60, 90, 120, 255), (170, 120, 90, 255)
NECK_Y, LEFT_X, RIGHT_X = 150, 120, 200


def hooded(colour: tuple[int, ...] = CLOTH, half_width: int = 40) -> np.ndarray:
    """Cloth below the neck; above it something of a colour and a width."""
    texture = np.zeros((400, 320, 4), np.uint8)
    texture[NECK_Y:, 60:260] = CLOTH
    texture[30:NECK_Y, 160 - half_width : 160 + half_width] = colour
    return texture


def neckline() -> Neckline:
    behind = np.zeros((400, 320), np.bool_)
    behind[:NECK_Y] = True
    points = np.array([(LEFT_X, NECK_Y), (160, NECK_Y + 10), (RIGHT_X, NECK_Y)], np.float32)
    return Neckline(points, behind, {Side.RIGHT: points[0], Side.LEFT: points[-1]})


def test_a_hood_lies_behind_the_neck() -> None:
    hood = lay_down_hood(hooded(), neckline(), 127)
    assert hood is not None
    rows, columns = np.nonzero(hood[..., 3] > 127)
    width = RIGHT_X - LEFT_X
    assert rows.min() == pytest.approx(NECK_Y - HEIGHT * width, abs=3)
    assert rows.max() == pytest.approx(NECK_Y + LOWER * width, abs=3)
    assert columns.mean() == pytest.approx(160, abs=1)
    assert (hood[rows[5], 160] == CLOTH).all()


@pytest.mark.parametrize("texture", [hooded(OTHER), hooded(half_width=6)])
def test_a_head_and_a_hook_are_no_hoods(texture: np.ndarray) -> None:
    assert lay_down_hood(texture, neckline(), 127) is None


def test_a_collar_is_no_hood() -> None:
    low = hooded()
    low[: NECK_Y - 30] = 0
    assert lay_down_hood(low, neckline(), 127) is None
