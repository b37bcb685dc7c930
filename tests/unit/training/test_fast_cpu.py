"""The depthwise convolution's own gradient against torch's."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from weights.training.fast_cpu import DepthwiseConv, doubled

CLOSE = 0.02  # of the largest value: bfloat16 has eight bits


@pytest.mark.parametrize("side", [3, 5])
@pytest.mark.parametrize("size_hw", [(7, 9), (2, 3)])
def test_gradients_are_those_of_torch(side: int, size_hw: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = DepthwiseConv(20, side)
    x = torch.randn(3, 20, *size_hw).to(memory_format=torch.channels_last).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        seen = layer(x)
    assert seen.dtype == torch.bfloat16
    wanted = torch.randn(seen.shape).bfloat16()
    found = torch.autograd.grad(seen, (x, layer.weight), wanted)
    plain = functional.conv2d(x, layer.weight, padding=side // 2, groups=20)
    true = torch.autograd.grad(plain, (x, layer.weight), wanted.float())
    assert (seen.float() - plain).abs().max() <= CLOSE * plain.abs().max()
    for ours, torchs in zip(found, true, strict=True):
        assert ours.shape == torchs.shape
        assert (ours.float() - torchs).abs().max() <= CLOSE * torchs.abs().max()


def test_without_training_it_is_the_ordinary_layer() -> None:
    layer = DepthwiseConv(4, 5)
    x = torch.randn(1, 4, 6, 6)
    with torch.no_grad():
        plain = functional.conv2d(x, layer.weight, padding=2, groups=4)
        assert torch.equal(layer(x), plain)


def test_doubling_hands_its_gradient_on() -> None:
    x = torch.randn(1, 2, 3, 4, requires_grad=True)
    doubled(x).sum().backward()
    assert torch.allclose(x.grad, torch.full_like(x, 4.0))
