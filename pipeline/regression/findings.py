"""What a comparison says: one line per metric, in figures and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.regression.recording import Recording
from pipeline.regression.tolerances import Tolerances
from pipeline.smoothing import MIN_SCALE_PX

Floats = NDArray[np.floating[Any]]


class Verdict(StrEnum):
    """How a metric stands against its baseline."""

    SAME = "same"
    WORSE = "worse"
    BETTER = "better"
    UNKNOWN = "unknown"  # nothing to measure


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that was compared.

    Attributes:
        name: stable word for machines, such as ``geometry.shift``.
        value: how far now is from then.
        limit: how far it may be.
        unit: of both.
        verdict: worse means that the check fails.
        sentence: what happened, for a person; "" when nothing did.
        frame: the frame to look at, or None.
        follows: name of another metric that explains this one, or None.
    """

    name: str
    value: float
    limit: float
    unit: str
    verdict: Verdict
    sentence: str = ""
    frame: int | None = None
    follows: str | None = None


def judged(
    name: str,
    value: float,
    limit: float,
    unit: str,
    sentence: str,
    frame: int | None = None,
    gain: float = 0.0,
) -> Metric:
    """A metric whose value fails above its limit.

    Args:
        name, value, limit, unit, frame: as in ``Metric``.
        sentence: used when it fails, or when it got better.
        gain: how far it improved, in the same unit; above the limit it counts as better.
    """
    if not np.isfinite(value):
        return Metric(name, float("nan"), limit, unit, Verdict.UNKNOWN)
    if value > limit:
        return Metric(name, float(value), limit, unit, Verdict.WORSE, sentence, frame)
    if gain > limit > 0:
        return Metric(name, float(-gain), limit, unit, Verdict.BETTER, f"Better: {sentence}", frame)
    return Metric(name, float(value), limit, unit, Verdict.SAME)


CONSEQUENCES = {
    "temporal.lag": {
        "geometry.shift",
        "geometry.wander",
        "geometry.shape",
        "geometry.jitter",
        "temporal.steadiness",
        "temporal.flicker",
        "picture.similarity",
        "picture.local",
        "picture.area",
        "picture.colour",
        "picture.face",
        "depth.order",
    },
    "geometry.shift": {"geometry.wander", "picture.similarity", "picture.local", "picture.area"},
    "depth.order": {"picture.similarity", "picture.local", "picture.area", "picture.colour"},
    "picture.colour": {"picture.local", "picture.similarity"},
    "temporal.flicker": {"temporal.steadiness"},
    "reasons.never_raised": {"reasons.changed"},
    "reasons.new": {"reasons.changed"},
}
"""What usually comes along with a metric that fails; the earlier cause wins."""


def explain(metrics: list[Metric]) -> list[Metric]:
    """Mark the failures that follow from another one; they stay failures."""
    failed = {metric.name for metric in metrics if metric.verdict is Verdict.WORSE}
    explained: list[Metric] = []
    for metric in metrics:
        cause = next(
            (c for c, effects in CONSEQUENCES.items() if c in failed and metric.name in effects),
            None,
        )
        bad = metric.verdict is Verdict.WORSE
        explained.append(replace(metric, follows=cause) if bad and cause else metric)
    return explained


class Pair:
    """A baseline and what the same clip gives now, cut to their common length.

    Attributes:
        base, now: the two recordings.
        n: frames they share.
        limits: how far they may differ.
        both: (n,) dressed in both.
        torso_px: (n,) torso length of the baseline's landmarks, steady; the clip's median where
            nobody was found.
        fps: frames a second.
    """

    def __init__(self, base: Recording, now: Recording, limits: Tolerances) -> None:
        self.base, self.now, self.limits = base, now, limits
        self.n = min(base.frames, now.frames)
        self.both = base.dressed[: self.n] & now.dressed[: self.n]
        self.torso_px = _torso_px(base.tracks.landmarks_px[: self.n])
        self.fps = float(base.clip.get("fps") or 30.0)

    def tracks(self, name: str) -> tuple[Floats, Floats]:
        """A track of both, (n, …)."""
        base, now = getattr(self.base.tracks, name), getattr(self.now.tracks, name)
        return base[: self.n], now[: self.n]


def _torso_px(landmarks: Floats) -> Floats:
    from pipeline.labels import Landmark

    shoulders = landmarks[:, [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]].mean(axis=1)
    hips = landmarks[:, [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=1)
    lengths = np.maximum(np.linalg.norm(shoulders - hips, axis=-1), MIN_SCALE_PX)
    known = np.isfinite(lengths)
    typical = np.median(lengths[known]) if known.any() else 100.0
    return np.where(known, lengths, typical)


def middle(values: Floats, axis: int = 0) -> Floats:
    """Median without not-a-numbers, and without a warning where there is nothing else."""
    ordered = np.sort(np.moveaxis(np.asarray(values, np.float64), axis, 0), axis=0)
    count = np.isfinite(ordered).sum(axis=0)  # sorting puts not-a-numbers at the end
    if len(ordered) == 0:
        return np.full(count.shape, np.nan)
    below = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[None], axis=0)[0]
    above = np.take_along_axis(ordered, np.minimum(count // 2, len(ordered) - 1)[None], axis=0)[0]
    return np.where(count > 0, (below + above) / 2, np.nan)


def worst_frame(values: Floats) -> int | None:
    """Row of the largest value; None when there is none."""
    known = np.isfinite(values)
    return int(np.argmax(np.where(known, values, -np.inf))) if known.any() else None


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last row of every unbroken run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def span(first: int, last: int) -> str:
    """Frames for a sentence."""
    return f"frame {first}" if first == last else f"frames {first} to {last}"
