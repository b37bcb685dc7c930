"""``wearcast render``: what it says of a clip without anybody, and what it leaves behind."""

from __future__ import annotations

import resource
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from pipeline import video
from pipeline.clips import VideoWriter
from pipeline.errors import InputError
from pipeline.live import LiveTryOn, untouched
from pipeline.structures import Composite, Frame, Image, Reason
from stream_server.cli import app

SIZE_WH = 64, 48
FRAMES = 10
DRESSED_FROM = 4


class StandIn:
    """A mirror that sees nobody in the first frames, and then dresses one of two people."""

    def __init__(self, *_: object, **__: object) -> None:
        self.count = 0

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def process(self, frame: Frame) -> Composite:
        self.count += 1
        if self.count <= DRESSED_FROM:
            return untouched(frame, Reason.NO_PERSON)
        composite = untouched(frame, Reason.SETTLING)
        return replace(composite, reason=None, opacity=1.0, several_people=True)


class Nobody(StandIn):
    def process(self, frame: Frame) -> Composite:
        return untouched(frame, Reason.NO_PERSON)


class Interrupted(StandIn):
    def process(self, frame: Frame) -> Composite:
        if self.count == DRESSED_FROM:
            raise KeyboardInterrupt
        return super().process(frame)


def pictures() -> Iterable[Image]:
    noise = np.random.default_rng(1)
    width, height = SIZE_WH
    return (noise.integers(0, 255, (height, width, 3), np.uint8) for _ in range(FRAMES))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    writer = VideoWriter(tmp_path / "clip.mp4", SIZE_WH, Fraction(25), Fraction(1, 1000))
    for index, picture in enumerate(pictures()):
        writer.write(picture, 40 * index)
    writer.close()
    return tmp_path / "clip.mp4"


def render(
    monkeypatch: pytest.MonkeyPatch, mirror: type[StandIn], clip: Path, *options: object
) -> Result:
    monkeypatch.setattr(video, "LiveTryOn", mirror)
    words = ["render", str(clip), "--garment", "white-tee", "--stack", "off"]
    return CliRunner().invoke(app, [*words, *map(str, options)])


def test_nobody_dressed_is_no_error_but_is_said_aloud(
    monkeypatch: pytest.MonkeyPatch, clip: Path, tmp_path: Path
) -> None:
    result = render(monkeypatch, Nobody, clip, "-o", tmp_path / "o.mp4")
    assert result.exit_code == 0
    assert "0 of 10 frames dressed" in result.stdout
    assert "10 left alone, no_person: Nobody who faces the camera was found." in result.stdout
    assert "Nobody was dressed" in result.stderr
    assert (tmp_path / "o.mp4").is_file()


def test_the_summary_counts_and_tells_of_several_people(
    monkeypatch: pytest.MonkeyPatch, clip: Path, tmp_path: Path
) -> None:
    result = render(monkeypatch, StandIn, clip, "-o", tmp_path / "o.mp4")
    assert result.exit_code == 0
    assert "6 of 10 frames dressed, the nearest of several people." in result.stdout
    assert "Nobody was dressed" not in result.stderr


@pytest.mark.parametrize(("percent", "code"), [(60, 0), (61, 1)])
def test_too_few_dressed_frames_fail_on_request(
    monkeypatch: pytest.MonkeyPatch, clip: Path, tmp_path: Path, percent: int, code: int
) -> None:
    result = render(monkeypatch, StandIn, clip, "-o", tmp_path / "o.mp4", "--min-dressed", percent)
    assert result.exit_code == code
    assert (tmp_path / "o.mp4").is_file()


@pytest.mark.parametrize("out", ["o.mp4", "frames/"])
def test_an_interruption_leaves_nothing_half_written(
    monkeypatch: pytest.MonkeyPatch, clip: Path, tmp_path: Path, out: str
) -> None:
    places = ["-o", f"{tmp_path}/{out}", "--masks", f"{tmp_path}/masks/", "--report", "r.json"]
    before = sorted(tmp_path.rglob("*"))
    result = render(monkeypatch, Interrupted, clip, *places)
    assert result.exit_code != 0
    assert sorted(tmp_path.rglob("*")) == before


def test_an_interruption_keeps_what_an_earlier_run_made(
    monkeypatch: pytest.MonkeyPatch, clip: Path, tmp_path: Path
) -> None:
    out = f"{tmp_path}/frames/"
    assert render(monkeypatch, Nobody, clip, "-o", out).exit_code == 0
    before = {path: path.read_bytes() for path in Path(out).iterdir()}
    render(monkeypatch, Interrupted, clip, "-o", out)
    assert {path: path.read_bytes() for path in Path(out).iterdir()} == before
    assert len(before) == FRAMES


@pytest.mark.parametrize("out", ["o.mp4", "frames/"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, clip: Path, tmp_path: Path, out: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))  # bytes; a frame has more
    try:
        result = render(monkeypatch, Nobody, clip, "-o", f"{tmp_path}/{out}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert isinstance(result.exception, InputError)
    assert f"{tmp_path}/{out}".rstrip("/") in str(result.exception)
    assert "cannot be written" in str(result.exception)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_real_mirror_tells_of_several_people_as_its_tracker_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pipeline.garments import load_garment
    from pipeline.pose import PoseTracker
    from pipeline.samples import astronaut

    with LiveTryOn(load_garment("white-tee")) as mirror:
        for step in range(8):
            alone = mirror.process(Frame(astronaut(), step / 8))
        assert alone.dressed and not alone.several_people
        found = mirror.observe(Frame(astronaut(), 1.0))
        monkeypatch.setattr(PoseTracker, "beside", found.pose)
        assert mirror.process(Frame(astronaut(), 1.1)).several_people
