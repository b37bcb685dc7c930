"""Which frames were left alone, and why."""

from __future__ import annotations

import numpy as np

from pipeline.regression.findings import Metric, Pair, judged, runs, span


def judge_reasons(pair: Pair) -> list[Metric]:
    """Number of frames, reasons that are gone, new ones, and frames that changed sides."""
    return [_count(pair), _never_raised(pair), _new(pair), _changed(pair)]


def _count(pair: Pair) -> Metric:
    then, today = pair.base.frames, pair.now.frames
    return judged(
        "frames.count",
        abs(today - then),
        0,
        "frames",
        f"The clip gives {today} frames, {then} in the baseline.",
    )


def _never_raised(pair: Pair) -> Metric:
    then = list(pair.base.reasons)
    gone = sorted(set(then) - set(pair.now.reasons) - {""})
    lost = sum(then.count(reason) for reason in gone)
    first = min((then.index(reason) for reason in gone), default=None)
    dropped = ", ".join(f"{reason} ({then.count(reason)} frames)" for reason in gone)
    return judged(
        "reasons.never_raised",
        lost,
        0,
        "frames",
        f"A reason is never raised any more: {dropped} in the baseline from frame {first} on.",
        first,
    )


def _new(pair: Pair) -> Metric:
    now = list(pair.now.reasons)
    new = sorted(set(now) - set(pair.base.reasons) - {""})
    count = sum(now.count(reason) for reason in new)
    first = min((now.index(reason) for reason in new), default=None)
    raised = ", ".join(f"{reason} ({now.count(reason)} frames)" for reason in new)
    return judged(
        "reasons.new",
        count,
        pair.limits.reason_frames,
        "frames",
        f"A new reason is raised: {raised} from frame {first} on.",
        first,
    )


def _changed(pair: Pair) -> Metric:
    """Frames whose reason is another one, unless a change just comes a bit earlier or later."""
    then, today = np.array(pair.base.reasons[: pair.n]), np.array(pair.now.reasons[: pair.n])
    long = [
        (first, last)
        for first, last in runs(then != today)
        if last - first + 1 > pair.limits.reason_frames
    ]
    count = sum(last - first + 1 for first, last in long)
    told = "; ".join(
        f"{span(first, last)} {_word(then[first])} then, {_word(today[first])} now"
        for first, last in long[:3]
    )
    return judged(
        "reasons.changed",
        count,
        pair.limits.reason_frames,
        "frames",
        f"{count} frames are dressed or left alone otherwise: {told}.",
        long[0][0] if long else None,
    )


def _word(reason: str) -> str:
    return str(reason) or "dressed"
