"""What the parser saw is carried along with the body, calmed, and weighed against colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_scene import HAIR, HEIGHT, STRAND, WIDTH, Scene
from numpy.typing import NDArray

from pipeline.compose.evidence import Evidence, Witness
from pipeline.compose.parts import BODY_POINTS, MOVING, CarriedParts, PartMaps
from pipeline.compose.parts import HAIR as HAIR_PLANE
from pipeline.compose.parts import WORN as WORN_PLANE
from pipeline.compose.view import View, Viewer
from pipeline.compose.zones import find_zones
from pipeline.labels import Landmark, OwnPart
from pipeline.own_crop import INPUT_HW, OwnCrop
from pipeline.own_parse import OwnParse
from pipeline.structures import Pose, Side

PLAIN = Scene()
WHOLE = OwnCrop.fit(0, 0, WIDTH, HEIGHT)
CELLS = WIDTH * HEIGHT  # one cell a pixel
WRIST = BODY_POINTS.index(Landmark.LEFT_WRIST)


def view_of(scene: Scene) -> View:
    return Viewer().look_at(scene.camera(), scene.body(), scene.drawn(), CELLS)


def full_view() -> View:
    """A view that the person fills."""
    view = view_of(PLAIN)
    return replace(view, person=np.full_like(view.person, 255))


def maps(hair: NDArray[np.bool_], time_s: float = 0.0) -> PartMaps:
    """Hair where (256, 192) is set, nothing elsewhere."""
    planes = np.zeros((3, *INPUT_HW), np.uint8)
    planes[HAIR_PLANE][hair] = 255
    joints = PLAIN.body().pose.landmarks_px[BODY_POINTS]
    return PartMaps(planes, WHOLE, joints, time_s)


def middle(plane: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Row and column of what is set."""
    return np.argwhere(plane > 127).mean(axis=0)


def evidence_of(scene: Scene, parts: PartMaps | None = None) -> tuple[Evidence, View]:
    view, body = view_of(scene), scene.body()
    carried = CarriedParts()
    carried.add(parts or scene.parts())
    zones = find_zones(view, body, scene.drawn())
    return Witness().observe(view, zones, carried.on(view, body.pose), 0.0), view


def test_classes_become_skin_worn_and_hair() -> None:
    logits = np.zeros((len(OwnPart), *INPUT_HW), np.float32)
    logits[OwnPart.ARMS, :100] = logits[OwnPart.HANDS, :100] = 8.0
    logits[OwnPart.LOWER, 100:] = 8.0
    seen = PartMaps.of(OwnParse(WHOLE, logits), PLAIN.body().pose, 0.0)
    assert seen.planes[0, :100].min() > 250
    assert seen.planes[:, 100:].max() < 5


@pytest.mark.parametrize("way", [(0, 0), (18, -7)])
def test_parts_go_where_the_body_goes(way: tuple[int, int]) -> None:
    carried, view = CarriedParts(), full_view()
    spot = np.zeros(INPUT_HW, np.bool_)
    spot[90:110, 90:110] = True
    carried.add(maps(spot))
    pose = PLAIN.body().pose
    turned = replace(pose, landmarks_px=pose.landmarks_px + np.array(way, np.float32))
    before, after = (middle(carried.on(view, p)[HAIR_PLANE]) for p in (pose, turned))
    assert (after - before) * view.step == pytest.approx(way[::-1], abs=1.0)
    assert before * view.step + view.first[::-1] == pytest.approx((72.8, 166.2), abs=1.0)


def test_only_what_moves_takes_its_parts_along() -> None:
    carried, view = CarriedParts(), full_view()
    pose = PLAIN.body().pose
    raised = pose.landmarks_px.copy()
    raised[int(BODY_POINTS[WRIST])] += (0, -40)
    carried.add(PLAIN.parts())
    still, moved = (carried.on(view, p) for p in (pose, replace(pose, landmarks_px=raised)))
    chest = np.s_[WORN_PLANE, 60:90, view.shape[1] // 2 - 10 : view.shape[1] // 2 + 10]
    assert np.abs(still[chest].astype(int) - moved[chest]).mean() < 12


def hair_after(*calls: tuple[float, bool], moved_px: float = 0.0) -> float:
    """Hair in the middle, 0..255, after calls (time, whether all is hair).

    In the last call a wrist is ``moved_px`` from where it was.
    """
    carried, pose = CarriedParts(), PLAIN.body().pose
    for time_s, hair in calls:
        seen = maps(np.full(INPUT_HW, hair), time_s)
        if time_s == calls[-1][0]:
            seen.joints[WRIST] += (0, moved_px)
        carried.add(seen)
    return float(np.median(carried.on(full_view(), pose)[HAIR_PLANE][20:60, 20:60]))


def test_first_calls_count_alike() -> None:
    assert hair_after((0, True), (0.1, False)) == pytest.approx(255 / 2, abs=2)
    assert hair_after((0, True), (0.1, False), (0.2, False)) == pytest.approx(255 / 3, abs=2)


def test_one_call_that_differs_changes_little_while_the_body_is_still() -> None:
    before = [(0.1 * n, True) for n in range(5)]
    assert 160 < hair_after(*before, (1.4, False)) < 230
    assert hair_after(*before, *[(1.4 + n, False) for n in range(15)]) < 10


def test_the_newest_call_counts_most_once_the_body_has_moved() -> None:
    before = [(0.1 * n, True) for n in range(5)]
    shoulders = PLAIN.body().pose.landmarks_px[BODY_POINTS[3:5]]
    far = float(MOVING * np.hypot(*(shoulders[0] - shoulders[1]))) + 1
    assert hair_after(*before, (1.4, False), moved_px=far) < 70


def test_a_dark_shirt_and_dark_hair_are_told_apart_by_the_parser() -> None:
    scene = Scene(long_hair=True, worn=HAIR)
    evidence, view = evidence_of(scene)
    strand = view.to_small(np.array([(STRAND[0] + STRAND[2]) / 2, STRAND[3] - 10.0]))
    chest = view.to_small(np.array([145.0, STRAND[3] - 10.0]))
    (x, y), (u, v) = strand.astype(int), chest.astype(int)
    assert evidence.hair[y, x] > 200 > 50 > evidence.worn[y, x]
    assert evidence.worn[v, u] > 200 > 50 > evidence.hair[v, u]


def test_a_sleeve_that_the_parser_takes_for_an_arm_is_worn_if_its_colour_is() -> None:
    scene = Scene(worn_sleeves=True)
    evidence, view = evidence_of(scene, scene.but(worn_sleeves=False).parts())
    cells = view.shrink(scene.forearm(Side.LEFT)[..., None] * np.uint8(255), None)
    forearm = cells[..., 0] > 250
    assert forearm.sum() > 20
    assert (evidence.worn > evidence.skin)[forearm].mean() > 0.9


def test_nothing_is_asked_beside_the_person() -> None:
    carried, view = CarriedParts(), view_of(PLAIN)
    carried.add(maps(np.ones(INPUT_HW, np.bool_)))
    hair = carried.on(view, PLAIN.body().pose)[HAIR_PLANE]
    assert (hair[view.person == 0] == 0).all()
    assert hair[view.person == 255].min() == 255


def test_nothing_is_known_of_a_new_person() -> None:
    carried, pose = CarriedParts(), PLAIN.body().pose
    assert not carried.known
    carried.add(PLAIN.parts())
    assert carried.known
    carried.reset()
    assert not carried.known
    assert not carried.on(view_of(PLAIN), _shifted(pose)).any()


def _shifted(pose: Pose) -> Pose:
    return replace(pose, landmarks_px=pose.landmarks_px + np.float32(5))
