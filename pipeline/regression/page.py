"""The report: one HTML file with everything in it, which opens from a disk."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import decode_image, encode_jpeg, to_lab
from pipeline.regression.charts import draw_chart, draw_reasons, series_of
from pipeline.regression.compare import Comparison
from pipeline.regression.findings import Metric, Pair
from pipeline.regression.keep import Shots
from pipeline.regression.page_parts import SCRIPT, STYLE
from pipeline.regression.recording import Pictures, Recording
from pipeline.regression.runner import Outcome, verdict_of
from pipeline.regression.suite import Suite
from pipeline.structures import Image

WORST_FRAMES = 3
FAR_DELTA_E = 25.0  # white in the picture of differences
NOISE_DELTA_E = 4.0  # black: JPEG and film are no exact copies
QUALITY = 82
PLAY_MS = 120


def build_page(suite: Suite, outcomes: Sequence[Outcome], made: datetime) -> str:
    """The whole page.

    Args:
        suite: what was checked.
        outcomes: of every case.
        made: when, for the headline.
    """
    failed = [o for o in outcomes if o.failed]
    problems = [o for o in outcomes if o.problem]
    badge = (
        _badge("worse", f"{len(failed)} of {len(outcomes)} cases got worse")
        if failed
        else _badge("odd", f"{len(problems)} cases could not be judged")
        if problems
        else _badge("good", "no regression")
    )
    sections = "".join(_case(index, outcome) for index, outcome in enumerate(outcomes))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(suite.name)}: regression report</title><style>{STYLE}</style></head>"
        f'<body><main><div class="headline"><h1>{escape(suite.name)}</h1>{badge}</div>'
        f'<p class="soft">Regression report of {escape(suite.path.name)},'
        f" {made:%Y-%m-%d %H:%M}. Grey is the baseline, colour is now.</p>"
        f"{_summary(outcomes)}{_versions(outcomes)}{sections}</main>"
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def _badge(kind: str, text: str) -> str:
    return f'<span class="badge {kind}">{escape(text)}</span>'


def _kind(outcome: Outcome) -> str:
    return "odd" if outcome.problem else "worse" if outcome.failed else "good"


def _summary(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for index, outcome in enumerate(outcomes):
        told, frames, slowest = escape(outcome.problem), "", ""
        if outcome.comparison is not None and outcome.now is not None:
            causes = [m for m in outcome.comparison.regressions if m.follows is None]
            told = "<br>".join(escape(m.sentence) for m in causes) or "as before"
            told += "".join(f"<br>{escape(m.sentence)}" for m in outcome.comparison.gains)
            frames = f"{int(outcome.now.dressed.sum())} / {outcome.now.frames}"
            speeds = [m for m in outcome.comparison.metrics if m.name.startswith("speed.")]
            slow = max(speeds, key=lambda m: m.value, default=None)
            slowest = f"{slow.name[6:]} × {slow.value:.2f}" if slow else "–"
        rows.append(
            f'<tr><td><a href="#case{index}">{escape(outcome.case.id)}</a></td>'
            f"<td>{_badge(_kind(outcome), verdict_of(outcome))}</td><td>{told}</td>"
            f'<td class="number">{frames}</td><td class="number">{slowest}</td></tr>'
        )
    return (
        '<h3>Summary</h3><div class="scroll"><table><thead><tr><th>Case</th><th>Verdict</th>'
        "<th>What happened</th><th class='number'>Dressed frames</th>"
        "<th class='number'>Slowest stage</th></tr></thead><tbody>"
        f"{''.join(rows)}</tbody></table></div>"
    )


def _versions(outcomes: Sequence[Outcome]) -> str:
    changes: dict[tuple[str, str, str], int] = {}
    for outcome in outcomes:
        if outcome.comparison is not None:
            for name, (then, now) in outcome.comparison.changes.items():
                changes[name, then, now] = changes.get((name, then, now), 0) + 1
    if not changes:
        return (
            "<h3>Versions</h3><p>The same program, packages, models, garments and machine as in"
            " the baselines.</p>"
        )
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td><code>{escape(then)}</code></td>"
        f'<td><code>{escape(now)}</code></td><td class="number">{count}</td></tr>'
        for (name, then, now), count in changes.items()
    )
    return (
        '<h3>Versions that changed</h3><div class="scroll"><table><thead><tr><th>What</th>'
        "<th>Baseline</th><th>Now</th><th class='number'>Cases</th></tr></thead><tbody>"
        f"{rows}</tbody></table></div>"
    )


def _case(index: int, outcome: Outcome) -> str:
    case = outcome.case
    head = (
        f'<section class="case" id="case{index}"><div class="headline"><h2>{escape(case.id)}</h2>'
        f"{_badge(_kind(outcome), verdict_of(outcome))}</div>"
    )
    base, now, comparison = outcome.base, outcome.now, outcome.comparison
    if comparison is None or base is None or now is None:
        told = f'<ul class="findings"><li class="odd">{escape(outcome.problem)}</li></ul>'
        return f"{head}{told}</section>"
    pair = Pair(base, now, case.tolerances)
    size = "×".join(str(side) for side in now.clip.get("size_wh", []))
    facts = (
        f'<p class="soft">{escape(str(now.clip["source"]))}, {size}, {now.frames} frames at'
        f" {pair.fps:.3g} a second, {escape(str(now.garment['id']))}</p>"
    )
    shots = _Gallery(base, outcome.shots) if outcome.shots else None
    bad = {metric.name for metric in comparison.regressions}
    charts = "".join(draw_chart(one, one.metric in bad) for one in series_of(pair))
    key = (
        '<p class="key"><i style="background:var(--then);margin-left:0"></i>baseline'
        '<i style="background:var(--now)"></i>now<i style="background:var(--odd)"></i>limit</p>'
    )
    return (
        f"{head}{facts}{_findings(comparison, now)}"
        f"{_worst(comparison, shots)}{_player(shots, pair)}"
        f"<h3>Which frames were dressed</h3>{draw_reasons(pair)}"
        f'<h3>Over time</h3>{key}<div class="charts">{charts}</div>{_metrics(comparison)}</section>'
    )


def _findings(comparison: Comparison, now: Recording) -> str:
    items = []
    for metric in comparison.regressions:
        if metric.follows is None:
            items.append(
                f"<li><strong>{escape(metric.sentence)}</strong><br><code>{metric.name}</code>"
                f' <span class="soft">{_figure(metric.value)}, limit {_figure(metric.limit)}'
                f" {escape(metric.unit)}</span></li>"
            )
        else:
            items.append(
                f'<li class="follows">{escape(metric.sentence)} (comes with'
                f" <code>{metric.follows}</code>)</li>"
            )
    items += [f'<li class="better">{escape(m.sentence)}</li>' for m in comparison.gains]
    items += [f'<li class="odd">{escape(note)}</li>' for note in now.notes]
    return f'<ul class="findings">{"".join(items)}</ul>' if items else "<p>As before.</p>"


def _metrics(comparison: Comparison) -> str:
    rows = "".join(
        f'<tr class="{m.verdict.value}"><td><code>{m.name}</code></td>'
        f'<td class="number">{_figure(m.value)}</td><td class="number">{_figure(m.limit)}</td>'
        f"<td>{escape(m.unit)}</td><td>{m.verdict.value}</td></tr>"
        for m in comparison.metrics
    )
    return (
        '<details><summary>All metrics</summary><div class="scroll"><table><thead><tr>'
        '<th>Metric</th><th class="number">Value</th><th class="number">Limit</th><th>Unit</th>'
        f"<th>Verdict</th></tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _figure(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.4g}"


class _Gallery:
    """Pictures of both runs by frame, all in the size of now's."""

    def __init__(self, base: Recording, shots: Shots) -> None:
        self._shots = shots
        self._then: dict[int, NDArray[np.uint8]] = {}
        for pictures in (base.film, base.pictures):  # the references are the better ones
            self._then |= _by_row(pictures)

    @property
    def rows(self) -> list[int]:
        """Frames that both have."""
        return sorted(row for row in self._then if row in self._shots.result)

    def now(self, row: int) -> Image:
        return decode_image(self._shots.result[row])

    def then(self, row: int) -> Image:
        """The baseline's dressed region over the camera's picture, which is the same clip."""
        camera = decode_image(self._shots.camera[row])
        size_wh = camera.shape[1], camera.shape[0]
        picture = cv2.resize(self._then[row], size_wh, interpolation=cv2.INTER_LINEAR)
        mask = picture[..., 3:]
        # half of its strongest: the mask of a garment that fades in is weak everywhere
        return np.where(mask > mask.max() // 2, picture[..., :3], camera).astype(np.uint8)

    def nearest(self, row: int) -> int | None:
        """The frame next to ``row`` that both have."""
        return min(self.rows, key=lambda other: abs(other - row), default=None)


def _by_row(pictures: Pictures) -> dict[int, NDArray[np.uint8]]:
    return dict(zip(pictures.rows.tolist(), pictures.dressed, strict=True))


def _worst(comparison: Comparison, shots: _Gallery | None) -> str:
    """Baseline, now and difference at the frames that the findings point at."""
    if shots is None:
        return ""
    told: dict[int, list[Metric]] = {}
    causes = [metric for metric in comparison.regressions if metric.follows is None]
    for metric in causes:
        row = None if metric.frame is None else shots.nearest(metric.frame)
        if row is not None:
            told.setdefault(row, []).append(metric)
    rows = []
    for row, metrics in list(told.items())[:WORST_FRAMES]:
        then, now = shots.then(row), shots.now(row)
        pictures = (
            ("baseline", then),
            ("now", now),
            ("difference", _difference(then, now)),
        )
        trio = "".join(
            f'<figure><img alt="{what}, frame {row}" src="{_data(picture)}">'
            f"<figcaption>{what}</figcaption></figure>"
            for what, picture in pictures
        )
        names = ", ".join(metric.name for metric in metrics)
        rows.append(
            f'<div class="row"><p>Frame {row} <span class="soft">{names}</span></p>'
            f'<div class="trio">{trio}</div></div>'
        )
    return f"<h3>Worst frames</h3>{''.join(rows)}" if rows else ""


def _difference(then: Image, now: Image) -> Image:
    """Colour distance from black over red to white; what JPEG adds stays black."""
    apart = np.linalg.norm(to_lab(now) - to_lab(then), axis=-1)
    heat = np.clip((apart - NOISE_DELTA_E) / (FAR_DELTA_E - NOISE_DELTA_E), 0, 1)[..., None]
    ramp = np.concatenate([2.2 * heat, 1.6 * heat - 0.5, 3 * heat - 2], axis=-1)
    return np.asarray(np.clip(ramp, 0, 1) * 255, np.uint8)


def _player(shots: _Gallery | None, pair: Pair) -> str:
    rows = shots.rows if shots else []
    if shots is None or len(rows) < 2:
        return ""
    frames = [
        {"row": row, "then": _data(shots.then(row)), "now": _data(shots.now(row))} for row in rows
    ]
    gap = (rows[-1] - rows[0]) / (len(rows) - 1)
    ms = max(round(1000 * gap / pair.fps), PLAY_MS)
    return (
        f'<h3>Side by side</h3><div class="player" data-ms="{ms}"><div class="pair">'
        '<figure><img alt="baseline"><figcaption>baseline</figcaption></figure>'
        '<figure><img alt="now"><figcaption>now</figcaption></figure>'
        '<figure class="apart"><div><img alt=""><img alt="difference"></div>'
        "<figcaption>difference, brightened</figcaption></figure></div>"
        f'<div class="bar"><button type="button">Play</button><input type="range" min="0"'
        f' max="{len(rows) - 1}" value="{len(rows) // 2}" aria-label="frame"><output></output>'
        f'</div><script type="application/json">{json.dumps(frames)}</script></div>'
    )


def _data(picture: Image) -> str:
    jpeg = base64.b64encode(encode_jpeg(picture, QUALITY)).decode("ascii")
    return f"data:image/jpeg;base64,{jpeg}"
