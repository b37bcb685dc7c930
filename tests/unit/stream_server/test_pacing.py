"""Work beside the frames: spread out, and the rarer the less of the processor is free."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import time

import pytest

from stream_server.load import cores
from stream_server.pacing import LARGEST_SHARE, LONGEST_REST_S, SLICE_S, Pace, rest_s

SECONDS = 1.2
PACED = f"""
import time
from stream_server.pacing import Pace
pace, begin, ran = Pace(), time.monotonic(), time.process_time()
with pace.in_slices():
    while time.monotonic() < begin + {SECONDS}:
        pass
print((time.process_time() - ran) / (time.monotonic() - begin))
"""


def burn(seconds: float) -> None:
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        pass


def test_who_waited_stays_away_longer() -> None:
    assert rest_s(0.01, 0.0) == pytest.approx(0.01 * (1 / LARGEST_SHARE - 1))
    assert rest_s(0.01, 0.02) > 3 * rest_s(0.01, 0.0)
    assert rest_s(0.01, 60.0) == LONGEST_REST_S
    assert rest_s(0.01, -1.0) == rest_s(0.01, 0.0), "clocks may disagree a little"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers on this system")
def test_work_is_cut_into_slices_and_keeps_to_its_share() -> None:
    gaps, pace = [], Pace()
    begin, ran = time.monotonic(), time.process_time()
    last = begin
    with pace.in_slices():
        while time.process_time() - ran < 0.2:
            now = time.monotonic()
            gaps.append(now - last)
            last = now
    share = (time.process_time() - ran) / (time.monotonic() - begin)
    assert share <= 1.1 * LARGEST_SHARE
    assert sum(gap > SLICE_S / 2 for gap in gaps) >= 10
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers on this system")
def test_on_a_full_machine_little_is_taken() -> None:
    """The work runs at the priority of its rivals here: alone it would get a quarter of a core."""
    rivals = [
        multiprocessing.get_context("spawn").Process(target=burn, args=(30.0,), daemon=True)
        for _ in range(2 * cores())
    ]
    for rival in rivals:
        rival.start()
    time.sleep(0.5)  # for the rivals to begin
    try:
        run = subprocess.run(
            [sys.executable, "-c", PACED], capture_output=True, text=True, check=True, timeout=60
        )
    finally:
        for rival in rivals:
            rival.kill()
            rival.join()
    assert float(run.stdout) < LARGEST_SHARE / 2
