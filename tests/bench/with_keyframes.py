"""What keyframes cost the frames between them: both kinds of server in turns, in one run.

python -m tests.bench.with_keyframes [CLIP]

Needs Chromium. The keyframes are those of a narrow stack on the processor, at its lowest priority.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from pipeline.clips import VideoReader
from pipeline.samples import swaying_astronaut
from stream_server.commands.stream_bench import SERVER, measure_stream

ROUNDS = 2
SECONDS = 15.0
GARMENTS = ("white-tee", "black-long-sleeve")
WITHOUT = (*SERVER, "--stack", "off")
WITH = ("tests.bench.small_stack_server",)
FIGURES = ("fps", "latency_p50_ms", "latency_p95_ms", "server_cores")


def measure(clip: Path | None, server: tuple[str, ...]) -> dict[str, Any]:
    if clip is None:
        return measure_stream(swaying_astronaut(300), GARMENTS, SECONDS, None, server)
    with VideoReader(clip) as reader:
        return measure_stream((c.frame for c in reader), GARMENTS, SECONDS, None, server)


def main() -> None:
    clip = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    runs: dict[str, list[dict[str, Any]]] = {"without": [], "with": []}
    for _ in range(ROUNDS):
        runs["without"].append(measure(clip, WITHOUT))
        runs["with"].append(measure(clip, WITH))
    medians = {
        kind: {name: statistics.median(run[name] for run in results) for name in FIGURES}
        for kind, results in runs.items()
    }
    ratios = {name: medians["with"][name] / medians["without"][name] for name in FIGURES}
    worn = [(run["keyframes"], run["keyframe_age_ms"]) for run in runs["with"]]
    report = {**medians, "with_to_without": ratios, "keyframes_and_age_ms": worn}
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
