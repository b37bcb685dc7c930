"""Whatever tells a person's parts, as the stack asks for it: 13 groups of a 3:4 picture.

The published parser is one answer; Wearcast's own is another, for those who have the try-on weights
alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.labels import Landmark, OwnPart, VitonGroup
from pipeline.networks.schp import Schp
from pipeline.parsing import GROUP_OF_PART, MEAN_BGR, STD_BGR, ParserCrop
from pipeline.resample import apply_taps, sample_linear
from pipeline.structures import Frame, Image, Pose

if TYPE_CHECKING:
    from pipeline.own_parser import OwnParser
    from pipeline.pose import PoseEstimator

OWN_GROUPS = {
    OwnPart.BACKGROUND: VitonGroup.BACKGROUND,
    OwnPart.HAIR: VitonGroup.HAIR,
    OwnPart.FACE: VitonGroup.FACE,
    OwnPart.NECK: VitonGroup.BACKGROUND,
    OwnPart.UPPER: VitonGroup.UPPER,
    OwnPart.LOWER: VitonGroup.BOTTOM,
    OwnPart.ACCESSORY: VitonGroup.NOISE,
}
"""What has no side. As with the published parts, bare skin of the torso is background."""
SIDED_GROUPS = (
    (
        (OwnPart.ARMS, OwnPart.HANDS),
        (VitonGroup.LEFT_ARM, VitonGroup.RIGHT_ARM),
        ("SHOULDER", "ELBOW", "WRIST", "INDEX"),
    ),
    ((OwnPart.LEGS,), (VitonGroup.LEFT_LEG, VitonGroup.RIGHT_LEG), ("HIP", "KNEE", "ANKLE")),
    (
        (OwnPart.FEET,),
        (VitonGroup.LEFT_SHOE, VitonGroup.RIGHT_SHOE),
        ("ANKLE", "HEEL", "FOOT_INDEX"),
    ),
)
"""Parts with a side: their groups, left and right, and the landmarks their limb connects."""


class GroupParser(Protocol):
    """Tells the parts of people in pictures of one fixed size.

    On CUDA the call is recorded once and replayed: it must do the same work for every picture of a
    size, and never wait for the device. A parser that cannot sets ``recordable`` to False.
    """

    recordable: bool

    def __call__(self, pictures: Tensor, /) -> Tensor:
        """(B, 3, H, W) float32 RGB, whole values 0..255 → (B, H, W) uint8 ``VitonGroup``."""
        ...


class SchpGroups(nn.Module):
    """``parsing.Parser`` for batches of one size: the same numbers, without leaving the device.

    Args:
        network: a CIHP parser, ready to run in any precision.
        crop_px: side of the square it sees.
        size_hw: height and width of the pictures, px.
    """

    recordable = True
    mean: Tensor
    std: Tensor
    rows_in: Tensor
    rows_out: Tensor
    columns_in: Tensor
    columns_out: Tensor
    groups: Tensor

    def __init__(self, network: Schp, crop_px: int, size_hw: tuple[int, int]) -> None:
        super().__init__()
        self.network = network
        self.dtype = next(network.parameters()).dtype
        crop = ParserCrop((size_hw[1], size_hw[0]), crop_px)
        logits_px = -(-crop_px // 4)
        rows, columns = crop.to_picture_taps((logits_px, logits_px))
        named = {
            "mean": torch.tensor(MEAN_BGR).view(3, 1, 1),
            "std": torch.tensor(STD_BGR).view(3, 1, 1),
            "columns_in": crop.picture_positions(0),
            "rows_in": crop.picture_positions(1),
            "rows_out": rows.float(),
            "columns_out": columns.float(),
            "groups": torch.from_numpy(GROUP_OF_PART),
        }
        for name, value in named.items():
            self.register_buffer(name, value, persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """See ``GroupParser``."""
        crop = sample_linear(pictures.flip(1), self.rows_in, -2)
        crop = sample_linear(crop, self.columns_in, -1)
        normal = ((crop.round() / 255 - self.mean) / self.std).to(self.dtype)
        logits = self.network(normal).fusion
        # one picture after the other: their class maps would be the largest tensors of all
        parts = [
            apply_taps(self.rows_out, self.columns_out, single.float()).argmax(0)
            for single in logits
        ]
        return self.groups[torch.stack(parts)]


class OwnGroups:
    """Wearcast's own parser in the published one's place: slower, coarser, and free for any use.

    Its pictures leave the device and are parsed one by one, so it cannot be recorded. Where nobody
    is found all is background.

    Args:
        parser: ready to run.
        estimator: finds the person of each picture, which the parser needs.
    """

    recordable = False

    def __init__(self, parser: OwnParser, estimator: PoseEstimator) -> None:
        self._parser, self._estimator = parser, estimator

    def __call__(self, pictures: Tensor, /) -> Tensor:
        """See ``GroupParser``."""
        images = pictures.permute(0, 2, 3, 1).round().to(torch.uint8).cpu().numpy()
        groups = np.stack([self._single(np.ascontiguousarray(image)) for image in images])
        return torch.from_numpy(groups).to(pictures.device)

    def _single(self, image: Image) -> NDArray[np.uint8]:
        pose = self._estimator.estimate(Frame(image))
        # a keyframe does not wait for closer looks: they take a quarter of a second
        parts = self._parser.parse(image, pose, closely=False)
        return np.zeros_like(parts) if pose is None else own_groups(parts, pose)


def own_groups(parts: NDArray[np.uint8], pose: Pose) -> NDArray[np.uint8]:
    """``OwnPart`` (H, W) → ``VitonGroup`` (H, W); a limb takes the side it is nearest to."""
    table = np.zeros(len(OwnPart), np.uint8)
    for part, group in OWN_GROUPS.items():
        table[part] = group
    groups = table[parts]
    for sided, (left, right), joints in SIDED_GROUPS:
        mine = np.isin(parts, sided)
        if mine.any():
            nearer = _distance(pose, "LEFT", joints) <= _distance(pose, "RIGHT", joints)
            groups[mine] = np.where(nearer, left, right)[mine]
    return np.asarray(groups, np.uint8)


def _distance(pose: Pose, side: str, joints: tuple[str, ...]) -> NDArray[np.float32]:
    """(H, W) px from a line through a limb's landmarks, some of which may lie outside."""
    width, height = pose.size_wh
    free = np.full((height, width), 255, np.uint8)
    line = np.rint(pose.landmarks_px[[Landmark[f"{side}_{joint}"] for joint in joints]])
    cv2.polylines(free, [line.astype(np.int32)], isClosed=False, color=(0,))
    if free.all():
        return np.full((height, width), np.inf, np.float32)
    return np.asarray(cv2.distanceTransform(free, cv2.DIST_L2, 5), np.float32)
