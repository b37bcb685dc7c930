"""Bad input at the command line: one sentence on standard error, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.samples import ASTRONAUT
from stream_server.cli import EXIT_BAD_INPUT, main


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr("sys.argv", ["wearcast", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("not a picture")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("render {d}/empty.mp4 --garment white-tee -o {d}/o.mp4", "is empty"),
        ("render {d}/gone.mp4 --garment white-tee -o {d}/o.mp4", "not there"),
        ("render {d}/empty.mp4 --garment no-such-thing -o {d}/o.mp4", "no garment"),
        ("render {d}/empty.mp4 --garment white-tee -o {d}/o.mp4 --stack cuda", "weights fetch"),
        ("photo {a} --garment white-tee -o {d}/o.png --stack cpu", "weights fetch"),
        ("photo {a} --garment white-tee -o {d}/o.png --stack ray", "shares GPUs"),
        ("photo {d}/text.jpg --garment white-tee -o {d}/o.png", "not a picture"),
        ("photo {a} --garment white-tee -o {d}/o.jpg", "End the name in .png"),
        ("photo {a} --garment {d}/text.jpg -o {d}/o.png", "not a picture"),
        ("garment {d}/text.jpg -o {d}/g", "not a picture"),
        ("garment {a} -o {d}/g", "person"),
        ("pose {d}/text.jpg -o {d}/p", "not a picture"),
        ("serve --catalog {d}/text.jpg", "is a file"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    folder: Path,
    words: str,
    sentence: str,
) -> None:
    code = run(monkeypatch, *words.format(d=folder, a=ASTRONAUT).split())
    said = capfd.readouterr().err
    assert code == EXIT_BAD_INPUT
    assert sentence in said
    assert "Traceback" not in said
    assert not (folder / "o.mp4").exists()
    assert not (folder / "o.png").exists()


def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], folder: Path
) -> None:
    code = run(monkeypatch, "photo", ASTRONAUT, "--garment", "white-tee", "-o", "/proc/x/o.png")
    assert code == EXIT_BAD_INPUT
    assert "Traceback" not in capfd.readouterr().err


def test_a_photo_is_dressed_and_its_mask_written(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    out, mask = folder / "o.png", folder / "m.png"
    words = f"wearcast photo {ASTRONAUT} --garment white-tee -o {out} --mask {mask}"
    monkeypatch.setattr("sys.argv", words.split())
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert out.stat().st_size > 10_000
    assert mask.exists()
