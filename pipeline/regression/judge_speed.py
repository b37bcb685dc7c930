"""Whether a stage became slower."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.regression.calibration import StageSpeed
from pipeline.regression.findings import Metric, Verdict, judged
from pipeline.regression.recording import Recording
from pipeline.regression.tolerances import Tolerances

LEAST_RATIO = 0.15  # of the fixed work, about 1 ms: shorter stages are noise
SHORT = 0.25  # of the fixed work: a stage so short has twice the tolerance, noise being larger
GAIN = 1.5  # a gain is timed once only, so it must be the clearer
SUSPECT = 0.6  # share of the tolerance from which a stage is timed again


def judge_speed(
    base: Recording, speeds: Mapping[str, StageSpeed], limits: Tolerances
) -> list[Metric]:
    """One metric per stage.

    Args:
        base: the baseline.
        speeds: of now, the middle of all its runs.
        limits: the wider one holds when the baseline is from another processor.
    """
    limit = limits.speed if same_processor(base) else limits.speed_other_machine
    metrics = []
    for stage, then in base.speeds.items():
        now = speeds.get(stage)
        if now is None or then.cpu_ratio < LEAST_RATIO:
            continue
        cpu = now.cpu_ratio / then.cpu_ratio
        ratio, kind = cpu, "CPU time"
        if now.wall_ratio and then.wall_ratio and now.wall_ratio / then.wall_ratio > cpu:
            ratio, kind = now.wall_ratio / then.wall_ratio, "time"
        wider = 1 + (limit - 1) * (1 + SHORT / then.cpu_ratio)
        metrics.append(_judged(stage, ratio, kind, wider, then, now))
    return metrics


def _judged(
    stage: str, ratio: float, kind: str, limit: float, then: StageSpeed, now: StageSpeed
) -> Metric:
    name = f"speed.{stage}"
    sentence = (
        f"The stage {stage} takes {abs(ratio - 1):.0%} {'more' if ratio > 1 else 'less'} {kind}"
        f" against the fixed work ({now.cpu_ratio:.2f} of it, {then.cpu_ratio:.2f} in the"
        " baseline)."
    )
    if ratio < 1 / limit**GAIN:
        return Metric(name, ratio, limit, "times", Verdict.BETTER, f"Better: {sentence}")
    return judged(name, ratio, limit, "times", sentence)


def suspects(metrics: list[Metric]) -> bool:
    """Whether any stage is so near to its limit that it must be timed again."""
    return any(metric.value - 1 > SUSPECT * (metric.limit - 1) for metric in metrics)


def same_processor(base: Recording, versions: Mapping[str, str] | None = None) -> bool:
    """Whether the baseline was made on the same kind of machine."""
    from pipeline.regression.versions import processor

    here = versions["processor"] if versions else processor()
    return base.versions.get("processor") == here
