"""Recorded video from and to files: decoding with rotation and stamps, and three kinds of sink."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import av.error
import av.stream
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline.closing import Closing
from pipeline.errors import VideoUnreadable
from pipeline.images import write_png
from pipeline.structures import Frame, Image

MAX_PIXELS = 3840 * 2160
CRF = "18"  # visually lossless for x264
MISSING_FRAMES = 3  # fewer missing at the end are rounding of the container, not damage


@dataclass(frozen=True, slots=True, eq=False)
class ClipFrame:
    """A decoded picture with its stamp in the source's own time base."""

    frame: Frame
    pts: int


class VideoReader(Closing):
    """Decodes the first picture stream of a file, upright, frame by frame.

    Attributes:
        size_wh: width and height after rotation, px.
        fps: average frame rate.
        time_base: seconds per pts unit.
        frames: how many frames the file says it has; 0 when it does not say.
        truncated: True once decoding had to stop before the end of the file.

    Raises:
        VideoUnreadable: not a video, no picture stream, nothing decodable, too large.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.truncated = False
        self._container = _open(path)
        try:
            self._stream = _picture_stream(self._container, path)
            self._stream.thread_type = "AUTO"
            self.fps = Fraction(self._stream.average_rate or self._stream.guessed_rate or 30)
            self.time_base = Fraction(self._stream.time_base or Fraction(1, 90000))
            self.frames = self._stream.frames
            self._frames = self._decode()
            self._first: ClipFrame | None = next(self._frames, None)
            if self._first is None:
                raise VideoUnreadable(
                    f"{path} holds no picture we can decode: it is empty, damaged or cut off"
                    " before the first frame. Export or copy it again."
                )
        except BaseException:
            self._container.close()
            raise
        self.size_wh = self._first.frame.size_wh

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __iter__(self) -> Iterator[ClipFrame]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._frames

    def _decode(self) -> Iterator[ClipFrame]:
        last_pts, count, seconds = -1, 0, 0.0
        try:
            for picture in self._container.decode(self._stream):
                pts = picture.pts if picture.pts is not None else last_pts + 1
                if pts <= last_pts:  # a broken stamp must not turn time back
                    pts = last_pts + 1
                last_pts, count = pts, count + 1
                seconds = float(pts * (picture.time_base or Fraction(1, 30)))
                yield ClipFrame(Frame(_upright(picture), seconds), pts)
        except (av.error.InvalidDataError, av.error.EOFError, av.error.OSError):
            self.truncated = True
        self.truncated |= self._ended_early(count, seconds)

    def _ended_early(self, count: int, seconds: float) -> bool:
        """Fewer frames than promised *and* a hole before the promised end: the tail is missing.

        Either alone is normal: a trimmed clip has frames it does not show, and its sound may go
        on after the picture.
        """
        promised = self._stream.frames
        if not promised or not self._container.duration:
            return False
        begin = float((self._stream.start_time or 0) * self.time_base)
        hole_s = self._container.duration / av.time_base - (seconds - begin)
        return count < promised - MISSING_FRAMES and hole_s > MISSING_FRAMES / float(self.fps)


def _open(path: Path) -> av.container.InputContainer:
    if not path.is_file():
        raise VideoUnreadable(f"{path} is not there or not a file. Check the path.")
    if path.stat().st_size == 0:
        raise VideoUnreadable(f"{path} is empty (0 bytes). Export or copy it again.")
    try:
        container = av.open(str(path), mode="r")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoUnreadable(
            f"{path} is not a video we can read, or it is cut off. Expected a video file such as"
            " MP4, WebM, MOV or MKV."
        ) from error
    if _is_picture(container):
        container.close()
        raise VideoUnreadable(
            f"{path} is a picture, not a video. A picture is dressed with: wearcast photo"
        )
    return container


def _is_picture(container: av.container.InputContainer) -> bool:
    """FFmpeg opens a still picture as a video of one frame, in which nobody would be dressed."""
    return container.format.name == "image2" or container.format.name.endswith("_pipe")


def _picture_stream(container: av.container.InputContainer, path: Path) -> VideoStream:
    streams = [s for s in container.streams.video if not _is_cover(s)]
    if not streams:
        raise VideoUnreadable(
            f"{path} has no picture stream (sound only?). Choose a file that shows a person."
        )
    stream = streams[0]
    if stream.width * stream.height > MAX_PIXELS:
        raise VideoUnreadable(
            f"{path} is {stream.width}×{stream.height}; at most 3840×2160 is supported."
            " Scale it down."
        )
    return stream


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _upright(picture: VideoFrame) -> Image:
    """Decode to RGB and undo the rotation that a phone wrote into the file."""
    image = np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
    turns = round(picture.rotation / 90) % 4  # degrees counter-clockwise to apply
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


class Sink(Protocol):
    """Takes the rendered frames of one clip."""

    def write(self, image: Image, pts: int) -> None:
        """Take the next (H, W, 3) RGB frame with its stamp."""

    def close(self) -> None:
        """Finish the output and put it in its place."""

    def discard(self) -> None:
        """Throw away what was begun; what stood there before stays."""


class VideoWriter:
    """Writes an H.264 file with the stamps of the source. It appears under its name when complete.

    Odd sizes grow by one repeated row or column, since the format stores colour at half size.
    """

    def __init__(self, path: Path, size_wh: tuple[int, int], fps: Fraction, time_base: Fraction):
        self.path = path
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        self._part = path.with_name(f".{path.name}.part{path.suffix}")
        self._time_base = time_base
        try:
            self._part.touch()  # raises OSError now rather than after all the work
            self._open(size_wh, fps)
        except BaseException:  # also when told to stop right now: nobody else knows of the file yet
            self._part.unlink(missing_ok=True)
            raise

    def _open(self, size_wh: tuple[int, int], fps: Fraction) -> None:
        self._container = av.open(str(self._part), mode="w")
        self._stream = self._container.add_stream("libx264", rate=fps)
        self._stream.width, self._stream.height = (side + side % 2 for side in size_wh)
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._time_base
        self._stream.codec_context.time_base = self._time_base
        self._stream.options = {"crf": CRF, "preset": "medium"}

    def write(self, image: Image, pts: int) -> None:
        """Encode the next frame."""
        odd_rows, odd_columns = image.shape[0] % 2, image.shape[1] % 2
        if odd_rows or odd_columns:
            image = np.pad(image, ((0, odd_rows), (0, odd_columns), (0, 0)), mode="edge")
        picture = VideoFrame.from_ndarray(image, format="rgb24")
        picture.pts, picture.time_base = pts, self._time_base
        self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        """Flush the encoder and rename the finished file into place."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._part.replace(self.path)

    def discard(self) -> None:
        """Remove the unfinished file."""
        with contextlib.suppress(av.error.FFmpegError, OSError):  # its disk may be full
            self._container.close()
        self._part.unlink(missing_ok=True)


class FolderWriter:
    """Writes ``000000.png``, ``000001.png``, … without loss. They appear when all are complete.

    A rerun replaces numbered files of the run before; other files in the folder stay.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._part = folder / ".part"
        self._made = not folder.exists()
        shutil.rmtree(self._part, ignore_errors=True)  # of a run that was killed
        self._part.mkdir(parents=True)
        self._count = 0

    def write(self, image: NDArray[np.uint8], pts: int) -> None:
        """Write the next picture; the stamp is not kept."""
        write_png(self._part / _numbered(self._count), image)
        self._count += 1

    def close(self) -> None:
        """Put the pictures in their place, of which those of a longer run before are removed."""
        for number in range(self._count):
            (self._part / _numbered(number)).replace(self.folder / _numbered(number))
        self._part.rmdir()
        for number in itertools.count(self._count):
            stale = self.folder / _numbered(number)
            if not stale.exists():
                break
            stale.unlink()

    def discard(self) -> None:
        """Remove the unfinished pictures, and the folder if it was made for them."""
        shutil.rmtree(self._part, ignore_errors=True)
        if self._made:
            with contextlib.suppress(OSError):  # somebody else uses it by now
                self.folder.rmdir()


def _numbered(index: int) -> str:
    return f"{index:06d}.png"
