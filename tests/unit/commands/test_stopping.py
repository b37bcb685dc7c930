"""A command that is told to end leaves nothing half written, and says so by its exit code."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.clips import VideoWriter
from stream_server.commands.stopping import stopping_cleanly

SIZE_WH = 64, 48
RENDER_SLOWLY = """
import sys, time
from pipeline import video
from stream_server.cli import main
from tests.unit.commands.test_rendering import Nobody

class Slow(Nobody):
    def process(self, frame):
        time.sleep(0.2)
        return super().process(frame)

video.LiveTryOn = Slow
sys.argv[1:] = ["render", *sys.argv[1:], "--garment", "white-tee", "--stack", "off"]
main()
"""
BEGUN_S = 120.0


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    writer = VideoWriter(tmp_path / "clip.mp4", SIZE_WH, Fraction(25), Fraction(1, 25))
    for index in range(100):
        writer.write(np.full((SIZE_WH[1], SIZE_WH[0], 3), index, np.uint8), index)
    writer.close()
    return tmp_path / "clip.mp4"


@pytest.mark.parametrize("out", ["o.mp4", "o/"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_render_that_is_told_to_end_leaves_nothing(
    clip: Path, out: str, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", RENDER_SLOWLY, str(clip), "-o", f"{clip.parent}/{out}"]
    heard = functools.partial(signal.signal, number, signal.SIG_DFL)  # whoever runs the tests
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as process:
        deadline = time.monotonic() + BEGUN_S
        while not list(clip.parent.rglob(".*part*")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        _, err = process.communicate(timeout=BEGUN_S)
    assert process.returncode == 128 + number
    assert [path.name for path in clip.parent.iterdir()] == ["clip.mp4"]
    assert "Traceback" not in err


def test_a_second_signal_and_those_afterwards_end_the_process_at_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit), stopping_cleanly():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping_cleanly():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
