"""Our own regression suite against its committed baselines, and a larger one over real clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.regression.outputs import tell
from pipeline.regression.runner import Plan, check_suite, exit_code, record_suite
from pipeline.regression.suite import Case, load_suite

HERE = Path(__file__).parent
OWN = load_suite(HERE / "suite.toml")
LARGEST_BYTES = 1_500_000
REAL = ("gestures-black-long-sleeve-photo", "enters-and-leaves-breton-top-photo")


def shown(case: Case) -> str:
    return case.id


@pytest.mark.parametrize("case", OWN.cases, ids=shown)
def test_our_own_suite_finds_no_regression(case: Case) -> None:
    (outcome,) = check_suite(replace(OWN, cases=(case,)))
    told = "\n".join(tell(outcome))
    assert not outcome.problem and not outcome.failed, (
        f"{told}\nWhen the change is meant: wearcast regress record tests/golden/suite/suite.toml"
    )


def test_the_baselines_stay_small_and_have_no_strays() -> None:
    files = [path for path in OWN.baselines.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST_BYTES
    assert {path.parent.name for path in files} == {case.id for case in OWN.cases}


@pytest.mark.media
@pytest.mark.parametrize("name", REAL)
def test_real_clips_are_recorded_and_checked(media: Path, tmp_path: Path, name: str) -> None:
    suite = load_suite(HERE / "media.toml")
    case = next(replace(case, frames=45) for case in suite.cases if case.id == name)
    case = replace(case, tolerances=replace(case.tolerances, speed=2.0))  # tests time nothing
    one = replace(suite, cases=(case,), baselines=tmp_path / "baselines")
    once = Plan(timings=1)
    assert exit_code(list(record_suite(one, once))) == 0
    (outcome,) = check_suite(one, once)
    assert outcome.comparison is not None
    assert outcome.comparison.regressions == []
