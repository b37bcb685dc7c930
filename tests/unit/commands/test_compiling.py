"""The first use compiles for a minute or two: that is said, and only then."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from numba import njit
from rich.console import Console
from rich.progress import Progress

from stream_server.commands import compiling
from stream_server.commands.compiling import SENTENCE, telling_when_compiling


def fresh_loop(x: int) -> int:
    return x + 1


def test_a_command_that_compiles_compiles_what_only_others_need_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise the next command would say "once on this machine" a second time."""
    needed, not_needed = njit(fresh_loop), njit(fresh_loop)
    monkeypatch.setattr(compiling, "compile_loops", lambda: not_needed(1))
    said = io.StringIO()
    for _ in range(2):
        with telling_when_compiling(Progress(console=Console(file=said), transient=True)):
            needed(1)
    assert said.getvalue() == f"{SENTENCE}\n"
    assert not_needed.signatures


def test_a_command_that_compiles_nothing_or_fails_does_not_begin_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = njit(fresh_loop)
    monkeypatch.setattr(compiling, "compile_loops", lambda: pytest.fail("no reason to compile"))
    with telling_when_compiling(Progress(console=Console(file=io.StringIO()))):
        pass
    with (
        pytest.raises(ValueError),
        telling_when_compiling(Progress(console=Console(file=io.StringIO()))),
    ):
        loop(1)
        raise ValueError


def test_compiling_is_told_once_and_what_is_compiled_already_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiling, "compile_loops", lambda: None)
    said = io.StringIO()
    first, second = njit(fresh_loop), njit(fresh_loop)
    with Progress(console=Console(file=said)) as progress:
        with telling_when_compiling(progress):
            assert first(1) == 2
            assert second(1) == 2
        assert said.getvalue().count(SENTENCE) == 1
        with telling_when_compiling(progress):
            assert first(2) == 3  # nothing is compiled now
        second(1.5)  # and nobody listens any more
    assert said.getvalue().count(SENTENCE) == 1


def test_what_comes_from_the_cache_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiling, "compile_loops", lambda: None)
    said = []
    for _ in range(2):
        out = io.StringIO()
        loop = njit(fresh_loop, cache=True)
        with Progress(console=Console(file=out)) as progress, telling_when_compiling(progress):
            loop(1)
        said.append(SENTENCE in out.getvalue())
    assert said == [True, False]
