from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline.errors import InputError
from pipeline.garments import Catalog
from pipeline.images import write_png
from stream_server.cli import app


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    image = np.full((560, 480, 3), 200, np.uint8)
    right = [(45, 90), (105, 108), (178, 190), (138, 222), (108, 190), (108, 470)]
    outline = [(240 + x, y) for x, y in right] + [(240 - x, y) for x, y in reversed(right)]
    cv2.fillPoly(image, [np.array([*outline, (240, 118)])], (40, 60, 150))
    write_png(tmp_path / "blue_tee.png", image)
    return tmp_path / "blue_tee.png"


def test_a_garment_is_added_for_every_shopper(photo: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    added = CliRunner().invoke(app, ["garment", str(photo), "--add-to", str(catalog)])
    assert added.exit_code == 0, added.output
    assert "Blue tee" in added.output
    found = {entry.id: entry for entry in Catalog(catalog).list()}
    assert found["blue-tee"].name == "Blue tee"
    assert len(found) > 5  # a new catalogue has the built-in ones too
    named = ["garment", str(photo), "--add-to", str(catalog), "--name", "Best"]
    assert CliRunner().invoke(app, named).exit_code == 0
    assert Catalog(catalog).get("best").name == "Best"


@pytest.mark.parametrize("options", [[], ["--out", "a", "--add-to", "b"], ["--add-to", "b"]])
def test_what_cannot_be_done_is_said(options: list[str], tmp_path: Path) -> None:
    picture = str(tmp_path / "none.jpg")
    error = CliRunner().invoke(app, ["garment", picture, *options]).exception
    assert isinstance(error, InputError)
    assert not (tmp_path / "b").exists()
