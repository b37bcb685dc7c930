"""Normalise, scale, shift and activate in one pass over memory, where a GPU can.

Op by op a normalisation and its modulation read and write the features five times over, and its
statistics are a dozen tiny operations. Features are what the largest blocks spend their time on.
Without Triton, a compiler, or a GPU, everything runs op by op.
"""

from __future__ import annotations

import functools
import logging

import torch
from torch import Tensor

from pipeline.networks.layers import NORM_EPS

logger = logging.getLogger(__name__)

TOLERANCE = 0.02  # of the trial: half precision in and out


def available(x: Tensor) -> bool:
    """Whether features can be handled by kernels of our own."""
    return x.is_cuda and _kernels_work(x.device)


def spread(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and 1 / deviation of every picture and channel: two (B, C) float32."""
    from pipeline.networks import fused_kernels

    return fused_kernels.spread(x.contiguous(memory_format=torch.channels_last), NORM_EPS)


def modulate(
    x: Tensor,
    mean: Tensor,
    scale: Tensor,
    rows: Tensor | None = None,
    table: Tensor | None = None,
    slope: float = 1.0,
) -> Tensor:
    """Normalise features, scale and shift every pixel by its row of a table, and activate.

    Args:
        x: (B, C, H, W), any precision; everything is computed in float32.
        mean, scale: (B, C) of ``spread``.
        rows: (B, H, W) int32 into the table, or None.
        table: (n, 2 C) scales and shifts, or None.
        slope: of the leaky ReLU at the end; 1 = none.

    Returns:
        (B, C, H, W) in x's precision, channels last in memory.
    """
    from pipeline.networks import fused_kernels

    x = x.contiguous(memory_format=torch.channels_last)
    return fused_kernels.modulate(x, mean, scale, rows, table, slope)


@functools.cache
def _kernels_work(device: torch.device) -> bool:
    """Try them once: they need Triton, a C compiler and a GPU that both know."""
    if not torch.cuda.is_available():
        return False
    try:
        sound = _trial(device)
    except Exception as error:  # whatever is missing, there is another way
        sound, reason = False, repr(error)
    else:
        reason = "they gave other numbers than torch"
    if not sound:
        logger.warning("Keyframes run without fused kernels, a little slower (%s).", reason)
    return sound


def _trial(device: torch.device) -> bool:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 48, 40, 30, generator=generator) + 1
    rows = torch.randint(0, 9, (2, 40, 30), generator=generator, dtype=torch.int32)
    table = torch.randn(9, 96, generator=generator)
    variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    gain, shift = torch.nn.functional.embedding(rows, table).permute(0, 3, 1, 2).chunk(2, 1)
    wanted = (x - mean) * (variance + NORM_EPS).rsqrt() * gain + shift
    wanted = torch.nn.functional.leaky_relu(wanted, 0.2)
    half = x.to(device, torch.float16)
    got = modulate(half, *spread(half), rows.to(device), table.to(device, torch.float16), 0.2)
    return bool((got.float().cpu() - wanted).abs().max() < TOLERANCE)
