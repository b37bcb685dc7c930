from __future__ import annotations

import fractions

import numpy as np
from av import VideoFrame

from pipeline.samples import astronaut
from pipeline.structures import Image
from stream_server.frames import to_picture


def source(image: Image) -> VideoFrame:
    frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = 4500, fractions.Fraction(1, 90_000)
    return frame


def test_a_mirrored_picture_is_the_plain_one_from_right_to_left() -> None:
    frame = source(astronaut())
    plain, flipped = to_picture(frame, mirrored=False), to_picture(frame, mirrored=True)
    assert np.array_equal(flipped.image, plain.image[:, ::-1])
    assert flipped.image.flags.c_contiguous
    assert (plain.altered, flipped.altered) == (False, True)
