"""Which part of a person every pixel shows: what goes into the parser and what comes out.

Source: pre- and post-processing of Self-Correction-Human-Parsing (Li et al. 2020); the groups are
VITON-HD's (Choi et al. 2021).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pil
from torch import Tensor

from pipeline.labels import Atr, Cihp, Lip, Pascal, VitonGroup, VitonRegion
from pipeline.networks.schp import Schp
from pipeline.resample import apply_taps, corner_aligned_taps, linear_taps, sample_linear
from pipeline.structures import Image

ParseMap = NDArray[np.uint8]  # (H, W), a class per pixel

# The parser takes its channels in the order blue, green, red.
MEAN_BGR = (0.406, 0.456, 0.485)
STD_BGR = (0.225, 0.224, 0.229)

PALETTE_BITS = 8
ROWS_AT_ONCE = 256  # of a picture whose classes are compared; bounds the memory of large pictures


@dataclass(frozen=True, slots=True)
class ParseDataset:
    """What a parser was trained on.

    Attributes:
        network: name for ``build_network``.
        labels: its classes.
        crop_px: side of the square it sees.
    """

    network: str
    labels: type[IntEnum]
    crop_px: int


DATASETS: Mapping[str, ParseDataset] = {
    "lip": ParseDataset("schp_lip", Lip, 473),
    "atr": ParseDataset("schp_atr", Atr, 512),
    "pascal": ParseDataset("schp_pascal", Pascal, 512),
    "cihp": ParseDataset("schp_cihp", Cihp, 473),
}


@dataclass(frozen=True, slots=True)
class ParserCrop:
    """A whole picture seen as a square, and the way back.

    The longer side fills the square, the picture is centred in it, the rest is black. Centres of
    corner pixels map onto each other.

    Attributes:
        size_wh: width and height of the picture, px.
        crop_px: side of the square.
    """

    size_wh: tuple[int, int]
    crop_px: int

    @property
    def scale(self) -> float:
        """Square pixels per picture pixel."""
        return (self.crop_px - 1) / max(*(n - 1 for n in self.size_wh), 1)

    @property
    def offset_px(self) -> tuple[float, float]:
        """Where the centre of the picture's first pixel lies in the square, x and y."""
        x, y = (((self.crop_px - 1) - (n - 1) * self.scale) / 2 for n in self.size_wh)
        return x, y

    @property
    def to_crop(self) -> NDArray[np.float64]:
        """(2, 3) affine from picture to square pixels."""
        x, y = self.offset_px
        return np.array([[self.scale, 0, x], [0, self.scale, y]])

    @property
    def to_picture(self) -> NDArray[np.float64]:
        """(2, 3) affine from square to picture pixels."""
        x, y = self.offset_px
        return np.array([[1, 0, -x], [0, 1, -y]]) / self.scale

    def prepare(self, image: Image, device: torch.device | str = "cpu") -> Tensor:
        """Picture (H, W, 3) uint8 RGB → the parser's input (1, 3, S, S) float32, normalised BGR."""
        picture = torch.from_numpy(np.ascontiguousarray(image[..., ::-1]))
        planes = picture.to(device).permute(2, 0, 1).float()
        columns, rows = (self.picture_positions(axis).to(device) for axis in (0, 1))
        crop = sample_linear(sample_linear(planes, rows, -2), columns, -1)
        crop = crop.round()  # the parser was trained on bytes
        mean = torch.tensor(MEAN_BGR, device=device).view(3, 1, 1)
        std = torch.tensor(STD_BGR, device=device).view(3, 1, 1)
        return ((crop / 255 - mean) / std)[None]

    def restore(self, logits: Tensor) -> Tensor:
        """Logits (C, h, w) of the square at any resolution → (C, H, W) of the picture."""
        rows, columns = self.to_picture_taps((logits.shape[1], logits.shape[2]))
        return apply_taps(rows, columns, logits)

    def classes(self, logits: Tensor) -> ParseMap:
        """Logits (C, h, w) of the square → the likeliest class of every pixel, (H, W) uint8."""
        rows, columns = self.to_picture_taps((logits.shape[1], logits.shape[2]))
        blocks = [
            apply_taps(block, columns, logits).argmax(0).to(torch.uint8)
            for block in torch.split(rows, ROWS_AT_ONCE)
        ]
        return np.asarray(torch.cat(blocks).cpu().numpy(), np.uint8)

    def picture_positions(self, axis: int) -> Tensor:
        """Where every column (0) or row (1) of the square lies in the picture, (S,) float32.

        Single precision coefficients, rounded once: one pixel in 40,000 would round to another
        byte otherwise.
        """
        scale, offset = torch.from_numpy(self.to_picture[axis, [axis, 2]]).float().double()
        square = torch.arange(self.crop_px, dtype=torch.float64)
        return torch.add(square * scale, offset).float()

    def to_picture_taps(self, logits_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Rows and columns: first up to the square, then from the square to the picture."""
        taps = []
        for axis, length in ((1, logits_hw[0]), (0, logits_hw[1])):
            picture = torch.arange(self.size_wh[axis], dtype=torch.float64)
            position = picture * self.scale + self.offset_px[axis]
            up = corner_aligned_taps(self.crop_px, length)
            taps.append(linear_taps(position, self.crop_px) @ up)
        return taps[0], taps[1]


class Parser:
    """A parser ready to run.

    Args:
        network: a loaded ``Schp`` in evaluation mode.
        dataset: what it was trained on.
    """

    def __init__(self, network: Schp, dataset: ParseDataset) -> None:
        self.network = network
        self.dataset = dataset

    def parse(self, image: Image) -> ParseMap:
        """Picture (H, W, 3) uint8 RGB → (H, W) uint8 of ``dataset.labels``."""
        crop, logits = self._run(image)
        return crop.classes(logits)

    def logits(self, image: Image) -> NDArray[np.float32]:
        """Picture (H, W, 3) uint8 RGB → (H, W, C) float32."""
        crop, logits = self._run(image)
        return np.asarray(crop.restore(logits).permute(1, 2, 0).cpu().numpy(), np.float32)

    def _run(self, image: Image) -> tuple[ParserCrop, Tensor]:
        crop = ParserCrop((image.shape[1], image.shape[0]), self.dataset.crop_px)
        device = next(self.network.parameters()).device
        with torch.inference_mode():
            return crop, self.network(crop.prepare(image, device)).fusion[0].float()


CIHP_GROUPS: Mapping[Cihp, VitonGroup] = {
    Cihp.BACKGROUND: VitonGroup.BACKGROUND,
    Cihp.HAT: VitonGroup.HAIR,
    Cihp.HAIR: VitonGroup.HAIR,
    Cihp.GLOVE: VitonGroup.NOISE,
    Cihp.SUNGLASSES: VitonGroup.FACE,
    Cihp.UPPER_CLOTHES: VitonGroup.UPPER,
    Cihp.DRESS: VitonGroup.UPPER,
    Cihp.COAT: VitonGroup.UPPER,
    Cihp.SOCKS: VitonGroup.SOCKS,
    Cihp.PANTS: VitonGroup.BOTTOM,
    Cihp.TORSO_SKIN: VitonGroup.BACKGROUND,  # always erased before it gets this far
    Cihp.SCARF: VitonGroup.NOISE,
    Cihp.SKIRT: VitonGroup.BOTTOM,
    Cihp.FACE: VitonGroup.FACE,
    Cihp.LEFT_ARM: VitonGroup.LEFT_ARM,
    Cihp.RIGHT_ARM: VitonGroup.RIGHT_ARM,
    Cihp.LEFT_LEG: VitonGroup.LEFT_LEG,
    Cihp.RIGHT_LEG: VitonGroup.RIGHT_LEG,
    Cihp.LEFT_SHOE: VitonGroup.LEFT_SHOE,
    Cihp.RIGHT_SHOE: VitonGroup.RIGHT_SHOE,
}

GROUP_REGIONS: Mapping[VitonGroup, VitonRegion] = {
    VitonGroup.BACKGROUND: VitonRegion.BACKGROUND,
    VitonGroup.HAIR: VitonRegion.HAIR,
    VitonGroup.FACE: VitonRegion.PASTE,
    VitonGroup.UPPER: VitonRegion.UPPER,
    VitonGroup.BOTTOM: VitonRegion.PASTE,
    VitonGroup.LEFT_ARM: VitonRegion.LEFT_ARM,
    VitonGroup.RIGHT_ARM: VitonRegion.RIGHT_ARM,
    VitonGroup.LEFT_LEG: VitonRegion.PASTE,
    VitonGroup.RIGHT_LEG: VitonRegion.PASTE,
    VitonGroup.LEFT_SHOE: VitonRegion.PASTE,
    VitonGroup.RIGHT_SHOE: VitonRegion.PASTE,
    VitonGroup.SOCKS: VitonRegion.PASTE,
    VitonGroup.NOISE: VitonRegion.NOISE,
}

Old = TypeVar("Old", bound=IntEnum)
New = TypeVar("New", bound=IntEnum)


def _table(mapping: Mapping[Old, New]) -> NDArray[np.uint8]:
    return np.array([mapping[label] for label in sorted(mapping)], np.uint8)


GROUP_OF_PART = _table(CIHP_GROUPS)
REGION_OF_GROUP = _table(GROUP_REGIONS)


def parts_to_groups(parse: ParseMap) -> ParseMap:
    """``Cihp`` parts (H, W) → ``VitonGroup`` (H, W)."""
    return np.asarray(GROUP_OF_PART[parse], np.uint8)


def groups_to_regions(groups: Tensor) -> Tensor:
    """``VitonGroup`` (..., H, W), any integer type → ``VitonRegion``, uint8 on the same device."""
    return torch.from_numpy(REGION_OF_GROUP).to(groups.device)[groups.long()]


def is_any(parse: ParseMap, labels: Iterable[IntEnum]) -> NDArray[np.bool_]:
    """(H, W) bool: where the part is one of ``labels``."""
    return np.isin(parse, [int(label) for label in labels])


def palette(count: int) -> NDArray[np.uint8]:
    """The Pascal VOC colours of the first ``count`` labels, (count, 3) uint8 RGB.

    The bits of a label go to red, green and blue in turn, into ever lower bits.
    """
    labels = np.arange(count)
    colours = np.zeros((count, 3), np.uint8)
    for bit in range(PALETTE_BITS):
        for channel in range(3):
            value = (labels >> (3 * bit + channel)) & 1
            colours[:, channel] |= (value << (PALETTE_BITS - 1 - bit)).astype(np.uint8)
    return colours


def encode_parse_png(parse: ParseMap) -> bytes:
    """Encode a parse map as a palette PNG whose pixel values are the labels."""
    picture = Pil.fromarray(parse)  # putpalette turns its mode from L into P
    picture.putpalette(palette(256).tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
