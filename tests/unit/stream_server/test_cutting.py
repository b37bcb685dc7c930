from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.errors import GarmentRefused, ImageUnreadable, InputError, NotSupported
from pipeline.garments import Catalog
from pipeline.garments.cutout import Segment
from pipeline.images import encode_png
from pipeline.structures import Category
from stream_server import cutting
from stream_server.config import load_config
from stream_server.cutting import CuttingCatalog


def tee() -> bytes:
    """A blue T-shirt on grey, drawn."""
    image = np.full((560, 480, 3), 200, np.uint8)
    right = [(45, 90), (105, 108), (178, 190), (138, 222), (108, 190), (108, 470)]
    outline = [(240 + x, y) for x, y in right] + [(240 - x, y) for x, y in reversed(right)]
    cv2.fillPoly(image, [np.array([*outline, (240, 118)])], (40, 60, 150))
    return encode_png(image)


def test_a_garment_is_cut_out_by_another_process(tmp_path: Path) -> None:
    catalog = CuttingCatalog(tmp_path)
    entry = catalog.add(tee(), "Blue tee")
    assert (entry.id, entry.name) == ("blue-tee", "Blue tee")
    assert catalog.get("blue-tee").texture.any()
    assert [e.id for e in catalog.list()] == ["blue-tee"]


def test_its_refusals_are_ours(tmp_path: Path) -> None:
    catalog = CuttingCatalog(tmp_path)
    grey = encode_png(np.full((300, 300, 3), 128, np.uint8))
    with pytest.raises(GarmentRefused, match=r"[A-Z].*\."):
        catalog.add(grey, "Nothing")
    with pytest.raises(ImageUnreadable):
        catalog.add(b"no picture", "Nothing")
    with pytest.raises(NotSupported, match="trousers"):
        catalog.add(tee(), "Blue tee", Category.LOWER)
    assert list(tmp_path.iterdir()) == []


def test_one_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "LONGEST_S", 0.01)
    with pytest.raises(InputError, match="too long"):
        CuttingCatalog(tmp_path).add(tee(), "Blue tee")


def test_one_that_crashes_is_a_fault_and_not_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed = subprocess.CompletedProcess([], -11, b"")
    monkeypatch.setattr(cutting.subprocess, "run", lambda *_, **__: crashed)
    with pytest.raises(RuntimeError, match="-11"):
        CuttingCatalog(tmp_path).add(tee(), "Blue tee")


class Asking(Catalog):
    """Asks for the further opinion, needed or not."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        super().__init__(folder, segment)
        segment(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize("commercial", [True, False])
def test_the_process_yields_to_others_and_knows_of_commercial_use(
    commercial: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(os, "nice", asked.append)
    monkeypatch.setattr(cutting, "network_mask", lambda _, **names: asked.append(names))
    monkeypatch.setattr(cutting, "Catalog", Asking)
    order = {"name": "Tee", "category": None, "commercial": commercial}
    request = io.BytesIO(json.dumps(order).encode() + b"\n" + tee())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=request))
    monkeypatch.setattr(sys, "argv", ["cutting", str(tmp_path)])
    cutting.main()
    assert asked == [cutting.NICENESS, {"commercial": commercial}]


def test_the_setting_reaches_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stream_server.pipeline_engine import PipelineEngine

    orders: list[Any] = []

    def ask(_: Path, request: bytes) -> dict[str, str]:
        orders.append(json.loads(request.split(b"\n")[0]))
        return {"error": "garment_refused", "message": "No."}

    monkeypatch.setattr(cutting, "_ask", ask)
    (tmp_path / "shop.toml").write_text("commercial = true\n")
    (tmp_path / "catalog").mkdir()
    config = load_config(tmp_path / "shop.toml")
    shelf = PipelineEngine(commercial=config.commercial).open_catalog(tmp_path / "catalog")
    with pytest.raises(GarmentRefused):
        shelf.add(tee(), "Blue tee")
    assert orders[0]["commercial"] is True
