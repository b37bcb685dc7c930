"""Between WebRTC's frames and the pipeline's pictures: colours, mirror, size and clock."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from pipeline.structures import Image

MAX_SIDE_PX = 1280  # larger cameras are scaled down: no mirror on a page is wider
VIDEO_CHROMA = np.rint(128 + (np.arange(256) - 128) * 224 / 255).astype(np.uint8)
MIN_STEP_S = 0.001  # a clock that stands still or jumps back goes on by this much


class Picture(NamedTuple):
    """A camera frame as the pipeline sees it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        altered: it was flipped or scaled, so the frame itself must not go out in its place.
    """

    image: Image
    altered: bool


def fitting_size(width: int, height: int) -> tuple[int, int]:
    """Size with the same shape whose longer side is at most ``MAX_SIDE_PX``; even if scaled."""
    scale = MAX_SIDE_PX / max(width, height)
    if scale >= 1:
        return width, height
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def to_picture(frame: VideoFrame, *, mirrored: bool) -> Picture:
    """A decoded frame as RGB, scaled down if it is very large, flipped if asked for."""
    width, height = fitting_size(frame.width, frame.height)
    # one thread: the steps of the worker are what is spread over the cores
    rgb = frame.reformat(width=width, height=height, format="rgb24", threads=1)
    image = np.asarray(rgb.to_ndarray(), np.uint8)
    scaled = width != frame.width
    if mirrored:  # OpenCV's flip takes 0.1 ms; a reversed numpy view costs 2.2 ms to copy
        image = np.asarray(cv2.flip(image, 1), np.uint8)
    return Picture(image, mirrored or scaled)


def goes_out_as_it_is(frame: VideoFrame, *, mirrored: bool) -> bool:
    """Whether ``to_picture`` would only change the colours' format."""
    return not mirrored and fitting_size(frame.width, frame.height) == (frame.width, frame.height)


def to_frame(image: Image, source: VideoFrame, reformatter: VideoReformatter) -> VideoFrame:
    """A picture as the yuv420p that encoders take, with the clock of ``source``."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:  # half a pixel of colour: FFmpeg has an answer
        rgb = VideoFrame.from_ndarray(image, format="rgb24")
        frame = reformatter.reformat(rgb, format="yuv420p", threads=1)
    else:
        frame = VideoFrame.from_ndarray(_planes(image), format="yuv420p")
    frame.pts = source.pts
    frame.time_base = source.time_base
    return frame


def _planes(image: Image) -> NDArray[np.uint8]:
    """(3 H / 2, W) uint8: Y, U and V of BT.601 in video range, in half of FFmpeg's time.

    OpenCV's own U and V are those of one pixel in four, which frays coloured edges; ours are means.
    """
    height, width = image.shape[:2]
    planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420), np.uint8)
    half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    _, red, blue = cv2.split(cv2.cvtColor(half, cv2.COLOR_RGB2YCrCb))  # in full range
    planes.reshape(-1)[height * width :] = np.concatenate(
        (cv2.LUT(blue, VIDEO_CHROMA).reshape(-1), cv2.LUT(red, VIDEO_CHROMA).reshape(-1))
    )
    return planes


class SourceClock:
    """Presentation times in seconds that always grow, whatever the sender's clock does."""

    def __init__(self) -> None:
        self._last_s = -MIN_STEP_S

    def seconds(self, frame: VideoFrame) -> float:
        """Time of a frame, seconds."""
        base = frame.time_base
        time_s = float(frame.pts * base) if frame.pts is not None and base is not None else 0.0
        self._last_s = max(time_s, self._last_s + MIN_STEP_S)
        return self._last_s
