"""Whatever tells a person's parts, as the stack asks for it: 13 groups of a 3:4 picture.

The published parser is one answer; a parser of another make takes its place by offering the same
call.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from pipeline.networks.schp import Schp
from pipeline.parsing import GROUP_OF_PART, MEAN_BGR, STD_BGR, ParserCrop
from pipeline.resample import apply_taps, sample_linear


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
