"""A thin-plate spline over a square of control points, as one constant matrix.

Convention: coordinates are (x, y) in -1..1 with align_corners=False, and a grid samples
output → input, ready for ``torch.nn.functional.grid_sample``.

Source: Bookstein 1989, "Principal warps: thin-plate splines and the decomposition of
deformations"; control points and extent as in VITON-HD (2021).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EXTENT = 0.9
"""Control points and output pixels both span -0.9..0.9, end points included. So a spline at rest
samples the inner 90 % of its input: this is what the published weights were trained with."""

PIXELS_AT_ONCE = 1 << 14  # the kernel of a whole picture would take hundreds of megabytes


def _span(count: int) -> Tensor:
    return torch.linspace(-EXTENT, EXTENT, count, dtype=torch.float64, device="cpu")


def control_points(grid_size: int) -> Tensor:
    """(grid_size², 2) float64 control points (x, y).

    x is the *slow* index and y the fast one, the other way round than the rows of a picture; the
    published regressor gives its displacements in this order.
    """
    axis = _span(grid_size)
    x, y = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()), 1)


def rest_grid(size_hw: tuple[int, int]) -> Tensor:
    """(H, W, 2) float64: the grid of a spline whose control points have not moved."""
    height, width = size_hw
    return torch.stack(torch.meshgrid(_span(width), _span(height), indexing="xy"), 2)


def _affine(points: Tensor) -> Tensor:
    """(n, 2) → (n, 3): 1, x, y."""
    return torch.cat((torch.ones_like(points[:, :1]), points), 1)


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """U(r²) = r² ln r² between points (n, 2) and (m, 2): (n, m), 0 where they coincide."""
    squared = (a[:, None] - b[None]).square().sum(2)
    return torch.xlogy(squared, squared)


def influence(size_hw: tuple[int, int], grid_size: int) -> Tensor:
    """How far every pixel follows every control point: (H·W, grid_size²) float64.

    A spline is linear in where its control points go, and at rest it is the rest grid exactly, so
    ``rest_grid + influence @ displacements`` is the whole spline.
    """
    points = control_points(grid_size)
    count = len(points)
    system = points.new_zeros(count + 3, count + 3)
    system[:count, :count] = _kernel(points, points)
    system[:count, count:] = _affine(points)
    system[count:, :count] = _affine(points).T
    solution = torch.linalg.inv(system)[:, :count]
    blocks = [
        torch.cat((_kernel(block, points), _affine(block)), 1) @ solution
        for block in torch.split(rest_grid(size_hw).reshape(-1, 2), PIXELS_AT_ONCE)
    ]
    return torch.cat(blocks)


class ThinPlateSpline(nn.Module):
    """Turns displacements of the control points into a sampling grid.

    Args:
        size_hw: height and width of the grid, px.
        grid_size: control points along each axis.

    Shapes: theta (B, 2 · grid_size²), first all x then all y displacements → (B, H, W, 2).
    It owns no state-dict keys.
    """

    influence: Tensor
    rest: Tensor

    def __init__(self, size_hw: tuple[int, int], grid_size: int = 5) -> None:
        super().__init__()
        self.size_hw = size_hw
        self.register_buffer("influence", influence(size_hw, grid_size).float(), persistent=False)
        self.register_buffer("rest", rest_grid(size_hw).float(), persistent=False)

    def forward(self, theta: Tensor) -> Tensor:
        """See the class."""
        x, y = theta.chunk(2, dim=1)
        moved = torch.stack((x @ self.influence.T, y @ self.influence.T), 2)
        return self.rest + moved.reshape(len(theta), *self.size_hw, 2)
