"""The path that CUDA graphs record, on a GPU that is not there."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
)

from pipeline.networks.alias_fast import FastAliasGenerator
from pipeline.networks.alias_generator import AliasGenerator
from pipeline.stack import FULL_HW, HALF_HW, Precision, StackNetworks
from pipeline.stack.flow import Flow, Tensors
from pipeline.stack.networks import build_flow
from tests.stack_stand_in import small_networks
from tests.unit.stack.recording import GPU, NotRecordable, Recording, absent_gpu

CPU = torch.device("cpu")
VRAM = 3.2e9  # bytes: of the 4 GB that a stack may hold, what other networks leave


def on_gpu(networks: StackNetworks, size_hw: tuple[int, int], precision: Precision) -> Flow:
    flow = build_flow(networks, size_hw, CPU, precision)
    flow.fixed_room = True
    return flow


def inputs(flow: Flow, batch: int) -> Tensors:
    height, width = flow.size_hw
    features = flow.match.extractionB.model[-2].out_channels
    shapes = {
        "picture": (3, height, width),
        "skeleton": (height, width, 3),
        "paint": (height, width),
        "noise": (1, 256, 192),
        "garment": (4, height, width),
    }
    given = {
        name: torch.empty(batch, *shape, dtype=torch.uint8, device=GPU)
        for name, shape in shapes.items()
    }
    given["small"] = torch.empty(batch, 4, 256, 192, dtype=flow.dtype, device=GPU)
    given["features"] = torch.empty(batch, features, 16, 12, device=GPU)
    return given


@pytest.mark.parametrize("precision", [Precision.FP16, Precision.BF16])
def test_a_gpu_could_record_every_stage(precision: Precision) -> None:
    """Whatever asks for a value, mixes devices or precisions, or uploads something fails here."""
    flow = on_gpu(small_networks(real_parser=True), HALF_HW, precision)
    with absent_gpu([flow]):
        given = inputs(flow, 2)
        for _, stage in flow.stages:
            with Recording():
                given |= stage(given)
    results = (given[name] for name in ("image", "alpha", "regions", "sound", "whole"))
    assert {result.device for result in results} == {GPU}
    assert given["image"].shape == (2, *HALF_HW, 3)
    single = ("output", "warped", "theta")
    assert {given[name].dtype for name in single} == {torch.float32}


def test_what_no_graph_can_hold_is_found() -> None:
    layer = torch.nn.Conv2d(1, 1, 1)
    with absent_gpu([layer]):
        x = torch.empty(2, 3, 4, device=GPU)
        with pytest.raises(NotRecordable, match="between cpu and cuda"), Recording():
            x[:, [1]]
        with pytest.raises(NotRecordable, match="between cpu and cuda"), Recording():
            x.cpu()
        with pytest.raises(DataDependentOutputException), Recording():
            x.sum().item()
        with pytest.raises(DynamicOutputShapeException), Recording():
            x.nonzero()


def test_the_synthesis_of_eight_full_size_keyframes_fits_into_the_memory() -> None:
    with torch.device("meta"):
        synthesize = FastAliasGenerator(AliasGenerator()).in_precision(torch.float16)
    weights = sum(p.numel() * p.element_size() for p in synthesize.parameters())
    with absent_gpu([synthesize]):
        given = [torch.empty(8, planes, *FULL_HW, device=GPU) for planes in (9, 7, 8, 1)]
        with Recording() as recording:
            picture, _ = synthesize.within_room(*given)
    assert picture.shape == (8, 3, *FULL_HW)
    assert weights + recording.peak + sum(g.numel() * 4 for g in given) < VRAM
