"""``wearcast bench``: figures measured in one run on this machine, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import InputError
from pipeline.structures import Frame
from stream_server.commands.display import make_progress
from stream_server.commands.stack_bench import stack
from stream_server.commands.stock import find_garment

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)
app.command()(stack)

DEFAULT_GARMENT = "breton-top"
LIGHT_GARMENT = "white-tee"
DARK_GARMENT = "black-long-sleeve"
WARM_UP_FRAMES = 20  # past compiling, settling and fading in
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ClipOption = Annotated[
    Path | None, typer.Option(help="Clip to measure on; default: the built-in sample person.")
]
GarmentOption = Annotated[str | None, typer.Option(help="Garment id, picture or folder.")]


@app.command()
def frame(
    clip: ClipOption = None,
    garment: GarmentOption = None,
    frames: Annotated[int, typer.Option(min=1, help="Frames to measure.")] = 150,
    as_json: JsonOption = False,
) -> None:
    """CPU and wall time of each stage of one frame, everything in one process, one at a time."""
    result = measure_frames(clip, garment, frames)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
        return
    table = Table("stage", "CPU p50 ms", "wall p50 ms", "wall p95 ms")
    stages: Mapping[str, Mapping[str, float]] = result["stages_ms"]  # type: ignore[assignment]
    for stage, row in stages.items():
        table.add_row(stage, *(f"{row[k]:.1f}" for k in ("cpu_p50", "p50", "p95")))
    Console().print(table)
    typer.echo(
        f"all but pose: {result['cpu_ms_without_pose']:.1f} CPU-ms a frame"
        f" ({result['cpu_share_of_pose']:.2f} of the pose's), {result['dressed_frames']} of"
        f" {result['frames']} frames dressed, {result['input']}"
    )


def measure_frames(clip: Path | None, garment: str | None, frames: int) -> dict[str, object]:
    """Run the live pipeline over a clip and sum up what each stage cost.

    Returns:
        ``stages_ms`` as in a render report, ``cpu_ms_without_pose`` (sum of the stages' median
        CPU time), its ratio to the pose's, and what was measured.
    """
    import cv2

    from pipeline.live import LiveTryOn
    from pipeline.report import ReportBuilder
    from stream_server.commands.compiling import telling_when_compiling

    cv2.setNumThreads(1)
    numbers = ReportBuilder()
    worn = find_garment(garment or DEFAULT_GARMENT, None)
    telling = telling_when_compiling(make_progress(transient=True))
    with telling, LiveTryOn(worn, with_cpu=True) as mirror:
        for index, picture in enumerate(islice(_frames(clip), WARM_UP_FRAMES + frames)):
            composite = mirror.process(picture)
            if index >= WARM_UP_FRAMES:
                numbers.add(composite)
    if numbers.frames == 0:
        raise InputError(f"{clip} is too short: at least {WARM_UP_FRAMES + 1} frames are needed.")
    stages = numbers.stages_ms()
    pose = stages["pose"]["cpu_p50"]
    rest = sum(row["cpu_p50"] for stage, row in stages.items() if stage not in ("pose", "total"))
    return {
        "input": str(clip) if clip else "built-in sample, 640×480",
        "garment": worn.id,
        "frames": numbers.frames,
        "dressed_frames": numbers.dressed_frames,
        "stages_ms": stages,
        "cpu_ms_without_pose": round(rest, 2),
        "cpu_share_of_pose": round(rest / pose, 3) if pose else 0.0,
    }


@app.command()
def stream(
    clip: ClipOption = None,
    light: Annotated[str, typer.Option(help="A light garment.")] = LIGHT_GARMENT,
    dark: Annotated[str, typer.Option(help="A dark garment.")] = DARK_GARMENT,
    seconds: Annotated[float, typer.Option(min=5, help="How long to watch.")] = 20.0,
    screenshot: Annotated[Path | None, typer.Option(help="PNG of the page while it runs.")] = None,
    as_json: JsonOption = False,
) -> None:
    """The live mirror in a real Chromium on this machine: latency, frame rate, switch time."""
    from stream_server.commands.stream_bench import measure_stream

    result = measure_stream(_frames(clip), (light, dark), seconds, screenshot)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
        return
    table = Table("figure", "value")
    for name, value in result.items():
        table.add_row(name, str(value))
    Console().print(table)


def _frames(clip: Path | None) -> Iterator[Frame]:
    if clip is None:
        from pipeline.samples import swaying_astronaut

        yield from swaying_astronaut(10**6)
        return
    from pipeline.clips import VideoReader

    with VideoReader(clip) as reader:
        for clip_frame in reader:
            yield clip_frame.frame
