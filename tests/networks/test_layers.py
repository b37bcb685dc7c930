"""The odd layers of the published networks against plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pipeline.networks.alias_generator import (
    AliasGenerator,
    AliasNorm,
    MaskNorm,
    batch_norm,
    instance_norm,
    mask_norm,
    seeded_noise,
)
from pipeline.networks.gmm import Correlation, warp
from pipeline.networks.layers import AbsScaleNorm, SpectralConv2d, resize_bilinear, resize_nearest
from pipeline.networks.schp import Bottleneck
from pipeline.networks.tps import EXTENT, ThinPlateSpline, control_points, rest_grid
from pipeline.networks.u2net import ResidualU, Widths


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_negative_scale_counts_as_positive() -> None:
    norm = AbsScaleNorm(2, slope=0.01)
    norm.load_state_dict(
        {
            "weight": torch.tensor([-2.0, 2.0]),
            "bias": torch.tensor([0.5, 0.5]),
            "running_mean": torch.tensor([1.0, 1.0]),
            "running_var": torch.tensor([4.0, 4.0]),
        }
    )
    out = norm(torch.tensor([3.0, 3.0]).view(1, 2, 1, 1)).flatten()
    assert out.tolist() == pytest.approx([2.5, 2.5], abs=1e-4)
    below = norm(torch.tensor([-3.0, -3.0]).view(1, 2, 1, 1)).flatten()
    assert below.tolist() == pytest.approx([-0.035, -0.035], abs=1e-4)


def test_spectral_norm_comes_from_the_stored_vectors() -> None:
    conv = SpectralConv2d(3, 4, 3)
    weight, u, v = random(4, 3, 3, 3), F.normalize(random(4), dim=0), F.normalize(random(27), dim=0)
    conv.load_state_dict(
        {"bias": torch.zeros(4), "weight_orig": weight, "weight_u": u, "weight_v": v}
    )
    sigma = u @ weight.reshape(4, 27) @ v
    assert torch.allclose(conv.weight(), weight / sigma, rtol=1e-5)
    true = torch.linalg.matrix_norm(weight.reshape(4, 27), 2)
    assert not torch.isclose(sigma.abs(), true, rtol=0.1)
    x = random(1, 3, 5, 6)
    wanted = F.conv2d(x, weight, padding=1) / sigma
    assert torch.allclose(conv(x), wanted, atol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_mask_norm_normalises_each_region_by_itself(share: float) -> None:
    x = random(2, 3, 6, 5).double() * 3 + 1
    mask = (torch.rand(2, 1, 6, 5, generator=torch.Generator().manual_seed(1)) < share).double()
    out = MaskNorm()(x, mask)
    for batch, channel in np.ndindex(2, 3):
        for inside in (mask[batch, 0] == 1, mask[batch, 0] == 0):
            values = x[batch, channel][inside]
            if len(values) == 0:
                continue
            # deviations are measured over the region but averaged over the whole picture, then
            # scaled back by the region's share: together, the region's own deviation
            variance = values.var(unbiased=False)
            spread = (variance * len(values) / 30 + 1e-5).sqrt()
            wanted = (values - values.mean()) / spread * (len(values) / 30) ** 0.5
            assert torch.allclose(out[batch, channel][inside], wanted, atol=1e-6)


def test_mask_norm_takes_fractional_masks() -> None:
    x, mask = random(1, 2, 4, 4).double(), torch.rand(1, 1, 4, 4).double()
    count = mask.sum()
    mean = (x * mask).sum((2, 3), keepdim=True) / count
    filled = x * mask + (1 - mask) * mean
    centred = filled - filled.mean((2, 3), keepdim=True)
    spread = (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
    first = centred / spread * (count / 16).sqrt()
    got = MaskNorm()(x, mask)
    swapped = MaskNorm()(x, 1 - mask)
    assert torch.allclose(got, swapped)
    rest = got - first
    count = (1 - mask).sum()
    mean = (x * (1 - mask)).sum((2, 3), keepdim=True) / count
    filled = x * (1 - mask) + mask * mean
    centred = filled - filled.mean((2, 3), keepdim=True)
    spread = (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
    assert torch.allclose(rest, centred / spread * (count / 16).sqrt())


@pytest.mark.parametrize("form", [batch_norm, instance_norm, mask_norm])
def test_alias_norm_modulates_every_form_of_normalisation(form) -> None:
    norm = AliasNorm(form(4), channels=4, regions=3).eval()
    x, seg, mask = random(2, 4, 6, 5), random(2, 3, 6, 5), torch.rand(2, 1, 6, 5)
    inputs = (x, seg, mask) if form is mask_norm else (x, seg)
    bare = norm.norm(x, mask) if form is mask_norm else norm.norm(x)
    hidden = norm.conv_shared(seg)
    wanted = bare * (1 + norm.conv_gamma(hidden)) + norm.conv_beta(hidden)
    assert torch.allclose(norm(*inputs), wanted)


def test_alias_norm_has_no_keys_for_its_statistics_unless_they_are_stored() -> None:
    published = {
        "noise_scale",
        *(
            f"{conv}.{leaf}"
            for conv in ("conv_shared.0", "conv_gamma", "conv_beta")
            for leaf in ("weight", "bias")
        ),
    }
    assert set(AliasNorm(instance_norm(4), 4, 3).state_dict()) == published
    assert set(AliasNorm(mask_norm(4), 4, 3).state_dict()) == published
    assert "norm.running_mean" in AliasNorm(batch_norm(4), 4, 3).state_dict()


def test_noise_is_one_plane_scaled_per_channel() -> None:
    norm = AliasNorm(nn.Identity(), channels=2, regions=1)
    nn.init.zeros_(norm.conv_gamma.weight)
    nn.init.zeros_(norm.conv_gamma.bias)
    nn.init.zeros_(norm.conv_beta.weight)
    nn.init.zeros_(norm.conv_beta.bias)
    norm.noise_scale.data = torch.tensor([1.0, -2.0])
    out = norm(torch.zeros(1, 2, 3, 5), torch.zeros(1, 1, 3, 5), None, seeded_noise(7))
    drawn = torch.randn(1, 5, 3, 1, generator=torch.Generator().manual_seed(7))
    assert torch.equal(out[0, 0], drawn[0, :, :, 0].T)
    assert torch.equal(out[0, 1], -2 * drawn[0, :, :, 0].T)


def test_synthesis_is_repeatable_and_follows_its_seed() -> None:
    network = AliasGenerator(width=2).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.endswith("noise_scale"):
            parameter.fill_(0.5)
    x = random(1, 9, 256, 128)
    seg = F.one_hot(torch.zeros(1, 256, 128).long(), 7).permute(0, 3, 1, 2).float()
    mask = torch.zeros(1, 1, 256, 128)
    inputs = (x, seg, torch.cat((seg, mask), 1), mask)
    assert torch.equal(network(*inputs), network(*inputs))
    noisy = network(*inputs, noise=seeded_noise(1))
    assert torch.equal(noisy, network(*inputs, noise=seeded_noise(1)))
    assert not torch.equal(noisy, network(*inputs, noise=seeded_noise(2)))


def test_synthesis_names_the_sizes_it_takes() -> None:
    network = AliasGenerator(width=2)
    with pytest.raises(ValueError, match="multiples of 128, got 256x192"):
        network(*(torch.zeros(1, n, 256, 192) for n in (9, 7, 8, 1)))


def test_correlation_counts_person_columns_first() -> None:
    person, garment = random(1, 6, 3, 4), random(1, 6, 3, 4, seed=1)
    out = Correlation()(person, garment)
    assert out.shape == (1, 12, 3, 4)
    x, y, row, column = 2, 1, 0, 3
    wanted = person[0, :, y, x] @ garment[0, :, row, column]
    assert out[0, x * 3 + y, row, column] == pytest.approx(float(wanted), abs=1e-5)


def test_spline_at_rest_shows_the_inner_ninety_percent() -> None:
    grid = ThinPlateSpline((5, 7))(torch.zeros(1, 50))
    assert grid[0, 0, 0].tolist() == pytest.approx([-EXTENT, -EXTENT])
    assert grid[0, 4, 6].tolist() == pytest.approx([EXTENT, EXTENT])
    assert grid[0, 0, 6].tolist() == pytest.approx([EXTENT, -EXTENT])


def test_spline_moves_its_control_points_where_it_is_told() -> None:
    theta = 0.3 * random(2, 50).double().clamp(-1, 1)
    spline = ThinPlateSpline((5, 5)).double()  # one pixel on each control point
    moved = control_points(5) + torch.stack((theta[:, :25], theta[:, 25:]), 2)
    # points count column by column, pixels row by row
    assert torch.allclose(spline(theta).transpose(1, 2).flatten(1, 2), moved, atol=1e-6)


def test_spline_is_the_thin_plate_solution_between_its_points() -> None:
    theta = 0.2 * random(1, 50, seed=3).double()
    points = control_points(5).numpy()
    targets = points + np.stack((theta[0, :25], theta[0, 25:]), 1)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        r2 = ((a[:, None] - b[None]) ** 2).sum(2)
        return np.where(r2 == 0, 0, r2 * np.log(np.where(r2 == 0, 1, r2)))

    ones = np.ones((25, 1))
    plane = np.concatenate((ones, points), 1)
    system = np.block([[kernel(points, points), plane], [plane.T, np.zeros((3, 3))]])
    solution = np.linalg.solve(system, np.concatenate((targets, np.zeros((3, 2)))))
    pixels = rest_grid((9, 6)).reshape(-1, 2).numpy()
    basis = np.concatenate((kernel(pixels, points), np.ones((54, 1)), pixels), 1)
    wanted = (basis @ solution).reshape(9, 6, 2)
    assert np.allclose(ThinPlateSpline((9, 6)).double()(theta)[0].numpy(), wanted, atol=1e-6)


def test_warp_repeats_the_border() -> None:
    picture = torch.arange(4.0).view(1, 1, 2, 2)
    grid = torch.tensor([[[[-2.0, -2.0], [2.0, 2.0]]]])
    assert warp(picture, grid).flatten().tolist() == [0.0, 3.0]


def test_warp_counts_from_the_outer_edges_of_pixels() -> None:
    picture = torch.arange(4.0).view(1, 1, 1, 4)
    grid = torch.tensor([[[[-0.75, 0.0], [0.25, 0.0]]]])
    assert warp(picture, grid).flatten().tolist() == [0.0, 2.0]


@pytest.mark.parametrize("size", [(64, 64), (33, 47), (17, 1)])
def test_nested_u_keeps_any_size(size: tuple[int, int]) -> None:
    unit = ResidualU(3, Widths(2, 4), (1, 1, 1, 1, 2), (1, 1, 1, 1), pooled=True).eval()
    assert unit(random(1, 3, *size)).shape == (1, 4, *size)


def test_bottleneck_gives_its_stride_to_the_middle_convolution() -> None:
    block = Bottleneck(8, 4, stride=2, dilation=1, project=True)
    assert (block.conv1.stride, block.conv2.stride, block.conv3.stride) == ((1, 1), (2, 2), (1, 1))


def test_resizes_choose_the_published_pixels() -> None:
    row = torch.arange(8.0).view(1, 1, 1, 8)
    assert resize_nearest(row, (1, 4)).flatten().tolist() == [0, 2, 4, 6]
    assert resize_nearest(row, (1, 3)).flatten().tolist() == [0, 2, 5]
    assert resize_bilinear(row, (1, 2), align_corners=False).flatten().tolist() == [1.5, 5.5]
    assert resize_bilinear(row, (1, 2), align_corners=True).flatten().tolist() == [0, 7]
