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
from weights.training.blazepose import CHANNELS, TAPS, BlazePoseFeatures
from weights.training.network import OwnParserNet, example_inputs

SIDE = 256
CLOSE = 1e-3  # of the largest value; other orders of adding
CLASSES = 11


@pytest.fixture(scope="module")
def features() -> BlazePoseFeatures:
    return BlazePoseFeatures()


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """(1, 256, 256, 3) RGB in 0..1: soft blobs."""
    coarse = np.random.default_rng(4).uniform(0, 1, (9, 9, 3)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), 0, 1)[None]


@pytest.mark.filterwarnings("ignore:Warning. Enabling .experimental_preserve_all_tensors.")
def test_every_tap_is_what_litert_computes(
    features: BlazePoseFeatures, picture: np.ndarray
) -> None:
    interpreter = Interpreter(str(model_path()), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    found = features(torch.from_numpy(picture.transpose(0, 3, 1, 2)))
    for stride, taps in TAPS.items():
        wanted = np.concatenate([interpreter.get_tensor(t) for t in taps], -1)
        got = found[stride].numpy().transpose(0, 2, 3, 1)
        assert got.shape == (1, SIDE // stride, SIDE // stride, CHANNELS[stride])
        assert np.abs(got - wanted).max() < CLOSE * np.abs(wanted).max()


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(model_path().read_bytes()[:-1])
    with pytest.raises(ValueError, match="pose network"):
        BlazePoseFeatures(other)


def test_a_step_trains_the_parser_and_leaves_the_features(features: BlazePoseFeatures) -> None:
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


def test_what_the_pose_network_sees_reaches_the_logits(features: BlazePoseFeatures) -> None:
    """Its picture and the stem's are the same input; without the features another answer comes."""
    network = OwnParserNet(features).eval()
    picture, pose = torch.rand(1, PICTURE_PLANES, *INPUT_HW), torch.zeros(1, POSE_PLANES, 64, 48)
    with torch.no_grad():
        seen = network(picture, pose)
        for adapter in network.known:
            adapter[0].weight.zero_()
        assert not torch.allclose(seen, network(picture, pose))
