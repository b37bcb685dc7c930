"""The frozen features are those that LiteRT computes from the same file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter

from pipeline.blazepose.network import model_path
from pipeline.own_crop import INPUT_HW, PICTURE_PLANES, POSE_PLANES
from weights.training.features import (
    OUTLINE_CHANNELS,
    OUTLINE_MODEL,
    OUTLINE_TAPS,
    POSE_CHANNELS,
    POSE_TAPS,
    Features,
)
from weights.training.network import OwnParserNet, example_inputs
from weights.training.tflite import Taps

SIDE = 256
CLOSE = 1e-3  # of the largest value; other orders of adding
CLASSES = 11


@pytest.fixture(scope="module")
def features() -> Features:
    return Features()


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """(1, 256, 256, 3) RGB in 0..1: soft blobs."""
    coarse = np.random.default_rng(4).uniform(0, 1, (9, 9, 3)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), 0, 1)[None]


@pytest.mark.filterwarnings("ignore:Warning. Enabling .experimental_preserve_all_tensors.")
@pytest.mark.parametrize(
    ("which", "path", "taps", "channels"),
    [
        (0, model_path(), POSE_TAPS, POSE_CHANNELS),
        (1, model_path(OUTLINE_MODEL), OUTLINE_TAPS, OUTLINE_CHANNELS),
    ],
    ids=["pose", "outline"],
)
def test_every_tap_is_what_litert_computes(
    features: Features,
    picture: np.ndarray,
    which: int,
    path: Path,
    taps: Taps,
    channels: dict[int, int],
) -> None:
    interpreter = Interpreter(str(path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    found = features(torch.from_numpy(picture.transpose(0, 3, 1, 2)))[which]
    for stride, tensors in taps.items():
        wanted = np.concatenate([interpreter.get_tensor(t) for t in tensors], -1)
        got = found[stride].numpy().transpose(0, 2, 3, 1)
        assert got.shape == (1, SIDE // stride, SIDE // stride, channels[stride])
        assert np.abs(got - wanted).max() < CLOSE * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("name", "path"), [("pose", model_path()), ("outline", model_path(OUTLINE_MODEL))]
)
def test_another_file_is_refused(name: str, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is not the file of MediaPipe"):
        Features(**{name: other})


def test_a_step_trains_the_parser_and_leaves_the_features(features: Features) -> None:
    network = OwnParserNet(features)
    picture, pose = example_inputs()
    picture += torch.rand_like(picture)
    before = {name: value.clone() for name, value in network.named_parameters()}
    optimiser = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    logits = network(picture, pose)
    assert logits.shape == (1, CLASSES, *INPUT_HW)
    logits.square().mean().backward()
    optimiser.step()
    moved = {n.split(".")[0] for n, p in network.named_parameters() if not p.equal(before[n])}
    assert "features" not in moved
    assert moved == {n for n, _ in network.named_children()} - {"features"}


@pytest.mark.parametrize("which", ["bodies", "outlines"])
def test_what_the_frozen_networks_see_reaches_the_logits(features: Features, which: str) -> None:
    """Their picture and the stem's are the same input; without them another answer comes."""
    network = OwnParserNet(features).eval()
    picture, pose = torch.rand(1, PICTURE_PLANES, *INPUT_HW), torch.zeros(1, POSE_PLANES, 64, 48)
    with torch.no_grad():
        seen = network(picture, pose)
        if which == "outlines":
            network.edge[0].weight.zero_()
        for adapter, (stride, bodies) in zip(network.known, POSE_CHANNELS.items(), strict=True):
            weight = adapter[0].weight
            first = 0 if which == "bodies" else weight.shape[1] - OUTLINE_CHANNELS.get(stride, 0)
            last = bodies if which == "bodies" else weight.shape[1]
            weight[:, first:last] = 0
        assert not torch.allclose(seen, network(picture, pose))
