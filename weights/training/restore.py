"""Go on from exported weights: an ONNX file back into a network that can learn.

The exporter folds every batch norm into the convolution before it. Here the convolution takes the
folded weights, and the norm is set so that it changes nothing but adds the bias: its mean and
spread are measured on some batches, for training normalises by those of each batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from weights.training.exported import convolutions
from weights.training.network import OwnParserNet

Convolution = nn.Conv2d | nn.ConvTranspose2d


def restore(network: OwnParserNet, path: Path, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Set a network to what an exported file computes.

    Args:
        network: changed, but for its frozen features; left in evaluation mode.
        path: as ``export`` writes it, of the same network.
        batches: inputs (picture, pose) on which means and spreads are measured.

    Raises:
        ValueError: the file holds another network.
    """
    constants = convolutions(onnx.load(str(path)))
    norms = []
    with torch.no_grad():
        for name, convolution, norm in _layers(network):
            if name not in constants:
                raise ValueError(f"{path} has no layer {name}: it is of another network.")
            weight, bias = (torch.from_numpy(value.copy()) for _, value in constants[name])
            if weight.shape != convolution.weight.shape:
                raise ValueError(f"Layer {name} has another shape in {path}.")
            convolution.weight.copy_(weight)
            if norm is None:
                assert convolution.bias is not None
                convolution.bias.copy_(bias)
            else:
                norm.running_mean.zero_()
                norm.running_var.fill_(1 - norm.eps)
                norm.weight.fill_(1)
                norm.bias.copy_(bias)
                norms.append(norm)
        _calibrate(network.eval(), norms, batches)


def _calibrate(
    network: OwnParserNet, norms: list[nn.BatchNorm2d], batches: Iterable[tuple[Tensor, Tensor]]
) -> None:
    """Let norms that change nothing know what enters them, without changing their result."""
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm in norms}

    def count(norm: nn.Module, entering: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        x = entering[0].double().cpu()
        many = torch.full((x.shape[1],), x.numel() / x.shape[1], dtype=torch.float64)
        sums[norm] += torch.stack([many, x.sum((0, 2, 3)), (x * x).sum((0, 2, 3))])

    hooks = [norm.register_forward_pre_hook(count) for norm in norms]
    for picture, pose in batches:
        network(picture, pose)
    for hook in hooks:
        hook.remove()
    for norm, (many, total, squares) in sums.items():
        mean = (total / many).to(norm.weight)
        spread = (squares / many - (total / many) ** 2).clamp(min=1e-8).to(norm.weight)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(spread)
        norm.weight.copy_((spread + norm.eps).sqrt())
        norm.bias.add_(mean)


def _layers(network: OwnParserNet) -> list[tuple[str, Convolution, nn.BatchNorm2d | None]]:
    """Every convolution of the network's own, with the norm right behind it."""
    modules = dict(network.named_modules())
    found = []
    for name, module in modules.items():
        if isinstance(module, Convolution) and not name.startswith("features."):
            stem, _, number = name.rpartition(".")
            following = f"{stem}.{int(number) + 1}" if number.isdigit() else ""
            norm = modules.get(following)
            found.append((name, module, norm if isinstance(norm, nn.BatchNorm2d) else None))
    return found
