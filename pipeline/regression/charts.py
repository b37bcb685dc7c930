"""Plots over time as inline SVG, and the strip that shows which frames were dressed."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from pipeline.regression.findings import Floats, Pair, middle, runs
from pipeline.regression.judge_geometry import jitter, mesh_points
from pipeline.regression.regions import LIMBS
from pipeline.structures import Reason

WIDTH, HEIGHT = 460, 118
LEFT, RIGHT, TOP, BOTTOM = 42, 8, 8, 20
HEADROOM = 0.08
LEAST_RANGE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One plot.

    Attributes:
        title: what it shows.
        unit: of the values.
        then: (n,) baseline's values, or None when the plot shows a distance to the baseline.
        now: (n,) values.
        limit: drawn as a dashed line; None without one.
        metric: name of the metric it belongs to.
    """

    title: str
    unit: str
    then: Floats | None
    now: Floats
    limit: float | None
    metric: str


def series_of(pair: Pair) -> list[Series]:
    """What is plotted of a case."""
    limits = pair.limits
    base, now = mesh_points(pair)
    apart = (now - base) / pair.torso_px[:, None, None]
    apart[~pair.both] = np.nan
    shift = np.linalg.norm(middle(apart, axis=1), axis=1)
    place_then, place_now = middle(base, axis=1), middle(now, axis=1)
    tracks = {
        name: pair.tracks(name)
        for name in ("area", "lab", "warp_delta_e", "face", "limbs", "opacity")
    }
    colour = np.linalg.norm(tracks["lab"][1] - tracks["lab"][0], axis=1)
    lightness = tracks["lab"]
    found = [
        Series("Shift of the garment", "torso", None, shift, limits.shift_torso, "geometry.shift"),
        Series(
            "Place, left to right", "px", place_then[:, 0], place_now[:, 0], None, "temporal.lag"
        ),
        Series("Place, up and down", "px", place_then[:, 1], place_now[:, 1], None, "temporal.lag"),
        Series(
            "Added shaking",
            "torso",
            None,
            jitter(now - base, pair.torso_px),
            limits.jitter_torso,
            "geometry.jitter",
        ),
        Series(
            "Dressed share of the frame",
            "%",
            100 * tracks["area"][0],
            100 * tracks["area"][1],
            None,
            "picture.area",
        ),
        Series("Distance of colour", "ΔE", None, colour, limits.colour_delta_e, "picture.colour"),
        Series("Lightness", "L", lightness[0][:, 0], lightness[1][:, 0], None, "temporal.flicker"),
        Series("Flow-warped error", "ΔE", *tracks["warp_delta_e"], None, "temporal.steadiness"),
        Series(
            "Face under the mask",
            "%",
            100 * tracks["face"][0],
            100 * tracks["face"][1],
            None,
            "picture.face",
        ),
    ]
    for index, limb in enumerate(LIMBS):
        then, today = tracks["limbs"][0][:, index], tracks["limbs"][1][:, index]
        title = f"Dressed share of the {limb}"
        found.append(Series(title, "%", 100 * then, 100 * today, None, "depth.order"))
    found.append(
        Series(
            "Changed outside of the mask",
            "px",
            None,
            pair.now.tracks.outside_px[: pair.n].astype(np.float64),
            limits.outside_px,
            "picture.outside",
        )
    )
    return [one for one in found if np.isfinite(one.now).sum() > 1]


def draw_chart(series: Series, failed: bool) -> str:
    """One plot as SVG. ``data-n`` tells the page's script how wide a frame is."""
    n = len(series.now)
    values = [series.now] + ([] if series.then is None else [series.then])
    known = np.concatenate([v[np.isfinite(v)] for v in values])
    low, high = float(known.min(initial=np.inf)), float(known.max(initial=-np.inf))
    if series.limit is not None:
        low, high = min(low, 0.0), max(high, series.limit)
    room = HEADROOM * max(high - low, LEAST_RANGE)
    low, high = low - room, high + room

    def x(row: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * row / max(n - 1, 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low))

    def line(track: Floats, kind: str) -> str:
        parts = []
        for first, last in runs(np.isfinite(track)):
            points = " ".join(
                f"{x(i):.1f},{y(float(track[i])):.1f}" for i in range(first, last + 1)
            )
            parts.append(f'<polyline class="{kind}" points="{points}"/>')
        return "".join(parts)

    dashed = ""
    if series.limit is not None:
        at = y(series.limit)
        dashed = (
            f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
    labels = "".join(
        f'<text x="{LEFT - 5}" y="{y(value) + dy:.1f}" text-anchor="end">{_short(value)}</text>'
        for value, dy in ((high - room, 4), (low + room, 2))
    )
    then = "" if series.then is None else line(series.then, "then")
    return (
        f'<figure class="chart{" bad" if failed else ""}"><figcaption>{escape(series.title)}'
        f' <span>{escape(series.unit)}</span></figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' data-n="{n}" data-left="{LEFT}" data-right="{WIDTH - RIGHT}" role="img"'
        f' aria-label="{escape(series.title)}"><rect class="field" x="{LEFT}" y="{TOP}"'
        f' width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}"/>{dashed}{then}'
        f'{line(series.now, "now")}{labels}<text x="{LEFT}" y="{HEIGHT - 5}">0</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 5}" text-anchor="end">{n - 1}</text>'
        f'<line class="cursor" x1="{LEFT}" x2="{LEFT}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        "</svg></figure>"
    )


STRIP_HEIGHT = 14


def draw_reasons(pair: Pair) -> str:
    """Two strips, baseline over now: each frame in the colour of its reason."""
    order = list(Reason)
    parts = []
    for index, (name, reasons) in enumerate(
        (("then", pair.base.reasons), ("now", pair.now.reasons))
    ):
        at = index * (STRIP_HEIGHT + 3)
        n = max(len(pair.base.reasons), len(pair.now.reasons), 1)
        wide = (WIDTH * 2 - LEFT - RIGHT) / n
        parts.append(f'<text x="{LEFT - 5}" y="{at + 11}" text-anchor="end">{name}</text>')
        for reason in dict.fromkeys(reasons):
            flags: NDArray[np.bool_] = np.array([one == reason for one in reasons])
            kind = order.index(Reason(reason)) if reason else -1
            for first, last in runs(flags):
                parts.append(
                    f'<rect class="reason r{kind}" x="{LEFT + first * wide:.1f}" y="{at}"'
                    f' width="{(last - first + 1) * wide:.1f}" height="{STRIP_HEIGHT}">'
                    f"<title>{reason or 'dressed'}, frames {first} to {last}</title></rect>"
                )
    height = 2 * STRIP_HEIGHT + 3
    seen = dict.fromkeys([*pair.base.reasons, *pair.now.reasons])
    kinds = {reason: order.index(Reason(reason)) if reason else -1 for reason in seen}
    legend = "".join(
        f'<span><i class="reason r{kind}"></i>{reason or "dressed"}</span>'
        for reason, kind in kinds.items()
    )
    return (
        f'<div class="strip"><svg viewBox="0 0 {WIDTH * 2} {height}" role="img"'
        f' aria-label="reasons">{"".join(parts)}</svg><p class="legend">{legend}</p></div>'
    )


def _short(value: float) -> str:
    size = abs(value)
    if size < 1e-9:
        return "0"
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 1 else f"{value:.3f}"
