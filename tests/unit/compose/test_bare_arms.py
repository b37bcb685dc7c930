"""Bare arms that are painted where a worn sleeve was: outline, light and edge."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_scene import GARMENT, HAND_ON_CHEST, SKIN, WALL, WORN, Scene
from numpy.typing import NDArray

from pipeline.compose.loops.arms import ENTRIES, PER_STATION, light_on, outline_arm
from pipeline.compose.loops.fills import paint_fill, shade_skin
from pipeline.labels import OwnPart
from pipeline.limbs import STATIONS, USUAL
from pipeline.structures import DrawnLook, Frame, Image, Points, Side

HANGING = np.array([(40, 10), (40, 40), (40, 70), (40, 80)], np.float32)


class ShadedHem(Scene):
    """Short worn sleeves whose hem lies in its own shadow, on a bare arm in front of the torso."""

    def painted(self) -> list[tuple[NDArray[np.uint8], tuple[int, int, int], OwnPart]]:
        shade = (int(SKIN[0] * 0.7), int(SKIN[1] * 0.7), int(SKIN[2] * 0.7))
        sleeve, hem = (along(self, 0.0, end) * np.uint8(255) for end in (0.6, 0.7))
        wide = np.ones((9, 9))
        sleeve, hem = cv2.dilate(sleeve, wide), cv2.dilate(hem, wide)
        hem &= cv2.dilate(along(self, 0.0, 1.0) * np.uint8(255), np.ones((7, 7)))
        return [*super().painted(), (hem, shade, OwnPart.ARMS), (sleeve, WORN, OwnPart.UPPER)]


def dressed(scene: Scene, drawn: DrawnLook | None = None) -> Image:
    """The scene's person in the scene's short-sleeved garment, or another one."""
    frame = scene.frame()
    return (
        scene.mirror()
        .compose(frame, scene.body(), drawn or scene.drawn(), opacity=1.0, time_s=frame.time_s)
        .image
    )


def along(scene: Scene, start: float, end: float) -> NDArray[np.bool_]:
    """The middle of the right upper arm between two places on it."""
    shoulder, elbow, _, _ = scene.joints(Side.RIGHT)
    ends = [shoulder + (elbow - shoulder) * place for place in (start, end)]
    first, last = (tuple(p.round().astype(int).tolist()) for p in ends)
    return cv2.line(np.zeros(scene.size_wh[::-1], np.uint8), first, last, (255,), 9) > 0


def test_an_arm_tapers_as_its_half_widths_say() -> None:
    half = np.tile(np.linspace(9.0, 4.0, ENTRIES, dtype=np.float32), (2, 1))
    alpha, _ = outline_arm(100, 80, HANGING, half, 1.0)
    for row in (20, 40, 60):
        place = (row - 10) / 30 * PER_STATION
        wanted = 2 * np.interp(place, np.arange(ENTRIES), half[0])
        assert alpha[row].sum() / 255 == pytest.approx(wanted, abs=0.6)


@pytest.mark.parametrize("outward", [1.0, -1.0])
def test_the_outer_side_is_the_one_away_from_the_body(outward: float) -> None:
    half = np.stack([np.full(ENTRIES, 9.0), np.full(ENTRIES, 4.0)]).astype(np.float32)
    alpha, _ = outline_arm(100, 80, HANGING, half, outward)
    right, left = alpha[30, 41:].sum() / 255, alpha[30, :40].sum() / 255
    wider, slimmer = (right, left) if outward > 0 else (left, right)
    assert wider - slimmer == pytest.approx(5.0, abs=0.6)


def test_a_limb_is_darker_at_its_edges_and_brighter_towards_the_light() -> None:
    half = np.full((2, ENTRIES), 8.0, np.float32)
    _, across = outline_arm(100, 80, HANGING, half, 1.0)
    plane, arm = np.zeros((100, 80), np.uint8), np.ones((100, 80), np.uint8)
    light = light_on(across, plane, arm, 0.1, 0.0, 0.3, 0.1, 0.5)[30]
    assert light[40] == pytest.approx(1.0, abs=0.02)
    assert light[33] < light[47] < light[40]


def test_a_painted_arm_has_forms_along_its_length() -> None:
    half = np.full((2, ENTRIES), 8.0, np.float32)
    _, across = outline_arm(100, 80, HANGING, half, 1.0)
    plane, arm = np.zeros((100, 80), np.uint8), np.ones((100, 80), np.uint8)
    light = light_on(across, plane, arm, 0.0, 0.0, 0.3, 0.1, 0.5)[:, 40]
    muscle, elbow, forearm = light[28], light[41], light[49]
    assert min(muscle, forearm) > elbow + 0.05


def test_painted_skin_is_redder_where_less_light_falls() -> None:
    plane = np.full((8, 8), 255, np.uint8)
    shaded = np.tile(np.float32([200, 150, 120, 1.0]), (8, 8, 1))
    light = np.ones((8, 8), np.float32)
    light[:, :4] = 0.7
    none = np.zeros((8, 8), np.uint8)
    skin = paint_fill(plane, none, shaded, light, shaded[..., :3].copy())[:3].astype(float)
    dark, bright = skin[:, 4, 1], skin[:, 4, 6]
    assert dark.sum() < 0.8 * bright.sum()
    assert dark[0] / dark[2] > 1.1 * bright[0] / bright[2]


def test_what_painted_skin_has_of_skin_nearby_is_lit_already() -> None:
    plane, none = np.full((8, 8), 255, np.uint8), np.zeros((8, 8), np.uint8)
    shaded = np.tile(np.float32([200, 150, 120, 0.0]), (8, 8, 1))
    shaded[:, 4:, 3] = 0.5
    light = np.full((8, 8), 0.6, np.float32)
    skin = paint_fill(plane, none, shaded, light, shaded[..., :3].copy())[:3].astype(float)
    np.testing.assert_array_equal(skin[:, 4, 1], (200, 150, 120))
    assert skin[:, 4, 6].sum() < 0.9 * skin[:, 4, 1].sum()


@pytest.mark.parametrize(("reach", "bare_from"), [(0.55, 0.63), (0.0, 0.5)])
def test_an_upper_arm_is_before_the_garment_from_the_drawn_sleeve_on(
    reach: float, bare_from: float
) -> None:
    """The garment's side does not end in a step somewhere below its sleeve, or its armhole."""
    scene = Scene(hand_on_chest=True, sleeveless=True)
    drawn = replace(scene.drawn(), sleeve_reach=dict.fromkeys(Side, reach))
    arm = along(scene, bare_from, 0.85) & (drawn.rgba[..., 3] > 0)
    assert arm.sum() > 30
    skin = dressed(scene, drawn)[arm].astype(int)
    assert np.abs(skin - scene.skin).max(axis=-1).mean() < 25


def test_the_shadow_under_a_worn_hem_is_no_ring_around_a_painted_arm() -> None:
    scene = ShadedHem(hand_on_chest=True, sleeveless=True)
    drawn = replace(scene.drawn(), sleeve_reach=dict.fromkeys(Side, 0.0))
    drawn.rgba[along(scene, 0.3, 1.0)] = 0
    below_hem = dressed(scene, drawn)[along(scene, 0.62, 0.8)].astype(int)
    assert np.percentile(below_hem.sum(axis=-1), 5) > 0.85 * sum(SKIN)


def test_nothing_of_a_worn_sleeve_shows_around_a_painted_forearm() -> None:
    scene = Scene(hand_on_chest=True, worn_sleeves=True)
    image = dressed(scene).astype(int)
    _, elbow, wrist, _ = scene.joints(Side.RIGHT)
    around = np.zeros(image.shape[:2], np.uint8)
    ends = [tuple(p.round().astype(int).tolist()) for p in (elbow, elbow + (wrist - elbow) * 0.7)]
    cv2.line(around, *ends, 255, 26)
    like = np.abs(image[around > 0] - np.array(WORN)).max(axis=1)
    mix = np.abs(image[around > 0] - (np.array(WORN) + np.array(GARMENT)) // 2).max(axis=1)
    assert like.min() > 45
    assert mix.min() > 20


def test_the_rim_of_a_hand_does_not_keep_the_worn_colour() -> None:
    scene = Scene(hand_on_chest=True)
    camera = cv2.GaussianBlur(scene.camera(), (0, 0), 1.5)  # an edge as wide as a webcam's
    compositor = scene.mirror()
    frame = scene.frame()
    image = compositor.compose(
        type(frame)(camera, 0.0), scene.body(), scene.drawn(), opacity=1.0, time_s=0.0
    ).image.astype(int)
    x, y = (int(v) for v in HAND_ON_CHEST)
    ring = np.zeros(image.shape[:2], np.uint8)
    cv2.ellipse(ring, (x, y), (12, 12), 0, -80, 80, 255, 5)
    blue = image[..., 2] - image[..., 0]  # only the worn shirt is bluer than red
    assert blue[ring > 0].max() < 10


TANNED = (150, 100, 70)


def without_sleeves(drawn: DrawnLook) -> DrawnLook:
    rgba = drawn.rgba.copy()
    rgba[drawn.torso_alpha == 0] = 0
    bare = dict.fromkeys(Side, 0.0)
    return replace(drawn, rgba=rgba, parts=(rgba[..., 3] > 0).astype(np.uint8), sleeve_reach=bare)


def upper_arm(scene: Scene, side: Side) -> np.ndarray:
    """The middle of what a short worn sleeve covers, clear of the torso."""
    shoulder, elbow, _, _ = scene.joints(side)
    inside = np.zeros(scene.size_wh[::-1], np.uint8)
    ends = [
        tuple(np.round(shoulder + (elbow - shoulder) * t).astype(int).tolist()) for t in (0.6, 0.8)
    ]
    cv2.line(inside, *ends, 255, 5)
    return inside > 0


def test_a_painted_upper_arm_has_the_colour_of_the_forearm_below_it() -> None:
    scene = Scene()
    camera = scene.camera()
    for side in Side:  # the sun has been on them, but not on hands and face
        _, elbow, wrist, _ = scene.joints(side)
        arm = np.zeros(camera.shape[:2], np.uint8)
        ends = [tuple(np.round(p).astype(int).tolist()) for p in (elbow, wrist)]
        cv2.line(arm, *ends, 255, 13)
        tan = (arm > 0) & (np.abs(camera.astype(int) - SKIN).max(axis=2) < 20)
        camera[tan] = TANNED
    image = (
        scene.mirror()
        .compose(Frame(camera), scene.body(), without_sleeves(scene.drawn()), opacity=1.0, time_s=0)
        .image
    )
    for side in Side:
        colour = np.median(image[upper_arm(scene, side)], axis=0)
        assert np.abs(colour - TANNED).max() < np.abs(colour - SKIN).max()


def _painted_chest(darker: slice, light: float) -> np.ndarray:
    """Median colour of chest painted under a high worn neckline, with rows above it darker."""
    scene = Scene(worn_top_y=90)
    camera = scene.camera()
    camera[darker, 140:180] = np.array(SKIN) * light
    image = (
        scene.mirror()
        .compose(Frame(camera), scene.body(), scene.drawn(), opacity=1.0, time_s=0.0)
        .image
    )
    return np.asarray(np.median(image[88:94, 154:166].reshape(-1, 3), axis=0))


def test_a_painted_chest_is_shaded_like_the_neck_above_it() -> None:
    assert _painted_chest(np.s_[83:90], 0.6).sum() < 0.98 * _painted_chest(np.s_[83:90], 1.0).sum()


def test_a_beard_lends_its_colour_to_no_painted_chest() -> None:
    beard = np.s_[66:82]
    assert _painted_chest(beard, 0.4).sum() > 0.9 * _painted_chest(beard, 1.0).sum()


def test_a_painted_chest_gets_lighter_farther_below_the_chin() -> None:
    """Skin nearby lies in the chin's shadow."""
    half, cells = np.ones((2, 2, 2), np.float32), (4, 4)
    neck = np.zeros(cells, np.uint8)
    tones = np.full((3, 3), 200, np.float32)
    shaded = np.float32([[[120, 120, 120, 1]] * 2] * 2)
    near, far = (
        shade_skin(
            shaded, half, half, tones, neck, np.full_like(neck, below), 0.2, 8.0, 1.0, 1.0, 1.0
        )
        for below in (0, 100)
    )
    assert 120 < near[0, 0, 0] < 140
    assert far[0, 0, 0] > 160
    assert far[0, 0, 3] > near[0, 0, 3]  # and more of the chin's shadow is added to what is not


def test_painted_arms_are_about_as_light_as_the_face_when_a_hand_is_blurred_with_dark_cloth() -> (
    None
):
    scene = Scene(worn_sleeves=True)
    camera = scene.camera()
    for side in Side:
        x, y = np.round(scene.joints(side)[3]).astype(int).tolist()
        hand = np.zeros(camera.shape[:2], np.uint8)
        cv2.circle(hand, (x, y), 14, (255,), -1)
        skin = (hand > 0) & (np.abs(camera.astype(int) - SKIN).max(axis=2) < 20)
        camera[skin] = np.array(SKIN) * 0.6
    image = (
        scene.mirror()
        .compose(Frame(camera), scene.body(), scene.drawn(), opacity=1.0, time_s=0.0)
        .image
    )
    for side in Side:
        assert np.median(image[scene.forearm(side)], axis=0).sum() > 0.7 * sum(SKIN)


class WideSleeves(Scene):
    """The worn short sleeves stand off the arms."""

    def painted(self) -> list[tuple[np.ndarray, tuple[int, int, int], OwnPart]]:
        wide = np.zeros(self.size_wh[::-1], np.uint8)
        for side in Side:
            shoulder, elbow, _, _ = self.joints(side)
            end = shoulder + (elbow - shoulder) * 0.7
            ends = [tuple(np.round(p).astype(int).tolist()) for p in (shoulder, end)]
            cv2.line(wide, *ends, 255, 36)
        return [*super().painted(), (wide, WORN, OwnPart.UPPER)]


@pytest.mark.parametrize(("upper", "fore"), [(0.6, 0.6), (1.3, 0.6), (1.3, 1.2)])
def test_a_slim_arm_is_painted_slim_below_a_wide_worn_sleeve(upper: float, fore: float) -> None:
    scene = WideSleeves()
    body = scene.body()
    # the outline of a person has its sleeves' width, and a foreshortened forearm its own
    seen = np.interp(STATIONS, [0.6, 0.82, 1.0, 1.16], [upper, 0.6, 0.6, fore])
    slim = (seen * body.half_chest_px * np.stack([USUAL] * 2)).astype(np.float32)
    arms = {side: replace(arm, thickness_px=slim) for side, arm in body.arms.items()}
    body, drawn = replace(body, arms=arms), without_sleeves(scene.drawn())
    image = scene.mirror().compose(scene.frame(), body, drawn, opacity=1.0, time_s=0.0).image
    for side in Side:
        shoulder, elbow, _, _ = scene.joints(side)
        x, y = np.round(shoulder + (elbow - shoulder) * 0.5).astype(int).tolist()
        beside = x + 10 * (-1 if side is Side.RIGHT else 1)
        colour = np.median(image[y - 2 : y + 3, beside - 1 : beside + 2], axis=(0, 1))
        assert np.abs(colour - WALL).max() < 25


@pytest.mark.parametrize("behind", [False, True])
def test_no_forearm_is_painted_of_an_arm_that_goes_behind_the_body(behind: bool) -> None:
    scene = Scene(worn_sleeves=True)
    _, elbow, wrist, _ = scene.joints(Side.LEFT)
    x, y = (elbow + (wrist - elbow) * 0.8).astype(int)
    body = scene.body()
    arms = {**body.arms, Side.LEFT: replace(body.arms[Side.LEFT], behind=behind)}
    body, frame = replace(body, arms=arms), scene.frame()
    image = scene.mirror().compose(frame, body, scene.drawn(), opacity=1.0, time_s=0.0).image
    place = image[y - 3 : y + 4, x - 3 : x + 4].astype(int)
    assert (np.abs(place - (WORN if behind else SKIN)).max(axis=-1) < 40).all()


class PressedIn(Scene):
    """The right upper arm, in a long worn sleeve, lies before the torso as its forearm does."""

    def joints(self, side: Side) -> Points:
        if side is Side.LEFT:
            return super().joints(side)
        return np.array([(130, 96), (136, 144), (158, 150), HAND_ON_CHEST], np.float32)


def test_an_upper_arm_before_the_torso_joins_its_forearm_to_the_drawn_sleeve() -> None:
    scene = PressedIn(hand_on_chest=True, worn_sleeves=True)
    upper = dressed(scene)[along(scene, 0.72, 0.95)].astype(int)
    assert np.median(np.abs(upper - scene.skin).max(axis=-1)) < 40
