"""Narrow networks against stored outputs, and every network's state dict against its digest.

These run anywhere; the full-size comparison needs the published reference outputs.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import small
import torch

from pipeline.networks import NAMES, build_network

RELATIVE = 1e-4  # of the largest value: some 20 times what another processor's rounding makes
DIGESTS = json.loads((Path(__file__).parent / "vectors" / "state_dicts.json").read_text())


@pytest.mark.parametrize("name", small.NETWORKS)
def test_outputs_are_the_stored_ones(name: str) -> None:
    with np.load(small.FILE) as stored:
        wanted = {key.split("/")[1]: stored[key] for key in stored if key.split("/")[0] == name}
    got = {key: small.sample(value) for key, value in small.run(name).items()}
    assert got.keys() == wanted.keys()
    for key, value in got.items():
        assert np.abs(wanted[key]).max() > 0.05, f"{key} is too flat to prove anything"
        allowed = RELATIVE * max(np.abs(wanted[key]).max(), 1)
        assert np.abs(value - wanted[key]).max() <= allowed, key


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_is_the_published_one(name: str) -> None:
    network = build_network(name)
    lines = [
        f"{key} {list(value.shape)} {str(value.dtype).removeprefix('torch.')}\n"
        for key, value in network.state_dict().items()
    ]
    assert len(lines) == DIGESTS[name]["keys"]
    assert hashlib.sha256("".join(lines).encode()).hexdigest() == DIGESTS[name]["sha256"]
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no network 'unet'.*u2net_cloth.*viton_alias"):
        build_network("unet")


def test_importing_the_networks_needs_torch_only() -> None:
    heavy = "('cv2', 'mediapipe', 'aiortc', 'av', 'PIL', 'scipy', 'numba', 'torchvision')"
    code = (
        "import sys, pipeline.networks, pipeline.weights\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_batches_do_not_mix() -> None:
    network = small.small("viton_alias")
    one, two = (small.alias_inputs(name, 256, 128) for name in ("one", "two"))
    both = [torch.cat(pair) for pair in zip(one, two, strict=True)]
    with torch.inference_mode():
        together = network(*both)
        apart = torch.cat((network(*one), network(*two)))
    assert torch.allclose(together, apart, atol=1e-4)
