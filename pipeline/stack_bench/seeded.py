"""Networks without checkpoints: seeded weights that keep numbers in a usual range.

Timing does not depend on the weights, and rounding errors hardly do. What such networks *find*
does: a parser of noise sees borders everywhere. So the two that draw maps run in full, and then a
drawn map is believed instead of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.networks import build_network
from pipeline.networks.alias_generator import AliasGenerator
from pipeline.networks.gmm import Gmm
from pipeline.networks.layers import AbsScaleNorm, SpectralConv2d
from pipeline.networks.schp import Schp
from pipeline.networks.seg_generator import SegGenerator
from pipeline.stack.networks import StackNetworks

GAIN = {"schp_cihp": 1.0, "u2net": 0.9, "u2net_cloth": 0.9}  # residual networks grow by themselves
USUAL_GAIN = 2.0**0.5
BIAS = 0.05

REDUCED: Mapping[str, Callable[[], nn.Module]] = {
    "schp_cihp": lambda: Schp(20, width=8, blocks=(1, 1, 2, 1)),
    "viton_seg": lambda: SegGenerator(width=8),
    "viton_gmm": lambda: Gmm(size_hw=(512, 384), width=8),
    "viton_alias": lambda: AliasGenerator(width=4),
}
"""The same graphs, narrow: to try the benchmark itself."""


def seeded(name: str, reduced: bool = False) -> nn.Module:
    """A network with weights that depend on its name alone."""
    network = REDUCED[name]() if reduced else build_network(name)
    generator = torch.Generator().manual_seed(sum(name.encode()))
    network.requires_grad_(False)
    for layer in network.modules():
        _fill(layer, GAIN.get(name, USUAL_GAIN), generator)
    return network.eval()


def _fill(layer: nn.Module, gain: float, generator: torch.Generator) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear):
        layer.weight.normal_(0, gain / layer.weight[0].numel() ** 0.5, generator=generator)
        if layer.bias is not None:
            layer.bias.normal_(0, BIAS, generator=generator)
    elif isinstance(layer, SpectralConv2d):
        matrix = layer.weight_orig.normal_(generator=generator).flatten(1)
        layer.weight_v.copy_(F.normalize(matrix.T @ F.normalize(matrix.sum(1), dim=0), dim=0))
        layer.weight_u.copy_(F.normalize(matrix @ layer.weight_v, dim=0))
    elif isinstance(layer, AbsScaleNorm | nn.BatchNorm2d) and layer.running_var is not None:
        layer.running_var.uniform_(0.5, 1.5, generator=generator)


def seeded_networks(reduced: bool = False) -> StackNetworks:
    """All of a stack."""
    parser, segment, match, synthesize = (seeded(name, reduced) for name in REDUCED)
    assert isinstance(parser, Schp) and isinstance(segment, SegGenerator)
    assert isinstance(match, Gmm) and isinstance(synthesize, AliasGenerator)
    return StackNetworks(parser, segment, match, synthesize)


class Believed(nn.Module):
    """Runs a network, and answers with something else.

    Args:
        network: does its whole work.
        answer: (1, …) for one picture.
    """

    answer: Tensor

    def __init__(self, network: nn.Module, answer: Tensor) -> None:
        super().__init__()
        self.network = network
        self.recordable = getattr(network, "recordable", True)
        self.register_buffer("answer", answer, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The answer, after the network's work."""
        self.network(x)
        return self.answer.expand(len(x), *[-1] * (self.answer.ndim - 1))
