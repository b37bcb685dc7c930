from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from garment_drawings import draw

from pipeline.errors import InputError
from pipeline.garments import ingest_garment, load_garment_folder, save_garment
from pipeline.garments.inspection import write_inspection
from pipeline.garments.store import load_entry, premultiply, straight
from pipeline.images import encode_jpeg, read_image
from pipeline.structures import Garment


@pytest.fixture(scope="module")
def garment() -> Garment:
    return ingest_garment(draw("tee").image, id="a-tee", name="A tée")


@pytest.fixture
def folder(garment: Garment, tmp_path: Path) -> Path:
    save_garment(garment, tmp_path / "a-tee", encode_jpeg(draw("tee").image))
    return tmp_path / "a-tee"


def test_round_trip(garment: Garment, folder: Path) -> None:
    loaded = load_garment_folder(folder)
    assert (loaded.id, loaded.name) == (garment.id, garment.name)
    assert (loaded.category, loaded.sleeves) == (garment.category, garment.sleeves)
    assert np.array_equal(loaded.texture, garment.texture)
    assert np.array_equal(loaded.parts, garment.parts)
    assert loaded.landmarks.keys() == garment.landmarks.keys()
    for key, point in garment.landmarks.items():
        assert np.allclose(loaded.landmarks[key], point, atol=0.01)
    assert np.allclose(loaded.neckline, garment.neckline, atol=0.01)


def test_straight_and_premultiplied_colour_are_inverse() -> None:
    alpha, level = np.mgrid[0:256, 0:256]
    colour = np.minimum(level, alpha)
    rgba = np.dstack([colour, colour, colour, alpha]).astype(np.uint8)
    assert np.array_equal(premultiply(straight(rgba)), rgba)


def test_loading_is_fast(folder: Path) -> None:
    load_garment_folder(folder)
    start = time.process_time()
    load_garment_folder(folder)
    assert time.process_time() - start < 0.05


def test_entry_names_its_pictures(folder: Path) -> None:
    entry = load_entry(folder)
    assert entry.id == "a-tee" and entry.image == folder / "original.jpg"
    assert read_image(entry.thumbnail).shape == (400, 300, 3)


@pytest.mark.parametrize("name", ["garment.json", "cutout.png", "parts.png"])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        load_garment_folder(folder)


@pytest.mark.parametrize("name", ["garment.json", "cutout.png", "parts.png"])
def test_a_truncated_file(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 3])
    with pytest.raises(InputError):
        load_garment_folder(folder)


@pytest.mark.parametrize(
    "change",
    [{"schema": 99}, {"category": "hat"}, {"landmarks": [1]}, {"neckline": "x"}, {"name": None}],
)
def test_wrong_facts(folder: Path, change: dict[str, object]) -> None:
    facts = json.loads((folder / "garment.json").read_text(encoding="utf-8"))
    facts.update(change)
    facts = {key: value for key, value in facts.items() if value is not None}
    (folder / "garment.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        load_garment_folder(folder)


def test_what_is_written_to_be_looked_at_can_be_worn(garment: Garment, tmp_path: Path) -> None:
    write_inspection(garment, draw("tee").image, tmp_path / "look")
    names = {path.name for path in (tmp_path / "look").iterdir()}
    assert names >= {"cutout.png", "mask.png", "garment.json", "overview.png"}
    facts = json.loads((tmp_path / "look" / "garment.json").read_text(encoding="utf-8"))
    assert facts["category"] == "upper" and "armpit_left" in facts["landmarks"]
    worn = load_garment_folder(tmp_path / "look")
    assert np.array_equal(worn.texture, garment.texture)
    assert np.array_equal(worn.parts, garment.parts)
