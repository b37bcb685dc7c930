"""The networks of a stack: from their files, for one device and one precision."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from pipeline.checkpoints.bringing_in import locate
from pipeline.checkpoints.manifest import FOLDER, MANIFEST, Manifest, find, load_manifest
from pipeline.checkpoints.neural_look import PARSER, TRY_ON, missing_weights, what_to_do
from pipeline.errors import InputError, WeightsError
from pipeline.networks import build_network
from pipeline.networks.alias_fast import FastAliasGenerator
from pipeline.networks.alias_generator import AliasGenerator
from pipeline.networks.folding import fold
from pipeline.networks.gmm import Gmm
from pipeline.networks.schp import Schp
from pipeline.networks.seg_generator import SegGenerator
from pipeline.networks.statistics import with_steady_norms
from pipeline.networks.u2net import U2Net
from pipeline.parsing import DATASETS
from pipeline.stack.flow import Flow
from pipeline.stack.parsers import GroupParser, OwnGroups, SchpGroups
from pipeline.weights import load_state_dict

log = logging.getLogger(__name__)

MASKERS = ("u2net", "u2netp")  # the first that is here; without one the cut-out's own mask is used
PARSER_DATASET = "cihp"


class Precision(StrEnum):
    """Numbers that the large networks compute with."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"

    @property
    def dtype(self) -> torch.dtype:
        """As torch calls it."""
        return _DTYPES[self]


_DTYPES = {
    Precision.FP32: torch.float32,
    Precision.BF16: torch.bfloat16,
    Precision.FP16: torch.float16,
}


@dataclass(frozen=True, slots=True, eq=False)
class StackNetworks:
    """The networks, loaded, in single precision on the processor.

    Attributes:
        parser: a CIHP parser, or any other ``GroupParser``.
        segment, match, synthesize: VITON-HD's.
        masker: finds garments in their pictures, or None.
    """

    parser: Schp | GroupParser
    segment: SegGenerator
    match: Gmm
    synthesize: AliasGenerator
    masker: U2Net | None = None


def load_networks(
    folder: Path = FOLDER, manifest: Path = MANIFEST, commercial: bool = False
) -> StackNetworks:
    """Load everything from the weights folder; without the published parser, with our own.

    Raises:
        WeightsError: something is missing, damaged or not allowed; the message says what to do.
    """
    missing = missing_weights(folder, manifest)
    if missing:
        raise WeightsError(what_to_do(missing, folder))
    known = load_manifest(manifest)

    def load(name: str) -> nn.Module:
        path = locate(name, known, folder, commercial=commercial)
        return load_state_dict(path, build_network(name))

    parser: Schp | GroupParser
    if PARSER in missing_weights(folder, manifest, own_parser_too=False):
        parser = _own_parser()
    else:
        published = load(PARSER)
        assert isinstance(published, Schp)
        parser = published
    segment, match, synthesize = (load(name) for name in TRY_ON)
    assert isinstance(segment, SegGenerator) and isinstance(match, Gmm)
    assert isinstance(synthesize, AliasGenerator)
    return StackNetworks(parser, segment, match, synthesize, _load_masker(folder, known, load))


def _own_parser() -> OwnGroups:
    from pipeline.own_parser import OwnParser  # only here: the published one needs neither
    from pipeline.pose import PoseEstimator

    log.info("no weights of %s here: people are parsed by our own parser", PARSER)
    return OwnGroups(OwnParser(), PoseEstimator())


def _load_masker(folder: Path, known: Manifest, load: Callable[[str], nn.Module]) -> U2Net | None:
    for name in MASKERS:
        if find(name, known).path(folder).is_file():
            network = load(name)
            assert isinstance(network, U2Net)
            return network
    return None


def choose_device(name: str) -> torch.device:
    """``cpu`` or ``cuda`` → the device.

    Raises:
        InputError: another word, or there is no GPU here.
    """
    if name not in ("cpu", "cuda"):
        raise InputError(f"The neural look runs on cpu or cuda, not on {name!r}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "--stack cuda needs an NVIDIA GPU with its driver, and none was found here."
            " Use --stack cpu, or --stack off for the photo look."
        )
    return torch.device(name)


def check_precision(precision: Precision, device: torch.device) -> None:
    """Refuse what would take minutes.

    Raises:
        InputError: fp16 on a processor, which computes it one number at a time.
    """
    if precision is Precision.FP16 and device.type == "cpu":
        raise InputError("fp16 needs a GPU; on a processor use fp32 or bf16.")


def build_flow(
    networks: StackNetworks,
    size_hw: tuple[int, int],
    device: torch.device,
    precision: Precision,
    fast: bool = True,
) -> Flow:
    """The data path with networks made ready for a device.

    Args:
        networks: in single precision; they stay as they are.
        size_hw: of the pictures, px.
        device: where to run.
        precision: of parser, segmentation and synthesis; the matching stays fp32.
        fast: folded, shortened networks; otherwise the published graphs as they are, to compare.
    """
    dtype = precision.dtype
    layout = torch.channels_last if fast else torch.contiguous_format
    segment, own = networks.segment, copy.deepcopy(networks.synthesize)
    parts = (
        with_steady_norms(fold(segment)) if fast else copy.deepcopy(segment),
        _folded(networks.match, fast),
        FastAliasGenerator(own).in_precision(dtype) if fast else own.to(dtype),
    )
    kinds = (dtype, torch.float32, None)  # the last has its own mixture
    for part, kind in zip(parts, kinds, strict=True):
        part.to(device=device, dtype=kind).to(memory_format=layout)
    parser: Schp | GroupParser = networks.parser
    if isinstance(parser, Schp):
        network = _folded(parser, fast).to(device, dtype).to(memory_format=layout)
        parser = SchpGroups(network, DATASETS[PARSER_DATASET].crop_px, size_hw)
    elif isinstance(parser, nn.Module):
        parser = copy.deepcopy(parser)
    flow = Flow(
        parser,
        *parts,
        size_hw=size_hw,
        dtype=dtype,
        layout=layout,
        fixed_room=fast and device.type == "cuda",
    )
    return flow.to(device).eval().requires_grad_(False)


Network = TypeVar("Network", bound=nn.Module)


def _folded(network: Network, fast: bool) -> Network:
    return fold(network) if fast else copy.deepcopy(network)
