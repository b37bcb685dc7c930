"""The published reference outputs, when their folder is there."""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.networks import build_network

LOG = logging.getLogger("wearcast.vectors")  # pytest --log-cli-level=INFO shows every error
SALT = 0


def _folder() -> Path | None:
    named = os.environ.get("WEARCAST_VECTORS")
    beside = Path(__file__).parents[3] / "shared" / "networks" / "vectors"
    folder = Path(named) if named else beside
    return folder if (folder / "manifest.json").is_file() else None


FOLDER = _folder()
needs_vectors = pytest.mark.skipif(
    FOLDER is None, reason="no reference vectors: set WEARCAST_VECTORS to their folder"
)


@functools.cache
def module(name: str) -> ModuleType:
    """``recipe`` or ``compare``, which lie above the vectors."""
    assert FOLDER is not None
    if name == "compare":
        module("recipe")  # compare imports it by its bare name
    spec = importlib.util.spec_from_file_location(name, FOLDER.parent / f"{name}.py")
    assert spec is not None and spec.loader is not None
    loaded = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def stored(file: str, name: str) -> np.ndarray:
    """One stored array."""
    assert FOLDER is not None
    with np.load(FOLDER / file) as arrays:
        return arrays[name]


def state_dict(network: str) -> dict[str, torch.Tensor]:
    """The recipe's weights."""
    entries = module("compare").entries(network)
    weights = module("recipe").make_weights(network, entries, SALT)
    return {key: torch.from_numpy(value) for key, value in weights.items()}


@functools.lru_cache(maxsize=1)
def loaded(network: str) -> torch.nn.Module:
    """A network with the recipe's weights; the last one is kept."""
    built = build_network(network)
    built.load_state_dict(state_dict(network))
    return built


def check(file: str, outputs: dict[str, Any]) -> dict[str, float]:
    """Assert that full arrays agree with a stored file. Returns the error of each."""
    assert FOLDER is not None
    arrays = {name: np.asarray(value) for name, value in outputs.items()}
    rows = module("compare").check(FOLDER, file, arrays)
    for name, error, tolerance, _ in rows:
        LOG.info("%s %s: %s (allowed %s)", file, name, error, tolerance)
    bad = [row for row in rows if not row[3]]
    assert not bad, f"{file} differs: {bad}"
    return {name: error for name, error, _, _ in rows}


def output_names(file: str) -> set[str]:
    """Names of everything stored in a file."""
    assert FOLDER is not None
    return set(module("compare").manifest(FOLDER)["files"][file]["outputs"])
