"""Sleeves lie on the arm that is seen, and crease where it bends."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from pipeline.body import BodyTracker
from pipeline.labels import Landmark
from pipeline.looks import draw_look
from pipeline.looks.mesh import Mesh, folded_share
from pipeline.structures import PART_CODES, Body, Part, Pose, Side, Sleeves

from .figures import SIZE_WH, TORSO_PX, look, person

SHOULDER, ELBOW, WRIST = Landmark.LEFT_SHOULDER, Landmark.LEFT_ELBOW, Landmark.LEFT_WRIST
USUAL_FOREARM_PX = 11.0  # half thickness in the figures' mask


def settled(pose: Pose) -> Body:
    tracker = BodyTracker()
    for k in range(20):
        body = tracker.update(pose, k / 30)
    return body


def with_left_arm(elbow: np.ndarray, wrist: np.ndarray) -> Pose:
    """An arm away from the torso, offsets from the shoulder in torso lengths."""
    pose = person("t")
    points = pose.landmarks_px.copy()
    shoulder = points[SHOULDER]
    points[ELBOW], points[WRIST] = shoulder + elbow * TORSO_PX, shoulder + wrist * TORSO_PX
    alpha = pose.person_alpha.copy()
    alpha[:, int(shoulder[0] + 30) :] = 0
    for start, end, half in ((SHOULDER, ELBOW, 15), (ELBOW, WRIST, USUAL_FOREARM_PX)):
        ends = [tuple(round(float(v)) for v in points[k]) for k in (start, end)]
        cv2.line(alpha, *ends, 255, int(2 * half))
    return Pose(points, pose.visibility, pose.z_px, alpha)


def thick_forearm(aside_px: float, half_px: float) -> tuple[Pose, np.ndarray]:
    """A forearm twice as thick as usual, beside its landmarks; also its mask."""
    pose = person("raised")
    shift = np.float32([aside_px, 0.0])
    ends = [pose.landmarks_px[k] + shift for k in (ELBOW, WRIST)]
    forearm = np.zeros_like(pose.person_alpha)
    first, last = (tuple(round(float(v)) for v in p) for p in ends)
    cv2.line(forearm, first, last, 255, int(2 * half_px))
    alpha = np.maximum(pose.person_alpha, forearm)
    return dataclasses.replace(pose, person_alpha=alpha), forearm


@pytest.mark.parametrize("aside_px", [-8.0, 0.0, 8.0])
def test_a_sleeve_covers_a_thick_forearm_beside_its_landmarks(aside_px: float) -> None:
    pose, forearm = thick_forearm(aside_px, 2.0 * USUAL_FOREARM_PX)
    drawn = draw_look(look(), settled(pose), SIZE_WH)
    cloth = np.zeros_like(forearm, bool)
    cloth[drawn.box.slices] = drawn.rgba[..., 3] > 127
    elbow, wrist = pose.landmarks_px[ELBOW], pose.landmarks_px[WRIST]
    y, x = np.nonzero(forearm)
    bone = (wrist - elbow) / TORSO_PX
    along = ((np.column_stack([x, y]) - elbow) / TORSO_PX) @ bone / (bone @ bone)
    between = (along > 0.05) & (along < 0.95)
    assert cloth[y[between], x[between]].mean() >= 0.97


def test_thickness_is_measured_on_both_sides() -> None:
    pose, _ = thick_forearm(6.0, 20.0)
    thickness = settled(pose).arms[Side.LEFT].thickness_px
    assert thickness is not None
    outer, inner = thickness[:, -3]  # mid forearm; its normals are about level
    assert outer + inner == pytest.approx(40.0, abs=3.0)
    assert abs(outer - inner) == pytest.approx(12.0, abs=3.0)


def test_an_arm_before_the_chest_keeps_a_usual_thickness() -> None:
    thickness = settled(person("crossed")).arms[Side.LEFT].thickness_px
    assert thickness is not None
    assert thickness[:, -3] == pytest.approx(0.20 * 0.52 * 0.68 * TORSO_PX, rel=0.2)


def bent(bend_deg: float, turn: float) -> tuple[Mesh, np.ndarray]:
    """The left sleeve's mesh and its vertices on an arm bent upwards (-1) or downwards (1)."""
    elbow = np.array([0.45, 0.15])
    direction = np.arctan2(elbow[1], elbow[0]) + turn * np.radians(bend_deg)
    wrist = elbow + 0.42 * np.array([np.cos(direction), np.sin(direction)])
    body = settled(with_left_arm(elbow.astype(np.float32), wrist.astype(np.float32)))
    top = look()
    sleeve = Mesh(top.mesh.vertices_tex, {Part.LEFT_SLEEVE: top.mesh.sheets[Part.LEFT_SLEEVE]})
    return sleeve, top.deform(body).vertices_px


BENDS = [(60.0, -1.0), (100.0, -1.0), (140.0, -1.0), (60.0, 1.0), (100.0, 1.0)]


@pytest.mark.parametrize(("bend_deg", "turn"), BENDS)
def test_a_sharp_elbow_does_not_turn_cloth_over(bend_deg: float, turn: float) -> None:
    assert folded_share(*bent(bend_deg, turn)) <= 0.03


@pytest.mark.parametrize(("bend_deg", "turn"), BENDS)
def test_both_halves_of_a_bent_sleeve_meet_at_a_crease(bend_deg: float, turn: float) -> None:
    sleeve, vertices = bent(bend_deg, turn)
    scale = 4.0
    corners = np.float32(vertices[sleeve.triangles] * scale)
    canvas = np.zeros((int(SIZE_WH[1] * scale), int(SIZE_WH[0] * scale)), np.uint8)
    area = 0.0
    for triangle in corners:
        area += float(cv2.contourArea(triangle))
        cv2.fillConvexPoly(canvas, np.int32(np.rint(triangle)), 1)
    assert area / canvas.sum() <= 1.03, "one half lies over the other"


def test_a_sleeve_ends_at_the_wrist_and_does_not_widen() -> None:
    pose = person("down")
    drawn = draw_look(look(), settled(pose), SIZE_WH)
    sleeve = drawn.parts == PART_CODES[Part.LEFT_SLEEVE]
    wrist = pose.landmarks_px[WRIST]
    lowest = np.nonzero(sleeve)[0].max() + drawn.box.y0
    assert abs(lowest - wrist[1]) / TORSO_PX <= 0.04

    def width(share: float) -> int:
        y = wrist[1] + share * (pose.landmarks_px[ELBOW][1] - wrist[1]) - drawn.box.y0
        return int(sleeve[round(float(y))].sum())

    assert width(0.08) <= 1.1 * width(0.6)


def test_a_hand_at_the_cuff_does_not_widen_it() -> None:
    pose = person("t")
    wrist = pose.landmarks_px[WRIST]
    alpha = pose.person_alpha.copy()
    cv2.circle(alpha, (round(float(wrist[0])), round(float(wrist[1]))), 22, 255, -1)
    thickness = settled(dataclasses.replace(pose, person_alpha=alpha)).arms[Side.LEFT].thickness_px
    assert thickness is not None
    assert (thickness[:, -1] <= 1.1 * thickness[:, -3]).all()


@pytest.mark.parametrize("inner_px", [15.0, 40.0])
def test_a_short_sleeve_on_a_hanging_arm_ends_where_the_torso_begins(inner_px: float) -> None:
    """How far the arm reaches inwards cannot be seen before the torso, and may be guessed wide."""
    body = settled(person("down"))
    arms = {}
    for side, arm in body.arms.items():
        assert arm.thickness_px is not None
        thickness = arm.thickness_px.copy()
        thickness[1] = inner_px
        arms[side] = dataclasses.replace(arm, thickness_px=thickness)
    drawn = draw_look(look(Sleeves.SHORT), dataclasses.replace(body, arms=arms), SIZE_WH)
    sleeve = drawn.parts == PART_CODES[Part.LEFT_SLEEVE]
    rows = np.flatnonzero(sleeve.any(axis=1))
    for row in rows[-12:-2]:  # the cuff
        innermost = drawn.box.x0 + np.flatnonzero(sleeve[row])[0]
        depth = (drawn.box.y0 + row - body.mid_shoulder[1]) / TORSO_PX
        half = np.interp(depth, body.levels, body.half_widths_px[Side.LEFT])
        assert innermost >= body.mid_shoulder[0] + half - 4
