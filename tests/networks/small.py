"""Narrow versions of every network with weights and inputs made by rule, and what they put out.

The outputs in ``vectors/small.npz`` were stored when the full-size networks agreed with the
published reference outputs. ``python tests/networks/small.py`` stores them anew; do that only when
they still agree.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.networks.alias_generator import AliasGenerator
from pipeline.networks.gmm import Gmm
from pipeline.networks.schp import Schp
from pipeline.networks.seg_generator import SegGenerator
from pipeline.networks.u2net import U2Net, Widths

FILE = Path(__file__).parent / "vectors" / "small.npz"
VALUES_KEPT = 300  # about, of every output
NARROW = Widths(4, 8)
GAINS = {"u2net": 0.9, "u2net_cloth": 0.9, "schp": 1.0}  # residual networks grow by themselves


def _rng(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))


def fill(network: nn.Module, name: str) -> nn.Module:
    """Give a network weights that depend on nothing but ``name`` and the names of its tensors."""
    state = network.state_dict()
    for key, value in state.items():
        rng, shape, leaf = _rng(f"{name}/{key}"), tuple(value.shape), key.rpartition(".")[2]
        normal = rng.standard_normal(shape, dtype=np.float32)
        if leaf == "num_batches_tracked":
            continue
        if leaf == "running_var":
            made = 0.5 + rng.random(shape, dtype=np.float32)
        elif leaf in ("weight_u", "weight_v"):
            made = normal / np.linalg.norm(normal)
        elif leaf == "weight_orig":  # such that the made-up vectors give a sensible norm
            made = normal / np.sqrt(np.prod(shape[1:]))
        elif leaf == "weight" and len(shape) == 1:
            made = np.where(rng.random(shape) < 0.25, -1, 1) * (1 + 0.1 * normal)
        elif len(shape) > 1:
            made = normal * GAINS.get(name, 2**0.5) / np.sqrt(np.prod(shape[1:]))
        else:  # biases, means, noise
            made = 0.05 * normal
        state[key] = torch.from_numpy(np.asarray(made, np.float32).reshape(shape))
    _scale_spectral(state)
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)


def _scale_spectral(state: dict[str, Tensor]) -> None:
    """Bring what the stored vectors say is the largest singular value near the true one."""
    for key in [key for key in state if key.endswith("weight_orig")]:
        stem = key.removesuffix("weight_orig")
        u, matrix = state[f"{stem}weight_u"], state[key].flatten(1)
        v = matrix.T @ u
        v /= v.norm()
        u = matrix @ v
        state[f"{stem}weight_v"], state[f"{stem}weight_u"] = v, u / u.norm()


def picture(name: str, *shape: int) -> Tensor:
    """Smooth fields of about unit size with a little noise, (..., H, W)."""
    rng = _rng(f"input/{name}")
    y, x = (np.arange(n) / n for n in shape[-2:])
    fields = np.zeros(shape)
    for index in np.ndindex(*shape[:-2]):
        for _ in range(4):
            fy, fx, phase = rng.integers(1, 5), rng.integers(1, 5), rng.random()
            fields[index] += np.sin(2 * np.pi * (fy * y[:, None] + fx * x + phase))
    fields += 0.3 * rng.standard_normal(shape)
    return torch.from_numpy(fields.astype(np.float32))


def alias_inputs(name: str, height: int, width: int) -> tuple[Tensor, ...]:
    """x, seg, seg_div and a fractional misalign mask."""
    labels = picture(f"{name}/seg", 1, 7, height, width).argmax(1)
    seg = nn.functional.one_hot(labels, 7).permute(0, 3, 1, 2).float()
    mask = (seg[:, 2:3] - picture(f"{name}/mask", 1, 1, height, width).sigmoid()).clamp(min=0)
    seg_div = torch.cat((seg, mask), 1)
    seg_div[:, 2:3] -= mask
    return picture(f"{name}/x", 1, 9, height, width).tanh(), seg, seg_div, mask


def _u2net(classes: int, salient: bool) -> U2Net:
    return U2Net([NARROW] * 6, [NARROW] * 5, classes, torch.sigmoid if salient else None)


NETWORKS: Mapping[str, Callable[[], nn.Module]] = {
    "u2net": lambda: _u2net(1, salient=True),
    "u2net_cloth": lambda: _u2net(4, salient=False),
    "schp": lambda: Schp(5, width=8, blocks=(1, 2, 2, 1)),
    "viton_seg": lambda: SegGenerator(width=4),
    "viton_gmm": lambda: Gmm(size_hw=(64, 48), input_hw=(128, 64), width=4),
    "viton_alias": lambda: AliasGenerator(width=8),
}


def small(name: str) -> nn.Module:
    """A narrow network with its weights."""
    return fill(NETWORKS[name](), name)


def run(name: str, changed: nn.Module | None = None) -> dict[str, Tensor]:
    """Every output of a narrow network, or of a changed form of it, named."""
    network = changed or small(name)
    with torch.inference_mode():
        match name:
            case "u2net" | "u2net_cloth":
                maps = network(picture(name, 1, 3, 67, 50))
                return {f"d{index}": value for index, value in enumerate(maps)}
            case "schp":
                return dict(network(picture(name, 2, 3, 65, 47))._asdict())
            case "viton_seg":
                return {"probabilities": network(picture(name, 1, 21, 64, 48))}
            case "viton_gmm":
                person, garment = (
                    picture("person", 1, 7, 128, 64),
                    picture("garment", 1, 3, 128, 64),
                )
                return dict(network(person, garment)._asdict())
            case _:
                return {"out": network(*alias_inputs(name, 256, 128))}


def sample(value: Tensor) -> np.ndarray:
    """Evenly spread values of a tensor."""
    flat = value.flatten().numpy()
    return flat[:: max(1, len(flat) // VALUES_KEPT)]


if __name__ == "__main__":
    np.savez_compressed(
        FILE,
        **{
            f"{network}/{name}": sample(value)
            for network in NETWORKS
            for name, value in run(network).items()
        },
    )
