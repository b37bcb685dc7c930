"""From a person's picture to the dressed one: the data path between the networks, in batches.

The same numbers as ``pipeline.viton`` gives for one picture, in a form that a GPU can record and
replay: fixed shapes, constants that are already on the device, and nothing that waits for it.

Tensors travel by name:
    picture     (B, 3, H, W) uint8 RGB          skeleton  (B, H, W, 3) uint8 RGB
    paint       (B, H, W) uint8 ``Paint``       noise     (B, 1, 256, 192) uint8, 0 or 1
    garment     (B, 4, H, W) uint8 RGB, mask    small, features: see ``GarmentSide``
    groups      (B, H, W) uint8 ``VitonGroup``: what the camera shows
    agnostic    (B, 3, H, W) uint8 RGB          regions   (B, H, W) uint8 ``VitonGroup``: the plan
    warped      (B, 4, H, W) float32: garment in -1..1, its mask in 0..1
    output      (B, 3, H, W) float32, -1..1     whole     () bool: it is exact
    image, alpha, sound: the result
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.agnostic import GRAY
from pipeline.labels import VitonGroup, VitonRegion
from pipeline.networks.alias_fast import FastAliasGenerator
from pipeline.networks.gmm import Gmm, warp
from pipeline.networks.layers import resize_bilinear
from pipeline.networks.tps import ThinPlateSpline
from pipeline.parsing import REGION_OF_GROUP
from pipeline.resample import apply_taps, half_pixel_taps
from pipeline.stack.drawings import Paint
from pipeline.stack.garment_side import unit_planes
from pipeline.stack.parsers import GroupParser
from pipeline.viton import BLUR_PX, BLUR_SIGMA, NETWORK_HW, SIZE_HW

Tensors = dict[str, Tensor]
Stage = Callable[[Tensors], Tensors]

KEPT = (  # of the agnostic picture, whatever is painted over them
    VitonGroup.FACE,
    VitonGroup.BOTTOM,
    VitonGroup.LEFT_LEG,
    VitonGroup.RIGHT_LEG,
    VitonGroup.LEFT_SHOE,
    VitonGroup.RIGHT_SHOE,
)
HEAD = (VitonGroup.FACE, VitonGroup.HAIR)
BARE = (VitonGroup.BACKGROUND, VitonGroup.FACE)  # what the plan calls the skin of a neck
SOFT_EDGE = 5 / 1024  # of the height: how wide the edge of what is shown is


class Flow(nn.Module):
    """The data path.

    Args:
        parser: tells the parts of the person.
        segment: ``viton_seg``. match: ``viton_gmm``, always in single precision: it is a two
            hundredth of the work, and an error in its 50 numbers moves every print.
        synthesize: ``viton_alias`` or a faster form with the same call.
        size_hw: height and width of the pictures, px; multiples of 128, 3:4.
        dtype: of the segmentation's inputs, and of the published synthesis'; the faster form rounds
            its inputs itself, where it does not need them in full.
        layout: of those inputs in memory.
        fixed_room: do the same work for every picture, see ``alias_fast``; where a picture does
            not fit, ``whole`` is False, and ``repaired`` makes it anew.
    """

    plan_rows: Tensor
    plan_columns: Tensor
    region_of_group: Tensor
    kept: Tensor

    def __init__(
        self,
        parser: GroupParser,
        segment: nn.Module,
        match: Gmm,
        synthesize: nn.Module,
        size_hw: tuple[int, int],
        dtype: torch.dtype = torch.float32,
        layout: torch.memory_format = torch.contiguous_format,
        fixed_room: bool = False,
    ) -> None:
        super().__init__()
        self.parser = parser
        self.segment, self.match, self.synthesize = segment, match, synthesize
        self.size_hw, self.dtype, self.layout = size_hw, dtype, layout
        self.fixed_room = fixed_room
        same = match.spline.size_hw == size_hw
        self.spline = match.spline if same else ThinPlateSpline(size_hw, match.grid_size)
        named = {
            "plan_rows": plan_taps(size_hw[0], NETWORK_HW[0], size_hw[0] / SIZE_HW[0]),
            "plan_columns": plan_taps(size_hw[1], NETWORK_HW[1], size_hw[1] / SIZE_HW[1]),
            "region_of_group": torch.from_numpy(REGION_OF_GROUP),
            "kept": torch.tensor([group in KEPT for group in VitonGroup]),
        }
        for name, value in named.items():
            self.register_buffer(name, value, persistent=False)

    @property
    def stages(self) -> Sequence[tuple[str, Stage]]:
        """The steps in their order; each adds what it makes to what it is given."""
        return (
            ("parse", self.parse_person),
            ("segment", self.plan_regions),
            ("warp", self.bend_garment),
            ("synthesize", self.dress_person),
            ("finish", self.choose_pixels),
        )

    def parse_person(self, given: Tensors) -> Tensors:
        """Picture → groups."""
        return {"groups": self.parser(given["picture"].float())}

    def plan_regions(self, given: Tensors) -> Tensors:
        """Take the worn garment away, and plan what every pixel will be in the new one."""
        groups, paint = given["groups"], given["paint"]
        painted = _has(paint, Paint.BODY) & ~self.kept[groups.long()]
        agnostic = torch.where(painted[:, None], GRAY[0], given["picture"]).to(torch.uint8)
        left, right = (_has(paint, bit) for bit in (Paint.LEFT_ARM, Paint.RIGHT_ARM))
        erased = groups == VitonGroup.UPPER
        erased |= (groups == VitonGroup.LEFT_ARM) & left
        erased |= (groups == VitonGroup.RIGHT_ARM) & right
        rest = torch.where(erased, int(VitonGroup.BACKGROUND), groups)
        planes = (one_hot(rest, len(VitonGroup), self.dtype), self._unit(given["skeleton"]))
        small = [resize_bilinear(p, NETWORK_HW, align_corners=False) for p in planes]
        inputs = torch.cat(
            (given["small"].to(self.dtype), *small, given["noise"].to(self.dtype)), 1
        )
        chances = self.segment(inputs.contiguous(memory_format=self.layout)).float()
        enlarged = apply_taps(self.plan_rows, self.plan_columns, chances.contiguous())
        return {"agnostic": agnostic, "regions": enlarged.argmax(1).to(torch.uint8)}

    def bend_garment(self, given: Tensors) -> Tensors:
        """Find how the garment bends onto the person, and bend it."""
        step_y, step_x = (n // m for n, m in zip(self.size_hw, NETWORK_HW, strict=True))
        upper = (given["regions"][:, None, ::step_y, ::step_x] == VitonGroup.UPPER).float()
        pose = unit(given["skeleton"].permute(0, 3, 1, 2)[:, :, ::step_y, ::step_x])
        agnostic = unit(given["agnostic"][:, :, ::step_y, ::step_x])
        theta = self.match.match(torch.cat((upper, pose, agnostic), 1), given["features"])
        garment = torch.cat(unit_planes(given["garment"]), 1)
        return {"theta": theta, "warped": warp(garment, self.spline(theta))}

    def dress_person(self, given: Tensors) -> Tensors:
        """Synthesise the dressed person."""
        inputs = self._synthesis_inputs(given)
        if self.fixed_room and isinstance(self.synthesize, FastAliasGenerator):
            output, whole = self.synthesize.within_room(*inputs)
            return {"output": output, "whole": whole}
        whole = torch.ones((), dtype=torch.bool, device=inputs[0].device)
        return {"output": self.synthesize(*inputs), "whole": whole}

    def repaired(self, made: Tensors) -> Tensors:
        """The result of a run whose synthesis was not whole, made by the exact way."""
        made = made | {"output": self.synthesize(*self._synthesis_inputs(made))}
        return made | self.choose_pixels(made) | {"whole": torch.ones_like(made["whole"])}

    def _synthesis_inputs(self, given: Tensors) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """All in single precision for the faster form."""
        colour, covered = given["warped"][:, :3], given["warped"][:, 3:]
        labels = self.region_of_group[given["regions"].long()]
        seg = one_hot(labels, len(VitonRegion), torch.float32)
        upper = seg[:, VitonRegion.UPPER : VitonRegion.UPPER + 1]
        misaligned = (upper - covered).clamp(min=0)
        before, after = seg[:, : VitonRegion.UPPER], seg[:, VitonRegion.UPPER + 1 :]
        divided = torch.cat((before, upper - misaligned, after, misaligned), 1)
        skeleton = unit(given["skeleton"].permute(0, 3, 1, 2))
        x = torch.cat((unit(given["agnostic"]), skeleton, colour), 1)
        fast = isinstance(self.synthesize, FastAliasGenerator)
        kind = torch.float32 if fast else self.dtype
        x, seg, divided, misaligned = (
            planes.to(kind, memory_format=self.layout) for planes in (x, seg, divided, misaligned)
        )
        return x, seg, divided, misaligned

    def choose_pixels(self, given: Tensors) -> Tensors:
        """The picture as bytes, what of it is shown, and whether its numbers are sound."""
        output = given["output"].float()
        sound = output.isfinite().flatten(1).all(1)
        image = ((output + 1) / 2 * 255).nan_to_num(0).clamp(0, 255).to(torch.uint8)
        return {
            "image": image.permute(0, 2, 3, 1).contiguous(),
            "alpha": self._shown(given["groups"], given["regions"], given["paint"]),
            "sound": sound,
        }

    def _shown(self, groups: Tensor, regions: Tensor, paint: Tensor) -> Tensor:
        """(B, H, W) uint8 alpha of what only the networks can show."""
        shown = regions == VitonGroup.UPPER
        arms, hands = _is_any(groups, ARMS), torch.zeros_like(shown)
        for arm, bit in zip(ARMS, (Paint.LEFT_ARM, Paint.RIGHT_ARM), strict=True):
            shown |= (regions == arm) & ~arms
            hands |= (groups == arm) & ~_has(paint, bit)
        neck = _has(paint, Paint.NECK) & (groups == VitonGroup.UPPER)
        shown |= neck & _is_any(regions, BARE)
        camera = _is_any(groups, HEAD) | hands
        reach = max(1, round(SOFT_EDGE * self.size_hw[0]) // 2)
        soft = F.avg_pool2d(
            (shown & ~camera)[:, None].to(self.dtype),
            2 * reach + 1,
            stride=1,
            padding=reach,
            count_include_pad=False,
        )[:, 0]
        return (soft.float() * 255 * ~camera).round().to(torch.uint8)

    def _unit(self, skeleton: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 → (B, 3, H, W) in -1..1."""
        return unit(skeleton.permute(0, 3, 1, 2)).to(self.dtype)


ARMS = (VitonGroup.LEFT_ARM, VitonGroup.RIGHT_ARM)


def unit(picture: Tensor) -> Tensor:
    """uint8 → float32 in -1..1."""
    return picture.float() / 127.5 - 1.0


def one_hot(labels: Tensor, classes: int, dtype: torch.dtype) -> Tensor:
    """(B, H, W) integers → (B, classes, H, W)."""
    each = torch.arange(classes, dtype=labels.dtype, device=labels.device)
    return (labels[:, None] == each.view(1, -1, 1, 1)).to(dtype)


def _has(paint: Tensor, bit: Paint) -> Tensor:
    return (paint & int(bit)) != 0


def _is_any(labels: Tensor, groups: Sequence[VitonGroup]) -> Tensor:
    found = labels == groups[0]
    for group in groups[1:]:
        found = found | (labels == group)
    return found


def plan_taps(size: int, length: int, scale: float) -> Tensor:
    """Enlarge a line of the plan and blur it; beyond its ends is 0: (size, length) float32.

    Both steps of ``viton.enlarge_probabilities`` along one axis are one matrix.

    Args:
        size: of the picture along the axis. length: of the plan.
        scale: of the picture to the size that the blur is stated for.
    """
    reach = max(1, round(BLUR_PX // 2 * scale))
    distance = torch.arange(size, dtype=torch.float64)
    distance = distance[:, None] - distance
    weights = torch.exp(-distance.square() / (2 * (BLUR_SIGMA * scale) ** 2))
    weights *= distance.abs() <= reach
    whole = torch.exp(
        -torch.arange(-reach, reach + 1, dtype=torch.float64).square()
        / (2 * (BLUR_SIGMA * scale) ** 2)
    ).sum()
    return (weights / whole @ half_pixel_taps(size, length)).float()
