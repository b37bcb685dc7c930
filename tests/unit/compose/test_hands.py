"""Hands in front of a garment, and hands that are not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from drawn_scene import GARMENT, HAND_ON_CHEST, SKIN, TRUNK, WORN, Scene, colour_of, dress, near
from numpy.typing import NDArray

from pipeline.compose.compositor import Compositor
from pipeline.compose.evidence import Witness
from pipeline.compose.parts import CarriedParts
from pipeline.compose.view import CELLS, Viewer
from pipeline.compose.zones import find_zones
from pipeline.labels import OwnPart
from pipeline.structures import Body, DrawnLook, Frame, Side

PLAIN = Scene()
TOUCHING = Scene(hand_on_chest=True)


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


def test_shades_of_a_hand_in_the_direction_of_worn_cloth_stay() -> None:
    seen = TOUCHING.camera()
    shade = TOUCHING.hand() & (np.arange(seen.shape[1]) >= int(HAND_ON_CHEST[0]))
    seen[shade] = 0.8 * np.array(SKIN) + 0.2 * np.array(WORN)
    body, drawn = TOUCHING.body(), TOUCHING.drawn()
    image = TOUCHING.mirror().compose(Frame(seen), body, drawn, opacity=1.0, time_s=0.0).image
    assert (image == seen).all(axis=-1)[TOUCHING.hand()].mean() > 0.85


def skin_at_hand(colour: tuple[int, int, int], *, photo: bool) -> float:
    """Evidence of skin where a hand of this colour lies on the chest, mean of its cells."""
    seen = TOUCHING.camera()
    seen[TOUCHING.hand()] = colour
    body, drawn = TOUCHING.body(), TOUCHING.drawn()
    view = Viewer().look_at(seen, body, drawn, CELLS)
    parts = CarriedParts()
    parts.add(TOUCHING.parts())
    known, zones = parts.on(view, body.pose), find_zones(view, body, drawn)
    evidence = Witness(photo).observe(view, zones, known, 0.0)
    x, y = np.round(view.to_small(HAND_ON_CHEST)).astype(int)
    return float(evidence.skin[y - 2 : y + 3, x - 2 : x + 3].mean())


def test_in_a_photo_the_parser_is_believed_at_hands_and_in_the_mirror_less() -> None:
    shaded = (150, 125, 130)
    assert skin_at_hand(shaded, photo=True) > skin_at_hand(shaded, photo=False) + 50


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
