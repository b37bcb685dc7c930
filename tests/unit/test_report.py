"""The report adds up: every frame is either dressed or has a reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pipeline.report import ReportBuilder
from pipeline.structures import Composite, Reason

IMAGE = np.zeros((4, 4, 3), np.uint8)
MASK = np.zeros((4, 4), np.uint8)


def undressed(reason: Reason) -> Composite:
    return Composite(IMAGE, MASK, reason, stage_ms={"pose": 10.0}, stage_cpu_ms={"pose": 9.0})


def dressed(shift: float) -> Composite:
    return Composite(
        IMAGE,
        MASK,
        None,
        "photo",
        1.0,
        stage_ms={"pose": 20.0, "draw": 5.0},
        stage_cpu_ms={"pose": 19.0, "draw": 4.0},
        vertices_px=np.full((3, 2), shift, np.float32),
    )


def test_report_sums_up_frames_reasons_and_stages(tmp_path: Path) -> None:
    numbers = ReportBuilder()
    for composite in (
        undressed(Reason.NO_PERSON),
        undressed(Reason.SETTLING),
        dressed(1),
        dressed(2),
    ):
        numbers.add(composite)
    numbers.write(tmp_path / "r.json", {"input": "clip.mp4"})
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["frames"] == 4
    assert report["dressed_frames"] + sum(report["reasons"].values()) == 4
    assert report["reasons"] == {"no_person": 1, "settling": 1}
    assert report["stages_ms"]["pose"] == {"p50": 15.0, "p95": 20.0, "cpu_p50": 14.0}
    assert report["stages_ms"]["total"]["p95"] > 20
    vertices = np.load(tmp_path / report["vertices_px"])
    assert vertices.shape == (4, 3, 2)
    assert np.isnan(vertices[:2]).all()
    assert (vertices[3] == 2).all()


def test_nothing_dressed_means_no_vertices(tmp_path: Path) -> None:
    numbers = ReportBuilder()
    numbers.add(undressed(Reason.NO_PERSON))
    numbers.write(tmp_path / "r.json", {})
    assert json.loads((tmp_path / "r.json").read_text())["vertices_px"] is None
    assert list(tmp_path.glob("*.npy")) == []
