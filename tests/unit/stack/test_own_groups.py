"""Wearcast's own parser in the published one's place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from pipeline.labels import Landmark, OwnPart, VitonGroup
from pipeline.stack.parsers import OWN_GROUPS, SIDED_GROUPS, OwnGroups, own_groups
from tests.unit.standing_pose import SIZE_WH, standing_pose

WIDTH, HEIGHT = SIZE_WH


def _at(joint: Landmark) -> tuple[int, int]:
    x, y = standing_pose().landmarks_px[joint]
    return round(float(y)), round(float(x))


def test_every_part_has_its_group() -> None:
    sided = [part for parts, _, _ in SIDED_GROUPS for part in parts]
    assert sorted([*OWN_GROUPS, *sided]) == list(OwnPart)


def test_arms_and_hands_take_the_side_they_are_nearest_to() -> None:
    parts = np.full((HEIGHT, WIDTH), OwnPart.UPPER, np.uint8)
    spots = {
        Landmark.LEFT_ELBOW: (OwnPart.ARMS, VitonGroup.LEFT_ARM),
        Landmark.RIGHT_ELBOW: (OwnPart.ARMS, VitonGroup.RIGHT_ARM),
        Landmark.LEFT_WRIST: (OwnPart.HANDS, VitonGroup.LEFT_ARM),
        Landmark.RIGHT_WRIST: (OwnPart.HANDS, VitonGroup.RIGHT_ARM),
    }
    for joint, (part, _) in spots.items():
        parts[_at(joint)] = part
    groups = own_groups(parts, standing_pose())
    assert {joint: groups[_at(joint)] for joint in spots} == {
        joint: group for joint, (_, group) in spots.items()
    }
    assert groups[0, 0] == VitonGroup.UPPER


def test_a_limb_out_of_the_picture_leaves_all_to_the_other() -> None:
    pose = standing_pose()
    pose.landmarks_px[[j for j in Landmark if j.name.startswith("LEFT")]] = (-500, -500)
    parts = np.full((HEIGHT, WIDTH), OwnPart.HANDS, np.uint8)
    assert (own_groups(parts, pose) == VitonGroup.RIGHT_ARM).all()


class _Parser:
    """Sees hair everywhere, and remembers its last picture."""

    def parse(self, image: np.ndarray, pose: object, *, closely: bool) -> np.ndarray:
        self.seen = image
        return np.full(image.shape[:2], OwnPart.HAIR, np.uint8)


def _groups(pose: object) -> tuple[Any, Any]:
    parser: Any = _Parser()
    estimator: Any = SimpleNamespace(estimate=lambda _frame: pose)
    return parser, OwnGroups(parser, estimator)


def test_pictures_are_parsed_one_by_one() -> None:
    parser, groups = _groups(standing_pose())
    pictures = torch.zeros(2, 3, HEIGHT, WIDTH)
    pictures[1, 0] = 200  # the red plane of the second
    found = groups(pictures)
    assert found.shape == (2, HEIGHT, WIDTH) and found.dtype == torch.uint8
    assert (found == VitonGroup.HAIR).all()
    assert parser.seen[5, 5].tolist() == [200, 0, 0]


def test_nobody_is_all_background() -> None:
    _, groups = _groups(None)
    assert not groups(torch.zeros(1, 3, HEIGHT, WIDTH)).any()
