"""Folded and shortened networks compute what the published ones compute."""

from __future__ import annotations

import pytest
import small
import torch
from published import SALT, check, loaded, module, needs_vectors
from torch import nn

from pipeline.networks.alias_fast import FastAliasGenerator, TableModulation
from pipeline.networks.alias_generator import AliasGenerator, AliasNorm, MaskNorm, instance_norm
from pipeline.networks.folding import fold
from pipeline.networks.layers import AbsScaleNorm, SpectralConv2d
from pipeline.networks.regions import border_pixels, region_map
from pipeline.networks.statistics import moments, moments_in_place, standardise, with_steady_norms

ROUNDING = 2e-5  # of outputs about 1


def one_hot(labels: torch.Tensor, regions: int = 7) -> torch.Tensor:
    return nn.functional.one_hot(labels, regions).permute(0, 3, 1, 2).float()


def blocks(height: int, width: int) -> torch.Tensor:
    """Labels (2, H, W) in a few large pieces, with one single odd pixel."""
    labels = torch.zeros(2, height, width, dtype=torch.int64)
    labels[0, height // 3 :] = 2
    labels[0, :, width // 2 :] = 5
    labels[1, :, : width // 3] = 6
    labels[1, height // 2, width // 2] = 3
    return labels


@pytest.mark.parametrize("name", small.NETWORKS)
def test_folding_changes_nothing_but_rounding(name: str) -> None:
    published = small.run(name)
    network = small.small(name)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    folded = fold(network)
    for key, value in small.run(name, folded).items():
        scale = max(float(published[key].abs().max()), 1)
        assert (value - published[key]).abs().max() <= ROUNDING * scale, key
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


@pytest.mark.parametrize("name", ["u2net", "schp", "viton_alias"])
def test_folding_leaves_no_stored_norm_behind(name: str) -> None:
    folded = fold(small.small(name))
    kinds = (nn.BatchNorm2d, AbsScaleNorm, SpectralConv2d)
    assert not [layer for layer in folded.modules() if isinstance(layer, kinds)]


def test_norms_behind_an_activation_stay() -> None:
    folded = fold(small.small("viton_gmm"))
    left = [name for name, layer in folded.named_modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(left) == 10 and all(name.startswith("extraction") for name in left)


def test_border_pixels_are_those_whose_window_changes() -> None:
    labels = torch.zeros(1, 12, 14, dtype=torch.int64)
    labels[0, :, 8:] = 1
    border = border_pixels(labels)[0]
    assert border[:, 6:10].all() and not border[2:-2, 2:6].any() and not border[2:-2, 10:12].any()
    assert border[:2].all() and border[-2:].all() and border[:, :2].all() and border[:, -2:].all()


@pytest.mark.parametrize("size", [(24, 18), (5, 5), (4, 3)])
def test_table_modulation_is_the_convolution(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    norm = AliasNorm(instance_norm(6), channels=6, regions=7).requires_grad_(False)
    seg = one_hot(blocks(*size))
    scale, shift = TableModulation(norm)(region_map(seg))
    wanted_scale, wanted_shift = norm.modulation(seg)
    assert torch.allclose(scale, wanted_scale, atol=1e-6)
    assert torch.allclose(shift, wanted_shift, atol=1e-6)


def test_table_is_used_away_from_borders() -> None:
    torch.manual_seed(0)
    norm = AliasNorm(instance_norm(2), channels=2, regions=7).requires_grad_(False)
    table = TableModulation(norm)
    table.constants.fill_(9)
    labels = blocks(24, 18)
    scale, _ = table(region_map(one_hot(labels)))
    looked_up = scale[:, 0] == 9
    assert torch.equal(looked_up, ~border_pixels(labels))
    assert looked_up.float().mean() > 0.2


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_one_set_of_statistics_gives_mask_norm(share: float) -> None:
    generator = torch.Generator().manual_seed(0)
    x = 3 * torch.randn(2, 3, 8, 6, generator=generator) + 1
    mask = torch.rand(2, 1, 8, 6, generator=generator)
    mask = torch.where(torch.rand(2, 1, 8, 6, generator=generator) < share, mask, 0)
    assert torch.allclose(standardise(x, mask), MaskNorm()(x, mask), atol=1e-5)
    assert torch.allclose(standardise(x, None), nn.InstanceNorm2d(3)(x), atol=1e-6)


def test_fast_synthesis_is_the_published_one() -> None:
    network = small.small("viton_alias")
    for parameter in (p for name, p in network.named_parameters() if "noise" in name):
        parameter.fill_(1)  # must not matter: there is no noise in either
    x, _, _, mask = small.alias_inputs("fast", 256, 384)
    seg = one_hot(blocks(256, 384))
    inputs = (x.expand(2, -1, -1, -1), seg, torch.cat((seg, mask.expand(2, -1, -1, -1)), 1))
    inputs = (*inputs, mask.expand(2, -1, -1, -1))
    with torch.inference_mode():
        wanted, got = network(*inputs), FastAliasGenerator(network)(*inputs)
    assert (got - wanted).abs().max() <= ROUNDING


def fast_inputs(labels: torch.Tensor) -> tuple[torch.Tensor, ...]:
    x, _, _, mask = small.alias_inputs("fast", 256, 384)
    x, mask = (value.expand(2, -1, -1, -1) for value in (x, mask))
    seg = one_hot(labels)
    return x, seg, torch.cat((seg, mask), 1), mask


def test_synthesis_in_a_fixed_room_is_the_same() -> None:
    network = FastAliasGenerator(small.small("viton_alias"))
    inputs = fast_inputs(blocks(256, 384))
    with torch.inference_mode():
        got, whole = network.within_room(*inputs)
        assert bool(whole)
        assert torch.equal(got, network(*inputs))


def test_a_map_of_nothing_but_borders_is_told_and_convolved() -> None:
    network = small.small("viton_alias")
    fast = FastAliasGenerator(network)
    noise = torch.randint(0, 7, (2, 256, 384), generator=torch.Generator().manual_seed(0))
    inputs = fast_inputs(noise)
    with torch.inference_mode():
        _, whole = fast.within_room(*inputs)
        assert not bool(whole)
        assert (fast(*inputs) - network(*inputs)).abs().max() <= ROUNDING


@pytest.mark.parametrize("size", [(24, 18), (5, 5)])
def test_a_room_that_is_too_large_or_just_right_changes_nothing(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    norm = AliasNorm(instance_norm(3), channels=3, regions=7).requires_grad_(False)
    table, seg = TableModulation(norm), one_hot(blocks(*size))
    count = int(border_pixels(seg.argmax(1)).sum())
    wanted = table(region_map(seg))
    for room in (count, count + 1, seg[:, 0].numel()):
        regions = region_map(seg, room)
        assert bool(regions.whole)
        assert all(torch.equal(a, b) for a, b in zip(table(regions), wanted, strict=True))
    assert not bool(region_map(seg, count - 1).whole)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_statistics_of_half_precision_features_are_single(kind: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    x = (20 + torch.randn(2, 3, 128, 128, generator=generator)).to(kind)
    wanted = torch.var_mean(x.double(), (2, 3), correction=0, keepdim=True)
    for way, error in ((moments, 1e-5), (moments_in_place, 1e-2)):
        mean, variance = way(x)
        assert mean.dtype == variance.dtype == torch.float32
        assert torch.allclose(mean.double(), wanted[1], rtol=1e-5)
        assert torch.allclose(variance.double(), wanted[0], rtol=error)


def test_steady_norms_are_instance_norms() -> None:
    network = small.small("viton_seg")
    x = small.picture("viton_seg", 1, 21, 64, 48)
    with torch.inference_mode():
        wanted = network(x)
        got = with_steady_norms(small.small("viton_seg"))(x)
    assert torch.equal(got, wanted)
    kinds = [type(layer) for layer in with_steady_norms(network).modules()]
    assert nn.InstanceNorm2d not in kinds


@needs_vectors
def test_fast_synthesis_agrees_with_the_published_output() -> None:
    network = loaded("viton_alias")
    assert isinstance(network, AliasGenerator)
    inputs = module("recipe").alias_inputs("viton_alias/a", 384, 256, SALT)
    with torch.inference_mode():
        out = FastAliasGenerator(network)(*(torch.from_numpy(value) for value in inputs))
    check("viton_alias__a.npz", {"out": out, "out_crop": out})


@needs_vectors
def test_folded_parser_agrees_with_the_published_output() -> None:
    x = torch.from_numpy(module("recipe").make_input("schp_lip/b", (1, 3, 121, 93), SALT))
    with torch.inference_mode():
        parsing = fold(loaded("schp_lip"))(x)
    check("schp_lip__b.npz", parsing._asdict())
