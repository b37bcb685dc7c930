"""Recorded clips through ``wearcast render``: deterministic, honest about what it left alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline import load_garment
from pipeline.clips import VideoReader, VideoWriter
from pipeline.errors import InputError, VideoUnreadable
from pipeline.images import read_image
from pipeline.samples import swaying_astronaut
from pipeline.structures import Frame
from pipeline.video import RenderJob, render_video
from tests.pictures import read_mask

FRAMES = 36


def write_clip(path: Path, frames: Iterable[Frame]) -> Path:
    writer = VideoWriter(path, (640, 480), Fraction(30), Fraction(1, 3000))
    for frame in frames:
        writer.write(frame.image, round(frame.time_s * 3000))
    writer.close()
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "sway.mp4", swaying_astronaut(FRAMES))


def render_to(folder: Path, clip: Path, name: str = "a", **options: object) -> Path:
    job = RenderJob(
        video=clip,
        out=folder / name,
        out_is_folder=True,
        masks=folder / f"{name}_masks",
        report=folder / f"{name}.json",
        **options,  # type: ignore[arg-type]
    )
    render_video(job, load_garment("sunrise-tee"))
    return folder / name


def test_render_is_lossless_masked_and_deterministic(clip: Path, tmp_path: Path) -> None:
    first, second = render_to(tmp_path, clip, "a"), render_to(tmp_path, clip, "b")
    report = json.loads((tmp_path / "a.json").read_text())
    assert report["frames"] == FRAMES
    assert report["dressed_frames"] > FRAMES // 2
    assert report["dressed_frames"] + sum(report["reasons"].values()) == FRAMES
    assert {"pose", "body", "draw", "compose", "total"} <= set(report["stages_ms"])
    changed = 0
    with VideoReader(clip) as reader:
        for index, clip_frame in enumerate(reader):
            name = f"{index:06d}.png"
            image, mask = read_image(first / name), read_mask(tmp_path / "a_masks" / name)
            same = (image == clip_frame.frame.image).all(axis=-1)
            assert same[mask == 0].all()
            assert np.array_equal(image, read_image(second / name))
            changed += not same.all()
    assert changed == report["dressed_frames"]


def test_vertices_move_with_the_person(clip: Path, tmp_path: Path) -> None:
    render_to(tmp_path, clip)
    vertices = np.load(tmp_path / "a.vertices.npy")
    drawn = vertices[~np.isnan(vertices[:, 0, 0])]
    steps = np.linalg.norm(np.diff(drawn.mean(axis=1), axis=0), axis=-1)
    assert steps.max() < 6  # px a frame at 640×480: she sways, nothing jumps
    assert np.ptp(drawn.mean(axis=1)[:, 0]) > 10


def test_start_and_frames_choose_a_part(clip: Path, tmp_path: Path) -> None:
    folder = render_to(tmp_path, clip, start=10, frames=5)
    assert len(list(folder.glob("*.png"))) == 5
    with VideoReader(clip) as reader:
        tenth = list(reader)[10].frame.image
    assert np.array_equal(read_image(folder / "000000.png"), tenth)  # still settling


def test_start_behind_the_end_is_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="behind the end"):
        render_to(tmp_path, clip, start=500)


def test_nobody_means_identical_frames(tmp_path: Path) -> None:
    y, x = np.mgrid[:480, :640]
    room = np.stack([60 + x // 5, 90 + y // 5, np.full_like(x, 130)], axis=-1).astype(np.uint8)
    empty = write_clip(tmp_path / "e.mp4", (Frame(room, i / 30) for i in range(12)))
    folder = render_to(tmp_path, empty)
    assert json.loads((tmp_path / "a.json").read_text())["reasons"] == {"no_person": 12}
    with VideoReader(empty) as reader:
        for index, clip_frame in enumerate(reader):
            assert np.array_equal(read_image(folder / f"{index:06d}.png"), clip_frame.frame.image)


def test_video_keeps_stamps_and_sits_side_by_side(clip: Path, tmp_path: Path) -> None:
    job = RenderJob(video=clip, out=tmp_path / "x.mp4", side_by_side=True, frames=6)
    render_video(job, load_garment("white-tee"))
    with VideoReader(tmp_path / "x.mp4") as reader:
        assert reader.size_wh == (1280, 480)
        stamps = [f.frame.time_s for f in reader]
    assert stamps == pytest.approx([i / 30 for i in range(6)], abs=1e-3)


def test_cut_off_clip_keeps_what_was_rendered(clip: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.mkv"
    whole.write_bytes(remux(clip, whole))
    data = whole.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: int(len(data) * 0.6)])
    folder = tmp_path / "a"
    try:
        render_to(tmp_path, cut)
    except VideoUnreadable as error:
        assert "kept" in str(error)
    assert 5 < len(list(folder.glob("*.png"))) < FRAMES


def remux(clip: Path, out: Path) -> bytes:
    import av

    with av.open(str(clip)) as source, av.open(str(out), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return out.read_bytes()


@pytest.mark.media
@pytest.mark.parametrize("name", ["no_person_empty_room", "hand_only_no_torso"])
def test_real_clips_without_a_body_stay_untouched(media: Path, tmp_path: Path, name: str) -> None:
    source = media / "videos" / f"{name}.mp4"
    folder = render_to(tmp_path, source, frames=90)
    assert json.loads((tmp_path / "a.json").read_text())["dressed_frames"] == 0
    with VideoReader(source) as reader:
        for index, clip_frame in zip(range(90), reader, strict=False):
            path = folder / f"{index:06d}.png"
            assert np.array_equal(read_image(path), clip_frame.frame.image)


@pytest.mark.media
def test_a_real_person_is_dressed_nearly_all_the_time(media: Path, tmp_path: Path) -> None:
    clip = media / "videos" / "webcam_man_longsleeve_gestures.mp4"
    render_to(tmp_path, clip, frames=75)
    report = json.loads((tmp_path / "a.json").read_text())
    assert report["dressed_frames"] >= 60  # all but the first third of a second
