"""Every planted regression is caught and named; rounding of another machine is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pipeline.regression.compare import Comparison, compare
from pipeline.regression.recorder import record_case
from pipeline.regression.recording import Recording
from pipeline.regression.suite import Case
from pipeline.structures import Composite, Frame, Pose
from tests.unit.regression import faults
from tests.unit.regression.drawn_mirror import DrawnMirror
from tests.unit.regression.faults import Change, with_fault

Check = Callable[[Callable[[], Change]], Comparison]


@pytest.fixture
def check(drawn_case: Case, baseline: Recording) -> Check:
    def run(make_change: Callable[[], Change]) -> Comparison:
        take = record_case(drawn_case, with_fault(DrawnMirror, make_change), like=baseline)
        return compare(baseline, take.recording, drawn_case.tolerances)

    return run


PLANTED: dict[str, tuple[Callable[[], Change], str, str]] = {
    "shifted by .05 torso": (faults.shifted, "geometry.shift", "0.050 torso lengths (4.5 px) down"),
    "gone for one frame": (
        lambda: faults.in_frame(20, faults.undressed),
        "temporal.flicker",
        "Flicker in frame 20",
    ),
    "inverted for one frame": (
        lambda: faults.in_frame(21, faults.inverted),
        "temporal.flicker",
        "Flicker in frame 21",
    ),
    "five frames late": (faults.late, "temporal.lag", "5 frames (200 ms) later"),
    "on the face": (faults.on_the_face, "picture.face", "touches the face in 28 frames"),
    "redder by ΔE 4": (faults.tinted, "picture.colour", "redder"),
    "darker by ΔE 4": (
        lambda: faults.tinted((-4.0, 0.0, 0.0)),
        "picture.colour",
        "ΔE 4.0 (4.0 darker)",
    ),
    "sleeve behind the forearm": (
        faults.behind_forearms,
        "depth.order",
        "sleeve is behind the left forearm",
    ),
    "settling never raised": (
        lambda: faults.never("settling"),
        "reasons.never_raised",
        "settling (6 frames)",
    ),
    "nobody never raised": (
        lambda: faults.never("no_person"),
        "reasons.never_raised",
        "no_person (6 frames)",
    ),
    "trembling": (faults.jittering, "geometry.jitter", "jitters"),
    "pixels outside of the mask": (lambda: faults.leaking, "picture.outside", "40 frames"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_caught_and_named(check: Check, planted: str) -> None:
    fault, metric, words = PLANTED[planted]
    causes = [m for m in check(fault).regressions if m.follows is None]
    assert metric in [m.name for m in causes]
    assert words in next(m.sentence for m in causes if m.name == metric)


def test_the_same_again_is_no_alarm(check: Check) -> None:
    comparison = check(lambda: lambda frame, pose, composite: composite)
    assert comparison.regressions == []
    assert set(comparison.changes) <= {"source"}  # somebody may be editing right now


@pytest.mark.parametrize("seed", range(3))
def test_another_machines_rounding_is_no_alarm(check: Check, seed: int) -> None:
    assert check(lambda: faults.noisy(grey=1, vertex_px=0.3, seed=seed)).regressions == []


def test_a_lag_explains_what_comes_with_it(check: Check) -> None:
    causes = [m.name for m in check(faults.late).regressions if m.follows is None]
    assert causes == ["temporal.lag"]


def test_a_stage_that_fails_is_a_new_reason(drawn_case: Case, baseline: Recording) -> None:
    def broken(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        raise RuntimeError("planted")

    factory = with_fault(DrawnMirror, lambda: faults.in_frame(15, broken))
    take = record_case(drawn_case, factory, like=baseline)
    assert take.recording.reasons[15] == "worker_error"
    assert "planted" in take.recording.notes[0]
    factory = with_fault(DrawnMirror, lambda: broken)
    now = record_case(drawn_case, factory, like=baseline).recording
    names = [m.name for m in compare(baseline, now, drawn_case.tolerances).regressions]
    assert "reasons.new" in names


def test_reasons_may_come_two_frames_later(baseline: Recording, drawn_case: Case) -> None:
    def ending(later: int) -> Recording:
        reasons = [*baseline.reasons]
        reasons[34 : 34 + later] = [""] * later
        return replace(baseline, reasons=reasons)

    limits = drawn_case.tolerances
    assert compare(baseline, ending(2), limits).regressions == []
    (found,) = compare(baseline, ending(3), limits).regressions
    assert found.name == "reasons.changed"
    assert "frames 34 to 36 no_person then, dressed now" in found.sentence


def test_a_slower_stage_is_named_and_a_faster_one_is_a_gain(
    baseline: Recording, drawn_case: Case
) -> None:
    limits = replace(drawn_case.tolerances, speed=1.17)

    def at(factor: float) -> Comparison:
        speed = baseline.speeds["compose"]
        slow = replace(speed, cpu_ratio=speed.cpu_ratio * factor, wall_ratio=None)
        return compare(
            baseline, replace(baseline, speeds=baseline.speeds | {"compose": slow}), limits
        )

    (found,) = at(1.3).regressions
    assert found.name == "speed.compose"
    assert "The stage compose takes 30% more CPU time" in found.sentence
    assert at(1.1).regressions == []
    assert [m.name for m in at(0.7).gains] == ["speed.compose"]


def test_another_processor_has_the_wider_limit(baseline: Recording, drawn_case: Case) -> None:
    limits = replace(drawn_case.tolerances, speed=1.17, speed_other_machine=2.5)
    elsewhere = replace(baseline, versions={**baseline.versions, "processor": "another"})
    speeds = {
        name: replace(speed, cpu_ratio=1.8 * speed.cpu_ratio, wall_ratio=None)
        for name, speed in baseline.speeds.items()
    }
    assert compare(baseline, replace(baseline, speeds=speeds), limits).regressions
    found = compare(elsewhere, replace(baseline, speeds=speeds), limits)
    assert found.regressions == []
    assert found.changes["processor"][0] == "another"


def test_a_calmer_garment_is_a_gain(drawn_case: Case, baseline: Recording) -> None:
    shaky = record_case(drawn_case, with_fault(DrawnMirror, faults.jittering)).recording
    calm = record_case(drawn_case, DrawnMirror, like=shaky).recording
    comparison = compare(shaky, calm, drawn_case.tolerances)
    assert "geometry.jitter" in [m.name for m in comparison.gains]


def test_another_mesh_is_compared_by_its_outline(baseline: Recording, drawn_case: Case) -> None:
    other = replace(
        baseline,
        vertex_count=12,
        tracks=replace(baseline.tracks, vertices_px=baseline.tracks.vertices_px[:, ::2]),
    )
    assert compare(baseline, other, drawn_case.tolerances).regressions == []
    lower = baseline.tracks.vertices_px[:, ::2] + np.array([0, 9], np.float32)
    moved = replace(other, tracks=replace(other.tracks, vertices_px=lower))
    found = compare(baseline, moved, drawn_case.tolerances).regressions
    assert "geometry.shift" in [m.name for m in found]
