"""``wearcast regress``: record what the pipeline does to clips, and check it later."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import Progress

from pipeline.errors import InputError
from pipeline.places import check_file, check_folder, writing
from stream_server.commands.display import make_progress

if TYPE_CHECKING:
    from pipeline.regression.runner import Outcome, Plan
    from pipeline.regression.suite import Suite

app = typer.Typer(help="Recorded-video regression tests.", no_args_is_help=True)

REPORT = "report.html"
WARM_UP_GARMENT = "white-tee"
COLOURS = {"good": "green", "better": "green", "recorded": "green", "worse": "red"}

SuiteArgument = Annotated[Path, typer.Argument(help="TOML file that names clips and garments.")]
JobsOption = Annotated[
    int,
    typer.Option(min=0, help="Cases at the same time, 0 = one per core. Speed is best timed at 1."),
]
BaselinesOption = Annotated[
    Path | None, typer.Option(help="Folder of the baselines; default: as the suite says.")
]
CaseOption = Annotated[
    list[str] | None, typer.Option("--case", help="Only this case; may be given several times.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command()
def record(
    suite: SuiteArgument,
    jobs: JobsOption = 1,
    baselines: BaselinesOption = None,
    case: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store baselines of every clip in every garment. Goes on where it was interrupted."""
    from pipeline.regression.outputs import to_json
    from pipeline.regression.runner import exit_code, record_suite

    chosen = _open(suite, baselines, case)
    with _working(jobs, as_json) as progress:
        outcomes = _follow(record_suite(chosen, _plan(jobs, progress)), progress)
    if as_json:
        typer.echo(json.dumps(to_json(chosen, outcomes), indent=2))
    else:
        total = sum(outcome.bytes for outcome in outcomes)
        done = sum(not outcome.problem for outcome in outcomes)
        typer.echo(
            f"{chosen.baselines}: {done} of {len(outcomes)} cases recorded, {total // 1000} KB."
        )
    raise typer.Exit(exit_code(outcomes))


@app.command()
def check(
    suite: SuiteArgument,
    report: Annotated[Path | None, typer.Option(help="Folder for report.html.")] = None,
    as_json: JsonOption = False,
    junit: Annotated[Path | None, typer.Option(help="File for JUnit XML.")] = None,
    jobs: JobsOption = 1,
    update: Annotated[
        bool, typer.Option("--update", help="Make what is seen now the baseline of failed cases.")
    ] = False,
    baselines: BaselinesOption = None,
    case: CaseOption = None,
) -> None:
    """Run every case again and compare. Exit code 0: as before, 1: worse, 2: not judged."""
    from pipeline.regression.outputs import to_json, to_junit
    from pipeline.regression.page import build_page
    from pipeline.regression.runner import check_suite, exit_code, update_baseline

    chosen = _open(suite, baselines, case)
    if report is not None:
        check_folder(report)
    if junit is not None:
        check_file(junit)
    with _working(jobs, as_json) as progress:
        outcomes = _follow(check_suite(chosen, _plan(jobs, progress)), progress)
    if report is not None:
        page = build_page(chosen, outcomes, datetime.now())
        _write(report / REPORT, page.encode())
    if junit is not None:
        _write(junit, to_junit(chosen, outcomes))
    if as_json:
        typer.echo(json.dumps(to_json(chosen, outcomes), indent=2))
    else:
        _summarise(outcomes, report)
    if update:
        failed = [outcome for outcome in outcomes if outcome.failed]
        for outcome in failed:
            update_baseline(chosen, outcome)
        typer.echo(
            f"{len(failed)} baselines replaced. Look at the report before you commit them.",
            err=True,
        )
        outcomes = [outcome for outcome in outcomes if not outcome.failed]
    raise typer.Exit(exit_code(outcomes))


def _open(path: Path, baselines: Path | None, names: list[str] | None) -> Suite:
    from dataclasses import replace

    from pipeline.regression.suite import load_suite

    suite = load_suite(path)
    if baselines is not None:
        suite = replace(suite, baselines=baselines)
    if names:
        unknown = set(names) - {case.id for case in suite.cases}
        if unknown:
            known = ", ".join(case.id for case in suite.cases)
            raise InputError(f"{path} has no case {sorted(unknown)[0]}. It has {known}.")
        suite = replace(suite, cases=tuple(c for c in suite.cases if c.id in names))
    return suite


def _plan(jobs: int, progress: Progress) -> Plan:
    from pipeline.regression.runner import Plan

    tasks = {}

    def show(case_id: str, done: int, expected: int) -> None:
        if case_id not in tasks:
            tasks[case_id] = progress.add_task(case_id, total=None)
        progress.update(tasks[case_id], completed=done, total=expected or None)

    return Plan(jobs=jobs or os.cpu_count() or 1, progress=show)


@contextmanager
def _working(jobs: int, quiet: bool) -> Iterator[Progress]:
    """The display of a run. Loops are compiled before several processes would all do it."""
    from stream_server.commands.compiling import telling_when_compiling

    with (
        make_progress(quiet=quiet, transient=True) as progress,
        telling_when_compiling(progress),
    ):
        if jobs != 1:
            from pipeline.garments import load_garment
            from pipeline.live import warm_up
            from pipeline.samples import astronaut

            warm_up(astronaut(), load_garment(WARM_UP_GARMENT))
        yield progress


def _follow(outcomes: Iterable[Outcome], progress: Progress) -> list[Outcome]:
    """Say each case's outcome as soon as it is known."""
    from pipeline.regression.outputs import tell
    from pipeline.regression.runner import verdict_of

    seen = []
    for outcome in outcomes:
        seen.append(outcome)
        verdict = verdict_of(outcome)
        colour = COLOURS.get(verdict, "yellow")
        again = " (kept from the interrupted run)" if outcome.resumed else ""
        if not progress.disable:
            progress.console.print(f"[{colour}]{verdict}[/] {escape(outcome.case.id)}{again}")
            for line in tell(outcome):
                progress.console.print(f"    {escape(line)}", highlight=False, soft_wrap=True)
    return seen


def _summarise(outcomes: list[Outcome], report: Path | None) -> None:
    failed = sum(outcome.failed for outcome in outcomes)
    problems = sum(bool(outcome.problem) for outcome in outcomes)
    typer.echo(
        f"{len(outcomes)} cases: {len(outcomes) - failed - problems} as before, {failed} worse,"
        f" {problems} not judged." + (f" Report: {report / REPORT}" if report is not None else "")
    )


def _write(path: Path, data: bytes) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
