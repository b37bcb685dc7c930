"""Recorded video in, dressed video out: on the video's own clock, every frame, nothing dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.clips import ClipFrame, FolderWriter, Sink, VideoReader, VideoWriter
from pipeline.errors import InputError, VideoUnreadable
from pipeline.keylooks import RecordedKeyframes
from pipeline.live import LiveTryOn
from pipeline.report import ReportBuilder
from pipeline.structures import Composite, Garment, Image

Progress = Callable[[int, int], None]
"""Called after each frame with (done, expected); expected is 0 when the file does not say."""


@dataclass(frozen=True, slots=True)
class RenderJob:
    """What to render and where to put it.

    Attributes:
        video: the clip.
        out: a file such as ``x.mp4``, or a folder for lossless PNG frames.
        out_is_folder: which of the two ``out`` is.
        masks: folder for the edit masks, or None.
        report: file for the JSON report, or None.
        side_by_side: put the camera picture to the left of the result.
        start: first frame to render, from 0.
        frames: how many to render; None = to the end.
    """

    video: Path
    out: Path
    out_is_folder: bool = False
    masks: Path | None = None
    report: Path | None = None
    side_by_side: bool = False
    start: int = 0
    frames: int | None = None


def render_video(
    job: RenderJob,
    garment: Garment,
    progress: Progress = lambda done, expected: None,
    keyframes: RecordedKeyframes | None = None,
) -> ReportBuilder:
    """Dress the person of a clip in every frame.

    Two runs give the same pixels. A clip that is cut off is rendered as far as it can be decoded
    and the output kept; then the error is raised.

    Args:
        job: what and where.
        garment: what to wear.
        progress: told after each frame.
        keyframes: makes the neural looks; None = the photo look.

    Returns:
        The numbers of the run; also written to ``job.report``.

    Raises:
        VideoUnreadable: not a video, or cut off.
        InputError: ``start`` lies behind the end, or the output cannot be written.
        NotSupported: lower garments.
    """
    numbers = ReportBuilder()
    keyed = None if keyframes is None else keyframes.look
    mirror = LiveTryOn(garment, with_cpu=True, keyed=keyed)
    with mirror, VideoReader(job.video) as reader:
        expected = _expected(reader.frames, job)
        sinks = _Outputs(job, reader)
        try:
            for clip_frame in _chosen(reader, job):
                composite = mirror.process(clip_frame.frame)
                sinks.write(clip_frame, composite)
                numbers.add(composite)
                numbers.keyframes = 0 if keyframes is None else keyframes.made
                progress(numbers.frames, expected)
        except BaseException:
            sinks.discard()
            raise
        if numbers.frames == 0:
            sinks.discard()
            raise InputError(
                f"Frame {job.start} lies behind the end of {job.video}."
                f" Choose --start below {reader.frames or 'the number of frames'}."
            )
        sinks.close()
        if job.report is not None:
            numbers.write(job.report, _facts(job, garment, reader))
        if reader.truncated:
            raise VideoUnreadable(
                f"{job.video} is damaged or cut off after frame {job.start + numbers.frames - 1}."
                f" The {numbers.frames} frames before that were rendered and kept."
            )
    return numbers


def _chosen(reader: VideoReader, job: RenderJob) -> Iterable[ClipFrame]:
    stop = None if job.frames is None else job.start + job.frames
    return islice(reader, job.start, stop)


def _expected(total: int, job: RenderJob) -> int:
    rest = max(0, total - job.start)
    return rest if job.frames is None else min(rest or job.frames, job.frames)


def _facts(job: RenderJob, garment: Garment, reader: VideoReader) -> dict[str, object]:
    return {
        "input": str(job.video),
        "garment": garment.id,
        "size_wh": list(reader.size_wh),
        "fps": float(reader.fps),
        "truncated": reader.truncated,
    }


class _Outputs:
    """The picture sink and, when wanted, the mask sink of one job."""

    def __init__(self, job: RenderJob, reader: VideoReader) -> None:
        width, height = reader.size_wh
        self._side_by_side = job.side_by_side
        size_wh = (2 * width, height) if job.side_by_side else (width, height)
        try:
            self._pictures: Sink = (
                FolderWriter(job.out)
                if job.out_is_folder
                else _video_writer(job.out, size_wh, reader.fps, reader.time_base)
            )
            self._masks = FolderWriter(job.masks) if job.masks is not None else None
        except OSError as error:
            raise InputError(
                f"{job.out} cannot be written ({error.strerror or error}). Choose another place."
            ) from error

    def write(self, clip_frame: ClipFrame, composite: Composite) -> None:
        image: Image = composite.image
        if self._side_by_side:
            image = np.concatenate([clip_frame.frame.image, image], axis=1)
        self._pictures.write(image, clip_frame.pts)
        if self._masks is not None:
            self._masks.write(composite.mask, clip_frame.pts)

    def close(self) -> None:
        self._pictures.close()
        if self._masks is not None:
            self._masks.close()

    def discard(self) -> None:
        self._pictures.discard()
        if self._masks is not None:
            self._masks.discard()


VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv")


def _video_writer(
    path: Path, size_wh: tuple[int, int], fps: Fraction, time_base: Fraction
) -> VideoWriter:
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise InputError(
            f"{path} is no video file name we can write. End it in {', '.join(VIDEO_SUFFIXES)},"
            " or in / for a folder of lossless PNG frames."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    return VideoWriter(path, size_wh, fps, time_base)
