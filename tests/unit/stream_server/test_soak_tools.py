"""The tools that judge a stream: what is the machine's fault, and a camera that answers."""

from __future__ import annotations

import os
import threading
import time
from types import SimpleNamespace

import pytest

from tests.bench.client import CLIP, KEY_EVERY, PacketCamera
from tests.bench.sentinel import Sentinel, longest_wait_s, sentinel, waiting_s
from tests.bench.soak import Freeze


def test_what_the_machine_held_up_is_the_greatest_of_its_causes() -> None:
    machine = Sentinel()
    for line in ("10.1 0.05 0.02 0.10", "10.2 0.30 0.02 0.15", "11.9 5.0 5.0 5.0"):
        machine.note(line)
    assert machine.stalled_s(10.0, 10.5) == pytest.approx(0.35)
    assert machine.stalled_s(10.15, 10.25) == pytest.approx(0.1)  # never more than all of it
    assert machine.stalled_s(10.3, 11.0) == 0


def test_a_sentinel_tells_late_ticks() -> None:
    with sentinel(os.getpid()) as machine:
        deadline = time.monotonic() + 20
        while not machine.delays and time.monotonic() < deadline:
            sum(range(200_000))  # some tick is late soon, on any machine that does something
    assert all(len(delay.waited_s) == 1 for delay in machine.delays)


def test_the_thread_that_waited_longest_counts() -> None:
    before, after = {"1": 5.0, "2": 1.0, "3": 9.0}, {"1": 5.01, "2": 1.5, "4": 0.1}
    assert longest_wait_s(before, after) == pytest.approx(0.5)
    assert longest_wait_s({}, {}) == 0
    assert str(threading.get_native_id()) in waiting_s(os.getpid())


def test_a_freeze_is_ours_when_the_machine_does_not_explain_it() -> None:
    assert Freeze(0, "calm", 0.5, 0.05).ours
    assert not Freeze(0, "loss", 0.5, 0.2).ours
    assert not Freeze(0, "calm", 83.0, 82.5).ours  # stood still; back at once
    assert Freeze(0, "calm", 83.0, 81.0).ours
    assert not Freeze(0, "outage", 2.4, 0.0).ours


async def test_a_camera_that_is_asked_goes_on_with_a_keyframe() -> None:
    camera = PacketCamera([b"%d" % number for number in range(CLIP)])
    camera.sender = SimpleNamespace()
    sent = []
    for number in range(4):
        camera.sender._RTCRtpSender__force_keyframe = number == 2
        sent.append(int(bytes(await camera.recv())))
    assert sent == [0, 1, KEY_EVERY, KEY_EVERY + 1]
    assert camera.keyframes == 1
