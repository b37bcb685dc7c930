"""Weights leave training as ONNX, can be blended there, and come back to be trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from pipeline.labels import OwnPart
from pipeline.own_crop import INPUT_HW, PICTURE_PLANES, POSE_PLANES, POSE_STRIDE
from pipeline.own_parser import WEIGHTS
from weights.training.export import ADJUSTED, export
from weights.training.features import Features
from weights.training.network import OwnParserNet
from weights.training.restore import restore
from weights.training.train import CHECKPOINT, Training

HALF = 2e-3  # of the largest value: weights are kept in half precision


def _inputs(seed: int, many: int = 2) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    height, width = INPUT_HW
    small = height // POSE_STRIDE, width // POSE_STRIDE
    return (
        torch.rand(many, PICTURE_PLANES, height, width, generator=chance) * 2 - 1,
        torch.rand(many, POSE_PLANES, *small, generator=chance),
    )


def _trained(features: Features, seed: int) -> OwnParserNet:
    """A network whose every norm has a mean, a spread, a factor and a bias of its own."""
    torch.manual_seed(seed)
    network = OwnParserNet(features).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean, 0, 0.3)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, 0, 0.3)
    return network


@pytest.fixture(scope="module")
def features() -> Features:
    return Features()


@pytest.fixture(scope="module")
def folder(features: Features, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two checkpoints, each with its exported weights."""
    path = tmp_path_factory.mktemp("exported")
    for name, seed in (("old", 1), ("new", 2)):
        torch.save({"mean": _trained(features, seed).state_dict()}, path / f"{name}.pt")
        export(path / f"{name}.pt", path / f"{name}.onnx")
    return path


@torch.no_grad()
def _answer(network: OwnParserNet) -> np.ndarray:
    return np.asarray(network.eval()(*_inputs(5)))


def _restored(features: Features, weights: Path) -> OwnParserNet:
    torch.manual_seed(9)
    network = OwnParserNet(features)
    restore(network, weights, [_inputs(3), _inputs(4)])
    return network


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first - second).max() / np.abs(second).max())


def test_what_was_exported_comes_back(features: Features, folder: Path) -> None:
    wanted = _answer(_trained(features, 1))
    assert _apart(_answer(_restored(features, folder / "old.onnx")), wanted) < HALF
    assert _apart(_answer(_trained(features, 2)), wanted) > 10 * HALF


def test_the_file_leans_to_classes_as_it_says(features: Features, folder: Path) -> None:
    session = onnxruntime.InferenceSession(folder / "old.onnx")
    picture, pose = _inputs(5, many=1)
    (leaning,) = session.run(None, {"picture": picture.numpy(), "pose": pose.numpy()})
    with torch.no_grad():
        plain = np.asarray(_trained(features, 1)(picture, pose))
    added = np.array([ADJUSTED.get(part, 0.0) for part in OwnPart])[None, :, None, None]
    assert _apart(leaning, plain + added) < HALF
    assert np.abs(added).max() > 10 * HALF * np.abs(plain).max()


@torch.no_grad()
def test_norms_of_restored_weights_know_what_enters_them(features: Features, folder: Path) -> None:
    network = _restored(features, folder / "old.onnx")
    before = _answer(network)
    # while it trains, a network takes the means and spreads of the batch instead of those it keeps
    while_training = np.asarray(network.train()(*_inputs(5)))
    assert np.abs(while_training - before).mean() < 0.05 * np.abs(before).mean()


def test_blending_moves_a_network_to_the_older_one(
    features: Features, folder: Path, tmp_path: Path
) -> None:
    old, new = (_answer(_trained(features, seed)) for seed in (1, 2))
    answers = {}
    for share in (0.0, 0.02, 1.0):
        target = tmp_path / f"{share}.onnx"
        export(folder / "new.pt", target, folder / "old.onnx", share)
        answers[share] = _answer(_restored(features, target))
    assert _apart(answers[0.0], new) < HALF
    assert _apart(answers[1.0], old) < HALF
    assert HALF < _apart(answers[0.02], new) < _apart(old, new)


def test_training_begins_with_exported_weights_and_goes_on_from_its_own(
    features: Features, folder: Path, tmp_path: Path
) -> None:
    pictures = (np.random.default_rng(0).uniform(0, 255, (2, *INPUT_HW, 4)), (2, *INPUT_HW))
    small = (2, INPUT_HW[0] // POSE_STRIDE, INPUT_HW[1] // POSE_STRIDE, POSE_PLANES)
    batch = (
        torch.from_numpy(pictures[0].astype(np.uint8)),
        torch.zeros(small, dtype=torch.uint8),
        torch.zeros(pictures[1], dtype=torch.uint8),
    )
    training = Training(tmp_path, "cpu")
    training.begin_with(folder / "old.onnx", [batch])
    wanted = _answer(_trained(features, 1))
    assert _apart(_answer(training.mean), wanted) < HALF
    training.learn(batch, rate=1e-3)
    training.save()
    assert (tmp_path / CHECKPOINT).exists()
    again = Training(tmp_path, "cpu")
    assert again.step == 1
    assert _apart(_answer(again.mean), _answer(training.mean)) < 1e-5


def test_the_shipped_weights_are_of_this_network(features: Features) -> None:
    assert np.isfinite(_answer(_restored(features, WEIGHTS))).all()


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    other = nn.Module()
    other.lonely = nn.Conv2d(3, 3, 1)
    with pytest.raises(ValueError, match="has no layer lonely"):
        restore(other, folder / "old.onnx", [])  # type: ignore[arg-type]
