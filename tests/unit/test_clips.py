"""Clips in and out: stamps, rotation, odd sizes, damage."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.clips import FolderWriter, VideoReader, VideoWriter
from pipeline.errors import VideoUnreadable
from pipeline.images import read_image

TIME_BASE = Fraction(1, 1000)


def picture(index: int, height: int = 48, width: int = 64) -> np.ndarray:
    image = np.full((height, width, 3), 40, np.uint8)
    image[: height // 2, : width // 2] = (200, 30, 30)  # the top-left corner tells a rotation
    image[-8:, index : index + 8] = 255
    return image


def write_clip(path: Path, stamps: list[int], size_hw: tuple[int, int] = (48, 64)) -> Path:
    writer = VideoWriter(path, size_hw[::-1], Fraction(25), TIME_BASE)
    for index, pts in enumerate(stamps):
        writer.write(picture(index, *size_hw), pts)
    writer.close()
    return path


def packed_anew(clip: Path, target: Path, **options: str) -> Path:
    """The same pictures, not encoded again, in another container."""
    with av.open(str(clip)) as source, av.open(str(target), "w", options=options) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return target


def test_every_frame_comes_back_with_its_own_stamp(tmp_path: Path) -> None:
    stamps = [0, 40, 80, 200, 240, 1000]  # variable frame rate
    with VideoReader(write_clip(tmp_path / "a.mp4", stamps)) as reader:
        frames = list(reader)
    assert [round(f.frame.time_s * 1000) for f in frames] == stamps
    assert np.abs(frames[3].frame.image.astype(int) - picture(3)).mean() < 3
    assert not reader.truncated


def test_unfinished_output_never_stands_under_its_name(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", (64, 48), Fraction(25), TIME_BASE)
    writer.write(picture(0), 0)
    assert not (tmp_path / "a.mp4").exists()
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_odd_sizes_grow_by_a_repeated_line(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "odd.mp4", [0, 40], size_hw=(47, 63))
    with VideoReader(path) as reader:
        assert reader.size_wh == (64, 48)


def test_rotation_metadata_is_undone(tmp_path: Path) -> None:
    data = packed_anew(write_clip(tmp_path / "a.mp4", [0, 40]), tmp_path / "b.mov").read_bytes()
    upright = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
    turned = np.array([0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000], ">i4").tobytes()
    track = data.index(b"tkhd")  # the matrix of the track, not of the movie
    at = data.index(upright, track)
    (tmp_path / "b.mov").write_bytes(data[:at] + turned + data[at + len(turned) :])
    with VideoReader(tmp_path / "b.mov") as reader:
        image = next(iter(reader)).frame.image
    assert image.shape == (64, 48, 3)
    assert image[10, -10, 0] > 150  # a clockwise quarter turn takes the top left to the top right
    assert image[10, 10, 0] < 100


@pytest.mark.parametrize("content", [b"", b"no video at all" * 50])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoUnreadable, match=r"x\.mp4"):
        VideoReader(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoUnreadable, match="not there"):
        VideoReader(tmp_path / "gone.mp4")


def test_sound_without_picture_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(VideoUnreadable, match="no picture stream"):
        VideoReader(tmp_path / "a.wav")


def test_cut_off_file_without_index_is_refused(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.mp4", list(range(0, 400, 40))).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoUnreadable, match="cut off"):
        VideoReader(tmp_path / "cut.mp4")


def test_cut_off_tail_is_noticed(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    with av.open(str(tmp_path / "a.mp4"), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(50):
            image = noise.integers(0, 255, (48, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode(None))
    data = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    with VideoReader(tmp_path / "cut.mp4") as reader:
        count = sum(1 for _ in reader)
    assert 5 < count < 45
    assert reader.truncated


def test_cut_off_before_its_first_whole_picture_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", list(range(0, 2000, 40)))
    data = packed_anew(clip, tmp_path / "b.mp4", movflags="faststart").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: data.index(b"mdat") + 40])
    with pytest.raises(VideoUnreadable, match="cut off"):
        VideoReader(tmp_path / "cut.mp4")


def test_folder_is_lossless_and_drops_frames_of_a_longer_run(tmp_path: Path) -> None:
    for length in (4, 2):
        writer = FolderWriter(tmp_path / "out")
        for index in range(length):
            writer.write(picture(index), index)
        writer.close()
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["000000.png", "000001.png"]
    assert np.array_equal(read_image(tmp_path / "out" / "000001.png"), picture(1))


def test_told_to_stop_while_it_opens_a_file_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise SystemExit

    monkeypatch.setattr("pipeline.clips.av.open", stopped)
    with pytest.raises(SystemExit):
        VideoWriter(tmp_path / "a.mp4", (64, 48), Fraction(25), TIME_BASE)
    assert not list(tmp_path.iterdir())
