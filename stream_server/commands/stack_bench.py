"""``wearcast bench stack``: the neural stack's networks and keyframes, fast path against fp32.

Needs torch, and neither MediaPipe nor aiortc: GPU machines may lack both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipeline.checkpoints.manifest import FOLDER, MANIFEST
from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.stack_bench import BenchOptions

USUAL_BATCHES = {"cuda": "1,2,4,8", "cpu": "1"}
USUAL_ROUNDS = {"cuda": 50, "cpu": 1}
LARGEST_BATCH = 8


class Device(StrEnum):
    """Where to measure."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Size(StrEnum):
    """Of a keyframe, height × width."""

    FULL = "1024x768"
    HALF = "512x384"


class Kind(StrEnum):
    """Numbers to compute with."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


def stack(
    device: Annotated[Device, typer.Option(help="auto: the GPU if there is one.")] = Device.AUTO,
    precision: Annotated[
        Kind | None, typer.Option(help="Of the fast path; default: fp16 on a GPU, fp32 on a CPU.")
    ] = None,
    size: Annotated[
        Size | None, typer.Option(help="Of a keyframe; default: 1024x768 on a GPU, else 512x384.")
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(help="Batch sizes, 1 to 8, with commas; default on a GPU: 1,2,4,8."),
    ] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Repetitions of each figure.")] = None,
    reduced: Annotated[
        bool, typer.Option("--reduced", help="Narrow networks: only tries the benchmark itself.")
    ] = False,
    emulate: Annotated[
        Kind | None, typer.Option(help="Also measure this precision's error by rounding.")
    ] = None,
    fast_only: Annotated[
        bool,
        typer.Option("--fast-only", help="Leave out the published graphs: no error, no ratio."),
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(help="PNG: fp32, fast path, difference times 32.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Folder that keeps the checkpoints.")] = FOLDER,
    manifest: Annotated[Path, typer.Option(help="TOML file that lists them.")] = MANIFEST,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """The neural stack: each network and whole keyframes, fast path against fp32 op by op."""
    options = _options(device, precision, size, batch, rounds, emulate)
    from dataclasses import replace

    from pipeline.stack_bench import measure_stack

    options = replace(
        options,
        reduced=reduced,
        reference=not fast_only,
        picture=picture,
        folder=folder,
        manifest=manifest,
    )
    console = Console(stderr=True)
    result = measure_stack(options, lambda what: console.print(f"measuring {what} …"))
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        _show(result)


def _options(
    device: Device,
    precision: Kind | None,
    size: Size | None,
    batch: str | None,
    rounds: int | None,
    emulate: Kind | None,
) -> BenchOptions:
    import torch

    from pipeline.stack import FULL_HW, HALF_HW, Precision
    from pipeline.stack_bench import BenchOptions

    place = device.value
    if device is Device.AUTO:
        place = "cuda" if torch.cuda.is_available() else "cpu"
    usual = FULL_HW if place == "cuda" else HALF_HW
    return BenchOptions(
        device=place,
        precision=None if precision is None else Precision(precision.value),
        size_hw=usual if size is None else (FULL_HW if size is Size.FULL else HALF_HW),
        batches=_batches(batch or USUAL_BATCHES[place]),
        rounds=rounds or USUAL_ROUNDS[place],
        emulate=None if emulate is None else Precision(emulate.value),
    )


def _batches(words: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(word) for word in words.split(","))
    except ValueError:
        sizes = ()
    if not sizes or not all(1 <= size <= LARGEST_BATCH for size in sizes):
        raise InputError(
            f"--batch takes sizes from 1 to {LARGEST_BATCH}, such as 1,4; got {words!r}."
        )
    return sizes


def _show(result: Mapping[str, Any]) -> None:
    console = Console()
    height, width = result["size_hw"]
    console.print(
        f"{result['machine']}, torch {result['torch']}, keyframes of {height}×{width} in"
        f" {result['precision']}. Times: {result['clock']}. Weights: {result['weights']}."
    )
    networks = result.get("networks", {})
    if networks:
        table = Table(
            "network", "fp32 ms", "fast ms", "ratio", "× floor", "max error", "mean error"
        )
        for name, row in networks.items():
            times = row["eager_fp32_ms"]["p50"], row["fast_ms"]["p50"]
            ratios = row["speedup"], row["times_the_floor"]
            errors = row["max_error"], row["mean_error"]
            table.add_row(name, *(f"{v:.2f}" for v in times + ratios), *map(str, errors))
        console.print(table)
    table = Table("keyframe", "p50 ms", "p95 ms", "a second", "peak MB", "× floor", "ratio")
    if "eager_fp32" in result:
        row = result["eager_fp32"]
        table.add_row("fp32, op by op", *_times(row), "", f"{row['peak_mb']:.0f}", "", "1")
    for batch, row in result["fast"].items():
        ratio = result.get("speedup", {}).get(batch, "")
        floor = f"{row['times_the_floor']:.1f}"
        per_s, peak = f"{row['keyframes_per_s']:.1f}", f"{row['peak_mb']:.0f}"
        table.add_row(f"fast, batch {batch}", *_times(row), per_s, peak, floor, str(ratio))
    console.print(table)
    for name in (key for key in result if key.startswith("error")):
        console.print(f"{name}, of 255 levels against fp32: {result[name]}")
    console.print(f"before the networks, on the processor: {result['prepare_ms']['p50']:.1f} ms")


def _times(row: Mapping[str, Any]) -> list[str]:
    return [f"{row['keyframe_ms'][name]:.1f}" for name in ("p50", "p95")]
