"""Counters and gauges for Prometheus, one registry per application."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

STAGE_BUCKETS_S = (0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5)
AGE_BUCKETS_S = (0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
KEYFRAME_BUCKETS_S = (0.01, 0.03, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
FPS_BUCKETS = (1, 5, 10, 15, 20, 24, 27, 30, 60)
ROUND_TRIP_BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.6, 1.0, 2.0)
LOSS_BUCKETS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15, 0.3)


class Metrics:
    """Everything the server counts. Safe to use from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._sessions = self._gauge("sessions", "Live sessions.")
        self._waiting = self._gauge("queue", "Shoppers who wait for a place.")
        self._load = self._gauge("load", "Measured load, 0 to 1.")
        self._frames_in = self._counter("frames_in", "Camera frames decoded.")
        self._frames_out = self._counter("frames_out", "Frames handed to the sender.", "outcome")
        self._dropped = self._counter(
            "frames_dropped", "Frames left out because a newer one came.", "hop"
        )
        self._errors = self._counter(
            "worker_errors", "Frames that passed raw because a stage failed.", "stage"
        )
        self._offers = self._counter("offers", "Offers by result.", "result")
        self._rejects = self._counter("rejects", "Requests that were refused.", "code")
        self._ends = self._counter("session_ends", "Ended sessions by cause.", "cause")
        self._repairs = self._counter("repairs", "What was done against loss.", "kind")
        self._quality = self._counter("quality_changes", "Steps on the quality ladder.", "to")
        self._stage = self._histogram(
            "stage_seconds", "Time of a stage for one frame.", STAGE_BUCKETS_S, "stage"
        )
        self._frame_age = self._histogram(
            "frame_age_seconds", "From a decoded frame to the sender.", AGE_BUCKETS_S
        )
        self._keyframe_age = self._histogram(
            "keyframe_age_seconds", "Age of the keyframe behind a frame.", KEYFRAME_BUCKETS_S
        )
        self._keyframes = self._counter("keyframes", "Keyframes made.")
        self._keyframe_failures = self._counter(
            "keyframe_failures", "Batches of keyframes that failed."
        )
        self._keyframe_time = self._histogram(
            "keyframe_batch_seconds", "Time of a batch of keyframes.", KEYFRAME_BUCKETS_S
        )
        self._fps = self._histogram("session_fps", "Frames sent, by session second.", FPS_BUCKETS)
        self._round_trip = self._histogram(
            "round_trip_seconds", "Round trip, by session second.", ROUND_TRIP_BUCKETS_S
        )
        self._loss = self._histogram(
            "packet_loss", "Share of packets lost, by session second.", LOSS_BUCKETS
        )

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"wearcast_{name}", what, registry=self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"wearcast_{name}", what, labels, registry=self.registry)

    def _histogram(
        self, name: str, what: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"wearcast_{name}", what, labels, buckets=buckets, registry=self.registry)

    def sessions(self, count: int) -> None:
        """Live sessions now."""
        self._sessions.set(count)

    def waiting(self, count: int) -> None:
        """Shoppers in the queue now."""
        self._waiting.set(count)

    def watch_load(self, share: Callable[[], float]) -> None:
        """Ask for the measured load, 0 to 1, at every scrape."""
        self._load.set_function(share)

    def frame_in(self, count: int = 1) -> None:
        """Camera frames were decoded."""
        self._frames_in.inc(count)

    def frame_out(self, outcome: str) -> None:
        """A frame went out: ``dressed`` or the reason why not."""
        self._frames_out.labels(outcome).inc()

    def frame_age(self, seconds: float) -> None:
        """A frame went to the sender so long after it was decoded."""
        self._frame_age.observe(seconds)

    def keyframe_age(self, milliseconds: float) -> None:
        """A frame was drawn from a keyframe of that age."""
        self._keyframe_age.observe(milliseconds / 1000)

    def keyframes(self, made: int, seconds: float) -> None:
        """A batch of keyframes took so long."""
        self._keyframes.inc(made)
        self._keyframe_time.observe(seconds)

    def keyframe_failed(self) -> None:
        """A batch of keyframes failed; photo looks are worn."""
        self._keyframe_failures.inc()

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

    def reject(self, code: str) -> None:
        """A request was refused with this code."""
        self._rejects.labels(code).inc()

    def session_end(self, cause: str) -> None:
        """A session ended."""
        self._ends.labels(cause).inc()

    def repairs(self, kind: str, count: int) -> None:
        """Losses were repaired: ``nack``, ``pli``, ``jump`` or ``backlog``."""
        if count:
            self._repairs.labels(kind).inc(count)

    def quality_change(self, to: str) -> None:
        """A session changed its rung, ``to`` that scale."""
        self._quality.labels(to).inc()

    def session_second(self, fps: float, loss: float, round_trip_s: float | None) -> None:
        """A session's measurements, about once a second."""
        self._fps.observe(fps)
        self._loss.observe(loss)
        if round_trip_s is not None:
            self._round_trip.observe(round_trip_s)

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
