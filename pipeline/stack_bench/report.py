"""The whole benchmark as one JSON-like result."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline import masks
from pipeline.checkpoints.manifest import FOLDER, MANIFEST
from pipeline.checkpoints.neural_look import missing_weights
from pipeline.images import write_png
from pipeline.labels import VitonGroup
from pipeline.networks.alias_fast import FastAliasGenerator
from pipeline.networks.folding import fold
from pipeline.stack.crop import FULL_HW, find_crop
from pipeline.stack.flow import one_hot
from pipeline.stack.keyframe import Keyframe, Order, always
from pipeline.stack.networks import Precision, StackNetworks, build_flow, load_networks
from pipeline.stack.runner import make_runner
from pipeline.stack.stack import Stack
from pipeline.stack_bench import scene, timing
from pipeline.stack_bench.emulate import ProductsInSingle
from pipeline.stack_bench.floors import PEAK_TFLOPS, floor_ms
from pipeline.stack_bench.seeded import Believed, seeded, seeded_networks
from pipeline.structures import Garment
from pipeline.viton import NETWORK_HW

CLOSE = 4  # of 255: what a pixel may differ from fp32

Result = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What to measure.

    Attributes:
        device: cpu or cuda.
        precision: of the fast path; None = the stack's own choice.
        size_hw: of the keyframes, px.
        batches: sizes of the fast path's batches.
        rounds: repetitions of every figure.
        reduced: narrow networks, to try the benchmark itself.
        emulate: also measure the error of this precision by rounding, where it cannot run.
        reference: measure the published graphs too; without them there is no error and no ratio.
        folder: of the checkpoints.
        manifest: that lists them.
        picture: PNG to write: fp32, fast, difference.
    """

    device: str = "cpu"
    precision: Precision | None = None
    size_hw: tuple[int, int] = FULL_HW
    batches: Sequence[int] = (1, 2, 4, 8)
    rounds: int = 20
    reduced: bool = False
    emulate: Precision | None = None
    reference: bool = True
    folder: Path = FOLDER
    manifest: Path = MANIFEST
    picture: Path | None = None


def measure_stack(options: BenchOptions, say: Say = lambda sentence: None) -> Result:
    """Measure everything.

    Args:
        options: what.
        say: told what is being measured.

    Raises:
        InputError: the device or the precision cannot be.
    """
    networks, weights = _networks(options)
    common: Mapping[str, Any] = {"device": options.device, "size_hw": options.size_hw}
    fast = _believing(Stack(networks, precision=options.precision, **common), weights)
    result: Result = {
        "machine": timing.machine(fast.device),
        "clock": "wall" if fast.device.type == "cuda" else "CPU time of the process",
        "torch": torch.__version__,
        "weights": weights,
        "size_hw": list(options.size_hw),
        "precision": fast.precision.value,
        "floor": {"tflops": PEAK_TFLOPS, "keyframe_ms": _floor(options)},
    }
    say("the fast path")
    garments = [scene.sample_garment(k) for k in range(2)]
    result["prepare_ms"] = _measure_prepare(fast, garments[0], options)
    shown, result["fast"] = _measure_fast(fast, options, garments, say)
    if not options.reference:
        return result
    say("the published graphs, op by op in fp32")
    timing.forget_peak(fast.device)
    before_mb = timing.held_mb(fast.device)
    eager = Stack(networks, precision=Precision.FP32, fast=False, **common)
    orders = _orders(_believing(eager, weights), 1, garments)
    exact, result["eager_fp32"] = _measure_batch(eager, orders, options, before_mb)
    result["networks"] = _measure_networks(fast, eager, options, say)
    if not options.reduced:
        say("u2net")
        result["networks"]["u2net"] = _measure_masker(networks, fast, options)
    result["speedup"] = _speedups(result)
    result["error"] = compare(exact, shown)
    if options.emulate is not None:
        say(f"rounding to {options.emulate.value}")
        result["error_" + options.emulate.value] = _emulated(
            networks, weights, options, garments, exact
        )
    if options.picture is not None:
        _write_picture(options.picture, exact, shown)
    return result


def _measure_prepare(stack: Stack, garment: Garment, options: BenchOptions) -> dict[str, float]:
    """What a session's own thread does for a keyframe, on the processor."""
    frame, pose = scene.sample_frame(), scene.sample_pose()
    work = partial(stack.prepare, frame, pose, garment)
    return timing.spent_ms(work, options.rounds, torch.device("cpu"))[0]


def _networks(options: BenchOptions) -> tuple[StackNetworks, str]:
    if options.reduced:
        return seeded_networks(reduced=True), "seeded, narrow networks: only to try the benchmark"
    if missing_weights(options.folder, options.manifest, own_parser_too=False):
        return seeded_networks(), "seeded, since the published checkpoints are not here"
    return load_networks(options.folder, options.manifest), "published"


def _believing(stack: Stack, weights: str) -> Stack:
    """With seeded weights, believe drawn maps instead of the parser's and the plan's."""
    if weights != "published":
        crop = find_crop(scene.sample_pose(), stack.size_hw)
        camera, plan = (torch.from_numpy(scene.drawn_groups(crop, d)) for d in (False, True))
        step_y, step_x = (n // m for n, m in zip(stack.size_hw, NETWORK_HW, strict=True))
        chances = one_hot(plan[None, ::step_y, ::step_x], len(VitonGroup), stack.flow.dtype)
        flow = stack.flow
        flow.parser = Believed(_module(flow.parser), camera[None]).to(stack.device)
        flow.segment = Believed(flow.segment, chances).to(stack.device)
    return stack


def _module(parser: object) -> nn.Module:
    assert isinstance(parser, nn.Module)
    return parser


def _orders(stack: Stack, count: int, garments: Sequence[Garment]) -> list[Order]:
    frame, pose = scene.sample_frame(), scene.sample_pose()
    worn = [garments[k % len(garments)] for k in range(count)]
    return [stack.prepare(frame, pose, garment, seed=k) for k, garment in enumerate(worn)]


def _measure_fast(
    stack: Stack, options: BenchOptions, garments: Sequence[Garment], say: Say
) -> tuple[Keyframe, Result]:
    shown, result = None, {}
    for batch in options.batches:
        say(f"the fast path, {batch} at once")
        orders = _orders(stack, batch, garments)
        shown, row = _measure_batch(stack, orders, options)
        row["keyframes_per_s"] = round(1e3 * batch / row["keyframe_ms"]["p50"], 2)
        row["times_the_floor"] = _ratio(row["keyframe_ms"]["p50"] / batch, _floor(options))
        result[str(batch)] = row
    assert shown is not None
    return shown, result


def _measure_batch(
    stack: Stack, orders: Sequence[Order], options: BenchOptions, before_mb: float = 0.0
) -> tuple[Keyframe, Result]:
    """The first keyframe of a batch, and what the batch costs."""
    timing.forget_peak(stack.device)
    times, made = timing.spent_ms(partial(stack.make, orders), options.rounds, stack.device)
    runs = [keyframes[0].stage_ms for keyframes in made]
    stages = {name: round(float(np.median([run[name] for run in runs])), 3) for name in runs[0]}
    row = {
        "keyframe_ms": times,
        "stage_ms": stages,
        "peak_mb": timing.peak_mb(stack.device, before_mb),
    }
    return made[0][0], row


def _measure_networks(fast: Stack, eager: Stack, options: BenchOptions, say: Say) -> Result:
    """Every network alone, one picture: time of both forms and what their outputs differ by."""
    inputs = _network_inputs(options.size_hw)
    result: Result = {}
    for name, pick in _PICKS.items():
        say(name)
        ways, outputs, times = (eager, fast), [], []
        for stack in ways:
            kind = torch.float32 if name == "viton_gmm" else stack.precision.dtype
            given = [value.to(stack.device, kind) for value in inputs[name]]
            with torch.inference_mode(), stack.on_device():
                work = _work(stack, pick(stack), given)
                spent, made = timing.spent_ms(work, options.rounds, stack.device)
                outputs.append(_first(made[-1]).float())
                times.append(spent)
        result[name] = _network_row(outputs, times, floor_ms(_floor_name(name, options.size_hw)))
    return result


def _network_row(
    outputs: Sequence[Tensor], times: Sequence[Mapping[str, float]], floor: float
) -> Result:
    """Figures of one network: first the published form, then the fast one."""
    error = (outputs[0] - outputs[1]).abs() / max(float(outputs[0].abs().max()), 1e-9)
    return {
        "eager_fp32_ms": times[0],
        "fast_ms": times[1],
        "speedup": _ratio(times[0]["p50"], times[1]["p50"]),
        "floor_ms": round(floor, 4),
        "times_the_floor": _ratio(times[1]["p50"], floor),
        "max_error": float(f"{float(error.max()):.3g}"),
        "mean_error": float(f"{float(error.mean()):.3g}"),
    }


def _measure_masker(networks: StackNetworks, stack: Stack, options: BenchOptions) -> Result:
    """U2-Net, which runs once per garment."""
    published = networks.masker or seeded("u2net")
    seen = _smooth(3, (masks.SALIENT_PX, masks.SALIENT_PX)).to(stack.device)
    outputs, times = [], []
    for network in (copy.deepcopy(published), fold(published)):
        work = partial(network.to(stack.device), seen)
        with torch.inference_mode(), stack.on_device():
            spent, made = timing.spent_ms(work, options.rounds, stack.device)
        outputs.append(_first(made[-1]))
        times.append(spent)
    return _network_row(outputs, times, floor_ms("u2net"))


def _work(stack: Stack, network: Any, given: Sequence[Tensor]) -> Callable[[], Any]:
    """One run of a network, as the stack would run it."""
    if stack.stream is None or not stack.fast:
        return partial(network, *given)
    call = network.within_room if isinstance(network, FastAliasGenerator) else network
    named = {str(k): value for k, value in enumerate(given)}

    def stage(made: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"output": _first(call(*(made[name] for name in named)))}

    runner = make_runner([("network", stage)], named, stack.stream)
    return lambda: runner(named, always)["output"]


def _bare(network: object) -> Any:
    return network.network if isinstance(network, Believed) else network


_PICKS: Mapping[str, Callable[[Stack], Any]] = {
    "schp_cihp": lambda stack: _bare(stack.flow.parser).network,
    "viton_seg": lambda stack: _bare(stack.flow.segment),
    "viton_gmm": lambda stack: stack.flow.match,
    "viton_alias": lambda stack: stack.flow.synthesize,
}


def _first(output: Any) -> Tensor:
    if isinstance(output, Tensor):
        return output
    tensor: Tensor = output.fusion if hasattr(output, "fusion") else output[0]
    return tensor


def _network_inputs(size_hw: tuple[int, int]) -> dict[str, list[Tensor]]:
    height, width = NETWORK_HW
    crop = find_crop(scene.sample_pose(), size_hw)
    plan = torch.from_numpy(scene.drawn_groups(crop, True))[None]
    seg = one_hot(plan.clamp(max=6), 7, torch.float32)
    none = torch.zeros(1, 1, *size_hw)
    return {
        "schp_cihp": [_smooth(3, (473, 473))],
        "viton_seg": [_smooth(21, (height, width))],
        "viton_gmm": [_smooth(7, (height, width)), _smooth(3, (height, width))],
        "viton_alias": [_smooth(9, size_hw), seg, torch.cat((seg, none), 1), none],
    }


def _smooth(channels: int, size_hw: tuple[int, int]) -> Tensor:
    """(1, C, H, W) of soft waves in -1..1, different in every channel."""
    y = torch.linspace(0, 6.3, size_hw[0]).view(1, -1, 1)
    x = torch.linspace(0, 6.3, size_hw[1]).view(1, 1, -1)
    k = torch.arange(1.0, channels + 1).view(-1, 1, 1)
    return (torch.sin(k * y + 0.5 * k) * torch.cos(k * x + k))[None]


def compare(exact: Keyframe, other: Keyframe) -> Result:
    """What the bytes of two keyframes differ by."""
    error = np.abs(exact.image.astype(int) - other.image).max(axis=-1)
    return {
        "max": int(error.max()),
        "mean": round(float(error.mean()), 4),
        "p99_9": float(np.percentile(error, 99.9)),
        f"share_within_{CLOSE}": round(float((error <= CLOSE).mean()), 6),
        "same_plan": round(float((exact.groups == other.groups).mean()), 6),
    }


def _emulated(
    networks: StackNetworks,
    weights: str,
    options: BenchOptions,
    garments: Sequence[Garment],
    exact: Keyframe,
) -> Result:
    assert options.emulate is not None
    stack = _believing(emulating(networks, options.emulate, options.size_hw), weights)
    with ProductsInSingle():
        made = stack.make(_orders(stack, 1, garments))[0]
    how = "the fast path in this precision, its products computed in fp32 and rounded"
    return {"how": how, **compare(exact, made)}


def emulating(networks: StackNetworks, precision: Precision, size_hw: tuple[int, int]) -> Stack:
    """A stack on the processor whose networks hold half precision; for ``ProductsInSingle``."""
    stack = Stack(networks, precision=Precision.FP32, size_hw=size_hw)
    stack.flow = build_flow(networks, size_hw, stack.device, precision)
    return stack


def _write_picture(path: Path, exact: Keyframe, shown: Keyframe) -> None:
    error = np.abs(exact.image.astype(int) - shown.image)
    magnified = np.clip(error * 32, 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, np.concatenate([exact.image, shown.image, magnified], axis=1))


def _floor_name(name: str, size_hw: tuple[int, int]) -> str:
    return f"{name}@{size_hw[0]}x{size_hw[1]}" if name == "viton_alias" else name


def _floor(options: BenchOptions) -> float:
    return round(floor_ms(*(_floor_name(name, options.size_hw) for name in _PICKS)), 4)


def _speedups(result: Result) -> dict[str, float]:
    """How much less time a keyframe of each batch takes than alone by the published graphs."""
    alone = result["eager_fp32"]["keyframe_ms"]["p50"]
    return {
        batch: _ratio(alone * int(batch), row["keyframe_ms"]["p50"])
        for batch, row in result["fast"].items()
    }


def _ratio(first: float, second: float) -> float:
    return round(first / max(second, 1e-9), 2)
