"""Photos with something in them that must not be worn: hangers, back hems, folded sleeves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from garment_drawings import CENTER_X, SIZE_WH, draw, ground

from pipeline.errors import GarmentRefused
from pipeline.garments import ingest_garment
from pipeline.garments.cutout import cut_out
from pipeline.garments.rectify import MARGIN
from pipeline.structures import Category, Garment, Image, Sleeves

CLOTH = (30, 70, 150)
SHADED = (14, 36, 90)
BLACK = (12, 12, 12)
SHADE = 0.93  # of the wall's light, in a gap beside a sleeve


def ingest(image: Image) -> Garment:
    return ingest_garment(image, id="g", name="G")


def on_wall(image: Image) -> Image:
    """Lit unevenly, so that the photo is no studio's."""
    waves = 10.0 * np.sin(np.arange(image.shape[1]) / 19.0)[None, :, None]
    return np.clip(image + waves, 0, 255).astype(np.uint8)


def test_the_back_below_the_front_hem_is_cut_away() -> None:
    image = draw("tee").image.copy()
    tail = np.zeros(image.shape[:2], np.uint8)
    cv2.ellipse(tail, (CENTER_X, 470), (106, 60), 0, 0, 180, 1, -1)
    image[tail > 0] = SHADED
    garment = ingest(image)
    solid = garment.texture[..., 3] > 127
    colour = garment.texture[solid][:, :3]
    assert (np.abs(colour.astype(int) - SHADED).sum(axis=1) < 30).mean() < 0.002
    bottom = int(np.nonzero(solid.any(axis=1))[0][-1])
    hem = garment.landmarks["hem_left"]
    assert abs(float(hem[1]) - bottom) < 12


def test_a_broad_dark_stripe_is_no_tail() -> None:
    drawing = draw("tee")
    image = drawing.image.copy()
    stripe = drawing.mask & (np.arange(SIZE_WH[1]) > 400)[:, None]
    image[stripe] = SHADED
    garment = ingest(image)
    lowest = garment.texture[-MARGIN - 12, garment.texture.shape[1] // 2]
    assert lowest[3] == 255 and np.abs(lowest[:3].astype(int) - SHADED).max() < 25


def _on_hanger(colour: tuple[int, int, int]) -> Image:
    image = draw("tank").image.copy()
    bars = np.array([(CENTER_X - 60, 100), (CENTER_X, 58), (CENTER_X + 60, 100)])
    cv2.polylines(image, [bars], False, colour, 13, cv2.LINE_AA)
    return image


def test_a_hanger_above_the_neckline_is_cut_away() -> None:
    garment = ingest(_on_hanger(BLACK))
    solid = garment.texture[..., 3] > 127
    assert garment.texture[solid][:, 2].min() > 60  # no black is left
    shoulders = [float(garment.landmarks[f"shoulder_{side}"][1]) for side in ("left", "right")]
    top = int(np.nonzero(solid.any(axis=1))[0][0])
    assert max(shoulders) - top < 25


def test_straps_in_the_cloths_own_colour_are_no_hanger() -> None:
    plain = ingest(draw("tank").image)
    strapped = ingest(_on_hanger(CLOTH))
    assert np.count_nonzero(strapped.texture[..., 3]) > 0
    height = {g.texture.shape[0] / g.texture.shape[1] for g in (plain, strapped)}
    assert max(height) - min(height) > 0.08  # the bridge is still part of it


def test_a_hanger_in_a_collar_is_refused() -> None:
    image = on_wall(draw("tee").image)
    collar = np.array([(195, 96), (205, 62), (275, 62), (285, 96), (240, 122)])
    cv2.fillPoly(image, [collar], CLOTH, cv2.LINE_AA)
    ingest(image)  # a collar alone is welcome
    hook = np.array([(240, 64), (240, 36), (250, 22), (244, 6)])
    cv2.polylines(image, [hook], False, (250, 250, 250), 4, cv2.LINE_AA)
    with pytest.raises(GarmentRefused, match=r"hanger shows in the collar.*take the photo again"):
        ingest(image)


def test_sleeves_folded_over_the_body_are_refused() -> None:
    image = ground("plain")
    half = [(45, 60), (100, 74), (165, 300), (104, 420), (104, 520)]
    outline = [(CENTER_X + x, y) for x, y in half] + [(CENTER_X - x, y) for x, y in half[::-1]]
    cv2.fillPoly(image, [np.array(outline)], CLOTH, cv2.LINE_AA)
    with pytest.raises(GarmentRefused, match=r"sleeves lie folded.*Lay them out"):
        ingest(image)


def test_a_shaded_gap_beside_a_sleeve_is_no_cloth() -> None:
    wall = on_wall(ground("plain"))
    image = wall.copy()
    gap = np.zeros(image.shape[:2], np.uint8)
    half = [(45, 60), (95, 70), (175, 440), (104, 480), (104, 520)]
    outline = [(CENTER_X + x, y) for x, y in half] + [(CENTER_X - x, y) for x, y in half[::-1]]
    cv2.fillPoly(image, [np.array(outline)], (170, 30, 30), cv2.LINE_AA)
    for sign in (-1, 1):  # the cuff touches the hip: the gap is closed all round
        corners = [(CENTER_X + sign * x, y) for x, y in [(103, 200), (132, 395), (103, 405)]]
        cv2.fillPoly(gap, [np.array(corners)], 1)
    image[gap > 0] = wall[gap > 0] * SHADE
    found = cv2.resize(cut_out(image).mask.astype(np.uint8), SIZE_WH)
    assert found[gap > 0].mean() < 0.35  # its tip is as thin as a thread
    assert found[300, CENTER_X] == 1


def test_a_wide_v_is_found_beside_a_narrow_back_of_the_neck() -> None:
    image = draw("tee").image.copy()
    back = np.array([(178, 96), (200, 84), (280, 84), (302, 96), (240, 190)])
    cv2.fillPoly(image, [back], SHADED, cv2.LINE_AA)
    garment = ingest(image)
    row, column = (round(float(v)) for v in garment.landmarks["neck_center"][::-1])
    depth = row - float(garment.landmarks["neck_left"][1])
    assert depth > 0.15 * garment.texture.shape[0]
    assert garment.texture[row - 25, column, 3] == 0


def test_puffed_sleeves_of_a_cropped_top_are_short() -> None:
    image = ground("white")
    half = [(45, 90), (105, 100), (180, 260), (165, 300), (112, 296), (112, 330)]
    outline = [(CENTER_X + x, y) for x, y in half] + [(CENTER_X - x, y) for x, y in half[::-1]]
    cv2.fillPoly(image, [np.array(outline)], (220, 120, 50), cv2.LINE_AA)
    garment = ingest(image)
    assert (garment.category, garment.sleeves) == (Category.UPPER, Sleeves.SHORT)
