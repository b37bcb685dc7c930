"""Does the garment sit where the body is? Discs painted on the cloth are found again."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from pipeline.body import BodyTracker
from pipeline.labels import Landmark
from pipeline.looks import PhotoLook, draw_look
from pipeline.looks.drape import SEAM_HEIGHT
from pipeline.structures import DrawnLook, Part, Pose, Sleeves

from .figures import (
    CENTRE_X,
    HALF_TEX,
    HALF_WIDTH,
    MIDDLE,
    SIZE_WH,
    TORSO_PX,
    at,
    garment,
    look,
    person,
)

TOLERANCE = 0.03  # torso lengths


def find(drawn: DrawnLook) -> np.ndarray:
    """Centre of the red disc, frame px."""
    rgba = drawn.rgba.astype(int)
    weight = np.clip(rgba[..., 0] - rgba[..., 1] - 60, 0, None).astype(float)
    assert weight.sum() > 500, "the marker is not in the picture"
    y, x = np.mgrid[0 : weight.shape[0], 0 : weight.shape[1]]
    centre = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
    return centre + at(drawn.box.x0, drawn.box.y0)


def shown(pose: Pose, marker: tuple[float, float], sleeves: Sleeves = Sleeves.LONG) -> np.ndarray:
    body = BodyTracker().update(pose, 0.0)
    return find(draw_look(PhotoLook(garment(sleeves, markers={"m": marker})), body, SIZE_WH))


def chest_error(pose: Pose) -> float:
    """Distance of a chest marker from its place by cloth lengths, torso lengths."""
    row = 110.0
    scale = 1.25 * 0.52 * 0.68 * TORSO_PX / HALF_TEX  # a flat top is 1.25 chests wide
    depth = (row - 50.0) * scale - SEAM_HEIGHT * TORSO_PX
    found = shown(pose, (CENTRE_X, row))
    return float(np.hypot(*(found - MIDDLE - [0.0, depth]))) / TORSO_PX


@pytest.mark.parametrize("stance", ["down", "t", "bent", "raised"])
def test_chest_marker_lies_on_the_chest(stance: str) -> None:
    assert chest_error(person(stance)) <= TOLERANCE


def test_a_fit_that_is_off_by_a_twentieth_is_caught() -> None:
    pose = person("down")
    moved = pose.landmarks_px + np.float32([0.05 * TORSO_PX, 0.0])
    wrong = Pose(moved, pose.visibility, pose.z_px, pose.person_alpha)
    assert chest_error(wrong) > TOLERANCE


def test_belly_marker_lies_on_the_centre_line() -> None:
    found = shown(person("t"), (CENTRE_X, 210.0))
    assert abs(found[0] - MIDDLE[0]) / TORSO_PX <= TOLERANCE
    assert 0.60 < (found[1] - MIDDLE[1]) / TORSO_PX < 0.95


@pytest.mark.parametrize("sign", [-1, 1])
def test_side_seams_lie_on_the_silhouette(sign: int) -> None:
    inset = 10.0
    found = shown(person("t"), (CENTRE_X + sign * (81 - inset), 200.0))
    expected = MIDDLE[0] + sign * HALF_WIDTH * 1.04 * (1 - inset / 81)
    assert abs(found[0] - expected) / TORSO_PX <= TOLERANCE


CUFFS = [(stance, name) for stance in ("down", "t", "bent", "raised") for name in ("LEFT", "RIGHT")]


@pytest.mark.parametrize(("stance", "name"), [*CUFFS, ("crossed", "LEFT")])
def test_cuffs_lie_on_the_wrists(stance: str, name: str) -> None:
    sign = 1 if name == "LEFT" else -1
    # 1/16 of the sleeve's length above the cuff, in the middle of its width
    cuff, root = np.array([203.5, 220.0]), np.array([76.0, 90.0])
    x, y = cuff + (root - cuff) / 16
    pose = person(stance)
    found = shown(pose, (CENTRE_X + sign * x, y))
    elbow = pose.landmarks_px[Landmark[f"{name}_ELBOW"]]
    wrist = pose.landmarks_px[Landmark[f"{name}_WRIST"]]
    expected = wrist + (elbow - wrist) * 0.12
    assert np.hypot(*(found - expected)) / TORSO_PX <= 2 * TOLERANCE
    axis = (wrist - elbow) / np.hypot(*(wrist - elbow))
    aside = (found - elbow) @ np.array([-axis[1], axis[0]])
    assert abs(aside) / TORSO_PX <= TOLERANCE


def test_neckline_lies_at_the_base_of_the_neck() -> None:
    body = BodyTracker().update(person("down"), 0.0)
    line = look().deform(body).neckline_px
    assert np.all(np.diff(line[:, 0]) > 0), "picture left to right"
    ends = line[[0, -1], 1].mean()
    assert -0.26 < (ends - MIDDLE[1]) / TORSO_PX < -0.10
    assert -0.14 < (line[:, 1].max() - MIDDLE[1]) / TORSO_PX < 0.05


def test_hem_is_level_and_stretches_only_so_far() -> None:
    tracker = BodyTracker()
    top = look()
    plain = top.deform(tracker.update(person("t"), 0.0)).hem_px
    assert abs(plain[0, 1] - plain[1, 1]) / TORSO_PX < 0.01
    natural = (plain[:, 1].mean() - MIDDLE[1]) / TORSO_PX
    for worn, expected in ((natural - 0.2, natural), (1.2, 1.235), (9.0, natural * 1.22)):
        hem = top.deform(tracker.update(person("t"), 0.1, worn)).hem_px
        assert (hem[:, 1].mean() - MIDDLE[1]) / TORSO_PX == pytest.approx(expected, abs=0.02)


def test_a_turned_body_narrows_the_garment() -> None:
    def width(pose: Pose) -> float:
        tracker = BodyTracker()
        for k in range(20):
            tracker.update(person("down"), k / 30)
        for k in range(20, 40):
            body = tracker.update(pose, k / 30)
        hem = look(Sleeves.SHORT).deform(body).hem_px
        return float(hem[1, 0] - hem[0, 0])

    frontal, turned = width(person("down")), width(person("down", turn=0.7))
    assert 0.65 < turned / frontal < 0.9


@pytest.mark.parametrize("build", [0.57, 0.68, 0.78])
def test_a_round_print_stays_round(build: float) -> None:
    """On slim and on broad people; ``build`` is shoulder width / torso length."""
    top = garment(Sleeves.SHORT)
    texture = top.texture.copy()
    cv2.circle(texture, (int(CENTRE_X), 125), 38, (255, 0, 0, 255), -1)
    top = dataclasses.replace(top, texture=texture)
    body = BodyTracker().update(person("down", turn=build / 0.68), 0.0)
    rgba = draw_look(PhotoLook(top), body, SIZE_WH).rgba.astype(int)
    y, x = np.nonzero(rgba[..., 0] - rgba[..., 1] > 80)
    assert np.std(x) / np.std(y) == pytest.approx(1.0, abs=0.10)


def test_hiding_the_worn_hem_stretches_the_cloth_near_the_hem_only() -> None:
    tracker, top = BodyTracker(), PhotoLook(garment(Sleeves.SHORT))
    low = top.garment.landmarks["armpit_left"][1] + 40.0
    vertices = top.mesh.vertices_tex
    chest = (vertices[:, 1] < low) & (
        top.mesh.sheets[Part.TORSO].rows.stop > np.arange(len(vertices))
    )
    plain = top.deform(tracker.update(person("t"), 0.0)).vertices_px
    stretched = top.deform(tracker.update(person("t"), 0.0, 1.2)).vertices_px
    moved = np.abs(stretched - plain)[:, 1]
    assert moved.max() / TORSO_PX > 0.1
    assert moved[chest].max() / TORSO_PX < 0.02


def test_a_loose_cut_hangs_to_the_hips_and_a_cropped_one_does_not() -> None:
    body = BodyTracker().update(person("t"), 0.0)

    def hem(hem_y: float) -> float:
        line = PhotoLook(garment(Sleeves.SHORT, hem_y=hem_y)).deform(body).hem_px
        return float(line[:, 1].mean() - MIDDLE[1]) / TORSO_PX

    cropped, boxy, usual = (hem(y) for y in (185.0, 225.0, 268.0))
    per_texture_px = 1.25 * body.half_chest_px / HALF_TEX / TORSO_PX
    assert (268.0 - 225.0) * per_texture_px - (usual - boxy) > 0.05
    assert cropped == pytest.approx(usual - (268.0 - 185.0) * per_texture_px, abs=0.04)


@pytest.mark.parametrize("sleeves", [Sleeves.SHORT, Sleeves.SLEEVELESS])
def test_shoulders_and_straps_lie_on_the_silhouette(sleeves: Sleeves) -> None:
    pose = person("down")
    drawn = draw_look(look(sleeves), BodyTracker().update(pose, 0.0), SIZE_WH)
    body_top = (pose.person_alpha > 127).argmax(axis=0)
    cloth = drawn.rgba[..., 3] > 127
    columns = np.flatnonzero(cloth.any(axis=0))
    cloth_top = cloth.argmax(axis=0) + drawn.box.y0
    on_shoulder = np.abs(columns + drawn.box.x0 - MIDDLE[0])
    picked = columns[(on_shoulder > 30) & (on_shoulder < 46)]
    assert len(picked) > 8
    above = body_top[picked + drawn.box.x0] - cloth_top[picked]
    assert np.abs(above).max() / TORSO_PX <= 0.025
