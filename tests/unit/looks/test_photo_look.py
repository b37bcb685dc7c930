from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from pipeline.body import BodyTracker
from pipeline.errors import NotSupported
from pipeline.looks import PhotoLook, draw_look
from pipeline.looks.mesh import folded_share
from pipeline.structures import PART_CODES, Body, Category, Part, Pose, Side, Sleeves

from .figures import MIDDLE, SIZE_WH, STANCES, TORSO_PX, at, garment, look, person


def body_of(stance: str) -> Body:
    return BodyTracker().update(person(stance), 0.0)


@pytest.mark.parametrize("sleeves", list(Sleeves))
@pytest.mark.parametrize("stance", list(STANCES))
def test_hardly_any_cloth_is_folded_over(sleeves: Sleeves, stance: str) -> None:
    top = look(sleeves)
    assert folded_share(top.mesh, top.deform(body_of(stance)).vertices_px) <= 0.03


@pytest.mark.parametrize("stance", list(STANCES))
def test_the_garment_stays_on_the_person(stance: str) -> None:
    pose = person(stance)
    drawn = draw_look(look(), BodyTracker().update(pose, 0.0), SIZE_WH)
    reach = int(2 * 0.05 * TORSO_PX) | 1
    near = cv2.dilate((pose.person_alpha > 127).astype(np.uint8), np.ones((reach, reach)))
    cloth = drawn.rgba[..., 3] > 127
    assert (cloth & (near[drawn.box.slices] == 0)).sum() / cloth.sum() <= 0.03


def test_sleeves_cross_the_torso_in_depth_order() -> None:
    body = body_of("crossed")
    drawn = draw_look(look(), body, SIZE_WH)
    assert body.nearer_arm is Side.LEFT
    x, y = (MIDDLE + at(0, 0.40 * TORSO_PX)).astype(int)
    here = drawn.parts[y - drawn.box.y0, x - drawn.box.x0]
    assert here == PART_CODES[Part.LEFT_SLEEVE]
    assert drawn.torso_alpha[y - drawn.box.y0, x - drawn.box.x0] == 255


def test_an_arm_behind_the_back_is_drawn_behind_the_torso() -> None:
    body = body_of("crossed")
    arms = {side: dataclasses.replace(arm, behind=True) for side, arm in body.arms.items()}
    drawn = draw_look(look(), dataclasses.replace(body, arms=arms), SIZE_WH)
    x, y = (MIDDLE + at(0, 0.40 * TORSO_PX)).astype(int)
    assert drawn.parts[y - drawn.box.y0, x - drawn.box.x0] == PART_CODES[Part.TORSO]


def test_sleeve_reach_tells_long_from_short_from_none() -> None:
    body = body_of("down")
    reach = {kind: look(kind).deform(body).sleeve_reach for kind in Sleeves}
    assert reach[Sleeves.LONG][Side.LEFT] == pytest.approx(2.0, abs=0.1)
    assert 0.3 < reach[Sleeves.SHORT][Side.RIGHT] < 1.1
    assert reach[Sleeves.SLEEVELESS] == {}


def test_same_input_same_pixels() -> None:
    top = look()
    first, second = (draw_look(top, body_of("bent"), SIZE_WH) for _ in range(2))
    assert first.box == second.box
    assert np.array_equal(first.rgba, second.rgba)
    assert np.array_equal(first.vertices_px, second.vertices_px)


def test_a_still_person_wears_a_still_garment() -> None:
    rng = np.random.default_rng(7)
    tracker, top = BodyTracker(), look()
    still = person("down")
    vertices = []
    for k in range(60):
        noise = rng.normal(0, 0.12, still.landmarks_px.shape)  # what is left after smoothing
        alpha = np.clip(still.person_alpha + rng.normal(0, 20, still.person_alpha.shape), 0, 255)
        _, jpeg = cv2.imencode(".jpg", alpha.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])
        pose = Pose(
            (still.landmarks_px + noise).astype(np.float32),
            still.visibility,
            still.z_px,
            cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE),
        )
        vertices.append(top.deform(tracker.update(pose, k / 30)).vertices_px)
    settled = np.array(vertices[10:])
    assert settled.std(axis=0).mean() <= 0.8
    steps = np.linalg.norm(np.diff(settled, axis=0), axis=-1)
    assert np.percentile(steps, 95) <= 0.5


def test_a_dress_goes_on_below_the_hips() -> None:
    hem = {
        y: PhotoLook(garment(Sleeves.SHORT, Category.DRESS, hem_y=y)).deform(body_of("t")).hem_px
        for y in (300.0, 420.0)
    }
    depth = {y: (line[:, 1].mean() - MIDDLE[1]) / TORSO_PX for y, line in hem.items()}
    assert depth[420.0] > depth[300.0] + 0.3 > 1.3


def test_a_wide_skirt_falls_as_a_cone_without_a_shelf() -> None:
    dress = garment(Sleeves.SHORT, Category.DRESS, hem_y=460.0)
    parts, marks = dress.parts.copy(), dict(dress.landmarks)
    wide = {Side.RIGHT: np.array([20, 460]), Side.LEFT: np.array([460, 460])}
    skirt = [[165, 170], [315, 170], wide[Side.LEFT], wide[Side.RIGHT]]
    cv2.fillPoly(parts, [np.int32(skirt)], PART_CODES[Part.TORSO])
    marks.update({f"hem_{side}": place.astype(np.float32) for side, place in wide.items()})
    texture = np.zeros_like(dress.texture)
    texture[parts > 0] = (90, 90, 90, 255)
    dress = dataclasses.replace(dress, texture=texture, parts=parts, landmarks=marks)
    drawn = draw_look(PhotoLook(dress), body_of("t"), SIZE_WH)
    depth = np.arange(drawn.box.y0, drawn.box.y1) - MIDDLE[1]
    skirt_rows = (depth > 0.7 * TORSO_PX) & (depth < 1.4 * TORSO_PX)
    width = (drawn.rgba[..., 3] > 127).sum(axis=1)[skirt_rows][::8].astype(float)
    growth = np.diff(width) / 8.0  # both sides together
    assert growth.min() > 0.2 and growth.max() < 0.8


def test_trousers_are_refused_in_a_sentence() -> None:
    with pytest.raises(NotSupported, match=r"Test top .* not supported yet\. Choose"):
        PhotoLook(garment(category=Category.LOWER))


def test_a_body_at_the_rim_is_clipped_to_the_frame() -> None:
    body = BodyTracker().update(person("t", middle=np.array([20.0, 60.0])), 0.0)
    drawn = draw_look(look(), body, SIZE_WH)
    assert drawn.box.x0 == 0 and drawn.rgba.shape[:2] == (drawn.box.height, drawn.box.width)


def test_a_body_outside_the_frame_draws_nothing() -> None:
    body = BodyTracker().update(person("down", middle=np.array([-900.0, 170.0])), 0.0)
    assert draw_look(look(), body, SIZE_WH).rgba.size == 0


def test_the_back_collar_is_drawn_behind_the_neckline() -> None:
    top = garment()
    collar = np.zeros_like(top.texture)
    collar[30:50, 215:265] = (40, 40, 40, 255)
    top = dataclasses.replace(top, back_collar=collar)
    drawn = draw_look(PhotoLook(top), body_of("down"), SIZE_WH)
    assert drawn.back_collar is not None
    rows, columns = np.nonzero(drawn.back_collar[..., 3])
    middle = drawn.neckline_px.mean(axis=0) - [drawn.box.x0, drawn.box.y0]
    assert abs(columns.mean() - middle[0]) < 3
    assert abs(rows.mean() - middle[1]) < 0.10 * TORSO_PX
