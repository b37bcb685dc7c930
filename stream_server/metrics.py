"""Counters and gauges for Prometheus, one registry per application."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

STAGE_BUCKETS_S = (0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5)


class Metrics:
    """Everything the server counts. Safe to use from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._sessions = Gauge("wearcast_sessions", "Live sessions.", registry=self.registry)
        self._frames_in = Counter(
            "wearcast_frames_in", "Camera frames decoded.", registry=self.registry
        )
        self._frames_out = Counter(
            "wearcast_frames_out",
            "Frames handed to the sender.",
            ["outcome"],
            registry=self.registry,
        )
        self._dropped = Counter(
            "wearcast_frames_dropped",
            "Frames left out because a newer one came.",
            ["hop"],
            registry=self.registry,
        )
        self._stage = Histogram(
            "wearcast_stage_seconds",
            "Time of a stage for one frame.",
            ["stage"],
            buckets=STAGE_BUCKETS_S,
            registry=self.registry,
        )
        self._errors = Counter(
            "wearcast_worker_errors",
            "Frames that passed raw because a stage failed.",
            ["stage"],
            registry=self.registry,
        )
        self._offers = Counter(
            "wearcast_offers", "Offers by result.", ["result"], registry=self.registry
        )

    def sessions(self, count: int) -> None:
        """Live sessions now."""
        self._sessions.set(count)

    def frame_in(self, count: int = 1) -> None:
        """Camera frames were decoded."""
        self._frames_in.inc(count)

    def frame_out(self, outcome: str) -> None:
        """A frame went out: ``dressed`` or the reason why not."""
        self._frames_out.labels(outcome).inc()

    def dropped(self, hop: str, count: int = 1) -> None:
        """Frames were left out before ``observe``, ``dress`` or ``send``, or at ``decode``."""
        if count:
            self._dropped.labels(hop).inc(count)

    def stage(self, name: str, milliseconds: float) -> None:
        """A stage took this long for one frame."""
        self._stage.labels(name).observe(milliseconds / 1000)

    def worker_error(self, stage: str) -> None:
        """A stage failed for one frame."""
        self._errors.labels(stage).inc()

    def offer(self, result: str) -> None:
        """An offer was answered: ``accepted``, ``refused``, ``full`` or ``failed``."""
        self._offers.labels(result).inc()

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
