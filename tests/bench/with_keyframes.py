"""What keyframes cost the frames between them: on and off in turns, in one session.

python -m tests.bench.with_keyframes [CLIP]

Needs Chromium. The keyframes are those of a narrow stack on the processor, at its lowest priority.
Spans with and without them follow each other while the same page watches the same server, so that
both see the same machine; how much spans of one kind differ is the noise.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from pipeline.clips import VideoReader
from pipeline.samples import swaying_astronaut
from pipeline.structures import Frame
from stream_server.commands import stream_bench as bench
from stream_server.commands.frame_code import write_camera_file
from tests.bench.small_stack_server import SPAN_S, with_keyframes

SECONDS = 56.0
SETTLE_S = 2.5  # of each span: what was begun in the span before
GARMENT = "white-tee"
PERCENTILES = (50, 95)


def watch(frames: Iterable[Frame], folder: Path) -> dict[str, Any]:
    """Run one session; the moments (seconds since the epoch) and latencies of its frames."""
    camera, ages = folder / "camera.mjpeg", folder / "ages.json"
    write_camera_file((f.image for f in islice(frames, bench.MAX_CLIP_FRAMES)), camera)
    server = ("tests.bench.small_stack_server", "--ages", str(ages))
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
    latencies = np.array(bench._latencies(seen["local"], seen["remote"]))
    return {
        "shown_s": origin_s + np.array([row["t"] for row in seen["remote"]]) / 1000,
        "latencies": latencies * (0.001, 1.0) + (origin_s, 0.0),
        "ages": np.array(json.loads(ages.read_text())),
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
        found[kind].append({name: round(value, 1) for name, value in figures.items()})
    return found


def report(found: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians over the spans of each kind, their ratios, and the spans themselves."""
    names = found["with"][0]
    medians = {
        kind: {name: float(np.median([figures[name] for figures in rows])) for name in names}
        for kind, rows in found.items()
    }
    ratios = {n: round(medians["with"][n] / medians["without"][n], 3) for n in names}
    spread = {
        kind: {n: sorted(row[n] for row in rows) for n in names} for kind, rows in found.items()
    }
    return {**medians, "with_to_without": ratios, "spans": spread}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="wearcast-bench-") as name:
        if len(sys.argv) > 1:
            with VideoReader(Path(sys.argv[1])) as reader:
                seen = watch((c.frame for c in reader), Path(name))
        else:
            seen = watch(swaying_astronaut(bench.MAX_CLIP_FRAMES), Path(name))
    answer = {**report(spans(seen)), **seen["keyframes"], "watched_s": SECONDS}
    sys.stdout.write(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
