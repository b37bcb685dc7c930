from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest
from garment_drawings import CENTER_X, SIZE_WH, TRUTH, draw, garment_mask

from pipeline.errors import GarmentRefused
from pipeline.garments import ingest_cutout, ingest_garment
from pipeline.garments.cutout import cut_out
from pipeline.garments.rectify import MARGIN
from pipeline.structures import PART_CODES, Category, Garment, Part, Side, Sleeves

TOLERANCE_PX = 10.0  # texture px, about 2 % of the height


@functools.cache
def ingest(kind: str, on: str = "plain") -> Garment:
    return ingest_garment(draw(kind, on).image, id="g", name="G")


def to_texture(point: tuple[float, float], side: Side, kind: str, garment: Garment) -> np.ndarray:
    """Where a point of the drawing's half outline must be in the texture."""
    rows, columns = np.nonzero(garment_mask(kind))
    scale = (garment.texture.shape[0] - 2 * MARGIN) / (np.ptp(rows) + 1)
    sign = 1 if side is Side.LEFT else -1
    x, y = CENTER_X + sign * point[0], point[1]
    return MARGIN + scale * (np.array([x, y]) - [columns.min(), rows.min()])


@pytest.mark.parametrize("on", ["plain", "white", "gradient"])
@pytest.mark.parametrize("kind", ["tee", "long", "tank"])
def test_cut_out_covers_the_garment_and_nothing_else(kind: str, on: str) -> None:
    drawing = draw(kind, on)
    found = cut_out(drawing.image).mask
    overlap = np.count_nonzero(found & drawing.mask) / np.count_nonzero(found | drawing.mask)
    assert overlap >= 0.95


def test_white_on_white_is_found_by_its_outline() -> None:
    drawing = draw("tee", "white", colour=(240, 240, 240))
    shade = cv2.GaussianBlur(drawing.mask.astype(np.float32), (0, 0), 2.0)
    rim = (shade > 0.3) & (shade < 0.7)
    image = drawing.image.copy()
    image[rim] = 218  # the shadow line that every white garment has
    found = cut_out(image).mask
    overlap = np.count_nonzero(found & drawing.mask) / np.count_nonzero(found | drawing.mask)
    assert overlap >= 0.93


def test_stripes_in_the_background_colour_belong_to_the_garment() -> None:
    drawing = draw("tee", "plain", colour=(90, 20, 30))
    image = drawing.image.copy()
    stripes = drawing.mask & (np.arange(SIZE_WH[1]) % 24 < 11)[:, None]
    image[stripes] = 190
    found = cut_out(image).mask
    overlap = np.count_nonzero(found & drawing.mask) / np.count_nonzero(found | drawing.mask)
    assert overlap >= 0.93


@pytest.mark.parametrize(
    ("kind", "sleeves"),
    [("tee", Sleeves.SHORT), ("long", Sleeves.LONG), ("tank", Sleeves.SLEEVELESS)],
)
def test_category_and_sleeves(kind: str, sleeves: Sleeves) -> None:
    garment = ingest(kind)
    assert (garment.category, garment.sleeves) == (Category.UPPER, sleeves)


def test_trousers_are_a_lower_garment() -> None:
    garment = ingest("trousers")
    assert garment.category is Category.LOWER
    assert {"waist_left", "waist_right", "hem_left", "hem_right"} == set(garment.landmarks)


def test_a_given_category_overrules_the_silhouette() -> None:
    garment = ingest_garment(draw("tee").image, id="g", name="G", category=Category.DRESS)
    assert garment.category is Category.DRESS


@pytest.mark.parametrize("kind", ["tee", "long", "tank"])
@pytest.mark.parametrize("side", list(Side))
def test_landmarks_are_where_they_were_drawn(kind: str, side: Side) -> None:
    garment = ingest(kind)
    for name, point in TRUTH[kind].items():
        wanted = to_texture(point, side, kind, garment)
        error = float(np.hypot(*(garment.landmarks[f"{name}_{side}"] - wanted)))
        assert error <= TOLERANCE_PX, f"{name}_{side} is {error:.1f} px off"


def test_neck_and_hem_landmarks() -> None:
    garment = ingest("tee")
    for side in Side:
        hem = to_texture((108, 470), side, "tee", garment)
        neck = to_texture((45, 90), side, "tee", garment)
        assert np.hypot(*(garment.landmarks[f"hem_{side}"] - hem)) <= TOLERANCE_PX
        assert np.hypot(*(garment.landmarks[f"neck_{side}"] - neck)) <= 2 * TOLERANCE_PX
    lowest = to_texture((0, 90 + 28), Side.LEFT, "tee", garment)
    assert abs(garment.landmarks["neck_center"][1] - lowest[1]) <= TOLERANCE_PX


def test_left_is_the_wearers_left() -> None:
    garment = ingest("tee")
    assert garment.landmarks["shoulder_left"][0] > garment.landmarks["shoulder_right"][0]
    columns = np.nonzero(garment.parts == PART_CODES[Part.LEFT_SLEEVE])[1]
    assert columns.min() > garment.texture.shape[1] / 2
    assert garment.neckline[0, 0] < garment.neckline[-1, 0]


def test_parts_cover_exactly_the_garment() -> None:
    garment = ingest("long")
    assert np.array_equal(garment.parts > 0, garment.texture[..., 3] > 0)
    assert set(np.unique(garment.parts)) == {0, *PART_CODES.values()}


def test_texture_is_premultiplied_and_carries_no_background() -> None:
    garment = ingest_garment(draw("tee", "white", colour=(20, 20, 30)).image, id="g", name="G")
    assert np.all(garment.texture[..., :3] <= garment.texture[..., 3:])
    rim = (garment.texture[..., 3] > 20) & (garment.texture[..., 3] < 235)
    colour = garment.texture[rim][:, :3] * 255.0 / garment.texture[rim][:, 3:]
    assert rim.sum() > 200 and colour.max() < 70  # the white wall would be 250


def test_texture_size() -> None:
    garment = ingest("tee")
    assert 500 <= garment.texture.shape[0] <= 640 and garment.texture.shape[1] <= 640


def test_a_tilted_photo_is_straightened() -> None:
    turn = cv2.getRotationMatrix2D((240, 280), 9.0, 0.9)
    image = cv2.warpAffine(
        draw("tee").image, turn, SIZE_WH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    marks = ingest_garment(np.asarray(image, np.uint8), id="g", name="G").landmarks
    slope = marks["hem_left"] - marks["hem_right"]
    assert abs(np.degrees(np.arctan2(slope[1], slope[0]))) < 2.5


def test_the_inside_of_the_back_is_kept_apart() -> None:
    drawing = draw("tee", "plain")
    image = drawing.image.copy()
    inside = np.zeros(drawing.mask.shape, np.uint8)
    cv2.ellipse(inside, (CENTER_X, 90), (45, 28), 0, 0, 180, 1, -1)
    image[inside > 0] = (15, 30, 70)  # darker: the inside of the back
    garment = ingest_garment(image, id="g", name="G")
    assert garment.back_collar is not None
    x, y = (round(float(v)) for v in garment.landmarks["neck_center"])
    assert garment.texture[y - 12, x, 3] == 0 and garment.back_collar[y - 12, x, 3] == 255
    assert garment.texture[y + 12, x, 3] == 255 and garment.back_collar[y + 12, x, 3] == 0


def test_same_photo_same_garment() -> None:
    photo = draw("long", "gradient").image
    first, second = (ingest_garment(photo, id="g", name="G") for _ in range(2))
    assert np.array_equal(first.texture, second.texture)
    assert np.array_equal(first.parts, second.parts)
    for key, point in first.landmarks.items():
        assert np.array_equal(point, second.landmarks[key])


def test_a_cut_out_picture_skips_the_cut_out() -> None:
    drawing = draw("tee", colour=(200, 40, 40))
    rgba = np.dstack([np.full_like(drawing.image, (200, 40, 40)), drawing.mask * np.uint8(255)])
    rgba[~drawing.mask, :3] = (0, 255, 0)  # hidden colour must not bleed in
    garment = ingest_cutout(rgba.astype(np.uint8), id="g", name="G")
    assert garment.sleeves is Sleeves.SHORT
    solid = garment.texture[..., 3] > 0
    colour = garment.texture[solid][:, :3] * 255.0 / garment.texture[solid][:, 3:]
    strong = garment.texture[solid][:, 3] > 60
    assert colour[strong][:, 1].max() < 50


def test_an_empty_cut_out_is_refused() -> None:
    with pytest.raises(GarmentRefused, match="transparent"):
        ingest_cutout(np.zeros((300, 300, 4), np.uint8), id="g", name="G")
