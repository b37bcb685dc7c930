"""Keyframes of a GPU leave time to the frames of the same process, by its load."""

from __future__ import annotations

import time

from stream_server.keyframe_service import LEAST_SPARE, Spare


def test_work_in_this_process_leaves_less() -> None:
    spare = Spare()
    time.sleep(0.3)
    idle = spare()
    ran = time.process_time()
    while time.process_time() - ran < 0.2:
        pass
    assert LEAST_SPARE <= spare() < idle <= 1.0


def test_a_full_processor_leaves_the_least() -> None:
    spare = Spare()
    spare._then = time.monotonic(), -1e6  # as if all cores had worked without a pause
    assert spare() == LEAST_SPARE
    assert spare() > LEAST_SPARE, "only the time since it was asked last counts"
