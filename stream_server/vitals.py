"""What one session measures of itself, about once a second: its rate, its losses, its line."""

from __future__ import annotations

from typing import Any, NamedTuple

from aiortc import RTCPeerConnection

from stream_server.metrics import Metrics
from stream_server.progress import Progress
from stream_server.quality import Conditions
from stream_server.rtc_tuning import Repairs

PERIOD_S = 1.0
LOSS_UNIT = 256  # receiver reports give the share of lost packets in 256ths (RFC 3550, 6.4.1)


class Line(NamedTuple):
    """What the other side reports of our packets."""

    loss: float = 0.0
    round_trip_s: float | None = None


async def read_line(connection: RTCPeerConnection) -> Line:
    """Loss (0 to 1) and round trip of what we send, as the client reports them."""
    report: dict[str, Any] = await connection.getStats()
    for entry in report.values():
        if entry.type == "remote-inbound-rtp":
            return Line(entry.fractionLost / LOSS_UNIT, entry.roundTripTime)
    return Line()


class Vitals:
    """Turns what has been counted since the beginning into what happened lately."""

    def __init__(self, metrics: Metrics, now_s: float) -> None:
        self._metrics = metrics
        self._at_s = now_s
        self._received = self._left_out = self._expected = self._lost = 0
        self._told: dict[str, int] = {}

    def due(self, now_s: float) -> bool:
        """Whether the last measurement is a second old."""
        return now_s - self._at_s >= PERIOD_S

    def measure(
        self, now_s: float, progress: Progress, left_out: int, repairs: Repairs, line: Line
    ) -> Conditions:
        """The conditions since the last call; counts them in the metrics as well.

        Args:
            now_s: monotonic time, later than the last.
            progress: of the worker.
            left_out: frames that were dropped at any hop since the session began.
            repairs: of the receiver.
            line: of the sender.
        """
        period_s, self._at_s = now_s - self._at_s, now_s
        received, self._received = progress.received - self._received, progress.received
        dropped, self._left_out = left_out - self._left_out, left_out
        expected, self._expected = repairs.expected - self._expected, repairs.expected
        lost, self._lost = repairs.lost - self._lost, repairs.lost
        conditions = Conditions(
            fps=received / period_s,
            left_out=min(dropped / received, 1.0) if received else 0.0,
            work_ms=progress.busy_ms,
            loss=max(line.loss, lost / expected if expected > 0 and lost > 0 else 0.0),
            round_trip_s=line.round_trip_s,
        )
        self._metrics.session_second(progress.fps, conditions.loss, conditions.round_trip_s)
        for kind in ("nacks", "plis", "jumps", "backlogs"):
            count = getattr(repairs, kind)
            self._metrics.repairs(kind, count - self._told.get(kind, 0))
            self._told[kind] = count
        return conditions
