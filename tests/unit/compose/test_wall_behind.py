"""What is painted where a worn sleeve hid the wall."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_scene import WALL, WORN, Scene
from numpy.typing import NDArray

from pipeline.compose.compositor import Compositor
from pipeline.compose.fill import continued, spread
from pipeline.labels import OwnPart
from pipeline.structures import Image, Side

RAIL, RAIL_COLOUR = np.s_[38:46], (40, 45, 60)  # along a wall, behind an arm
RAIL_BEHIND = np.s_[150:160]
HOLE = np.s_[20:60, 30:50]


class WideSleeves(Scene):
    """Worn sleeves far wider than the arms in them."""

    def painted(self) -> list[tuple[NDArray[np.uint8], tuple[int, int, int], OwnPart]]:
        wide = self.arms(26) * np.uint8(255)
        return [(wide, WORN, OwnPart.UPPER), *super().painted()]

    def slim(self) -> NDArray[np.bool_]:
        """The person but for the sleeves."""
        trunk = np.zeros(self.size_wh[::-1], bool)
        trunk[:, 118:202] = True
        return trunk | self.arms(20)

    def arms(self, width: int) -> NDArray[np.bool_]:
        found = np.zeros(self.size_wh[::-1], np.uint8)
        for side in Side:
            line = self.joints(side)[:3].round().astype(np.int32)
            cv2.polylines(found, [line], False, (255,), width)
        return found > 0


@pytest.fixture
def wall() -> Image:
    picture = np.full((80, 100, 3), WALL, np.uint8)
    picture[RAIL] = RAIL_COLOUR
    return picture


def painted(how: object, wall: Image) -> NDArray[np.float32]:
    known = np.full(wall.shape[:2], 255, np.uint8)
    known[HOLE] = 0
    with_sleeve = wall.copy()
    with_sleeve[HOLE] = WORN
    return how(with_sleeve, known, ~known)[:80, :100][HOLE]  # type: ignore[operator]


def test_an_edge_goes_on_behind_a_photos_sleeve(wall: Image) -> None:
    off = [np.abs(painted(how, wall) - wall[HOLE]).mean() for how in (continued, spread)]
    assert off[0] < 0.4 * off[1]


def test_nothing_is_painted_where_nothing_is_wanted(wall: Image) -> None:
    nothing = np.zeros(wall.shape[:2], np.uint8)
    assert not continued(wall, ~nothing, nothing).any()


def test_a_photo_shows_less_of_a_worn_sleeve_on_the_wall() -> None:
    """Behind wide sleeves a rail goes on to the slimmed arm, nearer than in a camera's frame."""
    scene = WideSleeves(worn_sleeves=True)
    wall = scene.camera()
    wall[:], wall[RAIL_BEHIND] = WALL, RAIL_COLOUR
    camera = np.where(scene.person()[..., None] > 20, scene.camera(), wall)
    drawn = replace(scene.drawn(), sleeve_reach=dict.fromkeys(Side, 0.5))
    off = []
    for photo in (False, True):
        compositor = Compositor(photo)
        compositor.saw(scene.parts())
        frame = replace(scene.frame(), image=camera)
        image = compositor.compose(frame, scene.body(), drawn, opacity=1.0, time_s=0.0).image
        beside = (scene.person() > 250) & ~scene.slim() & (image != camera).any(axis=-1)
        off.append(np.abs(image[beside].astype(int) - wall[beside]).mean())
    assert off[1] < 0.75 * off[0]
