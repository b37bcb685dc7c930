"""pytest plugin: ``pytest --wearcast-suite suite.toml`` runs every case of a suite as a test.

Heavy modules are imported when a case runs, so that the plugin costs other test runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pipeline.regression.runner import Outcome
    from pipeline.regression.suite import Case, Suite

OUTCOMES = pytest.StashKey[dict[Path, list["Outcome"]]]()
SUITES = pytest.StashKey[dict[Path, "Suite"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("wearcast", "recorded-video regression tests")
    group.addoption(
        "--wearcast-suite",
        action="append",
        default=[],
        metavar="SUITE.toml",
        help="Check every case of this suite as a test. May be given several times.",
    )
    group.addoption(
        "--wearcast-report",
        metavar="DIR",
        help="Write DIR/SUITE.html for each suite.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let the suites be collected along with the tests."""
    paths = [Path(path).resolve() for path in config.getoption("--wearcast-suite")]
    for path in paths:
        if not path.is_file():
            raise pytest.UsageError(f"--wearcast-suite: {path} is not there or not a file.")
        if str(path) not in config.args:
            config.args.append(str(path))
    config.stash[OUTCOMES] = {}
    config.stash[SUITES] = {}


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
    """Collect the suites that were asked for, and no other TOML file."""
    wanted = parent.config.getoption("--wearcast-suite")
    if file_path.resolve() not in [Path(path).resolve() for path in wanted]:
        return None
    return SuiteFile.from_parent(parent, path=file_path)


class SuiteFile(pytest.File):
    """A suite; its cases are the tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """Read the suite."""
        from pipeline.errors import InputError
        from pipeline.regression.suite import load_suite

        try:
            suite = load_suite(self.path)
        except InputError as error:
            raise self.CollectError(str(error)) from error
        self.config.stash[SUITES][self.path] = suite
        for case in suite.cases:
            yield CaseItem.from_parent(self, name=case.id, suite=suite, case=case)


class CaseFailed(Exception):
    """A case got worse, or could not be judged; the message says what."""


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, suite: Suite, case: Case, **rest: Any) -> None:
        super().__init__(**rest)
        self._suite, self._case = suite, case

    def runtest(self) -> None:
        """Check the case."""
        from dataclasses import replace

        from pipeline.regression.outputs import tell
        from pipeline.regression.runner import check_suite

        (outcome,) = check_suite(replace(self._suite, cases=(self._case,)))
        self.config.stash[OUTCOMES].setdefault(self.path, []).append(outcome)
        if outcome.failed or outcome.problem:
            raise CaseFailed("\n".join(tell(outcome)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our sentences instead of a stack trace."""
        if isinstance(excinfo.value, CaseFailed):
            return f"{self._case.id}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """How the test is called."""
        return self.path, None, f"wearcast: {self._case.id}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports."""
    folder = session.config.getoption("--wearcast-report")
    outcomes = session.config.stash.get(OUTCOMES, {})
    if not folder or not outcomes:
        return
    from pipeline.regression.page import build_page

    Path(folder).mkdir(parents=True, exist_ok=True)
    for path, seen in outcomes.items():
        page = build_page(session.config.stash[SUITES][path], seen, datetime.now())
        (Path(folder) / f"{path.stem}.html").write_text(page, encoding="utf-8")
