"""One recorded baseline of the drawn person, shared by the tests that only read it."""

from __future__ import annotations

import pytest

from pipeline.regression.recorder import record_case, save_within_budget
from pipeline.regression.recording import Recording, load_recording
from pipeline.regression.suite import Case, load_suite
from tests.unit.regression.drawn_mirror import DrawnMirror, write_clip, write_suite


@pytest.fixture(scope="session")
def drawn_case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("drawn")
    write_clip(folder / "a.mp4")
    return load_suite(write_suite(folder)).cases[0]


@pytest.fixture(scope="session")
def baseline(drawn_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """As ``check`` sees it: written to disk and read back."""
    folder = tmp_path_factory.mktemp("baseline")
    save_within_budget(record_case(drawn_case, DrawnMirror).recording, folder, drawn_case.budget)
    return load_recording(folder)
