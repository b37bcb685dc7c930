from __future__ import annotations

import pytest

from stream_server.deadlines import Deadlines, Overdue, Timing

TIMING = Timing(connect=14, frame=10, heartbeat=4.5, silence=5, idle=60, longest=600)


def first_overdue(
    deadlines: Deadlines, *, connected: bool = True, frames: bool = False, pings: bool = False
) -> tuple[float, Overdue] | None:
    """Let time pass in steps of half a second, with signs of life or without."""
    for step in range(2000):
        now = step / 2
        if frames:
            deadlines.frame(now)
        if pings:
            deadlines.ping(now)
        overdue = deadlines.overdue(now, connected=connected)
        if overdue is not None:
            return now, overdue
    return None


def test_an_offer_that_never_connects_is_given_up_within_15_s() -> None:
    at, why = first_overdue(Deadlines(TIMING, 0), connected=False) or (0, None)
    assert why is Overdue.CONNECT
    assert at <= 14.5


@pytest.mark.parametrize("beats", [True, False])
def test_a_killed_client_is_noticed_within_6_s(beats: bool) -> None:
    deadlines = Deadlines(TIMING, 0)
    if beats:
        deadlines.ping(0)
    at, why = first_overdue(deadlines) or (0, None)
    assert why is (Overdue.HEARTBEAT if beats else Overdue.SILENCE)
    assert at <= 5.5


def test_a_camera_that_stops_is_noticed_though_the_page_is_there() -> None:
    at, why = first_overdue(Deadlines(TIMING, 0), pings=True) or (0, None)
    assert (at, why) == (10.5, Overdue.FRAME)


def test_nobody_there_ends_a_session_and_somebody_keeps_it() -> None:
    assert first_overdue(Deadlines(TIMING, 0), frames=True, pings=True) == (60.5, Overdue.IDLE)
    deadlines = Deadlines(TIMING, 0)
    deadlines.active(50)
    assert first_overdue(deadlines, frames=True, pings=True) == (110.5, Overdue.IDLE)


def test_no_session_is_longer_than_the_longest() -> None:
    deadlines = Deadlines(Timing(longest=30), 0)
    assert first_overdue(deadlines, frames=True, pings=True) == (30.5, Overdue.LONGEST)


def test_by_default_a_session_that_lives_goes_on() -> None:
    assert first_overdue(Deadlines(Timing(), 0), frames=True, pings=True) is None


def test_a_paused_page_may_stop_its_camera_but_not_its_heart() -> None:
    deadlines = Deadlines(Timing(), 0)
    deadlines.pause(0, on=True)
    assert first_overdue(deadlines, pings=True) is None
    deadlines.ping(0)
    assert first_overdue(deadlines) == (5.0, Overdue.HEARTBEAT)


def test_what_held_up_the_server_is_not_held_against_the_client() -> None:
    deadlines = Deadlines(TIMING, 0)
    deadlines.ping(0)
    deadlines.forgive(0.1)
    assert deadlines.overdue(4.55, connected=True) is Overdue.HEARTBEAT
    deadlines.forgive(3.0)
    assert deadlines.overdue(4.55, connected=True) is None
    assert deadlines.overdue(7.55, connected=True) is Overdue.HEARTBEAT
