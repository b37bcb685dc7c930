"""What half precision does to the result, where no device computes in it.

The fast path runs as it is, on half precision tensors, and so every result that a GPU would round
is rounded. Only convolutions and matrix products, for which processors are far too slow in it, are
computed in single precision from those rounded inputs and rounded once: tensor cores multiply half
precision numbers exactly and add in single precision, which comes to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_PRODUCTS = {
    getattr(torch.ops.aten, name).default
    for name in (
        "conv2d",
        "convolution",
        "_convolution",
        "linear",
        "matmul",
        "mm",
        "bmm",
        "addmm",
        "embedding_bag",
        "_embedding_bag_forward_only",
    )
}


class ProductsInSingle(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within it, half precision products are computed in float32 and rounded."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run one operation."""
        named = dict(kwargs or {})
        kind = next((a.dtype for a in args if _is_half(a)), None)
        if kind is None or func not in _PRODUCTS:
            return func(*args, **named)
        made = func(*(a.float() if _is_half(a) else a for a in args), **named)
        if isinstance(made, Tensor):
            return made.to(kind)
        return tuple(part.to(kind) if part.is_floating_point() else part for part in made)


def _is_half(value: object) -> bool:
    return isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16)
