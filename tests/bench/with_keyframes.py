"""What making keyframes costs the frames: on and off in turns, in one session.

python -m tests.bench.with_keyframes [CLIP]

Needs Chromium. The keyframes are those of a narrow stack on the processor, made as the server makes
them; every other span of three seconds their process stands still. The same page watches the same
server all the time, so that both kinds of spans see the same machine; how much spans of one kind
differ tells how sure the ratios are. A keyframe takes twice as long as it would without the stops,
and is twice as old.
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from pipeline.clips import VideoReader
from pipeline.samples import swaying_astronaut
from pipeline.scene import CutDetector
from pipeline.structures import Frame
from stream_server.commands import stream_bench as bench
from stream_server.commands.frame_code import write_camera_file
from tests.bench.small_stack_server import SPAN_S, with_keyframes

SECONDS = 84.0
SETTLE_S = 0.5  # of each span: frames that were begun in the span before
GARMENT = "white-tee"
PERCENTILES = (50, 95)


def watch(frames: Iterable[Frame], folder: Path) -> dict[str, Any]:
    """Run one session; the moments (seconds since the epoch) and latencies of its frames.

    The clip is played there and back, up to its first cut: a cut forgets the keyframes before it.
    """
    cuts = CutDetector()
    scene = itertools.takewhile(lambda frame: not cuts.is_cut(frame), frames)
    there = [frame.image for frame in itertools.islice(scene, bench.MAX_CLIP_FRAMES // 2)]
    camera, notes = folder / "camera.mjpeg", folder / "notes.json"
    write_camera_file([*there, *reversed(there)], camera)
    server = ("tests.bench.small_stack_server", "--notes", str(notes))
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with bench._server(server, folder / "catalog") as (address, _), sync_playwright() as play:
        flags = [*bench.CHROMIUM_FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        browser = play.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
        page.add_init_script(path=bench.PROBE)
        page.goto(address)
        bench._start(page)
        bench._select(page, GARMENT)
        page.wait_for_timeout(SECONDS * 1000)
        seen = page.evaluate("({local: __probe.local, remote: __probe.remote})")
        origin_s = page.evaluate("performance.timeOrigin") / 1000
        keyframes = bench._keyframes(address)
        browser.close()
    noted = {name: np.array(rows) for name, rows in json.loads(notes.read_text()).items()}
    latencies = np.array(bench._latencies(seen["local"], seen["remote"]))
    return {
        "shown_s": origin_s + np.array([row["t"] for row in seen["remote"]]) / 1000,
        "latencies": latencies * (0.001, 1.0) + (origin_s, 0.0),
        **noted,
        "keyframes": keyframes,
    }


def spans(seen: dict[str, Any]) -> dict[str, list[dict[str, float]]]:
    """The figures of every whole span, by its kind."""
    shown = seen["shown_s"]
    found: dict[str, list[dict[str, float]]] = {"without": [], "with": []}
    for number in range(int(shown[0] // SPAN_S) + 1, int(shown[-1] // SPAN_S)):
        begin, end = number * SPAN_S + SETTLE_S, (number + 1) * SPAN_S
        inside = shown[(shown >= begin) & (shown < end)]
        figures = {"fps": (len(inside) - 1) / (inside[-1] - inside[0])}
        for name, rows in (("latency", seen["latencies"]), ("server", seen["ages"])):
            ms = rows[(rows[:, 0] >= begin) & (rows[:, 0] < end), 1]
            figures |= {f"{name}_p{q}_ms": float(np.percentile(ms, q)) for q in PERCENTILES}
        kind = "with" if with_keyframes(begin) else "without"
        found[kind].append({name: round(value, 2) for name, value in figures.items()})
    return found


def report(found: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Means over the spans of each kind; their ratios with standard errors; the spans."""
    names = found["with"][0]
    rows = {
        kind: {n: np.array([figures[n] for figures in spans]) for n in names}
        for kind, spans in found.items()
    }
    means = {k: {n: round(float(v.mean()), 2) for n, v in r.items()} for k, r in rows.items()}
    ratios, errors = {}, {}
    for name in names:
        ratio = means["with"][name] / means["without"][name]
        parts = [
            np.std(r[name], ddof=1) / r[name].mean() / len(r[name]) ** 0.5 for r in rows.values()
        ]
        ratios[name] = round(ratio, 3)
        errors[name] = round(ratio * float(np.hypot(*parts)), 3)
    return {**means, "with_to_without": ratios, "standard_error": errors, "spans": found}


def looks(seen: dict[str, Any]) -> dict[str, Any]:
    """How old keyframes were when worn, in how many frames, and what these frames took."""
    ages, worn, used = seen["ages"], seen["worn"].reshape(-1, 3), seen["used"]
    spent = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for (begin, before), (end, after) in itertools.pairwise(used):
        if begin > seen["shown_s"][0]:
            spent[with_keyframes(begin + SETTLE_S)][0] += after - before
            spent[with_keyframes(begin + SETTLE_S)][1] += end - begin
    photo = ~np.isin(ages[:, 0], worn[:, 0])
    return {
        "process_cores": round(spent[True][0] / spent[True][1], 3),
        "worn_share": round(len(worn) / len(ages), 2),
        "look_age_s": _percentiles(worn[:, 2] / 1000) if len(worn) else None,
        "server_ms_of_photo_looks": _percentiles(ages[photo, 1]),
        "server_ms_of_keyframes": _percentiles(worn[:, 1]) if len(worn) else None,
    }


def _percentiles(values: Any) -> list[float]:
    return [round(float(value), 1) for value in np.percentile(values, PERCENTILES)]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="wearcast-bench-") as name:
        if len(sys.argv) > 1:
            with VideoReader(Path(sys.argv[1])) as reader:
                seen = watch((c.frame for c in reader), Path(name))
        else:
            seen = watch(swaying_astronaut(bench.MAX_CLIP_FRAMES), Path(name))
    answer = {**report(spans(seen)), **looks(seen), **seen["keyframes"], "watched_s": SECONDS}
    sys.stdout.write(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
