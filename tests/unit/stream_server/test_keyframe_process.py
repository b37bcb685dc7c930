"""Keyframes from a process of its own: the same looks, out of the frames' way, and safe to lose."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from pipeline import load_garment
from pipeline.errors import WeightsError
from pipeline.keyframes import Wish
from pipeline.keylooks import LookMaker
from pipeline.looks.neural import NeuralLook
from pipeline.samples import astronaut
from pipeline.stack import Stack
from pipeline.structures import Frame, Garment
from stream_server.keyframe_process import LOWEST_PRIORITY, ApartMaker, KeyframesEnded
from stream_server.pacing import LARGEST_SHARE
from tests.stack_stand_in import small_stack
from tests.unit.standing_pose import standing_pose

FRAME = Frame(np.ascontiguousarray(astronaut()[:480]), 1.5)
POSE = standing_pose(size_wh=FRAME.size_wh)
NEVER = threading.Event()
HANGS_S = 60.0


class Unable(Stack):
    """Fails with a message that holds a secret."""

    def __init__(self) -> None:
        pass

    def prepare(self, *_: object) -> None:
        raise RuntimeError("out of memory: secret detail")


class Hanging(Unable):
    def prepare(self, *_: object) -> None:
        time.sleep(HANGS_S)


def no_weights() -> Stack:
    raise WeightsError("The weights of viton_gmm are missing.")


def vanish() -> Stack:
    os._exit(3)


@pytest.fixture(scope="module")
def garment() -> Garment:
    return load_garment("breton-top")


@pytest.fixture(scope="module")
def apart() -> Iterator[ApartMaker]:
    maker = ApartMaker(small_stack)
    yield maker
    maker.close()


def wish(garment: Garment) -> Wish:
    return Wish(FRAME, POSE, garment, 0.0)


def test_the_look_is_the_one_a_thread_would_make(apart: ApartMaker, garment: Garment) -> None:
    other = load_garment("white-tee")
    looks = apart([wish(garment), wish(other)], NEVER)
    (here,) = LookMaker(small_stack())([wish(garment)], NEVER)
    assert here is not None
    for look, worn in zip(looks, (garment, other), strict=True):
        assert isinstance(look, NeuralLook) and look.garment is worn
        assert look.time_s == FRAME.time_s
    assert looks[0] is not None and looks[0].carries(POSE)
    assert np.array_equal(looks[0].mesh.vertices_tex, here.mesh.vertices_tex)


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="no such policy on this system")
def test_it_runs_when_nobody_else_wants_to(apart: ApartMaker) -> None:
    assert os.sched_getscheduler(0) != os.SCHED_IDLE
    for thread in psutil.Process(apart._process.pid).threads():
        assert os.sched_getscheduler(thread.id) == os.SCHED_IDLE
        assert os.getpriority(os.PRIO_PROCESS, thread.id) == LOWEST_PRIORITY


def test_its_work_is_spread_out(apart: ApartMaker, garment: Garment) -> None:
    process = psutil.Process(apart._process.pid)
    begin, before = time.monotonic(), process.cpu_times()
    apart([wish(garment)], NEVER)
    after, wall_s = process.cpu_times(), time.monotonic() - begin
    used_s = after.user + after.system - before.user - before.system
    assert 0.0 < used_s / wall_s < 1.2 * LARGEST_SHARE


def test_a_killed_process_is_told_and_replaced(apart: ApartMaker, garment: Garment) -> None:
    apart._process.kill()
    with pytest.raises(KeyframesEnded, match="gone"):
        apart([wish(garment)], NEVER)
    (look,) = apart([wish(garment)], NEVER)
    assert look is not None


def test_faults_are_told_without_what_they_say(garment: Garment) -> None:
    maker = ApartMaker(Unable)
    with pytest.raises(KeyframesEnded, match="RuntimeError at") as caught:
        maker([wish(garment)], NEVER)
    assert "secret" not in str(caught.value)
    maker.close()


def test_stopping_does_not_wait_for_a_keyframe(garment: Garment) -> None:
    maker, stopping = ApartMaker(Hanging), threading.Event()
    process = maker._process
    threading.Timer(0.3, stopping.set).start()
    begin = time.monotonic()
    assert maker([wish(garment)], stopping) == [None]
    assert time.monotonic() - begin < HANGS_S / 2
    with pytest.raises(ValueError, match="closed"):
        process.is_alive()


def test_a_stack_that_cannot_be_made_says_why() -> None:
    with pytest.raises(KeyframesEnded, match="viton_gmm"):
        ApartMaker(no_weights)
    with pytest.raises(KeyframesEnded, match="did not start"):
        ApartMaker(vanish)
