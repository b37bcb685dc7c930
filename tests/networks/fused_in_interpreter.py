"""Run by test_fused.py in a process of its own, where Triton interprets its kernels."""

from __future__ import annotations

import sys

import torch
import torch.nn.functional as F

from pipeline.networks import fused
from pipeline.networks.layers import NORM_EPS

CASES = ((torch.float16, 2e-3), (torch.float32, 1e-5), (torch.bfloat16, 2e-2))
SHAPE = (2, 20, 71, 33)  # no multiple of any block, and more than one chunk of sums


def worst(kind: torch.dtype) -> float:
    """Largest relative error of all forms of a modulation, against float64."""
    generator = torch.Generator().manual_seed(0)
    spread_out = torch.arange(1.0, 21).view(-1, 1, 1)
    x = (50 + spread_out * torch.randn(SHAPE, generator=generator)).to(kind)
    rows = torch.randint(0, 11, (2, *SHAPE[2:]), generator=generator, dtype=torch.int32)
    table = torch.randn(11, 40, generator=generator).to(kind)
    variance, mean = torch.var_mean(x.double(), (2, 3), correction=0, keepdim=True)
    normal = (x - mean) * (variance + NORM_EPS).rsqrt()
    scale, shift = F.embedding(rows, table).double().permute(0, 3, 1, 2).chunk(2, 1)
    statistics = fused.spread(x)
    pairs = (
        (fused.modulate(x, *statistics), normal),
        (fused.modulate(x, *statistics, slope=0.0), normal.relu()),
        (
            fused.modulate(x, *statistics, rows, table, 0.2),
            F.leaky_relu(normal * scale + shift, 0.2),
        ),
    )
    for got, _ in pairs:
        assert got.dtype == kind and got.is_contiguous(memory_format=torch.channels_last)
    return max(float(((got - want).abs() / (1 + want.abs())).max()) for got, want in pairs)


if __name__ == "__main__":
    wrong = {str(kind): worst(kind) for kind, _ in CASES if worst(kind) > dict(CASES)[kind]}
    sys.exit(f"too far from torch: {wrong}" if wrong else 0)
