from __future__ import annotations

import logging
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from garment_drawings import draw

from pipeline.errors import (
    GarmentRefused,
    GarmentUnknown,
    ImageUnreadable,
    InputError,
    NotSupported,
)
from pipeline.garments import Catalog, catalog, load_garment, save_garment, seed_defaults
from pipeline.garments.catalog import id_from_name, is_id
from pipeline.images import encode_jpeg, encode_png
from pipeline.structures import Category, Garment

TEE = encode_jpeg(draw("tee", "white").image)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalog")
    Catalog(folder).add(TEE, "Blue tee")
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "catalog"))


def test_add_list_get_remove(folder: Path) -> None:
    shop = Catalog(folder)
    entry = shop.add(TEE, "Café  Tee!")
    assert entry.id == "cafe-tee" and entry.name == "Café Tee!" and entry.source == "upload"
    assert [e.id for e in shop.list()] == ["blue-tee", "cafe-tee"]
    assert shop.get("cafe-tee").id == "cafe-tee"
    shop.remove("cafe-tee")
    assert [e.id for e in shop.list()] == ["blue-tee"]
    with pytest.raises(GarmentUnknown):
        shop.get("cafe-tee")


def test_a_garment_is_renamed_and_keeps_its_id(folder: Path) -> None:
    shop = Catalog(folder)
    before = shop.get("blue-tee")
    entry = shop.rename("blue-tee", "  Sunday\n tee ")
    assert (entry.id, entry.name) == ("blue-tee", "Sunday tee")
    assert [e.name for e in shop.list()] == ["Sunday tee"]
    after = shop.get("blue-tee")
    assert after.name == "Sunday tee" and np.array_equal(after.texture, before.texture)
    assert Catalog(folder).list()[0].source == "upload"
    with pytest.raises(GarmentUnknown):
        shop.rename("no-tee", "Tee")


def test_the_same_name_twice(folder: Path) -> None:
    assert Catalog(folder).add(TEE, "Blue tee").id == "blue-tee-2"


def test_a_category_can_be_given(folder: Path) -> None:
    entry = Catalog(folder).add(TEE, "Long", Category.DRESS)
    assert entry.category is Category.DRESS


def test_a_picture_with_a_clear_surround_is_a_cut_out(folder: Path) -> None:
    drawing = draw("tee", "gradient")
    rgba = np.dstack([drawing.image, drawing.mask * np.uint8(255)])
    entry = Catalog(folder).add(encode_png(rgba.astype(np.uint8)), "Cut")
    garment = Catalog(folder).get(entry.id)
    assert garment.texture[0, 0, 3] == 0 and garment.texture[..., 3].mean() > 60


@pytest.mark.parametrize(
    "id", ["../blue-tee", "", "Blue-Tee", ".new-x", "a/b", "-x", "x" * 65, "é"]
)
def test_bad_ids_never_touch_the_disk(folder: Path, id: str) -> None:
    shop = Catalog(folder / "inner")
    for call in (shop.get, shop.remove):
        with pytest.raises(GarmentUnknown):
            call(id)
    assert (folder / "blue-tee").is_dir()


def test_unknown_names_known_ones(folder: Path) -> None:
    with pytest.raises(GarmentUnknown, match="blue-tee"):
        Catalog(folder).get("red-tee")


def test_every_name_makes_an_id() -> None:
    for name in ("", "!!!", "日本", "a" * 300, "Ünïcode Tee", "../../etc/passwd", "x" * 47 + " y"):
        assert is_id(id_from_name(name)), name


def test_a_refused_picture_leaves_nothing(folder: Path) -> None:
    before = sorted(folder.iterdir())
    blank = encode_png(np.full((300, 300, 3), 128, np.uint8))
    with pytest.raises(GarmentRefused):
        Catalog(folder).add(blank, "Nothing")
    with pytest.raises(ImageUnreadable):
        Catalog(folder).add(TEE[:200], "Half")
    assert sorted(folder.iterdir()) == before


def test_trousers_are_said_to_be_unsupported_and_not_kept(folder: Path) -> None:
    before = sorted(folder.iterdir())
    photo = encode_jpeg(draw("trousers", "white").image)
    with pytest.raises(NotSupported, match=r"trousers.*cannot be worn here yet.*a top or a dress"):
        Catalog(folder).add(photo, "Trousers")
    assert sorted(folder.iterdir()) == before


def test_a_notice_about_the_photo_is_kept(folder: Path) -> None:
    small = cv2.resize(draw("tee", "white").image, None, fx=0.4, fy=0.4)
    entry = Catalog(folder).add(encode_png(np.asarray(small, np.uint8)), "Small")
    assert "will look blurred" in entry.notice
    assert load_garment(folder / "small").notice == entry.notice
    assert not Catalog(folder).list()[0].notice  # the blue tee


def test_a_crash_while_writing_leaves_nothing_visible(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(garment: Garment, place: Path, *rest: Any) -> None:
        save_garment(garment, place, *rest)
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog, "save_garment", dies)
    monkeypatch.setattr(catalog.shutil, "rmtree", lambda *_, **__: None)  # nobody cleans up
    with pytest.raises(KeyboardInterrupt):
        Catalog(folder).add(TEE, "Half")
    assert [e.id for e in Catalog(folder).list()] == ["blue-tee"]


def test_litter_of_a_crash_is_swept(folder: Path) -> None:
    (folder / ".new-old").mkdir()
    (folder / ".new-fresh").mkdir()
    os.utime(folder / ".new-old", (1, 1))
    Catalog(folder)
    assert not (folder / ".new-old").exists() and (folder / ".new-fresh").exists()


def test_concurrent_adds_of_one_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    garment = Catalog(folder).get("blue-tee")
    monkeypatch.setattr(catalog, "ingest_picture", lambda data, **facts: garment)
    shop, start = Catalog(folder), threading.Barrier(8)

    def add(_: int) -> str:
        start.wait()
        return shop.add(TEE, "Same").id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(add, range(8)))
    assert len(set(ids)) == 8
    assert {e.id for e in shop.list()} == {"blue-tee", *ids}
    assert not list(folder.glob(".*"))


def test_a_damaged_garment_is_left_out_with_one_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "broken").mkdir()
    (folder / "broken" / "garment.json").write_text("{")
    shop = Catalog(folder)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert [e.id for e in shop.list()] == ["blue-tee"]
    assert len(caplog.records) == 1
    with pytest.raises(InputError):
        shop.get("broken")


def test_get_is_cached_until_the_files_change(folder: Path) -> None:
    shop = Catalog(folder)
    first = shop.get("blue-tee")
    assert shop.get("blue-tee") is first
    os.utime(folder / "blue-tee" / "garment.json", ns=(1, 2**62))
    assert shop.get("blue-tee") is not first


def test_defaults_seed_a_new_catalogue_only(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "DEFAULTS", folder)
    seed_defaults(tmp_path / "deep" / "new")
    assert [e.id for e in Catalog(tmp_path / "deep" / "new").list()] == ["blue-tee"]
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["new"]
    (tmp_path / "mine").mkdir()
    seed_defaults(tmp_path / "mine")
    assert not list((tmp_path / "mine").iterdir())


def test_load_garment_takes_ids_folders_and_pictures(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "DEFAULTS", tmp_path / "defaults")
    garment = Catalog(folder).get("blue-tee")
    save_garment(garment, tmp_path / "defaults" / "plain")
    (tmp_path / "My tee.jpg").write_bytes(TEE)
    assert load_garment("blue-tee", folder).id == "blue-tee"
    assert load_garment("plain", folder).id == "plain"
    assert load_garment(folder / "blue-tee").id == "blue-tee"
    assert load_garment(tmp_path / "My tee.jpg").id == "my-tee"
    with pytest.raises(GarmentUnknown, match="Known garments: blue-tee, plain"):
        load_garment("nope", folder)
    with pytest.raises(GarmentUnknown, match="Check the path"):
        load_garment(str(tmp_path / "missing.jpg"))


def test_who_misspells_a_garment_is_told_all_of_our_own() -> None:
    with pytest.raises(GarmentUnknown) as refused:
        load_garment("blue-jeans")
    own = [folder.name for folder in catalog.DEFAULTS.iterdir() if folder.is_dir()]
    assert len(own) > 10
    assert all(name in str(refused.value) for name in own)
