"""The committed default garments: sound, varied, and still what the generator draws."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.garments import load_garment_folder
from pipeline.garments.catalog import DEFAULTS
from pipeline.images import read_image
from pipeline.structures import PART_CODES, Garment, Part, Sleeves
from tools.default_garments.export import make
from tools.default_garments.wardrobe import wardrobe

IDS = [design.id for design in wardrobe()]
ALWAYS = ("neck", "shoulder", "armpit", "hem")
SLEEVED = ("cuff_outer", "cuff_inner")
LOPSIDED_SHARE = 0.02  # of the texture's width: a laid-out garment is nearly symmetric
ARMPIT_PX = 12
EDGE_PX = 4.5  # a soft edge is no wider
SET_LIMIT_BYTES = 6_000_000
REDRAWN = "ribbed-tank"  # the quickest to draw


@pytest.fixture(scope="module")
def garments() -> dict[str, Garment]:
    return {id: load_garment_folder(DEFAULTS / id) for id in IDS}


def _straight_colour(garment: Garment) -> np.ndarray:
    solid = garment.texture[..., 3] == 255
    return garment.texture[solid][:, :3].astype(np.float32)


def test_the_committed_set_is_the_wardrobe() -> None:
    assert sorted(p.name for p in DEFAULTS.iterdir() if p.is_dir()) == sorted(IDS)
    assert len(IDS) >= 10


def test_the_set_is_small_enough_to_commit() -> None:
    assert sum(p.stat().st_size for p in DEFAULTS.rglob("*")) < SET_LIMIT_BYTES


def test_every_cut_is_there(garments: dict[str, Garment]) -> None:
    assert {g.sleeves for g in garments.values()} == set(Sleeves)


def test_the_white_tee_is_white_and_keeps_its_folds(garments: dict[str, Garment]) -> None:
    colour = _straight_colour(garments["white-tee"])
    assert 228 < np.median(colour) < 250
    assert (colour >= 254).mean() < 0.03  # nothing burnt out
    assert np.percentile(colour, 98) - np.percentile(colour, 2) > 16


def test_the_black_top_keeps_its_folds(garments: dict[str, Garment]) -> None:
    colour = _straight_colour(garments["black-long-sleeve"])
    assert 20 < np.median(colour) < 60
    assert np.percentile(colour, 98) - np.percentile(colour, 2) > 20


def test_the_breton_top_has_stripes(garments: dict[str, Garment]) -> None:
    texture = garments["breton-top"].texture
    column = texture[:, texture.shape[1] // 2 + 20, :3].astype(int).sum(axis=1)
    crossings = np.count_nonzero(np.diff(column > 400))
    assert crossings > 16  # at least eight dark stripes


@pytest.mark.parametrize("id", ["sunrise-tee", "floral-blouse"])
def test_prints_have_many_colours(garments: dict[str, Garment], id: str) -> None:
    plain = _straight_colour(garments["red-polo"]) // 48
    printed = _straight_colour(garments[id]) // 48
    assert len(np.unique(printed, axis=0)) > 2 * len(np.unique(plain, axis=0))


@pytest.mark.parametrize("id", IDS)
def test_landmarks_lie_inside_and_nearly_symmetric(garments: dict[str, Garment], id: str) -> None:
    garment = garments[id]
    height, width = garment.texture.shape[:2]
    names = ALWAYS if garment.sleeves is Sleeves.SLEEVELESS else ALWAYS + SLEEVED
    wanted = {f"{name}_{side}" for name in names for side in ("left", "right")} | {"neck_center"}
    assert wanted == set(garment.landmarks)
    for name, (x, y) in garment.landmarks.items():
        assert 0 <= x < width and 0 <= y < height, name
    middle = garment.landmarks["neck_center"][0]
    for name in names:
        left, right = garment.landmarks[f"{name}_left"], garment.landmarks[f"{name}_right"]
        assert left[0] > right[0], "the wearer's left is on the right of the picture"
        assert abs((left[0] + right[0]) / 2 - middle) < LOPSIDED_SHARE * width, name
        assert abs(left[1] - right[1]) < LOPSIDED_SHARE * width, name


@pytest.mark.parametrize("id", IDS)
def test_landmarks_lie_on_the_garment(garments: dict[str, Garment], id: str) -> None:
    garment = garments[id]
    rows, columns = np.nonzero(garment.texture[..., 3] > 127)
    solid = np.stack([columns, rows], axis=1)
    for name, point in garment.landmarks.items():
        assert np.hypot(*(solid - point).T).min() < 5, name


@pytest.mark.parametrize("id", IDS)
def test_alpha_is_clean(garments: dict[str, Garment], id: str) -> None:
    texture = garments[id].texture
    alpha = texture[..., 3]
    border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    assert not border.any()
    assert (texture[..., :3] <= alpha[..., None]).all()  # premultiplied
    depth = cv2.distanceTransform((alpha > 0).astype(np.uint8), cv2.DIST_L2, 5)
    inner = depth > EDGE_PX
    for side in ("left", "right"):  # where sleeve and body part, the soft edges meet
        x, y = garments[id].landmarks[f"armpit_{side}"].astype(int)
        inner[y - ARMPIT_PX : y + ARMPIT_PX, max(x - ARMPIT_PX, 0) : x + ARMPIT_PX] = False
    assert (alpha[inner] == 255).all()  # no seam that one can see through


@pytest.mark.parametrize("id", IDS)
def test_the_opening_is_clear_above_the_front_neckline(
    garments: dict[str, Garment], id: str
) -> None:
    garment = garments[id]
    neckline = garment.neckline
    assert (np.diff(neckline[:, 0]) > -0.5).all()  # picture left to right
    low = neckline[:, 1].max()
    x = round(float(garment.landmarks["neck_center"][0]))
    assert not garment.texture[: int(low) - 3, x, 3].any()
    assert garment.texture[int(low) + 6, x, 3] == 255
    assert garment.back_collar is not None
    assert garment.back_collar[int(low) - 6, x, 3] == 255


@pytest.mark.parametrize("id", IDS)
def test_parts_cover_exactly_the_garment(garments: dict[str, Garment], id: str) -> None:
    garment = garments[id]
    assert ((garment.parts > 0) == (garment.texture[..., 3] > 0)).all()
    present = set(np.unique(garment.parts)) - {0}
    if garment.sleeves is Sleeves.SLEEVELESS:
        assert present == {PART_CODES[Part.TORSO]}
        return
    assert present == set(PART_CODES.values())
    columns = {part: np.nonzero(garment.parts == code)[1] for part, code in PART_CODES.items()}
    assert columns[Part.RIGHT_SLEEVE].mean() < columns[Part.TORSO].mean()
    assert columns[Part.LEFT_SLEEVE].mean() > columns[Part.TORSO].mean()


@pytest.mark.parametrize("id", IDS)
def test_there_is_a_studio_picture_with_room_around_the_garment(id: str) -> None:
    picture = read_image(DEFAULTS / id / "original.jpg")
    assert picture.shape == (900, 720, 3)
    assert (picture[:20] > 215).all()


def test_drawing_again_gives_the_committed_picture(tmp_path: Path) -> None:
    design = next(design for design in wardrobe() if design.id == REDRAWN)
    make(design, tmp_path)
    again = load_garment_folder(tmp_path / REDRAWN)
    committed = load_garment_folder(DEFAULTS / REDRAWN)
    assert again.texture.shape == committed.texture.shape
    difference = np.abs(again.texture.astype(int) - committed.texture.astype(int))
    assert difference.mean() < 1.0
    for name, point in committed.landmarks.items():
        assert np.allclose(again.landmarks[name], point, atol=0.1), name
