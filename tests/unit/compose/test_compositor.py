"""The compositor on drawn scenes, where the owner of every pixel is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_scene import GARMENT, HAIR, HAND_ON_CHEST, SKIN, STRAND, TRUNK, WORN, Scene
from numpy.typing import NDArray

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
from pipeline.labels import Landmark, OwnPart
from pipeline.structures import Body, Composite, DrawnLook, Frame, Side

PLAIN = Scene()
TOUCHING = Scene(hand_on_chest=True)
BACK = (20, 170, 60)
CHEST = np.s_[120:170, TRUNK[0] + 10 : TRUNK[1] - 10]


def dress(
    scene: Scene,
    compositor: Compositor | None = None,
    *,
    drawn: DrawnLook | None = None,
    opacity: float = 1.0,
    times: int = 1,
) -> Composite:
    """Compose a scene, ``times`` times in a row a thirtieth of a second apart."""
    compositor = compositor or Compositor()
    compositor.saw(scene.parts())
    for step in range(times):
        composite = compositor.compose(
            scene.frame(),
            scene.body(),
            drawn or scene.drawn(),
            opacity=opacity,
            time_s=step / 30,
        )
    return composite


def colour_of(image: NDArray[np.uint8], where: object) -> NDArray[np.float32]:
    return np.median(image[where].reshape(-1, 3), axis=0).astype(np.float32)


def near(colour: NDArray[np.float32], wanted: tuple[int, int, int], within: float = 40) -> bool:
    return bool(np.abs(colour - np.array(wanted)).max() < within)


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


def test_the_face_is_untouched() -> None:
    composite = dress(PLAIN)
    assert not composite.mask[PLAIN.face()].any()
    assert np.array_equal(composite.image[PLAIN.face()], PLAIN.camera()[PLAIN.face()])


def test_a_hand_in_front_of_the_chest_stays_a_hand() -> None:
    composite = dress(TOUCHING)
    assert np.array_equal(composite.image[TOUCHING.hand()], TOUCHING.camera()[TOUCHING.hand()])


def test_the_spread_fingers_of_a_hand_in_front_of_the_chest_stay() -> None:
    seen = TOUCHING.camera()
    x, y = (int(v) for v in HAND_ON_CHEST)
    for finger in (y - 8, y + 4):
        seen[finger : finger + 4, x : x + 24] = SKIN
    compositor = TOUCHING.mirror()
    image = compositor.compose(
        Frame(seen, 0.0),
        TOUCHING.body(),
        TOUCHING.drawn(),
        opacity=1.0,
        time_s=0.0,
    ).image
    for finger in (y - 8, y + 4):
        assert near(colour_of(image, np.s_[finger + 1 : finger + 3, x + 18 : x + 22]), SKIN, 30)
    assert near(colour_of(image, np.s_[y : y + 2, x + 16 : x + 22]), GARMENT, 60)


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


def test_a_hand_that_is_not_in_front_is_covered() -> None:
    scene = TOUCHING.but(in_front=False)
    assert near(colour_of(dress(scene).image, scene.hand()), GARMENT, 60)


def test_a_print_in_the_colour_of_skin_is_covered_when_no_hand_is_there() -> None:
    printed = PLAIN.camera()
    printed[130:160, 145:175] = SKIN
    compositor = PLAIN.mirror()
    frame = PLAIN.frame()
    composite = compositor.compose(
        type(frame)(printed),
        PLAIN.body(),
        PLAIN.drawn(),
        opacity=1.0,
        time_s=0.0,
    )
    assert near(colour_of(composite.image, np.s_[135:155, 150:170]), GARMENT, 60)


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


def test_hair_on_the_chest_hangs_over_the_garment() -> None:
    scene = Scene(long_hair=True)
    strand = np.s_[92:118, STRAND[0] + 4 : STRAND[2] - 4]
    assert near(colour_of(dress(scene).image, strand), HAIR, 25)


def test_hair_that_reaches_the_waist_is_not_cut_off() -> None:
    left, top, right, _ = STRAND
    scene = Scene(long_hair=True, strand=(left, top, right, 176))
    assert near(colour_of(dress(scene).image, np.s_[150:170, left + 4 : right - 4]), HAIR, 25)


def test_no_rim_of_the_worn_shirt_stays_around_hair() -> None:
    scene = Scene(long_hair=True, worn=(235, 235, 232))
    left, top, right, bottom = STRAND
    camera = scene.camera()
    wisps = np.s_[100:bottom, left - 5 : left]
    camera[wisps] = np.mean([scene.worn, scene.worn, HAIR], axis=0)
    compositor = Compositor()
    compositor.saw(scene.but(strand=(left - 5, top, right, bottom)).parts())
    frame = replace(scene.frame(), image=camera)
    image = compositor.compose(frame, scene.body(), scene.drawn(), opacity=1.0, time_s=0.0).image
    assert near(colour_of(image, np.s_[104:118, left - 4 : left - 1]), GARMENT, 60)
    assert near(colour_of(image, np.s_[104:118, left + 3 : right - 3]), HAIR, 25)


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


def test_a_hand_that_leaves_leaves_nothing_behind() -> None:
    compositor = Compositor()
    dress(TOUCHING, compositor, times=4)
    gone = compositor.compose(
        PLAIN.frame(),
        PLAIN.body(),
        PLAIN.drawn(),
        opacity=1.0,
        time_s=5 / 30,
    )
    assert near(colour_of(gone.image, TOUCHING.hand()), GARMENT, 60)


def with_back_collar(drawn: DrawnLook) -> DrawnLook:
    collar = np.zeros_like(drawn.rgba)
    collar[72:100, 138:182] = (*BACK, 255)
    return replace(drawn, back_collar=collar)


def test_the_back_collar_lies_beside_the_neck_only() -> None:
    image = dress(PLAIN, drawn=with_back_collar(PLAIN.drawn())).image
    assert near(colour_of(image, np.s_[76:82, 140:145]), BACK, 60)
    for opening in (np.s_[76:83, 153:167], np.s_[87:96, 150:170]):
        assert near(colour_of(image, opening), SKIN, 45)
    between_neck_and_front = np.s_[86:89, 144:146]  # the wall is not seen through a garment
    assert near(colour_of(image, between_neck_and_front), BACK, 60)


def test_a_hood_stands_behind_a_bowed_head() -> None:
    body, drawn = PLAIN.body(), PLAIN.drawn()
    for mark in range(Landmark.MOUTH_RIGHT + 1):  # seen from above, a face looks short and low
        body.pose.landmarks_px[mark, 1] = 62 + 0.75 * (body.pose.landmarks_px[mark, 1] - 60)
    hood = np.zeros_like(drawn.rgba)
    hood[:100] = (*BACK, 255)
    compositor = PLAIN.mirror()
    image = compositor.compose(
        PLAIN.frame(), body, replace(drawn, back_collar=hood), opacity=1.0, time_s=0.0
    ).image
    assert near(colour_of(image, np.s_[40:47, 152:168]), tuple(PLAIN.camera()[43, 160]), 25)


def test_a_higher_worn_neckline_becomes_skin() -> None:
    scene = Scene(worn_top_y=80)
    opening = np.s_[86:95, 150:170]
    assert near(colour_of(scene.camera(), opening), WORN)
    image = dress(scene, times=2).image
    assert np.abs(image[opening].astype(int) - SKIN).max(axis=-1).mean() < 40


class Overtaken(Scene):
    """A hand in a long worn sleeve is back where landmarks see its forearm; they come late."""

    def hand_now(self) -> NDArray[np.float32]:
        _, elbow, wrist, _ = self.joints(Side.RIGHT)
        return np.asarray(elbow + (wrist - elbow) * 0.78, np.float32)

    def painted(self) -> list[tuple[NDArray[np.uint8], tuple[int, int, int], OwnPart]]:
        x, y = (round(float(v)) for v in self.hand_now())
        fist = cv2.circle(np.zeros(self.size_wh[::-1], np.uint8), (x, y), 9, (255,), -1)
        return [*super().painted(), (fist, SKIN, OwnPart.HANDS)]


def test_a_hand_that_landmarks_have_overtaken_stays_before_its_worn_sleeve() -> None:
    scene = Overtaken(hand_on_chest=True, worn_sleeves=True)
    drawn = scene.drawn()
    drawn = replace(drawn, sleeve_reach=dict.fromkeys(Side, 2.0))
    image = dress(scene, drawn=drawn, times=3).image
    x, y = (round(float(v)) for v in scene.hand_now())
    assert near(colour_of(image, np.s_[y - 3 : y + 4, x - 3 : x + 4]), SKIN)


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


def test_no_dark_specks_around_a_hand() -> None:
    image = dress(TOUCHING).image
    x, y = (int(v) for v in HAND_ON_CHEST)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    away = np.hypot(rows - y, columns - x)
    below = (away > 13) & (away < 24) & (rows > y)
    level = image.sum(axis=2)
    assert level[below].min() > 0.65 * np.median(level[below])


def moved(scene: Scene, right: int) -> tuple[Frame, Body, DrawnLook]:
    """A scene in which person and look have moved to the right, px; the wall has not."""
    turn = np.array([right, 0], np.float32)
    body, drawn = scene.body(), scene.drawn()
    pose = replace(
        body.pose,
        landmarks_px=body.pose.landmarks_px + turn,
        person_alpha=np.roll(body.pose.person_alpha, right, axis=1),
    )
    places = ("shoulder", "elbow", "wrist", "hand", "shoulder_tip", "armpit")
    arms = {
        side: replace(arm, **{name: getattr(arm, name) + turn for name in places})
        for side, arm in body.arms.items()
    }
    body = replace(
        body,
        pose=pose,
        mid_shoulder=body.mid_shoulder + turn,
        mid_hip=body.mid_hip + turn,
        arms=arms,
    )
    drawn = replace(
        drawn,
        rgba=np.roll(drawn.rgba, right, axis=1),
        neckline_px=drawn.neckline_px + turn,
        hem_px=drawn.hem_px + turn,
    )
    return Frame(np.roll(scene.camera(), right, axis=1), 4 / 30), body, drawn


def test_when_economising_a_hand_is_followed_between_two_analyses() -> None:
    thrifty, full = Compositor(), Compositor()
    assert thrifty.economise(True)
    assert not thrifty.economise(True)
    dress(TOUCHING, thrifty, times=3)  # the last of these was analysed, the next is carried
    dress(TOUCHING, full, times=3)
    frame, body, drawn = moved(TOUCHING, 4)
    images = [
        mirror.compose(frame, body, drawn, opacity=1.0, time_s=frame.time_s).image.astype(int)
        for mirror in (thrifty, full)
    ]
    x, y = (int(v) for v in HAND_ON_CHEST)
    for place in (np.s_[y - 3 : y + 3, x + 1 : x + 7], np.s_[160:175, TRUNK[0] + 14 : TRUNK[1]]):
        assert np.abs(images[0][place] - images[1][place]).mean() < 6


def test_a_dark_collar_that_touches_only_the_jaw_is_no_hair() -> None:
    collar = np.s_[74:106, 132:152]
    camera, body = PLAIN.camera(), PLAIN.body()
    camera[collar] = HAIR
    person = body.pose.person_alpha.copy()
    person[collar] = 255
    composite = PLAIN.mirror().compose(
        replace(PLAIN.frame(), image=camera),
        replace(body, pose=replace(body.pose, person_alpha=person)),
        PLAIN.drawn(),
        opacity=1.0,
        time_s=0.0,
    )
    assert near(colour_of(composite.image, np.s_[96:103, 135:142]), GARMENT, 60)
