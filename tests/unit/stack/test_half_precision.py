"""Half precision keeps to the published picture, as far as a processor can tell."""

from __future__ import annotations

import pytest
import torch

from pipeline.networks.alias_fast import FastAliasGenerator
from pipeline.stack import Precision
from pipeline.stack_bench import scene
from pipeline.stack_bench.emulate import ProductsInSingle
from pipeline.stack_bench.report import CLOSE, compare, emulating
from tests.networks import small
from tests.stack_stand_in import small_networks, small_stack

GOAL = 0.999  # share of the pixels that may differ by ``CLOSE`` levels at most
LEVELS = 127.5  # in 1.0 of the synthesis' output


def nearly_equal_latents() -> tuple[torch.Tensor, ...]:
    """A misaligned part of two coarse pixels that differ little: the worst that can be normalised.

    x, segmentation, divided segmentation and misaligned part at 256 × 256.
    """
    labels = torch.full((1, 256, 256), 3)
    labels[:, :100], labels[:, 128:] = 1, 2
    seg = torch.nn.functional.one_hot(labels, 7).permute(0, 3, 1, 2).float()
    misaligned = seg[:, 2:3].clone()
    divided = torch.cat((seg, misaligned), 1)
    divided[:, 2:3] -= misaligned
    return 0.1 * small.alias_inputs("half", 256, 256)[0] + 0.3, seg, divided, misaligned


@pytest.mark.parametrize("fixed_room", [False, True])
def test_a_synthesis_in_fp16_is_within_the_goal(fixed_room: bool) -> None:
    inputs, network = nearly_equal_latents(), small.small("viton_alias")
    with torch.inference_mode():
        exact = network(*inputs)
        half = FastAliasGenerator(network).in_precision(torch.float16)
        with ProductsInSingle():
            rough = half.within_room(*inputs)[0] if fixed_room else half(*inputs)
    apart = LEVELS * (exact - rough).abs().amax(1)
    assert rough.dtype == torch.float32
    assert (apart <= CLOSE).float().mean() >= GOAL


def test_only_the_coarsest_block_is_single() -> None:
    half = FastAliasGenerator(small.small("viton_alias")).in_precision(torch.float16)
    single = {name for name, p in half.named_parameters() if p.dtype == torch.float32}
    assert single and all(name.startswith(("features.0.", "masked.0.")) for name in single)


@pytest.mark.parametrize(("precision", "mean"), [(Precision.FP16, 0.5), (Precision.BF16, 4.0)])
def test_a_keyframe_in_half_precision(precision: Precision, mean: float) -> None:
    exact = small_stack()
    half = emulating(small_networks(), precision, exact.size_hw)
    frame, pose, garment = scene.sample_frame(), scene.sample_pose(), scene.sample_garment()
    wanted = exact.keyframe(frame, pose, garment)
    with ProductsInSingle():
        error = compare(wanted, half.keyframe(frame, pose, garment))
    assert 0 < error["mean"] < mean
    if precision is Precision.FP16:
        assert error[f"share_within_{CLOSE}"] >= GOAL


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_products_are_summed_in_single_precision(kind: torch.dtype) -> None:
    """2048 ones and a thousand halves: in half precision the halves would be lost one by one."""
    x = torch.cat((torch.ones(1, 2048), torch.full((1, 1000), 0.5)), 1).to(kind)
    weight = torch.ones(3048, 1, dtype=kind)
    with ProductsInSingle():
        products = (
            x @ weight,
            torch.nn.functional.conv2d(x[..., None, None], weight.T[..., None, None]),
        )
    for product in products:
        assert product.dtype == kind
        assert product.item() == torch.tensor(2548.0).to(kind).item()
