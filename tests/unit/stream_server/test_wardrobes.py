"""The folders of visitors: none is left by a photo that was refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.garments import Catalog
from pipeline.images import encode_png
from stream_server.wardrobes import FOLDER, VisitorShelf, Wardrobes

BLACK = encode_png(np.zeros((64, 48, 3), np.uint8))


def test_a_refused_photo_leaves_no_folder(tmp_path: Path) -> None:
    shop = Catalog(tmp_path)
    shelf = VisitorShelf(shop, Wardrobes(tmp_path, Catalog), "anna")
    for _ in range(2):
        with pytest.raises(InputError):
            shelf.add(BLACK, "tee")
        assert list((tmp_path / FOLDER).iterdir()) == []
    assert shelf.list() == []


def test_a_folder_with_something_in_it_stays(tmp_path: Path) -> None:
    wardrobes = Wardrobes(tmp_path, Catalog)
    first = wardrobes.of("anna", make=True)
    (folder,) = (tmp_path / FOLDER).iterdir()
    (folder / "tee").mkdir()
    wardrobes.leave("anna")
    wardrobes.leave("bert")
    assert (folder / "tee").is_dir()
    assert wardrobes.of("anna") is first
