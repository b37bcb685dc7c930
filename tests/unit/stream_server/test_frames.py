from __future__ import annotations

import fractions

import numpy as np
import pytest
from av import VideoFrame
from av.video.reformatter import VideoReformatter

from pipeline.samples import astronaut
from pipeline.structures import Image
from stream_server.frames import to_frame, to_picture


def source(image: Image) -> VideoFrame:
    frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = 4500, fractions.Fraction(1, 90_000)
    return frame


def test_a_picture_goes_out_with_the_colours_that_ffmpeg_would_give_it() -> None:
    image = astronaut()
    ours = to_frame(image, source(image), VideoReformatter())
    difference = np.abs(ours.to_ndarray().astype(int) - source(image).to_ndarray())
    assert ours.format.name == "yuv420p"
    assert difference.max() <= 4
    assert difference.mean() < 0.2
    assert (ours.pts, ours.time_base) == (4500, fractions.Fraction(1, 90_000))


@pytest.mark.parametrize("size_wh", [(63, 48), (64, 47), (65, 49), (66, 50)])
def test_any_size_goes_out(size_wh: tuple[int, int]) -> None:
    image = astronaut(size_wh)
    frame = to_frame(image, source(astronaut()), VideoReformatter())
    assert (frame.width, frame.height) == size_wh
    back = np.asarray(frame.to_ndarray(format="rgb24"), float)
    assert np.abs(back - image).mean() < 8


def test_a_mirrored_picture_is_the_plain_one_from_right_to_left() -> None:
    frame = source(astronaut())
    plain, flipped = to_picture(frame, mirrored=False), to_picture(frame, mirrored=True)
    assert np.array_equal(flipped.image, plain.image[:, ::-1])
    assert flipped.image.flags.c_contiguous
    assert (plain.altered, flipped.altered) == (False, True)
