"""A baseline against what the same case gives now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.regression.findings import Metric, Pair, Verdict, explain
from pipeline.regression.judge_geometry import judge_geometry
from pipeline.regression.judge_picture import judge_picture
from pipeline.regression.judge_reasons import judge_reasons
from pipeline.regression.judge_speed import judge_speed
from pipeline.regression.judge_time import judge_time
from pipeline.regression.recording import Recording
from pipeline.regression.tolerances import Tolerances


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every metric of a case.

    Attributes:
        metrics: in the order in which they are told.
        changes: versions that differ: name → (then, now).
    """

    metrics: tuple[Metric, ...]
    changes: Mapping[str, tuple[str, str]]

    @property
    def regressions(self) -> list[Metric]:
        """What got worse: causes first, then what follows from them."""
        worse = [metric for metric in self.metrics if metric.verdict is Verdict.WORSE]
        return sorted(worse, key=lambda metric: metric.follows is not None)

    @property
    def gains(self) -> list[Metric]:
        """What got better."""
        return [metric for metric in self.metrics if metric.verdict is Verdict.BETTER]


def compare(base: Recording, now: Recording, limits: Tolerances) -> Comparison:
    """Judge a recording by its baseline.

    Args:
        base: as it was.
        now: the same clip and garment now.
        limits: how far they may differ.
    """
    pair = Pair(base, now, limits)
    metrics = [
        *judge_reasons(pair),
        *judge_time(pair),
        *judge_geometry(pair),
        *judge_picture(pair),
        *judge_speed(base, now.speeds, limits),
    ]
    return Comparison(tuple(explain(metrics)), _changes(base, now))


def _changes(base: Recording, now: Recording) -> dict[str, tuple[str, str]]:
    then = {**base.versions, f"garment {base.garment['id']}": base.garment["digest"]}
    today = {**now.versions, f"garment {now.garment['id']}": now.garment["digest"]}
    return {
        name: (then.get(name, "none"), today.get(name, "none"))
        for name in [*then, *(name for name in today if name not in then)]
        if then.get(name) != today.get(name)
    }
