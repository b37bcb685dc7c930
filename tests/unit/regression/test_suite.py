"""Suites are read strictly: what is wrong is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.errors import InputError
from pipeline.regression.suite import load_suite
from stream_server.cli import app

CLIP = '[[clip]]\nsource = "sample:sway"\n'
GOOD = 'garments = ["white-tee"]\n' + CLIP


def read(folder: Path, text: str):  # type: ignore[no-untyped-def]
    path = folder / "s.toml"
    path.write_text(text)
    return load_suite(path)


def test_defaults_and_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPS", "/clips")
    suite = read(
        tmp_path,
        'garments = ["white-tee", "mine/red.jpg"]\nframes = 9\n[tolerances]\narea = 0.2\n'
        '[[clip]]\nsource = "${CLIPS}/a b.mp4"\n[clip.tolerances]\nface = 0.1\n'
        '[[clip]]\nname = "two"\nsource = "sample:sway"\ngarments = ["breton-top"]\nstart = 4\n',
    )
    assert [case.id for case in suite.cases] == [
        "a-b-white-tee-photo",
        "a-b-red-photo",
        "two-breton-top-photo",
    ]
    first, second, third = suite.cases
    assert first.source == "/clips/a b.mp4"
    assert second.garment == str(tmp_path / "mine/red.jpg")
    assert (first.tolerances.face, third.tolerances.face) == (0.1, 0.005)
    assert (first.tolerances.area, third.tolerances.area) == (0.2, 0.2)
    assert (third.start, third.frames) == (4, 9)
    assert suite.baselines == tmp_path / "s.baselines"


BAD = {
    "no toml": ("garments = [", "not valid TOML"),
    "no clip": ('garments = ["white-tee"]', "names no clip"),
    "no source": ('garments = ["white-tee"]\n[[clip]]\nname = "a"', "no source"),
    "no garment": (CLIP, "names no garment"),
    "unknown key": ("frame = 3\n" + GOOD, "unknown key frame"),
    "unknown key of a clip": (GOOD + "speed = 2\n", "unknown key speed"),
    "unknown tolerance": (GOOD + "[tolerances]\nssmi = 1\n", "ssmi, which is no tolerance"),
    "negative tolerance": (GOOD + "[tolerances]\narea = -1\n", "number of 0 or more"),
    "unknown stack": (GOOD + 'stacks = ["cuda"]\n', "asks for the stack cuda"),
    "bad frames": (GOOD + "frames = 0\n", "whole number of 1 or more"),
    "garments as text": ('garments = "white-tee"\n' + CLIP, "list of texts"),
    "the same case twice": (GOOD + CLIP, "twice"),
    "a name that is a path": (GOOD + 'name = "../a"\n', "letters, digits"),
    "a variable that is not set": (
        'garments = ["white-tee"]\n[[clip]]\nsource = "${NO_SUCH_FOLDER}/a.mp4"\n',
        "NO_SUCH_FOLDER, which is not set",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_suite_is_refused_in_a_sentence(tmp_path: Path, what: str) -> None:
    text, words = BAD[what]
    with pytest.raises(InputError, match=words):
        read(tmp_path, text)


def test_a_missing_suite_and_an_unknown_case_are_bad_input(tmp_path: Path) -> None:
    missing = CliRunner().invoke(app, ["regress", "check", str(tmp_path / "no.toml")])
    assert isinstance(missing.exception, InputError)  # main() makes one sentence and exit 2 of it
    read(tmp_path, GOOD)
    unknown = CliRunner().invoke(
        app, ["regress", "check", str(tmp_path / "s.toml"), "--case", "nobody"]
    )
    assert "has no case nobody" in str(unknown.exception)


def test_a_suite_without_baselines_is_not_judged(tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    result = CliRunner().invoke(app, ["regress", "check", str(tmp_path / "s.toml"), "--json"])
    assert result.exit_code == 2
    assert "Run wearcast regress record" in result.output
