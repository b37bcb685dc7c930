"""When the parser looks, and who gets what it saw."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.compose.parts import PartMaps
from pipeline.labels import Landmark, OwnPart
from pipeline.own_crop import INPUT_HW, OwnCrop
from pipeline.own_parse import OwnParse
from pipeline.part_watch import (
    GONE_S,
    MOVING_EVERY_S,
    NEW_CALLS,
    NEW_EVERY_S,
    STILL_EVERY_S,
    PartWatch,
)
from pipeline.structures import Frame, Image, Pose

FPS = 30
BLANK = np.zeros((24, 32, 3), np.uint8)


class Parser:
    """Counts; waits while it is told to, and fails when it is told to."""

    def __init__(self) -> None:
        self.frames: list[Image] = []
        self.mirrored: list[bool] = []
        self.free = threading.Event()
        self.free.set()
        self.may_look: threading.Semaphore | None = None  # one release a look
        self.begun = threading.Semaphore(0)
        self.fault: Exception | None = None
        self.done = threading.Semaphore(0)

    def run(
        self, image: Image, pose: Pose, whole: bool = False, mirrored: bool = False
    ) -> OwnParse:
        self.begun.release()
        assert self.free.wait(10)
        assert self.may_look is None or self.may_look.acquire(timeout=10)
        self.frames.append(image)
        self.mirrored.append(mirrored)
        self.done.release()
        if self.fault is not None:
            raise self.fault
        logits = np.zeros((len(OwnPart), *INPUT_HW), np.float32)
        return OwnParse(OwnCrop.fit(0, 0, 32, 24), logits)


def pose(right: float = 0.0) -> Pose:
    marks = np.zeros((33, 2), np.float32)
    marks[Landmark.LEFT_SHOULDER] = (20, 10)
    marks[Landmark.RIGHT_SHOULDER] = (10, 10)
    marks[Landmark.LEFT_WRIST] = (20 + right, 20)
    return Pose(marks, np.ones(33, np.float32), np.zeros(33, np.float32), BLANK[..., 0])


@pytest.fixture
def parser() -> Parser:
    return Parser()


@pytest.fixture
def watch(parser: Parser) -> Iterator[PartWatch]:
    with PartWatch(parser) as watch:  # type: ignore[arg-type]
        yield watch


@pytest.fixture
def beside(parser: Parser) -> Iterator[PartWatch]:
    with PartWatch(parser, background=True) as watch:  # type: ignore[arg-type]
        yield watch


def calls(watch: PartWatch, parser: Parser, seconds: float, speed: float = 0.0) -> list[int]:
    """Numbers of the frames looked at; ``speed`` of a wrist in px a second."""
    looked = []
    for step in range(round(seconds * FPS)):
        before = len(parser.frames)
        time_s = step / FPS
        watch.offer(Frame(BLANK, time_s), pose(speed * time_s), 0)
        if len(parser.frames) > before:
            looked.append(step)
    return looked


def test_it_looks_often_at_somebody_new_and_then_seldom(watch: PartWatch, parser: Parser) -> None:
    looked = calls(watch, parser, 4.0)
    steps = np.diff(looked) / FPS
    assert looked[0] == 0
    assert steps[: NEW_CALLS - 1] == pytest.approx(NEW_EVERY_S, abs=1.5 / FPS)
    assert steps[NEW_CALLS:].min() >= STILL_EVERY_S - 1e-6
    assert steps.max() <= STILL_EVERY_S + 1.5 / FPS


def test_every_second_look_is_mirrored_for_looks_are_averaged(
    watch: PartWatch, parser: Parser
) -> None:
    calls(watch, parser, 3.0)
    assert len(parser.mirrored) > NEW_CALLS
    assert parser.mirrored == [number % 2 == 1 for number in range(len(parser.mirrored))]


def test_it_looks_more_often_at_somebody_who_moves(watch: PartWatch, parser: Parser) -> None:
    steps = np.diff(calls(watch, parser, 4.0, speed=20.0))[NEW_CALLS:] / FPS
    assert steps.mean() == pytest.approx(MOVING_EVERY_S, abs=1.5 / FPS)


def test_it_looks_half_as_often_when_time_is_short(watch: PartWatch, parser: Parser) -> None:
    watch.economise(True)
    steps = np.diff(calls(watch, parser, 6.0))[NEW_CALLS:] / FPS
    assert steps.min() >= 2 * STILL_EVERY_S - 1e-6


def test_a_cut_is_looked_at_at_once(watch: PartWatch, parser: Parser) -> None:
    calls(watch, parser, 1.0)
    before = len(parser.frames)
    watch.offer(Frame(BLANK, 1.0), pose(), 1)
    assert len(parser.frames) == before + 1


def test_what_was_seen_is_taken_once_and_only_in_its_scene(watch: PartWatch) -> None:
    watch.offer(Frame(BLANK, 0.0), pose(), 3)
    assert watch.take(2, 0.0) is None  # a frame from before the cut is still on its way
    seen = watch.take(3, 0.1)
    assert seen is not None
    assert seen.time_s == 0.0
    assert watch.take(3, 0.1) is None
    watch.offer(Frame(BLANK, 9.0), pose(), 3)
    assert watch.take(4, 9.0) is None


def test_what_was_seen_long_ago_is_not_used(watch: PartWatch) -> None:
    watch.offer(Frame(BLANK, 0.0), pose(), 0)
    assert watch.take(0, 3.0) is None


def taken(beside: PartWatch, time_s: float, tries: int = 500) -> PartMaps | None:
    """What comes within some seconds."""
    for _ in range(tries):
        seen = beside.take(0, time_s)
        if seen is not None:
            return seen
        threading.Event().wait(0.01)
    return None


def test_what_a_slow_machine_saw_late_still_counts(beside: PartWatch, parser: Parser) -> None:
    parser.may_look = threading.Semaphore(0)
    for step in range(2 * FPS):
        beside.offer(Frame(BLANK, step / FPS), pose(), 0)
        assert step or parser.begun.acquire(timeout=10)
    parser.may_look.release()
    seen = taken(beside, 2.0)
    parser.may_look.release(NEW_CALLS)
    assert seen is not None
    assert seen.time_s == 0.0


def test_what_was_seen_of_somebody_who_left_is_not_given_to_the_next(
    beside: PartWatch, parser: Parser
) -> None:
    parser.may_look = threading.Semaphore(0)
    beside.offer(Frame(BLANK, 0.0), pose(), 0)
    assert parser.begun.acquire(timeout=10)
    beside.offer(Frame(BLANK, 2 * GONE_S), pose(), 0)
    parser.may_look.release()
    assert taken(beside, 2 * GONE_S, tries=30) is None
    parser.may_look.release()
    seen = taken(beside, 2 * GONE_S)
    assert seen is not None
    assert seen.time_s == 2 * GONE_S


def test_beside_the_frames_nobody_waits_and_only_the_newest_counts(
    beside: PartWatch, parser: Parser
) -> None:
    parser.free.clear()
    pictures = [np.full_like(BLANK, n) for n in range(4)]
    for n, picture in enumerate(pictures):
        beside.offer(Frame(picture, float(2 * n)), pose(), n)  # returns although it hangs
    assert beside.take(3, 6.0) is None
    parser.free.set()
    while int(parser.frames[-1][0, 0, 0] if parser.frames else 0) != 3:
        assert parser.done.acquire(timeout=10)
    assert [int(p[0, 0, 0]) for p in parser.frames] in ([0, 3], [3])


def test_a_fault_beside_the_frames_is_told_once(beside: PartWatch, parser: Parser) -> None:
    parser.fault = ValueError("broken")
    beside.offer(Frame(BLANK, 0.0), pose(), 0)
    assert parser.done.acquire(timeout=10)
    told = 0
    for _ in range(200):
        try:
            assert beside.take(0, 0.0) is None
        except ValueError:
            told += 1
            break
        threading.Event().wait(0.01)
    assert told == 1
    assert beside.take(0, 0.0) is None


def test_closing_ends_the_thread(parser: Parser) -> None:
    before = threading.active_count()
    watch = PartWatch(parser, background=True)  # type: ignore[arg-type]
    assert threading.active_count() == before + 1
    watch.close()
    watch.close()
    assert threading.active_count() == before
