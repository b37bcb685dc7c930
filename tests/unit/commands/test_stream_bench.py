"""What `wearcast bench stream` reckons from the frames that its probe saw."""

from __future__ import annotations

from typing import Any

import numpy as np

from stream_server.commands.stream_bench import _presented, _switch_times

CELLS = 16 * 12
FRAME_MS = 40.0
ASKED_MS = 1000.0
CHEST = slice(80, 90)  # cells that the garment covers
LIGHT, DARK, HAND = 200.0, 40.0, 190.0


def rows(switched_ms: float, hand_ms: tuple[float, float] | None = None) -> list[dict[str, Any]]:
    """Frames around a switch from a light to a dark garment; a hand may pass before a cell."""
    found = []
    for t in np.arange(0.0, 3000.0, FRAME_MS):
        light = np.full(CELLS, 120.0)
        light[CHEST] = LIGHT if t < switched_ms else DARK
        light[CHEST.start] -= 5.0 if t >= switched_ms else 0.0  # changes most of all
        if hand_ms is not None and hand_ms[0] <= t < hand_ms[1]:
            light[CHEST.start] = HAND
        found.append({"t": float(t), "light": light.tolist(), "presented": len(found)})
    return found


def wait_ms(seen: list[dict[str, Any]]) -> Any:
    return _switch_times({"remote": seen}, [(ASKED_MS, "dark")])["switch_max_ms"]


def test_a_switch_lasts_until_the_first_frame_with_the_new_garment() -> None:
    assert wait_ms(rows(switched_ms=1120.0)) == 120


def test_a_hand_before_a_part_of_the_garment_does_not_make_a_switch_late() -> None:
    assert wait_ms(rows(switched_ms=1120.0, hand_ms=(1080.0, 1600.0))) == 120


def test_frames_that_the_page_showed_between_two_looks_count() -> None:
    assert _presented([{"presented": 7}, {"presented": 8}, {"presented": 12}]) == 5


def test_no_change_of_garment_is_no_switch() -> None:
    with np.errstate(all="raise"):
        assert wait_ms(rows(switched_ms=5000.0)) is None
