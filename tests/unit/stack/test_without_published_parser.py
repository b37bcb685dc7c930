"""The try-on weights alone: Wearcast's own parser takes the published one's place."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline import load_garment, own_parser
from pipeline.checkpoints.manifest import find, load_manifest
from pipeline.errors import WeightsError
from pipeline.pose import PoseEstimator
from pipeline.samples import astronaut
from pipeline.stack import HALF_HW, Stack, missing_weights, networks
from pipeline.stack.parsers import OwnGroups, SchpGroups
from pipeline.structures import Frame
from tests.networks.small import fill
from tests.stack_stand_in import small_networks

NARROW = small_networks(real_parser=True)
PARTS = {
    "schp_cihp": NARROW.parser,
    "viton_seg": NARROW.segment,
    "viton_gmm": NARROW.match,
    "viton_alias": NARROW.synthesize,
}
TRY_ON = ("viton_seg", "viton_gmm", "viton_alias")


def save(folder: Path, *names: str) -> Path:
    for name in names:
        torch.save(PARTS[name].state_dict(), find(name, load_manifest()).path(folder))
    return folder


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The networks of this test have the published names, not their size."""
    made = small_networks(real_parser=True)
    blank = {
        "schp_cihp": made.parser,
        "viton_seg": made.segment,
        "viton_gmm": made.match,
        "viton_alias": made.synthesize,
    }
    monkeypatch.setattr(networks, "build_network", lambda name: fill(blank[name], "other"))


@pytest.mark.usefixtures("narrow")
def test_our_own_parser_dresses_a_person(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = save(tmp_path, *TRY_ON)
    assert missing_weights(folder) == ()
    with caplog.at_level(logging.INFO, "pipeline.stack"):
        stack = Stack.load(folder=folder, size_hw=HALF_HW)
    assert isinstance(stack.flow.parser, OwnGroups)
    assert [r.getMessage() for r in caplog.records] == [
        "no weights of schp_cihp here: people are parsed by our own parser"
    ]
    frame = Frame(np.ascontiguousarray(astronaut()))
    with PoseEstimator() as estimator:
        pose = estimator.estimate(frame)
    assert pose is not None
    keyframe = stack.keyframe(frame, pose, load_garment("white-tee"))
    assert np.count_nonzero(keyframe.alpha) > 0.05 * keyframe.alpha.size
    assert len(np.unique(keyframe.groups)) > 1


@pytest.mark.usefixtures("narrow")
def test_the_published_parser_is_preferred(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "pipeline.stack"):
        stack = Stack.load(folder=save(tmp_path, *PARTS), size_hw=HALF_HW)
    assert isinstance(stack.flow.parser, SchpGroups)
    assert not caplog.records


@pytest.mark.parametrize("library", ["onnxruntime", "mediapipe"])
def test_a_parser_that_cannot_run_spares_nothing(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    folder = save(tmp_path, *TRY_ON)
    assert missing_weights(folder) == ("schp_cihp",)
    with pytest.raises(WeightsError, match="wearcast weights fetch schp_cihp`"):
        Stack.load(folder=folder)


def test_nor_does_one_without_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_parser, "WEIGHTS", tmp_path / "none.onnx")
    assert missing_weights(save(tmp_path, *TRY_ON)) == ("schp_cihp",)


def test_who_compares_networks_needs_the_published_one(tmp_path: Path) -> None:
    assert missing_weights(save(tmp_path, *TRY_ON), own_parser_too=False) == ("schp_cihp",)
