"""The hem of what is worn, on drawn scenes whose hems are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_scene import HEM_Y, SHOULDER_Y, TRUNK, Scene
from numpy.typing import NDArray

from pipeline.compose.compositor import Compositor
from pipeline.images import to_lab
from pipeline.structures import Box, Frame

PLAIN = Scene()
DARK = (38, 38, 44)
DARK_BLUE = (46, 56, 84)
CLOSE = 0.035  # torso lengths; a little more than a row of samples
STRIPE = 9  # px


def follow(
    scenes: list[Scene], *, paint: NDArray[np.uint8] | None = None, fps: float = 5.0
) -> list[float | None]:
    """The worn hem after each frame; ``paint`` replaces the pixels where it is not 0."""
    compositor = Compositor()
    depths: list[float | None] = []
    for step, scene in enumerate(scenes):
        image = scene.camera()
        if paint is not None:
            image = np.where(paint > 0, paint, image).astype(np.uint8)
        compositor.saw(scene.parts(step / fps))
        compositor.compose(
            Frame(image, step / fps),
            scene.body(),
            scene.drawn(),
            opacity=0.0,
            time_s=step / fps,
        )
        depths.append(compositor.worn_hem)
    return depths


def depth_of(y: float) -> float:
    return (y - SHOULDER_Y) / PLAIN.body().torso_px


@pytest.mark.parametrize("hem_y", [188, 196, 206])
def test_a_dark_shirt_ends_where_slightly_different_dark_trousers_begin(hem_y: int) -> None:
    scene = PLAIN.but(worn=DARK, trousers=DARK_BLUE, hem_y=hem_y)
    colours = to_lab(np.array([[DARK, DARK_BLUE]], np.uint8))[0]
    assert np.hypot(*(colours[0] - colours[1])[1:]) < 20  # they do resemble each other
    assert follow([scene])[0] == pytest.approx(depth_of(hem_y), abs=CLOSE)


def test_trousers_of_the_same_colour_show_no_hem() -> None:
    assert follow([PLAIN.but(trousers=PLAIN.worn)] * 4)[-1] is None


def test_a_tunic_is_followed_down_the_thighs() -> None:
    assert follow([PLAIN.but(hem_y=226)])[0] == pytest.approx(1.3, abs=CLOSE)


def test_a_cropped_top_ends_above_the_bare_belly() -> None:
    assert follow([PLAIN.but(hem_y=166)])[0] == pytest.approx(0.7, abs=CLOSE)


def test_stripes_across_a_shirt_are_no_hems() -> None:
    stripes = np.zeros((*PLAIN.camera().shape[:2], 3), np.uint8)
    for y in range(100, HEM_Y - STRIPE, 2 * STRIPE):
        stripes[y : y + STRIPE, TRUNK[0] : TRUNK[1]] = (200, 60, 50)
    assert follow([PLAIN], paint=stripes)[0] == pytest.approx(depth_of(HEM_Y), abs=CLOSE)


def test_light_that_fades_down_a_long_dress_is_no_hem() -> None:
    dress = PLAIN.but(hem_y=240, worn=(150, 150, 150))
    image = dress.camera()
    fading = np.zeros_like(image)
    light = np.linspace(1.25, 0.65, 240 - 100)[:, None, None]
    body = np.s_[100:240, TRUNK[0] : TRUNK[1]]
    fading[body] = image[body] * light
    assert follow([dress], paint=fading)[0] is None


def test_a_hand_at_the_belly_does_not_end_the_shirt() -> None:
    assert follow([PLAIN.but(hand_on_chest=True)])[0] == pytest.approx(depth_of(HEM_Y), abs=CLOSE)


def test_a_shirt_cut_off_by_the_picture_reaches_to_its_end() -> None:
    scene = PLAIN.but(hem_y=240)
    compositor = scene.mirror()
    cut = int(SHOULDER_Y + 95)
    body = scene.body()
    drawn = scene.drawn()
    image = scene.camera()[:cut]
    body = replace(body, pose=replace(body.pose, person_alpha=body.pose.person_alpha[:cut]))
    drawn = replace(
        drawn,
        box=Box(0, 0, 320, cut),
        rgba=drawn.rgba[:cut],
        torso_alpha=drawn.torso_alpha[:cut],
        parts=drawn.parts[:cut],
    )
    compositor.compose(
        Frame(image),
        body,
        drawn,
        opacity=0.0,
        time_s=0.0,
    )
    assert compositor.worn_hem == pytest.approx(0.94, abs=CLOSE)


def test_one_odd_frame_does_not_move_the_hem() -> None:
    odd = PLAIN.but(hem_y=222)
    steady = follow([PLAIN] * 6)
    assert follow([PLAIN] * 4 + [odd, PLAIN])[-1] == steady[-1]


def test_a_shirt_that_is_pulled_down_is_followed_without_a_jump() -> None:
    longer = PLAIN.but(hem_y=214)
    depths = follow([PLAIN] * 6 + [longer] * 24)
    seen = np.array([depth for depth in depths if depth is not None])
    assert len(seen) == len(depths)
    assert np.abs(np.diff(seen)).max() < 0.09
    assert seen[-1] == pytest.approx(depth_of(214), abs=0.06)


def test_frames_without_a_hem_keep_the_last_one() -> None:
    seen = follow([PLAIN] * 3 + [PLAIN.but(trousers=PLAIN.worn, hem_y=240)] * 3)
    assert seen[-1] == seen[2]
    assert seen[-1] is not None
