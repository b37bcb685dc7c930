"""Every network against the published reference outputs, layer by layer where they are stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from published import FOLDER, SALT, check, loaded, module, needs_vectors, output_names, state_dict

from pipeline.networks import NAMES, build_network
from pipeline.networks.gmm import warp

pytestmark = needs_vectors

U2NET = ("stage1", "stage6", "stage3d")
SCHP = ("maxpool", "layer1", "layer4", "context_encoding")
SEG = ("conv5", "conv6")
ALIAS = ("head_0", "G_middle_0", "up_1", "up_2", "up_4")
GMM = {"featA": "extractionA", "featB": "extractionB", "corr": "correlation"}


@contextmanager
def tapped(network: torch.nn.Module, layers: dict[str, str]) -> Iterator[dict[str, torch.Tensor]]:
    """Collect what some layers put out, as ``tap_*``."""
    taps: dict[str, torch.Tensor] = {}

    def keep(name: str):
        return lambda _module, _inputs, output: taps.__setitem__(f"tap_{name}", output)

    handles = [
        network.get_submodule(layer).register_forward_hook(keep(name))
        for name, layer in layers.items()
    ]
    try:
        yield taps
    finally:
        for handle in handles:
            handle.remove()


def tensor(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.from_numpy(module("recipe").make_input(name, shape, SALT))


def same_names(layers: tuple[str, ...]) -> dict[str, str]:
    return {layer: layer for layer in layers}


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_has_the_published_names_shapes_and_order(name: str) -> None:
    assert FOLDER is not None
    networks = json.loads((FOLDER.parent / "state_dicts.json").read_text())["networks"]
    wanted = networks["schp_lip" if name == "schp_cihp" else name]["entries"]
    got = [
        [key, list(value.shape), str(value.dtype).removeprefix("torch.")]
        for key, value in build_network(name).state_dict().items()
    ]
    assert got == wanted


@pytest.mark.parametrize(
    ("name", "tag", "size"),
    [
        ("u2net", "a", (128, 128)),
        ("u2net", "b", (97, 131)),
        ("u2netp", "a", (320, 320)),
        ("u2net_cloth", "a", (192, 160)),
    ],
)
def test_u2net(name: str, tag: str, size: tuple[int, int]) -> None:
    network = loaded(name)
    with torch.inference_mode(), tapped(network, same_names(U2NET)) as taps:
        maps = network(tensor(f"{name}/{tag}", (1, 3, *size)))
    outputs = {f"d{index}": value for index, value in enumerate(maps)} | taps
    assert set(outputs) == output_names(f"{name}__{tag}.npz")
    check(f"{name}__{tag}.npz", outputs)


@pytest.mark.parametrize(
    ("name", "tag", "size"),
    [
        ("schp_lip", "a", (256, 256)),
        ("schp_lip", "b", (121, 93)),
        ("schp_atr", "a", (192, 256)),
        ("schp_pascal", "a", (161, 129)),
    ],
)
def test_schp(name: str, tag: str, size: tuple[int, int]) -> None:
    network = loaded(name)
    with torch.inference_mode(), tapped(network, same_names(SCHP)) as taps:
        parsing = network(tensor(f"{name}/{tag}", (1, 3, *size)))
    outputs = parsing._asdict() | taps
    assert set(outputs) == output_names(f"{name}__{tag}.npz")
    check(f"{name}__{tag}.npz", outputs)


@pytest.mark.parametrize(("tag", "size"), [("a", (256, 192)), ("b", (128, 96))])
def test_seg_generator(tag: str, size: tuple[int, int]) -> None:
    network = loaded("viton_seg")
    with torch.inference_mode(), tapped(network, same_names(SEG)) as taps:
        out = network(tensor(f"viton_seg/{tag}", (1, 21, *size)))
    outputs = {"out": out, "argmax": out.argmax(1).to(torch.uint8)} | taps
    assert set(outputs) == output_names(f"viton_seg__{tag}.npz")
    check(f"viton_seg__{tag}.npz", outputs)


def test_gmm() -> None:
    network = loaded("viton_gmm")
    person = tensor("viton_gmm/a:A", (1, 7, 256, 192))
    garment = tensor("viton_gmm/a:B", (1, 3, 256, 192))
    with torch.inference_mode():
        with tapped(network, GMM) as taps:
            theta, grid = network(person, garment)
        small = network(person, garment, size_hw=(256, 192)).grid
        warped = warp(tensor("viton_gmm/a:cloth", (1, 4, 256, 192)), small)
    outputs = {"theta": theta, "grid_1024x768": grid, "grid_256x192": small, "warped": warped}
    outputs |= taps
    assert set(outputs) == output_names("viton_gmm__a.npz")
    check("viton_gmm__a.npz", outputs)


@pytest.mark.parametrize(
    ("tag", "size"), [("a", (384, 256)), ("b", (512, 384)), ("zeromask", (256, 256))]
)
def test_alias_generator(tag: str, size: tuple[int, int]) -> None:
    network = loaded("viton_alias")
    x, seg, seg_div, mask = module("recipe").alias_inputs(f"viton_alias/{tag}", *size, SALT)
    if tag == "zeromask":
        mask = np.zeros_like(mask)
        seg_div = np.concatenate((seg, mask), 1)
    inputs = [torch.from_numpy(value) for value in (x, seg, seg_div, mask)]
    with torch.inference_mode(), tapped(network, same_names(ALIAS)) as taps:
        out = network(*inputs)
    outputs = {"out": out, "out_crop": out} | taps
    assert set(outputs) == output_names(f"viton_alias__{tag}.npz")
    check(f"viton_alias__{tag}.npz", outputs)


def test_recipe_weights_are_those_of_the_vectors() -> None:
    weights = state_dict("u2netp")
    entries = module("compare").manifest(FOLDER)["weights"]["u2netp"]
    assert module("compare").weights_digest("u2netp", SALT) == entries["digest_no_uv"]
    assert len(weights) == len(module("compare").entries("u2netp"))
