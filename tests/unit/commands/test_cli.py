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
    (tmp_path / "ray.toml").write_text('stack = "ray"')
    (tmp_path / "noise.mp4").write_bytes(b"no video at all" * 50)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "own.png").write_bytes(ASTRONAUT.read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("render {d}/empty.mp4 --garment white-tee -o {d}/o.mp4", "is empty"),
        ("render {d}/gone.mp4 --garment white-tee -o {d}/o.mp4", "not there"),
        ("render {d}/empty.mp4 --garment no-such-thing -o {d}/o.mp4", "no garment"),
        ("render {d}/empty.mp4 --garment white-tee -o {d}/o.mp4 --stack cuda", "weights fetch"),
        ("photo {a} --garment white-tee -o {d}/o.png --stack cpu", "weights fetch"),
        ("photo {a} --garment white-tee -o {d}/o.png --stack ray", "Use one of auto, off, cpu"),
        ("serve --stack ray", "Use one of auto, off, cpu, cuda"),
        ("serve --config {d}/ray.toml", "Use one of auto, off, cpu, cuda"),
        ("serve --stack gpu", "must be one of auto, off, cpu, cuda"),
        ("photo {a} --garment white-tee -o {d}/o.png --catalog {d}/no", "no catalogue folder"),
        ("photo {a} --garment {d} -o {d}/o.png", "not that of a garment"),
        ("photo {a} --garment white-tee -o {d}/o.png --mask {d}/o.png", "two results"),
        ("photo {d}/own.png --garment white-tee -o {d}/own.png", "overwritten by its own"),
        ("photo {d}/empty.mp4 --garment white-tee -o {d}/o.png", "is empty"),
        ("photo {d}/noise.mp4 --garment white-tee -o {d}/o.png", "wearcast render"),
        ("photo {d} --garment white-tee -o {d}/o.png", "Is a directory"),
        ("photo {a} --garment white-tee -o {d}/folder.png", "is a folder"),
        ("render {a} --garment white-tee -o {d}/o.mp4", "wearcast photo"),
        ("render {d} --garment white-tee -o {d}/o.mp4", "not a file"),
        ("render {d}/noise.mp4 --garment white-tee -o {d}/o.mp4", "not a video"),
        ("render {d}/noise.mp4 --garment white-tee -o {d}/o.gif", "no video file name"),
        ("render {d}/noise.mp4 --garment white-tee -o {d}/noise.mp4", "overwritten by its own"),
        ("render {d}/noise.mp4 --garment white-tee -o {d}/p/ --masks {d}/p", "two results"),
        ("render {d}/noise.mp4 --garment white-tee -o {d}/own.png/", "is a file"),
        ("render {d}/noise.mp4 --garment white-tee -o {d}/o.mp4 --report {d}", "is a folder"),
        ("garment {d}/text.jpg --add-to {d}/text.jpg", "is a file"),
        ("pose {d}/no -o {d}/p", "no picture or folder"),
        ("pose {d}/folder.png -o {d}/p", "holds no picture"),
        ("pose {a} -o {d}/text.jpg", "is a file"),
        ("regress check {d}/no.toml", "cannot be opened"),
        ("bench frame --clip {d}/empty.mp4", "is empty"),
        ("serve --tls-cert {d}/no.pem --tls-key {d}/no.pem", "no.pem cannot be read"),
        ("serve --host 300.1.1.1 --catalog {d}/c", "not an address"),
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
    before = sorted(folder.rglob("*"))
    code = run(monkeypatch, *words.format(d=folder, a=ASTRONAUT).split())
    said = capfd.readouterr().err
    assert code == EXIT_BAD_INPUT
    assert sentence in " ".join(said.split())
    assert "Traceback" not in said
    assert sorted(folder.rglob("*")) == before


def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], folder: Path
) -> None:
    code = run(monkeypatch, "photo", ASTRONAUT, "--garment", "white-tee", "-o", "/proc/x/o.png")
    assert code == EXIT_BAD_INPUT
    assert "Traceback" not in capfd.readouterr().err


def test_a_file_that_nobody_expected_to_fail_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], folder: Path
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    code = run(monkeypatch, "garment", folder / "own.png", "-o", folder / "g")
    assert code == EXIT_BAD_INPUT
    said = " ".join(capfd.readouterr().err.split())
    assert "own.png cannot be" in said and "Permission denied" in said


def test_a_photo_is_dressed_and_its_mask_written(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], folder: Path
) -> None:
    out, mask = folder / "o.png", folder / "m.png"
    words = f"wearcast photo {ASTRONAUT} --garment white-tee -o {out} --mask {mask}"
    monkeypatch.setattr("sys.argv", words.split())
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert out.stat().st_size > 10_000
    assert mask.exists()
    said = capfd.readouterr()
    assert said.out == f"{out}: dressed.\n"
    assert "weights" not in said.err  # nothing is missing that was asked for
