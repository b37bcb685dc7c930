"""A wall in the colour of the worn garment: only the person's silhouette tells them apart."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_scene import SKIN, WALL, Scene
from numpy.typing import NDArray

from pipeline.compose.evidence import Witness
from pipeline.compose.loops.cells import WORN_HINT
from pipeline.compose.parts import CarriedParts
from pipeline.compose.view import Viewer
from pipeline.compose.zones import find_zones
from pipeline.structures import Composite, Image

WHITE_ON_WHITE = Scene(worn=WALL)
BESIDE_THE_NECK = np.s_[76:83, 172:182]
COLLAR = np.s_[84:90, 154:166]  # above the drawn neckline's lowest point


def dress(scene: Scene, camera: Image, person: NDArray[np.uint8]) -> Composite:
    body = scene.body()
    return scene.mirror().compose(
        replace(scene.frame(), image=camera),
        replace(body, pose=replace(body.pose, person_alpha=person)),
        scene.drawn(),
        opacity=1.0,
        time_s=0.0,
    )


def test_no_skin_is_painted_on_the_wall_beside_a_bare_neck() -> None:
    camera, person = WHITE_ON_WHITE.camera(), WHITE_ON_WHITE.person()
    wall = np.abs(camera[BESIDE_THE_NECK].astype(int) - WALL).max(axis=-1) < 8
    person[BESIDE_THE_NECK] = 255
    covered = WHITE_ON_WHITE.drawn().rgba[BESIDE_THE_NECK][..., 3] > 0
    image = dress(WHITE_ON_WHITE, camera, person).image[BESIDE_THE_NECK]
    there = wall & ~cv2.dilate(covered.astype(np.uint8), np.ones((5, 5))).astype(bool)
    assert there.sum() > 20
    assert np.abs(image[there].astype(int) - WALL).max() < 40  # it may be shaded


@pytest.mark.parametrize("worn", [WALL, (40, 90, 160)])
def test_a_high_collar_becomes_skin_whatever_the_wall(worn: tuple[int, int, int]) -> None:
    scene = Scene(worn=worn, worn_top_y=80)
    image = dress(scene, scene.camera(), scene.person()).image
    assert np.abs(np.median(image[COLLAR], axis=(0, 1)) - SKIN).max() < 45


def test_a_wall_that_a_wide_mask_covers_is_not_worn() -> None:
    scene, true_mask = WHITE_ON_WHITE, WHITE_ON_WHITE.person()
    body = scene.body()
    wide = cv2.dilate(true_mask, np.ones((9, 9), np.uint8))
    body = replace(body, pose=replace(body.pose, person_alpha=wide))
    view = Viewer().look_at(scene.camera(), body, scene.drawn(), 27_000)
    parts = CarriedParts()
    parts.add(scene.parts())
    zones = find_zones(view, body, scene.drawn())
    evidence = Witness().observe(view, zones, parts.on(view, body.pose), 0.0)
    true_alpha = view.shrink(true_mask[..., None], None)[..., 0]
    rim = (true_alpha < 20) & (view.shrink(wide[..., None], None)[..., 0] > 200)
    assert rim.sum() > 50
    assert np.median(evidence.worn[view.person == 0]) < 50
    # the outline leaves some of the rim to the wall, and of the rest hardly any is worn
    assert ((evidence.worn > WORN_HINT) & (view.person > 200))[rim].mean() < 0.5
    chest = view.to_small(np.array([160.0, 150.0])).astype(int)
    assert evidence.worn[chest[1], chest[0]] > 150
