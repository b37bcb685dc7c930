"""Suites as a whole: resuming, missing and changed clips, updates, several processes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.regression.recording import load_recording
from pipeline.regression.runner import (
    Outcome,
    Plan,
    check_suite,
    exit_code,
    record_suite,
    update_baseline,
)
from pipeline.regression.suite import Suite, load_suite
from pipeline.structures import Garment
from tests.unit.regression import faults
from tests.unit.regression.drawn_mirror import DrawnMirror, write_clip, write_suite
from tests.unit.regression.faults import with_fault

ONCE = Plan(factory=DrawnMirror, timings=1)
FRAMES = 20


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    write_clip(tmp_path / "a.mp4", FRAMES)
    shutil.copy(tmp_path / "a.mp4", tmp_path / "b.mp4")
    return load_suite(write_suite(tmp_path, ["a.mp4", "b.mp4"]))


def leftovers(suite: Suite) -> list[str]:
    return sorted(p.name for p in suite.path.parent.iterdir() if p.name.startswith("."))


def test_recorded_and_checked(suite: Suite) -> None:
    recorded = list(record_suite(suite, ONCE))
    assert exit_code(recorded) == 0
    budget = 1000 * suite.cases[0].budget.case_kb
    assert all(0 < outcome.bytes < budget for outcome in recorded)
    outcomes = list(check_suite(suite, ONCE))
    assert [o.case.id for o in outcomes] == ["a-white-tee-photo", "b-white-tee-photo"]
    assert exit_code(outcomes) == 0
    assert leftovers(suite) == []


def test_a_regression_is_1_until_it_becomes_the_baseline(suite: Suite) -> None:
    list(record_suite(suite, ONCE))
    worse = replace(ONCE, factory=with_fault(DrawnMirror, faults.shifted))
    outcomes = list(check_suite(suite, worse))
    assert exit_code(outcomes) == 1
    for outcome in outcomes:
        assert update_baseline(suite, outcome) > 0
    assert exit_code(list(check_suite(suite, worse))) == 0
    assert exit_code(list(check_suite(suite, ONCE))) == 1


def test_missing_and_changed_clips_and_baselines_are_not_judged(suite: Suite) -> None:
    (nothing, _) = check_suite(suite, ONCE)
    assert "no baseline of a-white-tee-photo" in nothing.problem
    list(record_suite(suite, ONCE))
    write_clip(suite.path.parent / "a.mp4", FRAMES - 2)
    (suite.path.parent / "b.mp4").unlink()
    changed, missing = check_suite(suite, ONCE)
    assert "another file than the one that was recorded" in changed.problem
    assert "b.mp4 is not there" in missing.problem
    assert exit_code([changed, missing]) == 2


def test_what_is_misspelt_is_named_rather_than_its_baseline_missed(suite: Suite) -> None:
    case = suite.cases[0]
    wrong = replace(case, garment="white-te"), replace(case, source=f"{case.source}x")
    garment, clip = check_suite(replace(suite, cases=wrong), ONCE)
    assert "There is no garment “white-te”. Did you mean “white-tee”?" in garment.problem
    assert "a.mp4x is not there" in clip.problem


def test_a_damaged_baseline_is_not_judged(suite: Suite) -> None:
    list(record_suite(suite, ONCE))
    (suite.baselines / "a-white-tee-photo" / "tracks.npz").write_bytes(b"PK broken")
    damaged, good = check_suite(suite, ONCE)
    assert "damaged" in damaged.problem
    assert not good.problem


class Interrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl+C."""


class Counting:
    """Makes mirrors, counts them, and is interrupted at one of them."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.made = 0
        self.stop_at = stop_at

    def __call__(self, garment: Garment) -> DrawnMirror:
        self.made += 1
        if self.made == self.stop_at:
            raise Interrupted
        return DrawnMirror(garment)


@pytest.mark.parametrize("run", [record_suite, check_suite])
def test_an_interrupted_run_keeps_what_is_finished(suite: Suite, run: object) -> None:
    if run is check_suite:
        list(record_suite(suite, ONCE))
    with pytest.raises(Interrupted):
        list(run(suite, replace(ONCE, factory=Counting(stop_at=2))))  # type: ignore[operator]
    again = Counting()
    outcomes: list[Outcome] = list(run(suite, replace(ONCE, factory=again)))  # type: ignore[operator]
    assert [o.resumed for o in outcomes] == [True, False]
    assert again.made == 1
    assert exit_code(outcomes) == 0
    assert leftovers(suite) == []


def test_what_is_finished_is_not_kept_for_another_suite(suite: Suite) -> None:
    with pytest.raises(Interrupted):
        list(record_suite(suite, replace(ONCE, factory=Counting(stop_at=2))))
    suite.path.write_text(suite.path.read_text() + "\n# changed\n")
    again = Counting()
    list(record_suite(load_suite(suite.path), replace(ONCE, factory=again)))
    assert again.made == 2


def test_two_processes_find_the_same(suite: Suite) -> None:
    list(record_suite(suite, ONCE))
    outcomes = list(check_suite(suite, replace(ONCE, jobs=2)))
    assert sorted(o.case.id for o in outcomes) == [case.id for case in suite.cases]
    assert exit_code(outcomes) == 0


def test_a_stage_that_looks_slow_is_timed_again(suite: Suite) -> None:
    one = replace(suite, cases=suite.cases[:1])
    list(record_suite(one, ONCE))
    facts_file = suite.baselines / one.cases[0].id / "baseline.json"
    facts = json.loads(facts_file.read_text())
    for speed in facts["speeds"].values():  # as if it had been ten times as fast
        speed["cpu_ratio"] /= 10
        speed["wall_ratio"] = None
    facts_file.write_text(json.dumps(facts))
    strict = replace(one.cases[0], tolerances=replace(one.cases[0].tolerances, speed=1.17))
    counting = Counting()
    (outcome,) = check_suite(
        replace(one, cases=(strict,)), replace(ONCE, factory=counting, timings=3)
    )
    assert counting.made == 5
    assert {m.name for m in outcome.comparison.regressions} == {"speed.pose", "speed.compose"}


def test_a_small_budget_keeps_fewer_pictures(suite: Suite) -> None:
    text = suite.path.read_text() + "\n[budget]\ncase_kb = 12\n"
    suite.path.write_text(text)
    tight = load_suite(suite.path)
    (first, _) = record_suite(tight, ONCE)
    assert first.bytes <= 12_000
    kept = load_recording(tight.baselines / tight.cases[0].id)
    assert 2 <= len(kept.film.rows) < FRAMES
    assert exit_code(list(check_suite(tight, ONCE))) == 0
