"""What passes in front of a dressed torso stays in the picture, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_scene import BALL, GARMENT, HEM_Y, TRUNK, WAIST_Y, Scene
from numpy.typing import NDArray

from pipeline.compose import things
from pipeline.compose.compositor import Compositor
from pipeline.labels import OwnPart
from pipeline.structures import Composite, Image

FRAME_S = 0.05
LOOK_EVERY = 10  # frames
GONE_S = 2.2  # after which what stays before a torso is its own
ENOUGH = 12  # frames after which a torso is known


def dress(mirror: Compositor, scene: Scene, step: int) -> Composite:
    shown = scene.but(seed=step + 1)
    return mirror.compose(
        shown.frame(step * FRAME_S),
        scene.body(),
        scene.drawn(),
        opacity=1.0,
        time_s=step * FRAME_S,
    )


def after_a_while(scene: Scene) -> Compositor:
    mirror = scene.mirror()
    for step in range(ENOUGH):
        dress(mirror, scene, step)
    return mirror


def like_garment(image: Image) -> NDArray[np.bool_]:
    """Pixels whose hue is the garment's, in any light."""
    red, others = image[..., 0].astype(int), image[..., 1:].astype(int).max(axis=-1)
    return np.asarray(red > others + (GARMENT[0] - GARMENT[2]) // 3)


def chest() -> tuple[slice, slice]:
    return slice(115, HEM_Y - 10), slice(TRUNK[0] + 6, TRUNK[1] - 6)


@pytest.mark.parametrize("place", [(160, 150), (188, 150), (140, 130), (196, 165)])
def test_a_ball_before_the_torso_stays(place: tuple[int, int]) -> None:
    """Also where it is partly beside the torso."""
    calm = Scene()
    mirror = after_a_while(calm)
    for step in range(ENOUGH, ENOUGH + 3):  # edges are averaged over some frames
        thrown = calm.but(ball=place, seed=step + 1)
        result = dress(mirror, thrown, step)
    inside = thrown.ball_itself()
    camera = thrown.camera()
    off = np.abs(result.image.astype(int) - camera).max(axis=-1)
    assert (off[inside] <= 12).mean() > 0.97  # a soft shadow may lie on it
    around = np.zeros_like(inside)
    around[chest()] = True
    assert like_garment(result.image)[around & (np.hypot(*distance(place)) > 20)].mean() > 0.97


def distance(place: tuple[int, int]) -> NDArray[np.float64]:
    rows, columns = np.mgrid[0:240, 0:320]
    return np.array([columns - place[0], rows - place[1]], np.float64)


def test_a_ball_that_was_there_first_is_seen_when_it_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its colour is no more the torso's, long before its old place is learnt anew."""
    monkeypatch.setattr(things, "SETTLE_S", 10.0)
    mirror = after_a_while(Scene(ball=(145, 150)))
    moved = Scene(ball=(178, 130))
    for step in range(ENOUGH, ENOUGH + 4):
        result = dress(mirror, moved, step)
    assert like_garment(result.image)[moved.ball_itself()].mean() < 0.1


def test_a_print_that_moves_with_the_cloth_is_covered() -> None:
    calm = Scene(print_at=(160, 140))
    mirror = after_a_while(calm)
    for step in range(ENOUGH, ENOUGH + 8):
        moved = calm.but(print_at=(160 + 3 * (step % 4), 140 + 2 * (step % 3)))
        result = dress(mirror, moved, step)
        assert like_garment(result.image[chest()]).mean() > 0.99


def test_trousers_that_show_a_little_higher_are_no_thing() -> None:
    """The body is not found at quite the same place in every frame."""
    calm = Scene(trousers=BALL, hem_y=WAIST_Y + 6)
    mirror = after_a_while(calm)
    result = dress(mirror, calm.but(hem_y=WAIST_Y), ENOUGH)
    band = slice(WAIST_Y - 2, WAIST_Y + 3), slice(TRUNK[0] + 8, TRUNK[1] - 8)
    assert like_garment(result.image[band]).mean() > 0.9


def test_other_light_makes_no_holes() -> None:
    calm = Scene()
    mirror = after_a_while(calm)
    result = dress(mirror, calm.but(brightness=1.7), ENOUGH)
    assert like_garment(result.image[chest()]).mean() > 0.99


def test_what_stays_for_long_is_taken_for_cloth() -> None:
    """A jacket that falls open shows its lining for a moment, not for ever."""
    calm = Scene()
    mirror = after_a_while(calm)
    step = ENOUGH
    while step < ENOUGH + GONE_S / FRAME_S:
        result = dress(mirror, calm.but(ball=(160, 150)), step)
        step += 1
    assert like_garment(result.image[chest()]).mean() > 0.99


def test_what_the_parser_takes_for_no_cloth_stays_as_long_as_it_likes() -> None:
    mirror = after_a_while(Scene())
    held = Scene(ball=(160, 150), ball_part=OwnPart.ACCESSORY)
    step = ENOUGH
    while step < ENOUGH + GONE_S / FRAME_S:
        if step % LOOK_EVERY == 0:
            mirror.saw(held.parts(step * FRAME_S))
        result = dress(mirror, held, step)
        step += 1
    assert not like_garment(result.image)[held.ball_itself()].any()


def test_another_person_is_learnt_anew() -> None:
    """A printed shirt has no things before it because the one before was plain."""
    mirror = after_a_while(Scene())
    mirror.reset()
    printed = Scene(print_at=(160, 140))
    mirror.saw(printed.parts())
    for step in range(ENOUGH, ENOUGH + 3):
        result = dress(mirror, printed, step)
    assert like_garment(result.image[chest()]).mean() > 0.99
