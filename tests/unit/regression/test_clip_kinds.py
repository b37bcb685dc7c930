"""Whatever a camera writes can be recorded and checked: the same clip gives the same verdict."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.regression.compare import compare
from pipeline.regression.recorder import record_case
from pipeline.regression.suite import load_suite
from tests.unit.regression.drawn_mirror import FPS, DrawnMirror, clip, write_suite

FRAMES = 16


def encode(
    path: Path,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    size_wh: tuple[int, int] = (320, 240),
    stamps: list[int] | None = None,
    sound: bool = False,
    options: dict[str, str] | None = None,
    frames: int = FRAMES,
) -> Path:
    with av.open(str(path), "w", options=options or {}) as out:
        video = out.add_stream(codec, rate=FPS)
        video.width, video.height, video.pix_fmt = *size_wh, pixels
        video.time_base = video.codec_context.time_base = Fraction(1, 1000)
        audio = out.add_stream("aac", rate=8000, layout="mono") if sound else None
        for index, frame in enumerate(clip(frames)):
            picture = av.VideoFrame.from_ndarray(frame.image, "rgb24")
            picture = picture.reformat(*size_wh, format=pixels)
            picture.pts = stamps[index] if stamps else index * 1000 // FPS
            picture.time_base = Fraction(1, 1000)
            out.mux(video.encode(picture))
        if audio is not None:
            tone = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
            tone.sample_rate, tone.pts = 8000, 0
            out.mux(audio.encode(tone))
            out.mux(audio.encode(None))
        out.mux(video.encode(None))
    return path


def turned(path: Path) -> Path:
    """A quarter turn in the track's matrix, as phones write it."""
    data = encode(path).read_bytes()
    upright = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
    matrix = np.array([0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000], ">i4").tobytes()
    at = data.index(upright, data.index(b"tkhd"))
    path.write_bytes(data[:at] + matrix + data[at + len(matrix) :])
    return path


def cut_off(path: Path) -> Path:
    encode(path, codec="mpeg4", options={"movflags": "faststart"}, frames=2 * FRAMES)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.7)])
    return path


UNEVEN = [0, 40, 80, 200, 240, 300, 340, 500, 540, 580, 620, 660, 700, 740, 900, 940]
KINDS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "variable frame rate": ("a.mp4", lambda path: encode(path, stamps=UNEVEN)),
    "rotation": ("a.mov", turned),
    "odd size": (
        "a.mkv",
        lambda path: encode(path, codec="ffv1", pixels="bgr0", size_wh=(319, 241)),
    ),
    "10 bit": ("a.mp4", lambda path: encode(path, pixels="yuv420p10le")),
    "alpha": ("a.mov", lambda path: encode(path, codec="png", pixels="rgba")),
    "sound": ("a.mp4", lambda path: encode(path, sound=True)),
    "cut off": ("a.mp4", cut_off),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_clip(kind: str, tmp_path: Path) -> None:
    name, write = KINDS[kind]
    write(tmp_path / name)
    (case,) = load_suite(write_suite(tmp_path, [name])).cases
    first = record_case(case, DrawnMirror).recording
    again = record_case(case, DrawnMirror, like=first).recording
    assert compare(first, again, case.tolerances).regressions == []
    assert first.dressed.any()
    truncated = any("cut off" in note for note in first.notes)
    assert truncated == (kind == "cut off")
    assert (first.frames == FRAMES) != (kind == "cut off")
    if kind == "variable frame rate":
        assert (first.tracks.time_s * 1000).round().tolist() == UNEVEN
    if kind == "rotation":
        assert first.clip["size_wh"] == [240, 320]
    if kind == "odd size":
        assert first.clip["size_wh"] == [319, 241]
