"""What people and machines get to read of a check."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline.regression.compare import compare
from pipeline.regression.outputs import to_json, to_junit
from pipeline.regression.page import build_page
from pipeline.regression.recorder import record_case
from pipeline.regression.recording import Recording, load_recording, save_recording
from pipeline.regression.runner import Outcome
from pipeline.regression.suite import Case, Suite
from tests.unit.regression import faults
from tests.unit.regression.drawn_mirror import DrawnMirror, write_clip, write_suite
from tests.unit.regression.faults import with_fault

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def seen(drawn_case: Case, baseline: Recording) -> tuple[Suite, list[Outcome]]:
    """A case that got worse on another version, and one that could not be judged."""
    take = record_case(drawn_case, with_fault(DrawnMirror, faults.shifted), like=baseline)
    now = replace(take.recording, versions={**take.recording.versions, "mediapipe": "0.9<b>"})
    worse = Outcome(
        drawn_case,
        comparison=compare(baseline, now, drawn_case.tolerances),
        base=baseline,
        now=now,
        shots=take.shots,
    )
    gone = Outcome(replace(drawn_case, id="gone"), problem="gone.mp4 is not there.")
    path = Path("suite.toml")
    return Suite(path, "demo", path.parent, (worse.case, gone.case)), [worse, gone]


def test_the_page_needs_nothing_else_and_names_everything(
    seen: tuple[Suite, list[Outcome]],
) -> None:
    page = build_page(*seen, datetime(2026, 1, 2, 3, 4))
    outside = re.findall(r'(?:src|href)="(?!data:|#)[^"]*"|url\(|@import|https?://', page)
    assert outside == []
    for words in (
        "1 of 2 cases got worse",
        "The garment is shifted by 0.050 torso lengths",
        "0.9&lt;b&gt;",
        "gone.mp4 is not there.",
        "difference, frame",
        'type="range"',
    ):
        assert words in page
    (frames,) = re.findall(r'<script type="application/json">(.*?)</script>', page)
    assert len(json.loads(frames)) > 10


def test_json_and_junit_say_the_same(seen: tuple[Suite, list[Outcome]]) -> None:
    table = json.loads(json.dumps(to_json(*seen), allow_nan=False))
    worse, gone = table["cases"]
    assert table["exit_code"] == 1
    assert worse["regressions"][0]["name"] == "geometry.shift"
    assert worse["changes"]["mediapipe"][1] == "0.9<b>"
    assert gone["problem"] == "gone.mp4 is not there."
    (group,) = ElementTree.fromstring(to_junit(*seen))
    assert (group.get("tests"), group.get("failures"), group.get("errors")) == ("2", "1", "1")
    assert "geometry.shift" in group[0][0].get("message", "")
    assert group[1][0].tag == "error"


def test_a_recording_comes_back_as_it_was(baseline: Recording, tmp_path: Path) -> None:
    size = save_recording(baseline, tmp_path)
    assert size == sum(path.stat().st_size for path in tmp_path.iterdir())
    back = load_recording(tmp_path)
    assert back.reasons == baseline.reasons
    assert np.array_equal(back.pictures.dressed, baseline.pictures.dressed)
    for name in ("landmarks_px", "vertices_px", "cells"):
        then, now = getattr(baseline.tracks, name), getattr(back.tracks, name)
        assert np.array_equal(then, now, equal_nan=True)
    assert np.isnan(back.tracks.vertices_px[0]).all()  # nothing was drawn while settling


def test_the_pytest_plugin_makes_a_test_of_every_case(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", 8)
    suite = write_suite(tmp_path)
    # with and without the entry point of an installed Wearcast: register it ourselves, once
    plugin = ["-p", "no:wearcast", "-p", "pipeline.regression.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "-c", "/dev/null", *plugin]
    done = subprocess.run(
        [*command, "--wearcast-suite", str(suite), "--rootdir", str(tmp_path), str(suite)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a-white-tee-photo" in done.stdout
    assert "There is no baseline of a-white-tee-photo" in done.stdout
    assert "Traceback" not in done.stdout
