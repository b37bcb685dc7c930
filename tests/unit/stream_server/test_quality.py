from __future__ import annotations

import itertools

import pytest

from stream_server.adaptation import Adaptation
from stream_server.quality import GOOD_S, LADDERS, SETTLE_S, Cause, Conditions, Governor, Quality

GOOD = Conditions(fps=30, left_out=0.0, work_ms=10)
OVERLOAD = Conditions(fps=30, left_out=0.5, work_ms=60)
LOSSY = Conditions(fps=30, left_out=0.0, work_ms=10, loss=0.2)
SLOW_LINE = Conditions(fps=30, left_out=0.0, work_ms=10, round_trip_s=1.0)


class Session:
    """An adaptation that is told what was measured, second by second."""

    def __init__(self, *, thrifty: bool = False) -> None:
        self.wishes: list[tuple[float, Quality, str]] = []
        self.economies: list[tuple[float, bool]] = []
        self.now = 100.0
        self._thrifty = thrifty
        self.adaptation = Adaptation(
            Governor(), self._economise, lambda q, why: self.wishes.append((self.now, q, why))
        )

    def _economise(self, on: bool) -> bool:
        if self._thrifty:
            self.economies.append((self.now, on))
        return self._thrifty

    def live(self, seconds: int, seen: Conditions) -> None:
        for _ in range(seconds):
            self.now += 1
            self.adaptation.update(self.now, seen)

    @property
    def scales(self) -> list[float]:
        return [quality.scale for _, quality, _ in self.wishes]


@pytest.mark.parametrize(
    ("seen", "cause"), [(OVERLOAD, "server"), (LOSSY, "line"), (SLOW_LINE, "line")]
)
def test_lasting_trouble_goes_down_its_ladder_to_the_end(seen: Conditions, cause: Cause) -> None:
    session = Session()
    session.live(30, seen)
    assert [(quality, why) for _, quality, why in session.wishes] == [
        (LADDERS[cause][1], cause),
        (LADDERS[cause][2], cause),
    ]
    first, second = (at for at, _, _ in session.wishes)
    assert first <= 104
    assert second - first >= SETTLE_S


def test_a_moment_of_trouble_changes_nothing() -> None:
    session = Session()
    for _ in range(10):
        session.live(3, OVERLOAD)
        session.live(3, GOOD)
    assert session.wishes == []


def test_three_percent_of_loss_is_no_trouble() -> None:
    session = Session()
    session.live(60, Conditions(fps=30, left_out=0.0, work_ms=10, loss=0.03))
    assert session.wishes == []


def test_when_it_runs_well_again_the_picture_comes_back_rung_by_rung() -> None:
    session = Session()
    session.live(20, LOSSY)
    session.wishes.clear()
    session.live(40, GOOD)
    assert session.scales == [LADDERS["line"][1].scale, 1.0]
    assert session.wishes[0][0] >= 120 + GOOD_S
    assert session.wishes[0][2] == "none"


@pytest.mark.parametrize(
    ("trouble", "work_ms"),
    [(OVERLOAD, 60), (LOSSY, 40)],  # 60 ms × 20 and 40 ms × 1.5 × 24 are more than a second
)
def test_a_server_that_would_not_keep_up_does_not_try_the_next_rung(
    trouble: Conditions, work_ms: float
) -> None:
    session = Session()
    session.live(20, trouble)
    session.wishes.clear()
    session.live(60, Conditions(fps=15, left_out=0.0, work_ms=work_ms))
    assert session.wishes == []


def test_a_busy_server_never_makes_the_picture_smaller() -> None:
    session = Session()
    session.live(60, OVERLOAD)
    assert session.scales == [1.0, 1.0]


def test_a_bad_line_and_a_busy_server_add_up_and_end_apart() -> None:
    session = Session()
    session.live(30, OVERLOAD)
    session.live(5, LOSSY)
    both = session.wishes[-1][1]
    assert (both.scale, both.fps, both.kbps) == (0.75, 15, 900)
    session.wishes.clear()
    session.live(12, Conditions(fps=15, left_out=0.0, work_ms=45))  # the line alone is good again
    assert [quality for _, quality, _ in session.wishes] == [LADDERS["server"][2]]


def test_steps_up_that_fail_are_tried_less_and_less_often() -> None:
    session = Session()
    session.live(5, LOSSY)
    for _ in range(400):
        low = session.scales[-1] < 1
        session.live(1, GOOD if low else LOSSY)
    ups = [at for at, quality, _ in session.wishes if quality.scale == 1]
    pauses = [later - earlier for earlier, later in itertools.pairwise(ups)]
    assert pauses[0] < pauses[1] < pauses[2]
    assert pauses[-1] > 60
    assert len(ups) < 12


def test_a_paused_camera_is_not_judged() -> None:
    session = Session()
    session.live(60, Conditions(fps=0, left_out=1.0, work_ms=0, loss=1.0))
    assert session.wishes == []


def test_a_slow_server_saves_at_itself_first_and_gives_that_back_last() -> None:
    session = Session(thrifty=True)
    session.live(12, OVERLOAD)
    assert session.economies[0][1] is True
    assert session.economies[0][0] < session.wishes[0][0]
    session.live(60, GOOD)
    assert session.scales[-1] == 1
    assert session.economies[-1] == (pytest.approx(session.economies[-1][0]), False)
    assert session.economies[-1][0] > session.wishes[-1][0]


def test_a_bad_line_is_no_reason_to_save_at_the_server() -> None:
    session = Session(thrifty=True)
    session.live(12, LOSSY)
    assert session.economies == []
    assert session.wishes
