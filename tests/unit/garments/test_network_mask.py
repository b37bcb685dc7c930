"""A network's opinion helps where colours fail, is judged like any other, and is never needed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from garment_drawings import draw

from pipeline import masks
from pipeline.garments import network_mask as module
from pipeline.garments.cutout import CutoutMode, cut_out
from pipeline.garments.network_mask import FILES, network_mask
from pipeline.networks import build
from pipeline.structures import Image
from pipeline.weights import FILE_NAMES
from tests.networks import small


def overlap(found: np.ndarray, truth: np.ndarray) -> float:
    return np.count_nonzero(found & truth) / np.count_nonzero(found | truth)


def patchwork(kind: str) -> tuple[Image, np.ndarray]:
    """A garment on a blanket of many colours, some of them its own."""
    drawing = draw(kind, "plain", colour=(120, 60, 60))
    rng = np.random.default_rng(2)
    blanket = cv2.resize(
        rng.integers(40, 220, (7, 6, 3), np.uint8),
        drawing.mask.shape[::-1],
        interpolation=cv2.INTER_NEAREST,
    )
    return np.where(drawing.mask[..., None], drawing.image, blanket), drawing.mask


def test_an_opinion_helps_where_colours_fail() -> None:
    image, truth = patchwork("tee")
    assert overlap(cut_out(image).mask, truth) < 0.9
    found = cut_out(image, lambda _: truth)
    assert found.mode is CutoutMode.NETWORK and overlap(found.mask, truth) > 0.95


def test_a_wrong_opinion_and_none_change_nothing() -> None:
    drawing = draw("tee", "gradient")
    alone = cut_out(drawing.image)
    for opinion in (~drawing.mask, None):
        assert np.array_equal(cut_out(drawing.image, lambda _, o=opinion: o).mask, alone.mask)


def test_without_weights_there_is_no_opinion(tmp_path: Path) -> None:
    assert network_mask(draw("tee", "plain").image, tmp_path) is None
    assert {name: FILE_NAMES[name] for name in FILES} == FILES


@pytest.mark.parametrize("name", FILES)
def test_whichever_network_is_here_is_asked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = "u2net_cloth" if name == "u2net_cloth" else "u2net"
    monkeypatch.setitem(build.BUILDERS, name, small.NETWORKS[narrow])  # type: ignore[arg-type]
    monkeypatch.setattr(masks, "GARMENT_PX", 64)
    monkeypatch.setattr(masks, "SALIENT_PX", 64)
    monkeypatch.setattr(module, "largest", lambda mask: mask)
    torch.save(small.small(narrow).state_dict(), tmp_path / FILES[name])
    image = draw("tee", "plain").image
    found = network_mask(image, tmp_path)
    assert found is not None
    assert (found.dtype, found.shape) == (np.bool_, image.shape[:2])
    assert found.any()


def test_damaged_weights_are_logged_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILES["u2netp"]).write_bytes(b"no checkpoint")
    assert network_mask(draw("tee", "plain").image, tmp_path) is None
    assert "cut out without u2netp" in caplog.text


def test_commercial_use_asks_only_what_allows_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for file in FILES.values():
        (tmp_path / file).write_bytes(b"no checkpoint: asking it would be logged")
    assert network_mask(draw("tee", "plain").image, tmp_path, commercial=True) is None
    assert "cut out without" not in caplog.text  # none of today's states it
