"""The compositor on drawn scenes, where the owner of every pixel is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_scene import GARMENT, TRUNK, WORN, Scene, colour_of, dress, near, with_back_collar

from pipeline.compose.compositor import Compositor
from pipeline.compose.loops import (
    blend,
    colours,
    decisions,
    fills,
    grid,
    hands,
    head,
    light,
    masks,
    parts,
)
from pipeline.compose.warm_up import warm_up
from pipeline.structures import DrawnLook, Side

PLAIN = Scene()
TOUCHING = Scene(hand_on_chest=True)
CHEST = np.s_[120:170, TRUNK[0] + 10 : TRUNK[1] - 10]


@pytest.mark.parametrize("scene", [PLAIN, TOUCHING, Scene(worn_sleeves=True)])
@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_pixels_outside_the_mask_are_the_cameras(scene: Scene, opacity: float) -> None:
    composite = dress(scene, opacity=opacity)
    outside = composite.mask == 0
    assert 0.3 < outside.mean() < 0.95
    assert np.array_equal(composite.image[outside], scene.camera()[outside])


def test_the_garment_covers_the_worn_shirt() -> None:
    image = dress(PLAIN).image
    assert near(colour_of(image, CHEST), GARMENT, 60)


def test_a_long_sleeve_covers_a_bare_arm_as_far_as_the_wrist() -> None:
    drawn = PLAIN.drawn()
    _, elbow, wrist, _ = TOUCHING.joints(Side.RIGHT)
    ends = [tuple(point.round().astype(int).tolist()) for point in (elbow, wrist)]
    sleeve = cv2.line(np.zeros_like(drawn.parts), *ends, 3, 18)
    rgba, parts = drawn.rgba.copy(), np.where(sleeve > 0, 3, drawn.parts).astype(np.uint8)
    rgba[sleeve > 0] = (*GARMENT, 255)
    reach = {**drawn.sleeve_reach, Side.RIGHT: 2.0}
    long = replace(drawn, rgba=rgba, parts=parts, sleeve_reach=reach)
    image = dress(TOUCHING, drawn=long).image
    x, y = (elbow + (wrist - elbow) * 0.8).round().astype(int)
    assert near(image[y, x].astype(float), GARMENT, 60)
    assert near(colour_of(image, TOUCHING.hand()), TOUCHING.skin, 40)


def test_opacity_zero_leaves_the_camera_and_still_learns() -> None:
    compositor = Compositor()
    composite = dress(PLAIN, compositor, opacity=0.0)
    assert np.array_equal(composite.image, PLAIN.camera())
    assert not composite.mask.any()
    assert not composite.dressed
    assert compositor.worn_hem is not None


def test_opacity_scales_the_change() -> None:
    scene = Scene(worn_sleeves=True)
    camera = scene.camera().astype(float)
    full = np.abs(dress(scene).image - camera)
    half_image = dress(scene, opacity=0.5)
    half = np.abs(half_image.image - camera)
    for where in (CHEST, scene.forearm(Side.LEFT)):
        assert half[where].mean() == pytest.approx(0.5 * full[where].mean(), rel=0.06)
    assert half_image.mask[CHEST].mean() == pytest.approx(127, abs=4)


def test_a_worn_sleeve_below_a_short_one_becomes_skin() -> None:
    scene = Scene(worn_sleeves=True)
    forearm = scene.forearm(Side.LEFT)
    assert near(colour_of(scene.camera(), forearm), WORN)
    assert near(colour_of(dress(scene).image, forearm), scene.skin)


def test_a_bare_arm_is_left_alone() -> None:
    composite = dress(PLAIN)
    changed = composite.mask[PLAIN.forearm(Side.LEFT)]
    assert changed.mean() < 1  # the sleeve's shadow may just reach it
    assert (changed == 0).mean() > 0.9


def test_a_covered_forearm_in_front_becomes_skin_over_the_garment() -> None:
    scene = TOUCHING.but(worn_sleeves=True)
    assert near(colour_of(dress(scene).image, scene.forearm(Side.RIGHT)), scene.skin)


def test_a_wider_worn_shirt_is_covered_to_its_edge() -> None:
    drawn = PLAIN.drawn()
    rgba = drawn.rgba.copy()
    rgba[120:200, TRUNK[1] - 8 :] = 0
    narrow = DrawnLook(
        box=drawn.box,
        rgba=rgba,
        torso_alpha=rgba[..., 3].copy(),
        parts=(rgba[..., 3] > 0).astype(np.uint8),
        vertices_px=drawn.vertices_px,
        neckline_px=drawn.neckline_px,
        hem_px=drawn.hem_px,
        sleeve_reach=drawn.sleeve_reach,
    )
    image = dress(PLAIN, drawn=narrow).image
    assert near(colour_of(image, np.s_[150:175, TRUNK[1] - 7 : TRUNK[1] - 2]), GARMENT, 60)


def test_a_brighter_scene_makes_a_brighter_garment() -> None:
    dim, bright = (dress(Scene(brightness=b)).image for b in (0.55, 1.0))
    assert colour_of(bright, CHEST).sum() > 1.15 * colour_of(dim, CHEST).sum()


def test_warm_light_makes_a_warmer_garment() -> None:
    grey = PLAIN.drawn(colour=(150, 150, 150))
    warm, cold = (
        colour_of(dress(Scene(cast=cast), drawn=grey).image, CHEST)
        for cast in ((1.0, 0.92, 0.75), (0.75, 0.92, 1.0))
    )
    assert warm[0] - warm[2] > 4 > -4 > cold[0] - cold[2]


def test_a_shadow_on_the_worn_shirt_falls_on_the_garment() -> None:
    image = PLAIN.camera()
    image[120:190, TRUNK[0] : 160] = (image[120:190, TRUNK[0] : 160] * 0.6).astype(np.uint8)
    frame = type(PLAIN.frame())(image)
    composite = PLAIN.mirror().compose(
        frame,
        PLAIN.body(),
        PLAIN.drawn(),
        opacity=1.0,
        time_s=0.0,
    )
    dark = composite.image[140:170, 130:145].mean()
    light = composite.image[140:170, 175:190].mean()
    assert dark < 0.92 * light


def test_a_garment_that_holds_the_scenes_light_is_not_lit_again() -> None:
    dim = Scene(brightness=0.55)
    composite = dress(dim, drawn=replace(dim.drawn(), lit=1.0))
    assert near(colour_of(composite.image, CHEST), GARMENT, within=4)


def test_the_same_frames_give_the_same_pixels() -> None:
    first, second = (dress(TOUCHING, times=3) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.mask, second.mask)


def test_sessions_do_not_mix() -> None:
    alone = dress(PLAIN, times=2)
    mine, other = Compositor(), Compositor()
    dress(PLAIN, mine)
    dress(Scene(skin=(90, 60, 45), worn=(200, 200, 60), brightness=0.7), other)
    again = mine.compose(
        PLAIN.frame(),
        PLAIN.body(),
        PLAIN.drawn(),
        opacity=1.0,
        time_s=1 / 30,
    )
    assert np.array_equal(alone.image, again.image)


def test_reset_forgets_the_person_before() -> None:
    fresh = dress(PLAIN)
    used = Compositor()
    dress(Scene(skin=(90, 60, 45), worn=(200, 200, 60), brightness=0.7), used, times=3)
    used.reset()
    assert used.worn_hem is None
    assert np.array_equal(dress(PLAIN, used).image, fresh.image)


def test_nothing_far_from_the_person_changes() -> None:
    composite = dress(Scene(worn_sleeves=True))
    assert not composite.mask[:, :70].any()
    assert not composite.mask[:, 250:].any()
    assert not composite.mask[:30].any()


def test_a_still_person_with_noise_does_not_flicker() -> None:
    compositor = TOUCHING.mirror()
    masks = []
    for step in range(12):
        scene = TOUCHING.but(seed=step)
        composite = compositor.compose(
            scene.frame(),
            scene.body(),
            scene.drawn(),
            opacity=1.0,
            time_s=step / 30,
        )
        masks.append(composite.mask.astype(np.int16))
    steps = np.abs(np.diff(masks[4:], axis=0))
    assert steps.mean() < 0.25
    assert np.percentile(steps.max(axis=0), 99) < 60


def test_a_garment_does_not_float_beside_the_person() -> None:
    drawn = PLAIN.drawn()
    rgba = drawn.rgba.copy()
    rgba[100:130, 200:290] = (*GARMENT, 255)
    composite = dress(PLAIN, drawn=replace(drawn, rgba=rgba))
    assert near(colour_of(composite.image, np.s_[112:128, 211:214]), GARMENT, 60)
    assert not composite.mask[105:125, 235:].any()


def test_nothing_is_drawn_on_the_bars_of_a_letterboxed_picture() -> None:
    frame = PLAIN.frame()
    barred = frame.image.copy()
    barred[:24], barred[170:] = 0, 0
    composite = PLAIN.mirror().compose(
        replace(frame, image=barred),
        PLAIN.body(),
        PLAIN.drawn(),
        opacity=1.0,
        time_s=0.0,
    )
    assert composite.mask[165:170].any()
    assert not composite.mask[170:].any()


def test_the_worn_hem_is_found() -> None:
    compositor = Compositor()
    dress(PLAIN, compositor, times=3)
    assert compositor.worn_hem == pytest.approx(0.94, abs=0.06)


def test_a_slightly_longer_worn_hem_is_covered() -> None:
    strip = np.s_[184:188, TRUNK[0] + 8 : TRUNK[1] - 8]
    assert near(colour_of(PLAIN.camera(), strip), WORN)
    image = dress(PLAIN, drawn=PLAIN.drawn(hem_y=181), times=3).image
    assert near(colour_of(image, strip), GARMENT, 60)


def test_trousers_below_the_hem_stay() -> None:
    image = dress(PLAIN, drawn=PLAIN.drawn(hem_y=181), times=3).image
    legs = np.s_[200:230, TRUNK[0] + 8 : TRUNK[1] - 8]
    assert np.array_equal(image[legs], PLAIN.camera()[legs])


def test_the_look_may_be_cut_by_the_frame() -> None:
    drawn = PLAIN.drawn()
    box = type(drawn.box)(100, 80, 320, 240)
    cut = DrawnLook(
        box=box,
        rgba=drawn.rgba[box.slices],
        torso_alpha=drawn.torso_alpha[box.slices],
        parts=drawn.parts[box.slices],
        vertices_px=drawn.vertices_px,
        neckline_px=drawn.neckline_px,
        hem_px=drawn.hem_px,
        sleeve_reach=drawn.sleeve_reach,
    )
    whole, part = dress(PLAIN).image[CHEST], dress(PLAIN, drawn=cut).image[CHEST]
    assert np.abs(whole.astype(int) - part).max() <= 3


def test_warm_up_compiles_what_composing_needs() -> None:
    warm_up()
    loops = {
        name: loop
        for module in (blend, colours, decisions, fills, grid, hands, head, light, masks, parts)
        for name, loop in vars(module).items()
        if hasattr(loop, "signatures") and not name.startswith("_")
    }
    before = {name: loop.signatures for name, loop in loops.items()}
    dress(Scene(worn_sleeves=True, hand_on_chest=True), drawn=with_back_collar(PLAIN.drawn()))
    assert {name: loop.signatures for name, loop in loops.items()} == before
    assert {name: s for name, s in before.items() if len(s) > 1} == {}
