from __future__ import annotations

import pytest

from stream_server.load import PERIOD_S, LoadMeter
from stream_server.visitors import MAX_KNOWN, RateLimit, household
from stream_server.waiting import LAPSE_S, Place, WaitingLine


def drawn(line: WaitingLine, now_s: float = 0.0) -> Place:
    place = line.ask(None, 0, now_s)
    assert place is not None
    return place


def test_the_line_is_first_come_first_served() -> None:
    line = WaitingLine(5)
    first, second, third = drawn(line), drawn(line), drawn(line)
    assert [place.position for place in (first, second, third)] == [1, 2, 3]
    assert line.ask(first.ticket, 0, 1.0) == first
    assert line.ask(second.ticket, 1, 1.0) == Place(second.ticket, 2)  # the place is the first's
    assert line.ask(None, 1, 1.0) is not None  # nor may a newcomer take it
    assert line.ask(first.ticket, 1, 1.0) is None
    assert line.ask(second.ticket, 1, 2.0) is None
    assert not line.knows(first.ticket)


def test_two_free_places_serve_two() -> None:
    line = WaitingLine(5)
    first, second = drawn(line), drawn(line)
    assert line.ask(second.ticket, 2, 1.0) is None
    assert line.ask(first.ticket, 1, 1.0) is None
    assert len(line) == 0


def test_who_does_not_come_back_loses_the_place() -> None:
    line = WaitingLine(5)
    gone, patient = drawn(line), drawn(line)
    line.ask(patient.ticket, 0, LAPSE_S - 1)
    assert line.ask(patient.ticket, 0, LAPSE_S + 1) == Place(patient.ticket, 1)
    late = line.ask(gone.ticket, 0, LAPSE_S + 1)
    assert late is not None
    assert late.position == 2
    assert late.ticket != gone.ticket


def test_who_draws_a_ticket_and_never_shows_it_keeps_nobody_out() -> None:
    line = WaitingLine(5)
    drawn(line)
    drawn(line)
    assert line.ask(None, 1, 3.0) is None


def test_a_made_up_ticket_is_worth_nothing() -> None:
    line = WaitingLine(5)
    line.ask(drawn(line).ticket, 0, 0.0)
    place = line.ask("let-me-in", 1, 0.0)
    assert place is not None
    assert (place.position, place.ticket != "let-me-in") == (2, True)


def test_the_line_is_not_endless() -> None:
    line = WaitingLine(2)
    kept = [drawn(line), drawn(line)]
    with pytest.raises(OverflowError):
        line.ask(None, 0, 0.0)
    assert line.ask(kept[1].ticket, 0, 1.0) == Place(kept[1].ticket, 2)
    assert WaitingLine(0).ask(None, 1, 0.0) is None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_limit_lets_a_burst_pass_and_then_a_steady_flow() -> None:
    clock = Clock()
    limit = RateLimit(6, clock)
    assert [limit.wait_s("10.0.0.1") for _ in range(6)] == [0.0] * 6
    assert limit.wait_s("10.0.0.1") == pytest.approx(10.0)
    assert limit.wait_s("10.0.0.2") == 0.0
    clock.now = 10.1
    assert limit.wait_s("10.0.0.1") == 0.0
    assert limit.wait_s("10.0.0.1") > 9


def test_refused_requests_do_not_make_the_wait_longer() -> None:
    clock = Clock()
    limit = RateLimit(1, clock)
    limit.wait_s("10.0.0.1")
    waits = [limit.wait_s("10.0.0.1") for _ in range(100)]
    assert max(waits) == pytest.approx(60.0)


def test_one_network_cannot_change_its_address_to_pass() -> None:
    assert household("2001:db8::1") == household("2001:db8::ffff:1")
    assert household("2001:db8::1") != household("2001:db8:0:1::1")
    assert household("10.0.0.1") != household("10.0.0.2")
    assert household("nonsense") == household(None)


def test_the_memory_of_addresses_is_bounded() -> None:
    limit = RateLimit(1, Clock())
    for number in range(MAX_KNOWN + 50):
        limit.wait_s(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(limit._left) == MAX_KNOWN


def test_zero_switches_the_limit_off() -> None:
    limit = RateLimit(0)
    assert [limit.wait_s("10.0.0.1") for _ in range(1000)] == [0.0] * 1000


@pytest.mark.parametrize(("late_s", "busy"), [(0.0, 1.0), (1.0, 0.0)])
def test_load_is_processor_time_or_a_late_loop(late_s: float, busy: float) -> None:
    meter = LoadMeter()
    for _ in range(30):
        meter.note(PERIOD_S + late_s, busy * meter._cores * (PERIOD_S + late_s))
    assert meter.share == pytest.approx(1.0, abs=0.01)
    for _ in range(30):
        meter.note(PERIOD_S, 0.0)
    assert meter.share < 0.01


def test_a_moment_of_load_is_no_load() -> None:
    meter = LoadMeter()
    meter.note(PERIOD_S, meter._cores * PERIOD_S)
    assert meter.share < 0.3
