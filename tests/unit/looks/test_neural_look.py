"""A keyframe as a look: at rest nothing moves, and everything follows the bones."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline import load_garment
from pipeline.body import BodyTracker
from pipeline.labels import Landmark, VitonGroup
from pipeline.looks.crossfade import CrossFade, mix
from pipeline.looks.draw import draw_look
from pipeline.looks.neural import NeuralLook, NothingDressed
from pipeline.looks.photo import PhotoLook
from pipeline.stack.crop import HALF_HW, find_crop
from pipeline.stack.keyframe import Keyframe
from pipeline.structures import Body, DrawnLook, Garment, Part, Pose, Side
from tests.unit.looks.figures import SIZE_WH, person

WIDTH, HEIGHT = SIZE_WH


@pytest.fixture(scope="module")
def garment() -> Garment:
    return load_garment("breton-top")


def dressed_region(pose: Pose) -> np.ndarray:
    """(H, W) bool of the frame: torso and arms of a figure, without its hands."""
    canvas = np.zeros((HEIGHT, WIDTH), np.uint8)
    points = pose.landmarks_px
    torso = points[
        [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER, Landmark.RIGHT_HIP, Landmark.LEFT_HIP]
    ]
    cv2.fillConvexPoly(canvas, torso.round().astype(np.int32), 1)
    for side in ("LEFT", "RIGHT"):
        joints = [points[Landmark[f"{side}_{name}"]] for name in ("SHOULDER", "ELBOW", "WRIST")]
        cv2.polylines(canvas, [np.array(joints).round().astype(np.int32)], False, 1, 22)
    return canvas > 0


def keyframe(pose: Pose, hole: np.ndarray | None = None) -> Keyframe:
    """A picture whose colours say where in the frame they were."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    frame = np.stack([x * 255 // WIDTH, y * 255 // HEIGHT, 0 * x + 90], -1).astype(np.uint8)
    crop = find_crop(pose, HALF_HW)
    shown = dressed_region(pose)
    if hole is not None:
        shown = shown & ~hole
    alpha = crop.cut(np.repeat(255 * shown.astype(np.uint8)[..., None], 3, 2))[..., 0]
    groups = np.where(alpha > 127, VitonGroup.UPPER, VitonGroup.BACKGROUND).astype(np.uint8)
    if hole is not None:
        hidden = crop.cut(np.repeat(255 * hole.astype(np.uint8)[..., None], 3, 2))[..., 0] > 127
        groups[hidden] = VitonGroup.LEFT_ARM
    return Keyframe(crop.cut(frame), alpha, groups, crop, pose, "breton-top", 1.5, 0)


def body(pose: Pose) -> Body:
    return BodyTracker().update(pose, 0.0)


def places(drawn: DrawnLook) -> tuple[np.ndarray, np.ndarray]:
    """Where solid pixels are, and where in the keyframe's frame their colours say they were."""
    solid = drawn.rgba[..., 3] == 255
    rows, columns = np.nonzero(solid)
    now = np.column_stack([columns + drawn.box.x0, rows + drawn.box.y0])
    red, green = drawn.rgba[solid][:, :2].T.astype(float)
    # colours were cut to bytes: the middle of their step
    return now, np.column_stack([(red + 0.5) * WIDTH / 255, (green + 0.5) * HEIGHT / 255]) - 0.5


def moved_by(pose: Pose, x: float, y: float) -> Pose:
    return replace(pose, landmarks_px=pose.landmarks_px + np.array([x, y], np.float32))


@pytest.mark.parametrize("stance", ["down", "t", "bent", "raised"])
def test_at_its_own_pose_nothing_moves(garment: Garment, stance: str) -> None:
    pose = person(stance)
    drawn = draw_look(NeuralLook(keyframe(pose), garment), body(pose), SIZE_WH)
    now, was = places(drawn)
    off = now - was
    assert np.abs(off.mean(axis=0)).max() < 0.6
    assert np.percentile(np.abs(off), 95) < 3.0  # a step is 2.5 px
    shown = dressed_region(pose)
    on_frame = np.zeros((HEIGHT, WIDTH), bool)
    on_frame[drawn.box.slices] = drawn.rgba[..., 3] > 127
    assert (on_frame & shown).sum() / (on_frame | shown).sum() > 0.95


def test_it_goes_where_the_person_goes(garment: Garment) -> None:
    pose = person("down")
    look = NeuralLook(keyframe(pose), garment)
    now, was = places(draw_look(look, body(moved_by(pose, 40.0, -12.0)), SIZE_WH))
    assert np.allclose((now - was).mean(axis=0), (40.0, -12.0), atol=0.8)


def test_a_forearm_carries_its_sleeve(garment: Garment) -> None:
    pose = person("t")
    look = NeuralLook(keyframe(pose), garment)
    bent = pose.landmarks_px.copy()
    elbow, wrist = bent[Landmark.LEFT_ELBOW].copy(), bent[Landmark.LEFT_WRIST].copy()
    bent[Landmark.LEFT_WRIST] = elbow + np.array(
        [0, wrist[0] - elbow[0]]
    )  # hangs down from the elbow
    drawn = draw_look(look, body(replace(pose, landmarks_px=bent)), SIZE_WH)
    now, was = places(drawn)
    near_wrist = np.hypot(*(was - (0.3 * elbow + 0.7 * wrist)).T) < 5
    assert near_wrist.sum() > 20
    wanted = 0.3 * elbow + 0.7 * bent[Landmark.LEFT_WRIST]
    assert np.hypot(*(now[near_wrist].mean(axis=0) - wanted)) < 6
    on_chest = np.hypot(*(was - (320.0, 250.0)).T) < 15
    assert np.abs((now - was)[on_chest].mean(axis=0)).max() < 1


def test_parts_are_found(garment: Garment) -> None:
    pose = person("t")
    drawn = draw_look(NeuralLook(keyframe(pose), garment), body(pose), SIZE_WH)
    codes = {}
    for name, mark in (("left", Landmark.LEFT_ELBOW), ("right", Landmark.RIGHT_ELBOW)):
        x, y = pose.landmarks_px[mark].round().astype(int) - (drawn.box.x0, drawn.box.y0)
        codes[name] = drawn.parts[y, x]
    assert codes == {"left": 2, "right": 3}
    assert drawn.parts[250 - drawn.box.y0, 320 - drawn.box.x0] == 1
    assert drawn.sleeve_reach == pytest.approx({Side.LEFT: 2.0, Side.RIGHT: 2.0})


def test_lines_lie_on_the_garments_edges(garment: Garment) -> None:
    pose = person("t")
    drawn = draw_look(NeuralLook(keyframe(pose), garment), body(pose), SIZE_WH)
    assert (np.diff(drawn.neckline_px[:, 0]) > 0).all()
    assert np.abs(drawn.neckline_px[:, 1] - 170.0).max() < 14  # between the shoulders, arms' width
    hip_y = float(pose.landmarks_px[Landmark.LEFT_HIP, 1])
    assert np.abs(drawn.hem_px[:, 1] - hip_y).max() < 6
    assert drawn.hem_px[0, 0] < drawn.hem_px[1, 0]


def test_what_a_hand_hid_comes_from_the_photo_look(garment: Garment) -> None:
    pose = person("down")
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[230:270, 300:340] = True
    under = draw_look(PhotoLook(garment), body(pose), SIZE_WH)
    without = draw_look(NeuralLook(keyframe(pose, hole), garment), body(pose), SIZE_WH)
    filled = draw_look(NeuralLook(keyframe(pose, hole), garment, under), body(pose), SIZE_WH)
    for drawn, least in ((without, 0), (filled, 250)):
        alpha = drawn.rgba[250 - drawn.box.y0, 320 - drawn.box.x0, 3]
        assert alpha >= least
    assert without.rgba[250 - without.box.y0, 320 - without.box.x0, 3] < 60


def test_what_would_tear_is_not_carried(garment: Garment) -> None:
    look = NeuralLook(keyframe(person("down")), garment)
    assert look.carries(person("down")) and look.carries(moved_by(person("down"), 60.0, 0.0))
    assert not look.carries(person("raised"))
    assert not look.carries(person("down", turn=0.5))


def test_nothing_dressed_is_no_look(garment: Garment) -> None:
    empty = replace(keyframe(person("down")), alpha=np.zeros(HALF_HW, np.uint8))
    with pytest.raises(NothingDressed):
        NeuralLook(empty, garment)


def test_islands_of_noise_are_not_shown(garment: Garment) -> None:
    pose = person("down")
    made = keyframe(pose)
    alpha = made.alpha.copy()
    alpha[4:14, 4:14] = 255
    look = NeuralLook(replace(made, alpha=alpha), garment)
    assert look.mesh.vertices_tex[look.mesh.sheets[Part.TORSO].rows].min() > 20


class Plain:
    """A look of one flat colour, wherever the person is."""

    def __init__(self, look: NeuralLook, brightness: int) -> None:
        self._look = look
        levels = {
            part: replace(
                sheet,
                levels=tuple(
                    level._replace(
                        packed=np.full_like(level.packed, brightness * 0x010101 + (255 << 24))
                    )
                    for level in sheet.levels
                ),
            )
            for part, sheet in look.mesh.sheets.items()
        }
        self.mesh = replace(look.mesh, sheets=levels)
        self.collar = None
        self.deform = look.deform


def test_looks_of_one_garment_fade_into_each_other(garment: Garment) -> None:
    pose = person("down")
    look = NeuralLook(keyframe(pose), garment)
    dark, bright = Plain(look, 50), Plain(look, 200)
    fade = CrossFade(fade_s=0.2)
    seen = []
    for step in range(8):
        drawn = fade.draw(
            dark if step < 2 else bright, body(pose), SIZE_WH, step * 0.05, garment=garment
        )
        seen.append(int(drawn.rgba[250 - drawn.box.y0, 320 - drawn.box.x0, 0]))
    assert seen[:3] == [50, 50, 50] and seen[-2:] == [200, 200]
    assert (np.diff(seen[2:7]) > 0).all()


def test_another_garment_appears_at_once(garment: Garment) -> None:
    pose = person("down")
    look = NeuralLook(keyframe(pose), garment)
    fade = CrossFade(fade_s=10.0)
    fade.draw(Plain(look, 50), body(pose), SIZE_WH, 0.0, garment=garment)
    drawn = fade.draw(Plain(look, 200), body(pose), SIZE_WH, 0.1, garment=object())
    assert drawn.rgba[250 - drawn.box.y0, 320 - drawn.box.x0, 0] == 200


def test_a_mix_covers_both_boxes(garment: Garment) -> None:
    pose = person("down")
    look = NeuralLook(keyframe(pose), garment)
    here = replace(draw_look(look, body(pose), SIZE_WH), lit=0.0)
    there = replace(draw_look(look, body(moved_by(pose, 50.0, 20.0)), SIZE_WH), lit=1.0)
    both = mix(here, there, 0.25)
    assert both.box.x0 == here.box.x0 and both.box.x1 == there.box.x1
    assert both.rgba[..., 3].max() == 255 and both.lit == pytest.approx(0.25)
    assert both.torso_alpha.shape == both.parts.shape == both.rgba.shape[:2]
