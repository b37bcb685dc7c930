"""Runs one case and records it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import InputError
from pipeline.garments import load_garment
from pipeline.live import untouched
from pipeline.regression.calibration import (
    SpeedMeter,
    StageSpeed,
    median_speed,
    one_opencv_thread,
)
from pipeline.regression.clip import Clip, open_clip
from pipeline.regression.keep import (
    FILM_FRAMES,
    FILM_HEIGHT_PX,
    PictureKeeper,
    ShotKeeper,
    Shots,
    half_of,
)
from pipeline.regression.measure import FrameMeasures, FrameMeter
from pipeline.regression.mirror import Mirror, MirrorFactory, WatchedTryOn
from pipeline.regression.recording import Recording, save_recording, stack_tracks
from pipeline.regression.suite import Budget, Case
from pipeline.regression.versions import garment_digest, versions
from pipeline.structures import Composite, Frame, Reason

Progress = Callable[[str, int, int], None]
"""Called after each frame with (case id, done, expected); expected is 0 when nobody knows."""

FEWEST_PICTURES = 2
KB = 1000


def no_progress(case_id: str, done: int, expected: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One run of a case.

    Attributes:
        recording: what it left behind.
        shots: small pictures for the report.
    """

    recording: Recording
    shots: Shots


def record_case(
    case: Case,
    factory: MirrorFactory = WatchedTryOn,
    like: Recording | None = None,
    progress: Progress = no_progress,
) -> Take:
    """Dress the clip of a case once and measure every frame.

    A frame at which the mirror fails is recorded as the server would show it: untouched, with the
    reason ``worker_error``.

    Args:
        case: what to run.
        factory: makes the mirror under test.
        like: a baseline, to keep pictures of the same frames; None = evenly, as the budget says.
        progress: told after each frame.

    Raises:
        InputError: the clip or the garment is at fault, or no frame is left.
    """
    garment = load_garment(case.garment, case.catalog)
    with open_clip(case) as clip, one_opencv_thread():
        mirror = factory(garment)
        try:
            run = _Run(case, clip, like)
            for frame in clip.frames:
                run.add(frame, mirror)
                progress(case.id, run.frames, clip.expected)
        finally:
            mirror.close()
        return run.take({"id": garment.id, "digest": garment_digest(garment)})


def time_case(case: Case, factory: MirrorFactory = WatchedTryOn) -> dict[str, StageSpeed]:
    """Run a case once more for its speed alone. Raises as ``record_case``."""
    return dict(record_case(case, factory).recording.speeds)


def with_speeds(recording: Recording, passes: list[dict[str, StageSpeed]]) -> Recording:
    """The recording with the middle of several runs' speeds."""
    return replace(recording, speeds=median_speed([*passes]))


def save_within_budget(recording: Recording, folder: Path, budget: Budget) -> int:
    """Write a baseline; with fewer pictures when it would be too large.

    Returns:
        Bytes written. More than the budget only when even two pictures of a kind are too many.
    """
    size = save_recording(recording, folder)
    for what in ("film", "pictures"):  # the film is only looked at: it gives way first
        while size > budget.case_kb * KB and len(getattr(recording, what).rows) > FEWEST_PICTURES:
            fewer: dict[str, Any] = {what: half_of(getattr(recording, what))}
            recording = replace(recording, **fewer)
            size = save_recording(recording, folder)
    return size


class _Run:
    """What has been measured of a clip so far."""

    def __init__(self, case: Case, clip: Clip, like: Recording | None) -> None:
        self._case, self._clip = case, clip
        self._meter = FrameMeter(case.budget.height_px)
        self._speed = SpeedMeter()
        references = None if like is None else like.pictures.rows.tolist()
        film = None if like is None else like.film.rows.tolist()
        self._pictures = PictureKeeper(case.budget.pictures, references)
        self._film = PictureKeeper(FILM_FRAMES, film, dressed_only=False, height_px=FILM_HEIGHT_PX)
        self._shots = ShotKeeper([*(references or ()), *(film or ())])
        self._measures: list[FrameMeasures] = []
        self._vertex_count = 0
        self._size_wh = (0, 0)
        self._faults: list[str] = []

    @property
    def frames(self) -> int:
        return len(self._measures)

    def add(self, frame: Frame, mirror: Mirror) -> None:
        composite = self._process(frame, mirror)
        measures, small = self._meter.measure(frame, mirror.pose, composite)
        self._speed.add(composite)
        self._pictures.offer(self.frames, small)
        self._film.offer(self.frames, small)
        self._shots.offer(self.frames, small)
        self._measures.append(measures)
        self._vertex_count = measures.vertex_count or self._vertex_count
        self._size_wh = frame.size_wh

    def _process(self, frame: Frame, mirror: Mirror) -> Composite:
        try:
            return mirror.process(frame)
        except Exception as error:  # whatever it is, the server would show the raw frame
            self._faults.append(f"Frame {self.frames}: {type(error).__name__}: {error}")
            return untouched(frame, Reason.WORKER_ERROR)

    def take(self, garment: dict[str, str]) -> Take:
        if not self._measures:
            raise InputError(
                f"Frame {self._case.start} lies behind the end of {self._clip.source}."
                " Choose a smaller start."
            )
        notes = []
        if self._clip.truncated:
            notes.append(f"The clip is damaged or cut off after {self.frames} frames.")
        if self._faults:
            notes.append(f"{len(self._faults)} frames failed. {self._faults[0]}")
        recording = Recording(
            clip=self._clip.facts() | {"start": self._case.start, "size_wh": list(self._size_wh)},
            garment=garment,
            versions=versions(),
            vertex_count=self._vertex_count,
            reasons=[m.reason for m in self._measures],
            speeds=self._speed.speeds(),
            tracks=stack_tracks(self._measures),
            pictures=self._pictures.pictures(),
            film=self._film.pictures(),
            notes=notes,
        )
        return Take(recording, self._shots.shots())


def same_recording(first: Recording, second: Recording) -> bool:
    """Whether two runs gave the same frames, as far as they were measured."""
    return first.reasons == second.reasons and all(
        np.array_equal(a, b, equal_nan=True)
        for a, b in (
            (first.tracks.vertices_px, second.tracks.vertices_px),
            (first.tracks.area, second.tracks.area),
            (first.tracks.lab, second.tracks.lab),
        )
    )
