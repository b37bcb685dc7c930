"""A GPU that is not there: tensors that say they are on it, and have no values."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pipeline.networks import fused

GPU = torch.device("cuda", 0)


class NotRecordable(AssertionError):
    """A CUDA graph could not hold this operation."""


class Recording(TorchDispatchMode):
    """Refuses what a CUDA graph cannot hold, and keeps count of memory.

    Attributes:
        peak: most bytes held at a time by tensors that were made under it.
        moved: bytes that operations read and wrote, views excepted.
        kernels: how many operations were not views.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = self.moved = self.kernels = 0
        self._held: dict[int, int] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given, named = list(_tensors((args, kwargs))), dict(kwargs or {})
        places = {t.device.type for t in given if t.ndim}
        if places and isinstance(named.get("device"), torch.device):
            places.add(named["device"].type)
        if len(places) > 1:  # also a list as an index, which is copied to the device first
            raise NotRecordable(f"{func} moves values between {' and '.join(sorted(places))}")
        made = func(*args, **named)
        self._count(given, list(_tensors(made)))
        return made

    def _count(self, given: Sequence[Tensor], results: Sequence[Tensor]) -> None:
        known = {_storage(t) for t in given}
        fresh = [t for t in results if _storage(t) not in known]
        if fresh:
            self.kernels += 1
            self.moved += sum(t.numel() * t.element_size() for t in (*given, *fresh))
        for tensor in fresh:
            storage = tensor.untyped_storage()
            key = _storage(tensor)
            if key not in self._held:
                self._held[key] = storage.nbytes()
                weakref.finalize(storage, self._held.pop, key, None)
        self.peak = max(self.peak, sum(self._held.values()))


def _tensors(tree: Any) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor))


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


@contextmanager
def absent_gpu(modules: Iterable[nn.Module]) -> Iterator[FakeTensorMode]:
    """Move modules to a GPU that is not there; they have lost their values afterwards."""
    mode = FakeTensorMode()
    for module in modules:
        for layer in module.modules():
            for tensors in (layer._parameters, layer._buffers):
                for name, value in tensors.items():
                    if value is not None:
                        tensors[name] = _absent(value, mode)
    plain = mock.patch.object(fused, "available", lambda x: False)  # kernels want values
    with plain, mode, torch.inference_mode():
        yield mode


def _absent(value: Tensor, mode: FakeTensorMode) -> Tensor:
    with mode:
        place = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=GPU)
    return nn.Parameter(place, requires_grad=False) if isinstance(value, nn.Parameter) else place
