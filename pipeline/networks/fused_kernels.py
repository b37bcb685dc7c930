"""Triton kernels for ``fused``; importing this needs Triton, running it a GPU.

Features are (B, H, W, C) in memory. A program sees a block of pixels and a block of channels, and
computes in float32, whatever the features are stored in.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator, import-untyped, import-not-found"
from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

PIXELS = 64  # of a block
CHANNELS = 16  # of a block: every width here is a multiple of it, and a sector of memory holds 16
PIXELS_SUMMED = 1024  # by one program, about
MOST_CHUNKS = 256  # partial sums of a picture


@triton.jit
def _sum_chunk(x, sums, pixels, channels, steps, PIXELS: tl.constexpr, CHANNELS: tl.constexpr):
    """Sums of one chunk of a picture, of values and of their squares, from its first pixel."""
    chunk, picture = tl.program_id(0), tl.program_id(2)
    c = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    start = picture.to(tl.int64) * pixels * channels
    origin = tl.load(x + start + c, mask=c < channels, other=0).to(tl.float32)
    total = tl.zeros((CHANNELS,), tl.float32)
    squares = tl.zeros((CHANNELS,), tl.float32)
    for step in range(steps):
        p = (chunk * steps + step) * PIXELS + tl.arange(0, PIXELS)
        inside = (p < pixels)[:, None] & (c < channels)[None, :]
        value = tl.load(x + start + p[:, None] * channels + c[None, :], mask=inside, other=0)
        value = tl.where(inside, value.to(tl.float32) - origin[None, :], 0.0)
        total += tl.sum(value, 0)
        squares += tl.sum(value * value, 0)
    place = (picture * tl.num_programs(0) + chunk) * 2 * channels + c
    tl.store(sums + place, total, mask=c < channels)
    tl.store(sums + place + channels, squares, mask=c < channels)


@triton.jit
def _finish_sums(
    x, sums, mean, scale, pixels, channels, eps, CHUNKS: tl.constexpr, CHANNELS: tl.constexpr
):
    """From the sums of all chunks to mean and 1 / deviation."""
    picture = tl.program_id(1)
    c = tl.program_id(0) * CHANNELS + tl.arange(0, CHANNELS)
    chunk = tl.arange(0, CHUNKS)
    place = (picture * CHUNKS + chunk)[:, None] * 2 * channels + c[None, :]
    known = (chunk >= 0)[:, None] & (c < channels)[None, :]
    total = tl.sum(tl.load(sums + place, mask=known, other=0), 0) / pixels
    squares = tl.sum(tl.load(sums + place + channels, mask=known, other=0), 0) / pixels
    start = picture.to(tl.int64) * pixels * channels
    origin = tl.load(x + start + c, mask=c < channels, other=0).to(tl.float32)
    variance = tl.maximum(squares - total * total, 0.0)
    tl.store(mean + picture * channels + c, origin + total, mask=c < channels)
    tl.store(scale + picture * channels + c, 1.0 / tl.sqrt(variance + eps), mask=c < channels)


@triton.jit
def _modulate(
    x, mean, scale, rows, table, out, pixels, channels, slope,
    HAS_TABLE: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Normalise, scale and shift by the pixel's row of the table, leaky ReLU."""
    picture = tl.program_id(2)
    p = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    c = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    inside = (p < pixels)[:, None] & (c < channels)[None, :]
    place = picture.to(tl.int64) * pixels * channels + p[:, None] * channels + c[None, :]
    value = tl.load(x + place, mask=inside, other=0).to(tl.float32)
    own = picture * channels + c
    value -= tl.load(mean + own, mask=c < channels, other=0)[None, :]
    value *= tl.load(scale + own, mask=c < channels, other=0)[None, :]
    if HAS_TABLE:
        row = tl.load(rows + picture * pixels + p, mask=p < pixels, other=0)
        at = row[:, None] * 2 * channels + c[None, :]
        gain = tl.load(table + at, mask=inside, other=0).to(tl.float32)
        shift = tl.load(table + at + channels, mask=inside, other=0).to(tl.float32)
        value = value * gain + shift
    value = tl.where(value < 0, value * slope, value)
    tl.store(out + place, value.to(out.dtype.element_ty), mask=inside)


def spread(x: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """See ``fused.spread``."""
    batch, channels, pixels = len(x), x.shape[1], x.shape[2] * x.shape[3]
    chunks = min(MOST_CHUNKS, triton.next_power_of_2(triton.cdiv(pixels, PIXELS_SUMMED)))
    steps = triton.cdiv(pixels, chunks * PIXELS)
    blocks = triton.cdiv(channels, CHANNELS)
    sums = torch.empty(batch, chunks, 2, channels, device=x.device)
    mean, scale = torch.empty(2, batch, channels, device=x.device)
    _sum_chunk[chunks, blocks, batch](
        x, sums, pixels, channels, steps, PIXELS, CHANNELS, enable_fp_fusion=True
    )
    _finish_sums[blocks, batch](
        x, sums, mean, scale, pixels, channels, eps, chunks, CHANNELS, enable_fp_fusion=True
    )
    return mean, scale


def modulate(
    x: Tensor, mean: Tensor, scale: Tensor, rows: Tensor | None, table: Tensor | None, slope: float
) -> Tensor:
    """See ``fused.modulate``."""
    batch, channels, pixels = len(x), x.shape[1], x.shape[2] * x.shape[3]
    out = torch.empty_like(x)
    grid = triton.cdiv(pixels, PIXELS), triton.cdiv(channels, CHANNELS), batch
    _modulate[grid](
        x, mean, scale, x if rows is None else rows, x if table is None else table, out,
        pixels, channels, slope, table is not None, PIXELS, CHANNELS, enable_fp_fusion=True,
    )  # fmt: skip
    return out
