from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from pipeline.checkpoints.manifest import PART_SUFFIX
from stream_server import doctor
from stream_server.cli import app
from stream_server.finding import Finding
from stream_server.weights_check import examine_weights

FILE = "any.pth"


def manifest(folder: Path, data: bytes | None, commercial: bool) -> Path:
    """A list of one checkpoint, published as ``data``."""
    sha256 = [] if data is None else [hashlib.sha256(data).hexdigest()]
    lines = {
        "file": FILE,
        "purpose": "a test",
        "sources": [],
        "licence": "of a test",
        "commercial": commercial,
        "sha256": sha256,
    }
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in lines.items())
    (folder / "manifest.toml").write_text(f"[any]\n{text}\n")
    return folder / "manifest.toml"


def found(folder: Path, file: Path, commercial: bool = False) -> Finding:
    (finding,) = examine_weights(commercial=commercial, folder=folder, manifest=file)
    assert finding.check == "weights"
    return finding


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    torch.save({"a": torch.zeros(2)}, tmp_path / FILE)
    return (tmp_path / FILE).read_bytes()


def test_without_any_all_is_well(tmp_path: Path) -> None:
    finding = found(tmp_path, manifest(tmp_path, None, commercial=True))
    assert finding.outcome == "ok" and "needs none" in finding.message


def test_a_good_one_is_verified_and_its_licence_told(tmp_path: Path, data: bytes) -> None:
    free = found(tmp_path, manifest(tmp_path, data, commercial=True), commercial=True)
    assert (free.outcome, "verified; commercial use is allowed" in free.message) == ("ok", True)
    bound = manifest(tmp_path, data, commercial=False)
    finding = found(tmp_path, bound)
    assert finding.outcome == "note"
    for words in ("any: verified", "not for commercial use", "of a test", "--commercial"):
        assert words in finding.message
    assert "left alone" in found(tmp_path, bound, commercial=True).message


def test_a_damaged_one_is_named_with_what_to_do(tmp_path: Path, data: bytes) -> None:
    file = manifest(tmp_path, data, commercial=True)
    (tmp_path / FILE).write_bytes(data[:-10])
    finding = found(tmp_path, file)
    assert finding.outcome == "note"
    assert "any is damaged" in finding.message
    assert finding.message.count("wearcast weights fetch any") == 1
    assert "Download it again" not in finding.message


def test_a_download_that_was_interrupted_is_named(tmp_path: Path) -> None:
    (tmp_path / f"{FILE}{PART_SUFFIX}").write_bytes(b"half")
    finding = found(tmp_path, manifest(tmp_path, None, commercial=True))
    assert "interrupted" in finding.message


def test_the_doctor_tells_each_also_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    def two(*, commercial: bool) -> list[Finding]:
        return [Finding("weights", "note", f"{name} {commercial}.") for name in ("One", "Two")]

    monkeypatch.setattr(doctor, "examine_weights", two)
    monkeypatch.setattr(doctor, "check_packages", lambda _: Finding("packages", "ok", "Fine."))
    result = CliRunner().invoke(app, ["doctor", "--json", "--commercial", "--port", "0"])
    told = [f["message"] for f in json.loads(result.output) if f["check"] == "weights"]
    assert told == ["One True.", "Two True."]
