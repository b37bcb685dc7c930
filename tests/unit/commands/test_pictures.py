"""Folders of pictures: the good ones are done, the bad ones named, and the end is not good."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.errors import ImageUnreadable
from pipeline.samples import ASTRONAUT
from stream_server.cli import app


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no picture")
    for name in ("b.png", "c.png", "c.JPG"):
        shutil.copyfile(ASTRONAUT, folder / name)
    (folder / "d.jpg").write_bytes(b"")
    return folder


def test_pose_goes_on_past_bad_pictures_and_names_them(people: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["pose", str(people), "-o", str(tmp_path / "out")])
    assert isinstance(result.exception, ImageUnreadable)  # exit code 2, see test_cli
    assert str(result.exception) == "2 of 5 pictures could not be read: a.png, d.jpg."
    assert "a.png is not a picture" in " ".join(result.stderr.split())
    assert "3 of 5 pictures" in result.stdout
    made = sorted(path.name for path in (tmp_path / "out").glob("*_keypoints.json"))
    assert made == ["b_keypoints.json", "c.JPG_keypoints.json", "c.png_keypoints.json"]
