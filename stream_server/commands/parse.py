"""``wearcast parse``: which part of a person every pixel shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import numpy as np
import typer
from numpy.typing import NDArray

from pipeline.checkpoints.manifest import FOLDER, MANIFEST, load_manifest
from pipeline.errors import InputError
from pipeline.places import check_folder, writing
from pipeline.structures import Frame, Image
from stream_server.commands.pictures import (
    each_picture,
    find_pictures,
    raise_if_any,
    result_names,
)

if TYPE_CHECKING:
    from pipeline.own_parser import OwnParser
    from pipeline.parsing import Parser
    from pipeline.pose import PoseEstimator


class PictureParser(Protocol):
    """Any parser of whole pictures."""

    def parse(self, image: Image) -> NDArray[np.uint8]:
        """Picture (H, W, 3) uint8 RGB → (H, W) uint8, the classes of a data set."""
        ...

    def logits(self, image: Image) -> NDArray[np.float32]:
        """Picture (H, W, 3) uint8 RGB → (H, W, C) float32."""
        ...


class Dataset(StrEnum):
    """Whose classes."""

    LIP = "lip"
    ATR = "atr"
    PASCAL = "pascal"
    CIHP = "cihp"
    OWN = "own"


def parse(
    source: Annotated[Path, typer.Argument(help="A picture, or a folder of pictures.")],
    dataset: Annotated[
        Dataset,
        typer.Option(help="Whose classes. Ours, own, comes along; the others need their weights."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write to.")],
    logits: Annotated[
        bool, typer.Option("--logits", help="Also NAME.npy, (height, width, classes) float32.")
    ] = False,
    weights: Annotated[
        Path | None, typer.Option(help="Use this checkpoint instead of the published one.")
    ] = None,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Refuse weights not free for commercial use.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Folder that keeps the checkpoints.")] = FOLDER,
    manifest: Annotated[Path, typer.Option(help="TOML file that lists them.")] = MANIFEST,
) -> None:
    """Tell the parts of people apart: a palette PNG per picture whose values are the classes."""
    targets = _targets(source, out)
    with ExitStack() as open_things:
        parser: PictureParser
        if dataset is Dataset.OWN:  # free for all uses, and comes with the program
            parser = open_things.enter_context(_own(weights))
        else:
            parser = _load(dataset, weights or _published(dataset, commercial, folder, manifest))
        unreadable = each_picture(
            targets,
            lambda picture: _parse_one(parser, picture, targets[picture], logits),
            "Parsing",
        )
    typer.echo(f"{out}: {len(targets) - len(unreadable)} of {len(targets)} pictures parsed.")
    raise_if_any(unreadable, len(targets))


@contextmanager
def _own(weights: Path | None) -> Iterator[PictureParser]:
    from pipeline.own_parser import WEIGHTS, OwnParser
    from pipeline.pose import PoseEstimator

    network = OwnParser(weights or WEIGHTS)
    with PoseEstimator() as estimator:
        yield _OwnPictures(network, estimator)


class _OwnPictures:
    """Our own parser on pictures: finds the person first, and sees them down to the feet."""

    def __init__(self, network: OwnParser, estimator: PoseEstimator) -> None:
        self._network = network
        self._estimator = estimator

    def parse(self, image: Image) -> NDArray[np.uint8]:
        return self._network.parse(image, self._estimator.estimate(Frame(image)))

    def logits(self, image: Image) -> NDArray[np.float32]:
        pose = self._estimator.estimate(Frame(image))
        return self._network.logits(image, pose)


def _published(dataset: Dataset, commercial: bool, folder: Path, manifest: Path) -> Path:
    from pipeline.checkpoints.bringing_in import locate
    from pipeline.parsing import DATASETS

    network = DATASETS[dataset.value].network
    return locate(network, load_manifest(manifest), folder, commercial=commercial)


def _load(dataset: Dataset, checkpoint: Path) -> Parser:
    import torch

    from pipeline.networks import build_network
    from pipeline.parsing import DATASETS, Parser
    from pipeline.weights import load_state_dict

    trained_on = DATASETS[dataset.value]
    network = load_state_dict(checkpoint, build_network(trained_on.network))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Parser(network.to(device), trained_on)  # type: ignore[arg-type]  # a schp_* is a Schp


def _parse_one(parser: PictureParser, picture: Path, target: Path, logits: bool) -> None:
    from pipeline.images import read_image
    from pipeline.parsing import encode_parse_png

    image = read_image(picture)
    if logits:
        values = parser.logits(image)
        parts = values.argmax(-1).astype(np.uint8)
    else:
        parts = parser.parse(image)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encode_parse_png(parts))
        if logits:
            np.save(target.with_name(f"{target.stem}.npy"), values)


def _targets(source: Path, out: Path) -> Mapping[Path, Path]:
    """Every picture and the PNG it becomes."""
    pictures = find_pictures(source)
    targets = {picture: out / f"{name}.png" for picture, name in result_names(pictures).items()}
    ours = {picture.resolve() for picture in pictures}
    if any(target.resolve() in ours for target in targets.values()):
        raise InputError(f"The results would overwrite your pictures in {out}. Choose another.")
    check_folder(out)
    return targets
