"""Networks for running only: what is constant after loading is multiplied out once.

A folded network computes the same function to rounding, but no longer has the published names.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from pipeline.networks.layers import NORM_EPS, AbsScaleNorm, SpectralConv2d

Network = TypeVar("Network", bound=nn.Module)
StoredNorm = AbsScaleNorm | nn.BatchNorm2d


def fold(network: Network) -> Network:
    """Fold spectral norms into weights, and stored normalisations into the convolution before.

    Args:
        network: in evaluation mode, with its weights; it stays as it is.

    Returns:
        A copy for inference. Normalisations that do not directly follow a convolution (a ReLU
        lies between them in GMM's extractors) stay: folding them into the *next* convolution
        would be wrong at its zero-padded border.
    """
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    for parent in list(folded.modules()):
        for conv, norm in _pairs(parent):
            _fold_pair(parent, conv, norm)
        for name, child in parent.named_children():
            if isinstance(child, SpectralConv2d):
                setattr(parent, name, plain_conv(child))
    return folded


def plain_conv(conv: SpectralConv2d) -> nn.Conv2d:
    """The ordinary convolution that a spectrally normalised one amounts to."""
    out, channels, kernel, _ = conv.weight_orig.shape
    with torch.device("meta"):  # its own arbitrary weights are never made
        plain = nn.Conv2d(channels, out, kernel, padding=conv.padding, bias=conv.bias is not None)
    plain.weight = nn.Parameter(conv.weight().detach(), requires_grad=False)
    if conv.bias is not None:
        plain.bias = nn.Parameter(conv.bias.detach(), requires_grad=False)
    return plain


def _pairs(parent: nn.Module) -> Iterator[tuple[str, str]]:
    """Names of children that are a convolution and the stored normalisation right after it."""
    children = dict(parent.named_children())
    if isinstance(parent, nn.Sequential):
        names = list(children)
        candidates = list(itertools.pairwise(names))
    else:  # the published names tell: conv1 and bn1, conv_s1 and bn_s1
        candidates = [(name, name.replace("conv", "bn", 1)) for name in children]
    for conv, norm in candidates:
        if isinstance(children[conv], nn.Conv2d) and isinstance(children.get(norm), StoredNorm):
            yield conv, norm


def _fold_pair(parent: nn.Module, conv_name: str, norm_name: str) -> None:
    conv, norm = parent.get_submodule(conv_name), parent.get_submodule(norm_name)
    assert isinstance(conv, nn.Conv2d) and isinstance(norm, StoredNorm)
    scale, shift = _affine(norm)
    weight = conv.weight.double() * scale.view(-1, 1, 1, 1)
    bias = shift if conv.bias is None else conv.bias.double() * scale + shift
    conv.bias = nn.Parameter(bias.to(conv.weight), requires_grad=False)
    conv.weight = nn.Parameter(weight.to(conv.weight), requires_grad=False)
    slope = norm.slope if isinstance(norm, AbsScaleNorm) else None
    setattr(parent, norm_name, nn.Identity() if slope is None else nn.LeakyReLU(slope))


def _affine(norm: StoredNorm) -> tuple[Tensor, Tensor]:
    """Scale and shift (C,) float64 of a normalisation with stored statistics."""
    weight = norm.scale() if isinstance(norm, AbsScaleNorm) else norm.weight
    assert norm.running_mean is not None and norm.running_var is not None
    eps = NORM_EPS if isinstance(norm, AbsScaleNorm) else norm.eps
    scale = weight.double() / (norm.running_var.double() + eps).sqrt()
    return scale, norm.bias.double() - norm.running_mean.double() * scale
