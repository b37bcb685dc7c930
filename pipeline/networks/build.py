"""Every published network by name, without weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn

from pipeline.networks.alias_generator import AliasGenerator
from pipeline.networks.gmm import Gmm
from pipeline.networks.schp import Schp
from pipeline.networks.seg_generator import SegGenerator
from pipeline.networks.u2net import U2Net, Widths

U2NET_ENCODER = (
    Widths(32, 64),
    Widths(32, 128),
    Widths(64, 256),
    Widths(128, 512),
    Widths(256, 512),
    Widths(256, 512),
)
U2NET_DECODER = (
    Widths(256, 512),
    Widths(128, 256),
    Widths(64, 128),
    Widths(32, 64),
    Widths(16, 64),
)
U2NETP = Widths(16, 64)  # of every stage of the small model

SALIENT_CLASSES = 1
GARMENT_CLASSES = 4  # background, upper, lower, full body
LIP_CLASSES = 20
ATR_CLASSES = 18
PASCAL_CLASSES = 7
CIHP_CLASSES = 20


def _u2netp() -> U2Net:
    encoder, decoder = [U2NETP] * len(U2NET_ENCODER), [U2NETP] * len(U2NET_DECODER)
    return U2Net(encoder, decoder, SALIENT_CLASSES, torch.sigmoid)


BUILDERS: Mapping[str, Callable[[], nn.Module]] = {
    "u2net": lambda: U2Net(U2NET_ENCODER, U2NET_DECODER, SALIENT_CLASSES, torch.sigmoid),
    "u2netp": _u2netp,
    "u2net_cloth": lambda: U2Net(U2NET_ENCODER, U2NET_DECODER, GARMENT_CLASSES, None),
    "schp_lip": lambda: Schp(LIP_CLASSES),
    "schp_atr": lambda: Schp(ATR_CLASSES),
    "schp_pascal": lambda: Schp(PASCAL_CLASSES),
    "schp_cihp": lambda: Schp(CIHP_CLASSES),
    "viton_seg": SegGenerator,
    "viton_gmm": Gmm,
    "viton_alias": AliasGenerator,
}

NAMES = tuple(BUILDERS)


def build_network(name: str) -> nn.Module:
    """Build one of the published networks, ready for ``pipeline.weights.load_state_dict``.

    Args:
        name: one of ``NAMES``.

    Returns:
        The network with arbitrary weights, float32 on the CPU, in evaluation mode and without
        gradients. Its state dict has the published names, shapes and order.

    Raises:
        ValueError: there is no such network; the message lists those there are.
    """
    if name not in BUILDERS:
        raise ValueError(f"there is no network {name!r}; known are {', '.join(NAMES)}")
    return BUILDERS[name]().eval().requires_grad_(False)
