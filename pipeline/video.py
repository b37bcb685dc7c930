"""Recorded video in, dressed video out: on the video's own clock, every frame, nothing dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.clips import ClipFrame, FolderWriter, Sink, VideoReader, VideoWriter
from pipeline.errors import InputError, VideoUnreadable
from pipeline.keylooks import RecordedKeyframes
from pipeline.live import LiveTryOn
from pipeline.places import check_apart, check_file, check_folder, writing
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
    check_job(job)
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
            if numbers.frames == 0:
                raise InputError(
                    f"Frame {job.start} lies behind the end of {job.video}."
                    f" Choose --start below {reader.frames or 'the number of frames'}."
                )
            sinks.close()
        except BaseException:
            sinks.discard()
            raise
        if job.report is not None:
            with writing(job.report):
                numbers.write(job.report, _facts(job, garment, reader))
        if reader.truncated:
            raise VideoUnreadable(
                f"{job.video} is damaged or cut off after frame {job.start + numbers.frames - 1}."
                f" The {numbers.frames} frames before that were rendered and kept."
            )
    return numbers


def check_job(job: RenderJob) -> None:
    """Pass when everything a job writes can be written, and nothing twice or over the clip.

    Raises:
        InputError: something cannot; the message names it.
    """
    check_apart(job.video, job.out, job.masks, job.report)
    if job.out_is_folder:
        check_folder(job.out)
    else:
        _check_video_name(job.out)
        check_file(job.out)
    if job.masks is not None:
        check_folder(job.masks)
    if job.report is not None:
        check_file(job.report)


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
        self._side_by_side = job.side_by_side
        self._out, self._masks_to = job.out, job.masks
        with writing(job.out):
            self._pictures = _open_sink(job, reader)
        self._masks: Sink | None = None
        if job.masks is not None:
            with writing(job.masks):
                self._masks = FolderWriter(job.masks)

    def write(self, clip_frame: ClipFrame, composite: Composite) -> None:
        image: Image = composite.image
        if self._side_by_side:
            image = np.concatenate([clip_frame.frame.image, image], axis=1)
        with writing(self._out):
            self._pictures.write(image, clip_frame.pts)
        if self._masks is not None and self._masks_to is not None:
            with writing(self._masks_to):
                self._masks.write(composite.mask, clip_frame.pts)

    def close(self) -> None:
        with writing(self._out):
            self._pictures.close()
        if self._masks is not None and self._masks_to is not None:
            with writing(self._masks_to):
                self._masks.close()

    def discard(self) -> None:
        self._pictures.discard()
        if self._masks is not None:
            self._masks.discard()


VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv")


def _check_video_name(path: Path) -> None:
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise InputError(
            f"{path} is no video file name we can write. End it in {', '.join(VIDEO_SUFFIXES)},"
            " or in / for a folder of lossless PNG frames."
        )


def _open_sink(job: RenderJob, reader: VideoReader) -> Sink:
    if job.out_is_folder:
        return FolderWriter(job.out)
    width, height = reader.size_wh
    size_wh = (2 * width, height) if job.side_by_side else (width, height)
    job.out.parent.mkdir(parents=True, exist_ok=True)
    return VideoWriter(job.out, size_wh, reader.fps, reader.time_base)
