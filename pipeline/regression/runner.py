"""Runs a whole suite: record or check, one case after the other or several at once."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.errors import InputError, WearcastError
from pipeline.garments import load_garment
from pipeline.regression.calibration import StageSpeed
from pipeline.regression.clip import clip_digest
from pipeline.regression.compare import Comparison, compare
from pipeline.regression.findings import Verdict
from pipeline.regression.judge_speed import judge_speed, suspects
from pipeline.regression.keep import Shots, load_shots, save_shots
from pipeline.regression.mirror import MirrorFactory, WatchedTryOn
from pipeline.regression.recorder import (
    Progress,
    Take,
    no_progress,
    record_case,
    same_recording,
    save_within_budget,
    time_case,
    with_speeds,
)
from pipeline.regression.recording import FACTS, Recording, load_recording, save_recording
from pipeline.regression.suite import Case, Suite
from pipeline.regression.versions import garment_digest, source_digest

TIMINGS = 3  # runs whose middle counts as a case's speed
MORE_TIMINGS = 2  # of a check that looks slow: an alarm must be surer than a baseline
SHOTS_FILE = "shots.npz"
DONE = "done"
KEY_LENGTH = 16
KEEP_S = 7 * 24 * 3600.0  # an interrupted run can be gone on with for a week
UNSTABLE = "Two runs on this machine differ: the pipeline is not deterministic on this clip."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case.

    Attributes:
        case: which.
        comparison: None when it was recorded, or could not be judged.
        problem: why it could not be judged, in a sentence; "" when it could.
        base, now, shots: for the report; None as far as there is none.
        resumed: taken from an earlier run that was interrupted.
        bytes: size of the baseline that was written.
    """

    case: Case
    comparison: Comparison | None = None
    problem: str = ""
    base: Recording | None = None
    now: Recording | None = None
    shots: Shots | None = None
    resumed: bool = False
    bytes: int = 0

    @property
    def failed(self) -> bool:
        """Whether a regression was found."""
        return self.comparison is not None and bool(self.comparison.regressions)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a suite is run.

    Attributes:
        jobs: processes; 1 stays in this one.
        factory: makes the mirror under test; must be importable when there are several jobs.
        timings: runs whose middle is a case's speed when recording, and when a check looks slow.
        progress: told after each frame (with several jobs, after each case).
    """

    jobs: int = 1
    factory: MirrorFactory = WatchedTryOn
    timings: int = TIMINGS
    progress: Progress = field(default=no_progress)


def record_suite(suite: Suite, plan: Plan | None = None) -> Iterator[Outcome]:
    """Record a baseline of every case, in the order in which they are done.

    An interrupted recording goes on where it stopped, as long as nothing changed in between.
    """
    plan = plan or Plan()
    shelf = _Shelf(suite, "record")
    yield from _each(suite.cases, _Job(plan, shelf, suite.baselines, _record), plan)
    shelf.clear()


def check_suite(suite: Suite, plan: Plan | None = None) -> Iterator[Outcome]:
    """Run every case and compare it with its baseline, in the order in which they are done.

    An interrupted check goes on where it stopped, as long as nothing changed in between.
    """
    plan = plan or Plan()
    shelf = _Shelf(suite, "check")
    yield from _each(suite.cases, _Job(plan, shelf, suite.baselines, _check), plan)
    shelf.clear()


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 all good, 1 a regression, 2 a case could not be judged (and there is no regression)."""
    if any(outcome.failed for outcome in outcomes):
        return 1
    return 2 if any(outcome.problem for outcome in outcomes) else 0


def update_baseline(suite: Suite, outcome: Outcome) -> int:
    """Make what a check saw the new baseline of a case. Returns its bytes."""
    if outcome.now is None:
        return 0
    folder = suite.baselines / outcome.case.id
    return _replace_folder(folder, lambda part: _save_baseline(outcome.now, part, outcome.case))


class _Shelf:
    """Keeps finished cases of a run until the run is complete.

    Its folder lies beside the baselines and is named after everything that is run, so that another
    program, suite or baseline finds nothing, and runs at the same time do not meet.
    """

    def __init__(self, suite: Suite, what: str) -> None:
        key = hashlib.sha256(suite.path.read_bytes() + source_digest().encode())
        for case in suite.cases:
            key.update(case.id.encode())
            facts = suite.baselines / case.id / FACTS
            if what == "check":
                key.update(facts.read_bytes() if facts.is_file() else b"none")
        name = f".{suite.baselines.name}.{what}"
        self._parent = suite.baselines.with_name(name)
        try:
            self._parent.mkdir(parents=True, exist_ok=True)
        except OSError:  # a check must work where nobody may write
            self._parent = Path(tempfile.gettempdir()) / f"wearcast-{getpass.getuser()}{name}"
            self._parent.mkdir(mode=0o700, exist_ok=True)
        self._folder = self._parent / key.hexdigest()[:KEY_LENGTH]
        self._sweep()

    def _sweep(self) -> None:
        """Remove what runs left that nobody went on with."""
        for folder in self._parent.iterdir():
            with contextlib.suppress(OSError):  # somebody else was faster
                if time.time() - folder.stat().st_mtime > KEEP_S:
                    shutil.rmtree(folder, ignore_errors=True)

    def find(self, case: Case, digest: str) -> Path | None:
        """The folder of a finished case, when its clip and garment are still the same."""
        folder = self._folder / case.id
        done = folder / DONE
        if not done.is_file():
            return None
        garment = garment_digest(load_garment(case.garment, case.catalog))
        return folder if done.read_text(encoding="ascii") == f"{digest} {garment}" else None

    def put(self, case: Case, digest: str, take: Take) -> None:
        """Keep a finished case."""

        def write(part: Path) -> int:
            size = save_recording(take.recording, part)
            save_shots(take.shots, part / SHOTS_FILE)
            key = f"{digest} {take.recording.garment['digest']}"
            (part / DONE).write_text(key, encoding="ascii")
            return size

        _replace_folder(self._folder / case.id, write)

    def clear(self) -> None:
        """The run is complete."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another run has its folder in it
            self._parent.rmdir()


@dataclass(frozen=True, slots=True)
class _Job:
    """Everything a worker process needs; ``work`` is ``_record`` or ``_check``."""

    plan: Plan
    shelf: _Shelf
    baselines: Path
    work: Callable[[Case, _Job], Outcome]

    def run(self, case: Case) -> Outcome:
        try:
            return self.work(case, self)
        except WearcastError as error:
            return Outcome(case, problem=str(error))


def _each(cases: Sequence[Case], job: _Job, plan: Plan) -> Iterator[Outcome]:
    if plan.jobs <= 1 or len(cases) <= 1:
        for case in cases:
            yield job.run(case)
        return
    silent = replace(job, plan=replace(plan, progress=no_progress))
    context = multiprocessing.get_context("spawn")  # MediaPipe's threads do not survive a fork
    with ProcessPoolExecutor(min(plan.jobs, len(cases)), context) as pool:
        futures: dict[Future[Outcome], Case] = {pool.submit(silent.run, c): c for c in cases}
        try:
            for future in as_completed(futures):
                outcome = _result(future, futures[future])
                if outcome.now is not None:
                    frames = outcome.now.frames
                    plan.progress(outcome.case.id, frames, frames)
                yield outcome
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[Outcome], case: Case) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        return Outcome(case, problem=f"The process that ran {case.id} ended unexpectedly.")


def _record(case: Case, job: _Job) -> Outcome:
    digest, folder = clip_digest(case), job.baselines / case.id
    finished = job.shelf.find(case, digest)
    if finished is not None and (folder / FACTS).is_file():
        return Outcome(case, now=load_recording(folder), resumed=True)
    take = record_case(case, job.plan.factory, progress=job.plan.progress)
    recording = _timed(case, take.recording, job.plan)
    size = _replace_folder(folder, lambda part: _save_baseline(recording, part, case))
    job.shelf.put(case, digest, take)
    return Outcome(case, now=recording, shots=take.shots, bytes=size)


def _timed(case: Case, recording: Recording, plan: Plan) -> Recording:
    """Run the case again for its speed, and see whether it gives the same."""
    passes: list[dict[str, StageSpeed]] = [dict(recording.speeds)]
    same = True
    for _ in range(plan.timings - 1):
        again = record_case(case, plan.factory, progress=plan.progress).recording
        passes.append(dict(again.speeds))
        same = same and same_recording(recording, again)
    recording = with_speeds(recording, passes)
    return recording if same else replace(recording, notes=[*recording.notes, UNSTABLE])


def _check(case: Case, job: _Job) -> Outcome:
    digest, folder = clip_digest(case), job.baselines / case.id
    if not (folder / FACTS).is_file():
        load_garment(case.garment, case.catalog)  # a misspelt one could not be recorded either
        raise InputError(f"There is no baseline of {case.id}. Run wearcast regress record.")
    base = load_recording(folder)
    if digest != base.clip["sha256"]:
        raise InputError(
            f"The clip of {case.id} is another file than the one that was recorded"
            f" (SHA-256 {digest[:12]}, recorded {base.clip['sha256'][:12]}). Restore it, or record"
            " the case again."
        )
    finished = job.shelf.find(case, digest)
    if finished is not None:
        take, resumed = Take(load_recording(finished), load_shots(finished / SHOTS_FILE)), True
    else:
        take = record_case(case, job.plan.factory, base, job.plan.progress)
        take = replace(take, recording=_timed_if_slow(case, base, take.recording, job.plan))
        job.shelf.put(case, digest, take)
        resumed = False
    return Outcome(
        case,
        comparison=compare(base, take.recording, case.tolerances),
        base=base,
        now=take.recording,
        shots=take.shots,
        resumed=resumed,
    )


def _timed_if_slow(case: Case, base: Recording, now: Recording, plan: Plan) -> Recording:
    """A stage that looks slow is timed again: on a busy machine one run may mislead."""
    first = judge_speed(base, now.speeds, case.tolerances)
    if not suspects(first):
        return now
    passes = [dict(now.speeds)]
    again = plan.timings + MORE_TIMINGS - 1
    passes += [time_case(case, plan.factory) for _ in range(again)]
    return with_speeds(now, passes)


def _save_baseline(recording: Recording | None, folder: Path, case: Case) -> int:
    assert recording is not None
    return save_within_budget(recording, folder, case.budget)


def _replace_folder(folder: Path, write: Callable[[Path], int]) -> int:
    """Write a folder beside its place and move it there: never half a baseline."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        size = write(part)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror or error}). Choose another place."
        ) from error
    return size


def verdict_of(outcome: Outcome) -> str:
    """One word for a table."""
    if outcome.problem:
        return "not judged"
    if outcome.comparison is None:
        return "recorded"
    if outcome.failed:
        return Verdict.WORSE.value
    return Verdict.BETTER.value if outcome.comparison.gains else "good"
