"""``wearcast parse``: a palette PNG per picture, or a sentence that says what is missing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from pipeline import parsing
from pipeline.images import write_png
from pipeline.labels import Lip
from pipeline.networks import build
from pipeline.networks.schp import Schp
from pipeline.parsing import ParseDataset, Parser, palette
from stream_server.cli import main
from tests.networks import small

Run = Callable[..., tuple[int, str, str]]
CROP_PX = 65
LIP_FILE = "exp-schp-201908261155-lip.pth"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``parse`` with narrow networks and an own weights folder: code, output, messages."""
    narrow = small.NETWORKS["schp"]
    monkeypatch.setitem(build.BUILDERS, "schp_lip", narrow)  # type: ignore[arg-type]
    dataset = ParseDataset("schp_lip", Lip, CROP_PX)
    monkeypatch.setitem(parsing.DATASETS, "lip", dataset)  # type: ignore[arg-type]

    def run(
        *arguments: object, dataset: str = "lip", folder: str = "weights"
    ) -> tuple[int, str, str]:
        given = [*map(str, arguments), "--dataset", dataset, "--folder", str(tmp_path / folder)]
        monkeypatch.setattr(sys, "argv", ["wearcast", "parse", *given])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, " ".join(said.err.split())

    return run


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """The folder with a checkpoint of the narrow parser."""
    (tmp_path / "weights").mkdir()
    torch.save(small.small("schp").state_dict(), tmp_path / "weights" / LIP_FILE)
    return tmp_path / "weights"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    image = np.random.default_rng(5).integers(0, 255, (40, 30, 3), np.uint8)
    write_png(tmp_path / "person.png", image)
    return tmp_path / "person.png"


def expected(picture: Path) -> np.ndarray:
    network = small.small("schp")
    assert isinstance(network, Schp)
    image = np.asarray(Pil.open(picture).convert("RGB"))
    return Parser(network, ParseDataset("schp_lip", Lip, CROP_PX)).parse(image)


@pytest.mark.usefixtures("weights")
def test_a_picture_becomes_a_palette_png(run: Run, picture: Path, tmp_path: Path) -> None:
    code, out, _ = run(picture, "-o", f"{tmp_path}/out/")
    assert code == 0 and "1 of 1" in out
    with Pil.open(tmp_path / "out" / "person.png") as made:
        assert made.mode == "P" and made.size == (30, 40)
        assert np.array_equal(np.asarray(made), expected(picture))
        colours = np.reshape(made.getpalette() or [], (-1, 3))
    assert np.array_equal(colours, palette(256)[: len(colours)])
    assert len(np.unique(expected(picture))) > 1
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["person.png"]


@pytest.mark.usefixtures("weights")
def test_logits_agree_with_the_parts(run: Run, picture: Path, tmp_path: Path) -> None:
    assert run(picture, "-o", tmp_path / "out", "--logits")[0] == 0
    values = np.load(tmp_path / "out" / "person.npy")
    assert values.shape == (40, 30, 5) and values.dtype == np.float32
    with Pil.open(tmp_path / "out" / "person.png") as made:
        assert np.array_equal(np.asarray(made), values.argmax(-1))
    assert np.array_equal(values.argmax(-1), expected(picture))


@pytest.mark.usefixtures("weights")
def test_a_folder_goes_on_past_an_unreadable_picture(
    run: Run, picture: Path, tmp_path: Path
) -> None:
    source = tmp_path / "people"
    source.mkdir()
    for name in ("a.png", "c.png", "c.JPG"):
        (source / name).write_bytes(picture.read_bytes())
    (source / "b.jpg").write_bytes(b"no picture")
    (source / "notes.txt").write_text("not looked at")
    code, out, err = run(source, "-o", tmp_path / "out")
    assert code == 2
    assert "3 of 4" in out and "b.jpg is not a picture" in err and "1 of 4" in err
    made = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert made == ["a.png", "c.JPG.png", "c.png.png"]


@pytest.mark.parametrize("dataset", ["lip", "atr", "pascal", "cihp"])
def test_missing_weights_say_what_to_do(
    dataset: str, run: Run, picture: Path, tmp_path: Path
) -> None:
    code, _, err = run(picture, "-o", tmp_path / "out", dataset=dataset)
    assert code == 2
    assert f"weights fetch schp_{dataset}" in err and "weights import FILE" in err
    assert not (tmp_path / "out").exists()


def test_other_data_sets_are_refused(run: Run, picture: Path, tmp_path: Path) -> None:
    code, _, err = run(picture, "-o", tmp_path / "out", dataset="coco")
    assert code == 2 and "coco" in err


def test_the_own_parser_says_what_it_needs(run: Run, picture: Path, tmp_path: Path) -> None:
    missing = tmp_path / "none.onnx"
    code, _, err = run(picture, "-o", tmp_path / "out", "--weights", missing, dataset="own")
    assert code == 2
    assert "none.onnx" in err
    assert not (tmp_path / "out").exists()


def test_a_damaged_checkpoint_is_refused(
    run: Run, weights: Path, picture: Path, tmp_path: Path
) -> None:
    data = (weights / LIP_FILE).read_bytes()
    (weights / LIP_FILE).write_bytes(data[: len(data) // 2])
    code, _, err = run(picture, "-o", tmp_path / "out")
    assert code == 2 and "damaged or cut off" in err and "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_of_ones_own_is_used(
    run: Run, weights: Path, picture: Path, tmp_path: Path
) -> None:
    own = (weights / LIP_FILE).rename(tmp_path / "mine.pth")
    assert run(picture, "-o", tmp_path / "out", "--weights", own)[0] == 0
    assert (tmp_path / "out" / "person.png").is_file()


@pytest.mark.usefixtures("weights")
def test_commercial_refuses_the_published_parser(run: Run, picture: Path, tmp_path: Path) -> None:
    code, _, err = run(picture, "-o", tmp_path / "out", "--commercial")
    assert code == 2 and "may not be used commercially" in err


@pytest.mark.usefixtures("weights")
def test_bad_sources_and_places_are_refused(run: Run, picture: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.png").write_bytes(picture.read_bytes()[:60])
    (tmp_path / "file").write_text("")
    for source, out, says in (
        (tmp_path / "nowhere.png", tmp_path / "out", "no picture or folder"),
        (tmp_path / "empty", tmp_path / "out", "holds no picture"),
        (tmp_path / "bad.png", tmp_path / "out", "damaged or cut off"),
        (picture, tmp_path, "overwrite your pictures"),
        (picture, tmp_path / "file", "is a file"),
    ):
        code, _, err = run(source, "-o", out)
        assert code == 2 and says in err and "Parsing" not in err, says
    assert not (tmp_path / "out").exists()
