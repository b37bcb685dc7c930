"""A stack small enough to run in tests: the same classes, narrow, with weights made by rule.

What it paints is noise, but in the right place: the parser and the plan are stand-ins that follow
the picture's layout and the skeleton, everything else is the real thing at reduced width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.labels import VitonGroup
from pipeline.networks.alias_generator import AliasGenerator
from pipeline.networks.gmm import Gmm
from pipeline.networks.schp import Schp
from pipeline.networks.seg_generator import SegGenerator
from pipeline.stack import HALF_HW, Stack, StackNetworks
from tests.networks.small import fill

POSE_PLANES = slice(17, 20)  # of the segmentation's input
GROUP_PLANES = slice(4, 17)
BODY_PX = 31  # around the bones of the skeleton, at 256 × 192
KEPT = (VitonGroup.HAIR, VitonGroup.FACE, VitonGroup.BOTTOM)


class LayoutParser(nn.Module):
    """Head, worn garment and the rest, from where they usually are in a crop."""

    recordable = True

    def forward(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[2:]
        y = torch.arange(height, device=pictures.device).view(-1, 1) / height
        x = torch.arange(width, device=pictures.device).view(1, -1) / width
        groups = torch.zeros(height, width, dtype=torch.uint8, device=pictures.device)
        groups = torch.where(((x - 0.5).abs() < 0.3) & (y > 0.27), 3, groups)
        groups = torch.where(((x - 0.5) / 0.12) ** 2 + ((y - 0.17) / 0.11) ** 2 < 1, 2, groups)
        groups = torch.where((y > 0.75) & (groups == 3), 4, groups)
        return groups.to(torch.uint8).expand(len(pictures), -1, -1)


class SkeletonPlan(SegGenerator):
    """Garment around the bones; its own narrow network decides nothing but runs."""

    def forward(self, x: Tensor) -> Tensor:
        chances = 0.1 * super().forward(x)
        bones = x[:, POSE_PLANES].amax(1, keepdim=True) > -0.9
        body = F.max_pool2d(bones.to(x.dtype), BODY_PX, stride=1, padding=BODY_PX // 2)
        kept = x[:, GROUP_PLANES]
        covered = sum(kept[:, group : group + 1] for group in KEPT)
        upper = body * (1 - covered).clamp(min=0)
        planned = torch.cat(
            (
                0.5 * torch.ones_like(upper),
                0.8 * kept[:, 1:3],
                0.9 * upper,
                0.8 * kept[:, 4:],
            ),
            1,
        )
        return torch.maximum(chances, planned)


def small_networks(real_parser: bool = False) -> StackNetworks:
    """Every network, narrow; with ``real_parser`` the published parser's graph instead."""
    parser = fill(Schp(20, width=8, blocks=(1, 1, 2, 1)), "schp") if real_parser else LayoutParser()
    return StackNetworks(
        parser,
        fill(SkeletonPlan(width=4), "viton_seg"),
        fill(Gmm(size_hw=HALF_HW, width=8), "viton_gmm"),
        fill(AliasGenerator(width=4), "viton_alias"),
    )


def small_stack(**options: object) -> Stack:
    """A stack at 512 × 384 that makes a keyframe in well under a second."""
    return Stack(small_networks(), **{"size_hw": HALF_HW, **options})
