"""Keyframes are made beside the frames: newest only, fairly, and never in anybody's way."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from standing_pose import standing_pose

from pipeline.keyframes import FIRST_PAUSE_S, MAX_AGE_S, OLDEST_S, KeyframeRoom, Wish, rest_s
from pipeline.labels import Landmark
from pipeline.structures import Frame, Pose

WAIT_S = 5.0
TEE: Any = object()  # the room only compares garments
JUMPER: Any = object()


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Studio:
    """A maker that works when told, and shows what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[Wish]] = []
        self.asked = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.fault: Exception | None = None
        self.stopped_early = False

    def __call__(self, wishes: Sequence[Wish], stopping: threading.Event) -> list[Any]:
        self.batches.append(list(wishes))
        self.asked.release()
        assert self.go.acquire(timeout=WAIT_S)
        self.stopped_early = stopping.is_set()
        if self.fault is not None:
            raise self.fault
        return [f"look of {wish.frame.time_s:g}" for wish in wishes]

    def begun(self) -> list[float]:
        """Wait until a batch was begun; the times of its frames."""
        assert self.asked.acquire(timeout=WAIT_S)
        return [wish.frame.time_s for wish in self.batches[-1]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def room_of(studio: Studio, clock: Clock) -> Iterator[Callable[..., KeyframeRoom]]:
    rooms = []

    def make(**options: Any) -> KeyframeRoom:
        rooms.append(KeyframeRoom(studio, clock=clock, **{"interval_s": 0.5, **options}))
        return rooms[-1]

    yield make
    for _ in range(100):
        studio.go.release()
    for room in rooms:
        assert room.close(WAIT_S)


def frame(time_s: float) -> Frame:
    return Frame(np.zeros((8, 8, 3), np.uint8), time_s)


def waving(pose: Pose, by_px: float) -> Pose:
    joints = pose.landmarks_px.copy()
    joints[Landmark.LEFT_WRIST] += by_px
    return Pose(joints, pose.visibility, pose.z_px, pose.person_alpha)


def until(condition: Callable[[], Any]) -> Any:
    """The first true value of a condition another thread brings about."""
    pause = threading.Event()
    for _ in range(500):
        if value := condition():
            return value
        pause.wait(0.01)
    raise AssertionError("it never came about")


POSE = standing_pose()


def test_only_the_newest_frame_is_made(room_of: Any, studio: Studio) -> None:
    desk = room_of().desk()
    assert desk.offer(frame(1), POSE, TEE)
    assert studio.begun() == [1]
    # the room is busy: no further keyframe is due within the interval
    assert not desk.offer(frame(2), POSE, TEE)


def test_frames_offered_meanwhile_replace_each_other(
    room_of: Any, studio: Studio, clock: Clock
) -> None:
    room = room_of()
    first, second = room.desk(), room.desk()
    first.offer(frame(1), POSE, TEE)
    studio.begun()
    for time_s in (2, 3, 4):
        assert second.offer(frame(time_s), POSE, TEE)
    studio.go.release()
    assert studio.begun() == [4]


def test_a_look_is_there_once_made_and_only_for_its_garment(room_of: Any, studio: Studio) -> None:
    desk = room_of().desk()
    desk.offer(frame(7), POSE, TEE)
    assert desk.look(POSE, TEE) is None
    studio.go.release()
    made = until(lambda: desk.look(POSE, TEE))
    assert made.look == "look of 7"
    assert desk.look(POSE, JUMPER) is None


def test_who_waited_longest_comes_first(room_of: Any, studio: Studio, clock: Clock) -> None:
    room = room_of(batch=2)
    desks = [room.desk() for _ in range(3)]
    desks[0].offer(frame(0), POSE, TEE)
    assert studio.begun() == [0]
    clock.now += 1.0
    for number, desk in enumerate(desks):
        desk.offer(frame(10 + number), POSE, TEE)
    studio.go.release()
    assert studio.begun() == [11, 12]
    studio.go.release()
    assert studio.begun() == [10]


def test_a_still_person_is_not_made_again(room_of: Any, studio: Studio, clock: Clock) -> None:
    desk = room_of().desk()
    desk.offer(frame(1), POSE, TEE)
    studio.go.release()
    until(lambda: desk.look(POSE, TEE))
    clock.now += 60.0
    assert not desk.offer(frame(2), waving(POSE, 1.0), TEE)
    assert desk.look(POSE, TEE), "an old keyframe of a still person stays good"
    assert desk.offer(frame(3), POSE, JUMPER)
    studio.begun()
    studio.begun()  # the second batch, before time goes on
    clock.now += 1.0
    assert desk.offer(frame(3), waving(POSE, 60.0), TEE)


def test_an_old_keyframe_of_somebody_who_moved_is_left_out(
    room_of: Any, studio: Studio, clock: Clock
) -> None:
    desk = room_of().desk()
    desk.offer(frame(1), POSE, TEE)
    studio.go.release()
    until(lambda: desk.look(POSE, TEE))
    clock.now += MAX_AGE_S - 0.1
    assert desk.look(waving(POSE, 60.0), TEE)
    clock.now += 0.2
    assert desk.look(waving(POSE, 60.0), TEE) is None


def test_however_slow_the_making_a_look_has_an_oldest_age(
    room_of: Any, studio: Studio, clock: Clock
) -> None:
    desk = room_of().desk()
    desk.offer(frame(1), POSE, TEE)
    studio.begun()
    clock.now += OLDEST_S / 2
    studio.go.release()
    until(lambda: desk.look(POSE, TEE))
    until(lambda: desk.look(waving(POSE, 60.0), TEE))  # the time it took is known now
    clock.now += OLDEST_S / 2 + 0.1
    assert desk.look(POSE, TEE), "who stands still may wear it for ever"
    assert desk.look(waving(POSE, 60.0), TEE) is None


class Show:
    """Sessions whose people never stand still, for a while; counts what was made for each."""

    def __init__(self, sessions: int, making_s: float = 0.0, **options: Any) -> None:
        self.made: Counter[int] = Counter()
        self._making_s = making_s
        room = KeyframeRoom(self, **options)
        desks = [room.desk() for _ in range(sessions)]
        garments: list[Any] = list(range(sessions))
        begin = time.monotonic()
        step = 0
        while time.monotonic() < begin + 0.6:
            step += 1
            for desk, garment in zip(desks, garments, strict=True):
                desk.offer(frame(step), waving(POSE, 60.0 * (step % 2)), garment)
            time.sleep(0.002)
        self.lasted_s = time.monotonic() - begin
        assert room.close(WAIT_S)

    def __call__(self, wishes: Sequence[Wish], stopping: threading.Event) -> list[Any]:
        self.made.update(wish.garment for wish in wishes)
        stopping.wait(self._making_s)
        return ["look"] * len(wishes)


def test_no_session_gets_more_than_one_keyframe_in_an_interval() -> None:
    show = Show(2, interval_s=0.1)
    for session in (0, 1):
        assert 2 <= show.made[session] <= show.lasted_s / 0.1 + 1


def test_all_sessions_together_keep_to_their_share_of_the_time() -> None:
    show = Show(3, making_s=0.02, interval_s=0.0, busy=lambda: 0.2)
    assert 3 <= show.made.total() <= show.lasted_s / (0.02 / 0.2) + 1
    assert max(show.made.values()) - min(show.made.values()) <= 1, "and are served in turn"


def test_the_share_follows_the_load() -> None:
    shares = iter([1.0, 0.01])
    show = Show(1, making_s=0.01, interval_s=0.0, busy=lambda: next(shares))
    assert show.made.total() == 2, "after the second the rest is a second long"


def test_a_failure_is_told_and_tried_again_after_a_pause(studio: Studio) -> None:
    told: list[Exception] = []
    studio.fault = ValueError("no memory")
    room = KeyframeRoom(studio, interval_s=0.0, on_fault=told.append)
    desk = room.desk()
    desk.offer(frame(1), POSE, TEE)
    studio.go.release()
    assert until(lambda: told) == [studio.fault]
    assert room.failing
    assert not desk.offer(frame(2), POSE, TEE), "nothing is due during the pause"
    studio.fault = None
    pause = threading.Event()
    pause.wait(FIRST_PAUSE_S)
    until(lambda: desk.offer(frame(3), POSE, TEE))
    studio.go.release()
    assert until(lambda: desk.look(POSE, TEE)).look == "look of 3"
    assert not room.failing
    assert room.close(WAIT_S)


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_what_was_being_made_for_somebody_who_left_is_thrown_away(
    room_of: Any, studio: Studio, clock: Clock, leave: str
) -> None:
    room = room_of()
    desk, other = room.desk(), room.desk()
    desk.offer(frame(1), POSE, TEE)
    studio.begun()
    clock.now += 0.1
    getattr(desk, leave)()
    studio.go.release()
    other.offer(frame(2), POSE, TEE)
    studio.go.release()
    until(lambda: other.look(POSE, TEE))
    assert desk.look(POSE, TEE) is None
    clock.now += 1.0
    assert desk.offer(frame(3), POSE, TEE) == (leave == "reset")


def test_closing_in_the_middle_of_a_batch(studio: Studio) -> None:
    room = KeyframeRoom(studio)
    desk = room.desk()
    desk.offer(frame(1), POSE, TEE)
    studio.begun()
    assert not room.close(0.05), "the batch is still being made"
    studio.go.release()
    assert room.close(WAIT_S)
    assert studio.stopped_early
    assert desk.look(POSE, TEE) is None
    assert not desk.offer(frame(2), POSE, TEE)


def test_an_idle_room_closes_at_once(studio: Studio) -> None:
    room = KeyframeRoom(studio)
    assert room.close(WAIT_S)
    assert room.close(WAIT_S)


def test_frames_keep_their_share_of_the_time() -> None:
    assert rest_s(2.0, busy=0.25) == pytest.approx(6.0)
    assert rest_s(2.0, busy=1.0) == 0.0
