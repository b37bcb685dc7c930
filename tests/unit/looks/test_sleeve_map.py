"""Where the cloth of a sleeve lies between its edges, and that it covers the shoulder."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from pipeline.body import BodyTracker
from pipeline.labels import Landmark
from pipeline.looks import PhotoLook, draw_look
from pipeline.looks.mesh import MARGIN_PX
from pipeline.looks.sleeve_map import PAST_CUFF, RIM_PX, map_sleeve
from pipeline.structures import PART_CODES, Garment, Part, Side

from .figures import CENTRE_X, MIDDLE, SIZE_WH, TORSO_PX, garment, person

# a sleeve that hangs down beside the torso, puffed at the shoulder (wearer's left)
OUTER = [(72, 50), (104, 56), (122, 80), (128, 130), (128, 260)]
INNER = [(92, 262), (90, 180), (80, 130)]
CUFFS = {"outer": OUTER[-1], "inner": INNER[0]}


def hanging() -> Garment:
    top = garment()
    parts = np.where(top.parts == PART_CODES[Part.TORSO], top.parts, 0).astype(np.uint8)
    marks = dict(top.landmarks)
    for side, sign in ((Side.LEFT, 1), (Side.RIGHT, -1)):
        outline = [(CENTRE_X + sign * x, y) for x, y in OUTER + INNER]
        part = Part.LEFT_SLEEVE if side is Side.LEFT else Part.RIGHT_SLEEVE
        cv2.fillPoly(parts, [np.int32(outline)], PART_CODES[part])
        for name, (x, y) in CUFFS.items():
            marks[f"cuff_{name}_{side}"] = np.array([CENTRE_X + sign * x, y], np.float32)
    texture = np.zeros_like(top.texture)
    texture[parts > 0] = (90, 90, 90, 255)
    return Garment("h", "Hanging", top.category, top.sleeves, texture, parts, marks, top.neckline)


def mapped(points: list[tuple[float, float]], teeth: bool = False) -> tuple[np.ndarray, np.ndarray]:
    top = hanging()
    region = top.parts == PART_CODES[Part.LEFT_SLEEVE]
    if teeth:  # as where pale stripes are lost on a pale wall
        region[140:250:12, int(CENTRE_X) + 118 :] = False
        region[141:250:12, int(CENTRE_X) + 118 :] = False
    places = np.array(points) + np.array([CENTRE_X, 0.0])
    marks = {name: point.astype(np.float64) for name, point in top.landmarks.items()}
    sleeve = map_sleeve(marks, Side.LEFT, region, places, np.ones(len(places)))
    return sleeve.across, sleeve.along


def test_edges_of_a_curved_sleeve_are_its_edges() -> None:
    for edge, side in ((OUTER, 1.0), (INNER[::-1], 0.0)):
        corners = np.array(edge, float)
        walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
        share = np.array([0.06, 0.15, 0.4, 0.8])
        at = [np.interp(share * walked[-1], walked, corners[:, axis]) for axis in range(2)]
        across, along = mapped(np.column_stack(at).tolist())
        assert np.abs(across - side).max() < 0.08
        assert np.abs(along - share).max() < 0.04


def test_a_frayed_edge_is_an_edge() -> None:
    whole, frayed = mapped([(128, 170), (128, 220)]), mapped([(128, 170), (128, 220)], teeth=True)
    assert np.abs(frayed[0] - whole[0]).max() < 0.2
    assert np.abs(frayed[1] - whole[1]).max() < 0.05


def test_cloth_below_the_cuff_ends_with_it() -> None:
    _, along = mapped([(110, 255), (110, 275), (110, 300)])
    rim = RIM_PX * (along[0] / (255 - 70))  # of the way; the middle line begins near row 70
    assert along[0] < 1.0 < along[1] < along[2] < 1.0 + 1.1 * rim + PAST_CUFF


def test_a_straight_cuff_stays_straight_as_the_rim_of_the_mesh_is_not_pressed_together() -> None:
    _, along = mapped([(110, 250), (110, 258), (110, 261 + MARGIN_PX)])
    steps = np.diff(along) / (8, 3 + MARGIN_PX)
    assert abs(steps[1] / steps[0] - 1) < 0.05


def test_a_hanging_sleeve_covers_the_outside_of_the_shoulder() -> None:
    pose = person("down")
    alpha = pose.person_alpha.copy()
    for joint in (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER):  # a broad shoulder's muscle
        x, y = pose.landmarks_px[joint]
        cv2.circle(alpha, (round(x + 0.05 * (x - MIDDLE[0])), round(y + 12)), 21, 255, -1)
    pose = dataclasses.replace(pose, person_alpha=alpha)
    drawn = draw_look(PhotoLook(hanging()), BodyTracker().update(pose, 0.0), SIZE_WH)
    cover = np.zeros(SIZE_WH[::-1], np.uint8)
    cover[drawn.box.slices] = drawn.rgba[..., 3]
    rows = slice(int(MIDDLE[1]), int(MIDDLE[1] + 0.4 * TORSO_PX))
    bare = (pose.person_alpha[rows] > 200) & (cover[rows] < 128)
    assert bare.sum() <= 2
