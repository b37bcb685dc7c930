"""VITON-HD's geometric matching: how a flat garment bends onto a person.

Source: Choi et al. 2021 (VITON-HD), after Wang et al. 2018 (CP-VTON) and Rocco et al. 2017
("Convolutional neural network architecture for geometric matching"). Module names are those of
the published checkpoint.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.networks.tps import ThinPlateSpline

FEATURE_STRIDE = 16  # four halvings in each extractor
REGRESSION_STRIDE = 4  # two more in the regressor
REGRESSION_WIDTHS = (512, 256, 128, 64)
EPSILON = 1e-12  # smallest length of a feature vector


class Warp(NamedTuple):
    """How the garment bends.

    Attributes:
        theta: (B, 2 · grid_size²) displacements of the control points, in -1..1 grid units.
        grid: (B, H, W, 2) for ``grid_sample`` (bilinear, border padding, align_corners=False).
    """

    theta: Tensor
    grid: Tensor


class FeatureExtraction(nn.Module):
    """Features at a sixteenth of the size: convolution, ReLU and only then normalisation."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = in_channels
        for out in (width, 2 * width, 4 * width, 8 * width):
            conv = nn.Conv2d(channels, out, 4, stride=2, padding=1)
            layers += [conv, nn.ReLU(), nn.BatchNorm2d(out)]
            channels = out
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
        layers += [nn.BatchNorm2d(channels)]
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) → (B, 8 · width, H / 16, W / 16)."""
        y: Tensor = self.model(x)
        return y


class Correlation(nn.Module):
    """Scalar products of every person feature with every garment feature."""

    def forward(self, person: Tensor, garment: Tensor) -> Tensor:
        """Two (B, C, h, w) → (B, w · h, h, w).

        The channel counts the person's positions column by column (x · h + y), the pixel is the
        garment's position: the regressor was trained on this order.
        """
        columns = person.transpose(2, 3).flatten(2)
        product = columns.transpose(1, 2) @ garment.flatten(2)
        return product.reshape(*product.shape[:2], *garment.shape[2:])


class FeatureRegression(nn.Module):
    """From correlations to control-point displacements."""

    def __init__(self, in_channels: int, feature_hw: tuple[int, int], outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = in_channels
        for index, out in enumerate(REGRESSION_WIDTHS):
            kernel, stride = (4, 2) if index < 2 else (3, 1)
            conv = nn.Conv2d(channels, out, kernel, stride=stride, padding=1)
            layers += [conv, nn.BatchNorm2d(out), nn.ReLU()]
            channels = out
        self.conv = nn.Sequential(*layers)
        height, width = (n // REGRESSION_STRIDE for n in feature_hw)
        self.linear = nn.Linear(channels * height * width, outputs)

    def forward(self, correlation: Tensor) -> Tensor:
        """(B, h · w, h, w) → (B, outputs) in -1..1."""
        return torch.tanh(self.linear(self.conv(correlation).flatten(1)))


class Gmm(nn.Module):
    """The matching network.

    Args:
        person_channels: of the person side: predicted garment region 1, pose picture 3,
            agnostic picture 3.
        garment_channels: of the garment picture.
        size_hw: height and width of the grid it makes unless a call says otherwise, px.
        input_hw: height and width of its inputs; the regressor's shape depends on it.
        grid_size: control points of the spline along each axis.
        width: channels of the first layer (64 as published).

    Shapes: person (B, 7, 256, 192), garment (B, 3, 256, 192) → ``Warp``.
    """

    def __init__(
        self,
        person_channels: int = 7,
        garment_channels: int = 3,
        size_hw: tuple[int, int] = (1024, 768),
        input_hw: tuple[int, int] = (256, 192),
        grid_size: int = 5,
        width: int = 64,
    ) -> None:
        super().__init__()
        feature_hw = (input_hw[0] // FEATURE_STRIDE, input_hw[1] // FEATURE_STRIDE)
        self.grid_size = grid_size
        self.extractionA = FeatureExtraction(person_channels, width)
        self.extractionB = FeatureExtraction(garment_channels, width)
        self.correlation = Correlation()
        self.regression = FeatureRegression(
            feature_hw[0] * feature_hw[1], feature_hw, 2 * grid_size**2
        )
        self.spline = ThinPlateSpline(size_hw, grid_size)

    def garment_features(self, garment: Tensor) -> Tensor:
        """The half that depends on the garment only: (B, 3, H, W) → (B, 512, H / 16, W / 16)."""
        return F.normalize(self.extractionB(garment), dim=1, eps=EPSILON)

    def match(self, person: Tensor, garment_features: Tensor) -> Tensor:
        """Person input and ``garment_features`` → theta (B, 2 · grid_size²)."""
        features = F.normalize(self.extractionA(person), dim=1, eps=EPSILON)
        theta: Tensor = self.regression(self.correlation(features, garment_features))
        return theta

    def forward(
        self, person: Tensor, garment: Tensor, size_hw: tuple[int, int] | None = None
    ) -> Warp:
        """See the class; ``size_hw`` asks for a grid of another size."""
        theta = self.match(person, self.garment_features(garment))
        spline = self.spline
        if size_hw is not None and size_hw != spline.size_hw:
            spline = ThinPlateSpline(size_hw, self.grid_size).to(theta.device, theta.dtype)
        return Warp(theta, spline(theta))


def warp(picture: Tensor, grid: Tensor) -> Tensor:
    """Sample a picture (B, C, h, w) at ``grid`` (B, H, W, 2): (B, C, H, W)."""
    return F.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=False)
