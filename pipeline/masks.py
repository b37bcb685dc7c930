"""Masks by U2-Net: what goes into the networks and what comes out.

The salient-object models find the one thing a photo shows, whatever it is. The garment model tells
upper, lower and full-body garments apart, but was trained on people wearing them.

Source: pre- and post-processing of U-2-Net (Qin et al. 2020) and its published garment variant.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pil
from torch import Tensor

from pipeline.networks.layers import resize_bilinear
from pipeline.resample import apply_taps, linear_taps
from pipeline.structures import Alpha, Image

SALIENT_PX = 320  # side of the square the salient-object models see; the aspect is not kept
GARMENT_PX = 768  # the same for the garment model

MEAN_RGB = (0.485, 0.456, 0.406)
STD_RGB = (0.229, 0.224, 0.225)
GARMENT_MEAN = 0.5
GARMENT_STD = 0.5
MIN_PEAK = 1e-6  # a black picture is not divided by its brightest value

GAUSSIAN_REACH = 4.0  # standard deviations at which an antialiasing filter ends


def _shrink_taps(size: int, length: int, antialias: bool) -> Tensor:
    """Linear resize of a line with half-pixel centres, zero beyond its ends: (size, length)."""
    step = length / size
    positions = (torch.arange(size, dtype=torch.float64) + 0.5) * step - 0.5
    taps = linear_taps(positions, length)
    sigma = (step - 1) / 2
    if not antialias or sigma <= 0:
        return taps
    reach = int(GAUSSIAN_REACH * sigma + 0.5)
    distance = torch.arange(-reach, reach + 1, dtype=torch.float64)
    weights = torch.exp(-0.5 * (distance / sigma).square())
    weights /= weights.sum()
    offset = torch.arange(length)[:, None] - torch.arange(length)
    near = offset.abs() <= reach
    return taps @ torch.where(near, weights[(offset + reach).clamp(0, 2 * reach)], 0.0)


def _normalise(planes: Tensor) -> Tensor:
    """(3, S, S) RGB, any scale → (1, 3, S, S) float32 as the salient-object models want it."""
    peak = max(float(planes.max()), MIN_PEAK)
    mean = torch.tensor(MEAN_RGB, dtype=planes.dtype).view(3, 1, 1)
    std = torch.tensor(STD_RGB, dtype=planes.dtype).view(3, 1, 1)
    return ((planes / peak - mean) / std)[None].float()


def prepare_salient(image: Image, antialias: bool = False) -> Tensor:
    """Photo → input of ``u2net`` and ``u2netp``.

    Args:
        image: (H, W, 3) uint8 RGB.
        antialias: blur before shrinking. The models were trained without.

    Returns:
        (1, 3, 320, 320) float32.
    """
    planes = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).double() / 255
    rows, columns = (_shrink_taps(SALIENT_PX, n, antialias) for n in image.shape[:2])
    return _normalise(apply_taps(rows, columns, planes))


def prepare_salient_lanczos(image: Image) -> Tensor:
    """The same with a Lanczos filter, a common variant that keeps fine edges cleaner."""
    picture = Pil.fromarray(image).resize((SALIENT_PX, SALIENT_PX), Pil.Resampling.LANCZOS)
    return _normalise(torch.from_numpy(np.array(picture)).permute(2, 0, 1).double())


def salient_alpha(prediction: Tensor, size_wh: tuple[int, int]) -> Alpha:
    """First map of a salient-object model → mask of the photo.

    Args:
        prediction: (1, 1, h, w) or (h, w), in 0..1; stretched to its full range.
        size_wh: width and height of the photo, px.

    Returns:
        (H, W) uint8.
    """
    saliency = prediction.detach().float().cpu().reshape(prediction.shape[-2:])
    low, high = saliency.min(), saliency.max()
    stretched = (saliency - low) / (high - low).clamp(min=MIN_PEAK)
    picture = Pil.fromarray((stretched * 255).numpy().astype(np.uint8))
    return np.array(picture.resize(size_wh, Pil.Resampling.BILINEAR), np.uint8)


def prepare_garment(image: Image) -> Tensor:
    """Photo (H, W, 3) uint8 RGB → input of ``u2net_cloth``, (1, 3, 768, 768) float32."""
    picture = Pil.fromarray(image).resize((GARMENT_PX, GARMENT_PX), Pil.Resampling.BICUBIC)
    planes = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    return ((planes - GARMENT_MEAN) / GARMENT_STD)[None]


def garment_classes(logits: Tensor, size_wh: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """First map of the garment model → ``labels.GarmentClass`` of every pixel.

    Args:
        logits: (1, 4, h, w).
        size_wh: width and height of the photo; None keeps (h, w). The logits are resized, never
            the labels: between two labels there is no third.

    Returns:
        (H, W) uint8.
    """
    if size_wh is not None:
        logits = resize_bilinear(logits, (size_wh[1], size_wh[0]), align_corners=False)
    return np.asarray(logits[0].argmax(0).cpu().numpy(), np.uint8)
