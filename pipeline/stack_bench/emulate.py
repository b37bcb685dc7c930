"""What half precision would do to the result, where no device computes in it.

Tensor cores multiply half precision numbers exactly and add in single precision. Rounding every
layer's weights, inputs and outputs, and computing in float32 in between, comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.stack.flow import Flow


@contextmanager
def rounded_to(dtype: torch.dtype, flow: Flow) -> Iterator[None]:
    """Round the large networks of a float32 flow; their weights stay rounded."""

    def rounded(value: Any) -> Any:
        if isinstance(value, Tensor) and value.dtype == torch.float32:
            return value.to(dtype).float()
        return value

    def before(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(map(rounded, inputs))

    def after(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
        return tuple(map(rounded, output)) if type(output) is tuple else rounded(output)

    handles = []
    for network in (flow.parser, flow.segment, flow.synthesize):
        if not isinstance(network, nn.Module):
            continue
        for layer in network.modules():
            for tensor in (*layer.parameters(recurse=False), *_tables(layer)):
                tensor.data = rounded(tensor.data)
            if not list(layer.children()):
                handles.append(layer.register_forward_pre_hook(before))
                handles.append(layer.register_forward_hook(after))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _tables(layer: nn.Module) -> Iterator[Tensor]:
    """Constants of a lookup are weights too; those of the data path stay as they are."""
    from pipeline.networks.alias_fast import TableModulation

    if isinstance(layer, TableModulation):
        yield from layer.buffers(recurse=False)
