"""Face, hair, neck and what stands behind them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from drawn_scene import (
    BACK,
    GARMENT,
    HAIR,
    SKIN,
    STRAND,
    WORN,
    Scene,
    colour_of,
    dress,
    near,
    with_back_collar,
)
from numpy.typing import NDArray

from pipeline.compose.compositor import Compositor
from pipeline.labels import Landmark, OwnPart

PLAIN = Scene()


def test_the_face_is_untouched() -> None:
    composite = dress(PLAIN)
    assert not composite.mask[PLAIN.face()].any()
    assert np.array_equal(composite.image[PLAIN.face()], PLAIN.camera()[PLAIN.face()])


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


def test_the_back_collar_lies_beside_the_neck_only() -> None:
    image = dress(PLAIN, drawn=with_back_collar(PLAIN.drawn())).image
    assert near(colour_of(image, np.s_[76:82, 140:145]), BACK, 60)
    for opening in (np.s_[76:83, 153:167], np.s_[87:96, 150:170]):
        assert near(colour_of(image, opening), SKIN, 45)
    between_neck_and_front = np.s_[86:89, 144:146]  # the wall is not seen through a garment
    assert near(colour_of(image, between_neck_and_front), BACK, 60)


class BullNeck(Scene):
    """A neck as wide as the neckline."""

    def painted(self) -> list[tuple[NDArray[np.uint8], tuple[int, int, int], OwnPart]]:
        neck = np.zeros(self.size_wh[::-1], np.uint8)
        neck[72:100, 140:180] = 255
        return [(neck, SKIN, OwnPart.NECK), *super().painted()]


def test_a_wide_neck_hides_the_back_collar_too() -> None:
    scene = BullNeck()
    image = dress(scene, drawn=with_back_collar(scene.drawn())).image
    for side in (np.s_[76:83, 142:146], np.s_[76:83, 174:178]):
        assert near(colour_of(image, side), SKIN, 45)


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
