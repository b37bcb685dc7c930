"""``wearcast render``: dress a recorded clip, and say how it went."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.progress import TaskID

from pipeline.reasons import ADVICE
from pipeline.report import ReportBuilder
from pipeline.structures import Reason
from pipeline.video import RenderJob, check_job, render_video
from stream_server.commands.display import make_progress, stderr
from stream_server.commands.stock import find_garment

__all__ = ["RenderJob", "render"]

CHECK_FAILED = 1
SENTENCES = {**ADVICE, Reason.SETTLING: "The fit is measured while somebody is first seen."}
"""As for a shopper; but nobody in a recorded clip can be asked to hold still for that."""


def render(
    job: RenderJob,
    garment: str,
    catalog: Path | None,
    stack: str = "auto",
    min_dressed: float = 0.0,
) -> None:
    """Dress a clip, with a progress bar, and say how it went.

    Args:
        job: what and where.
        garment: id, picture or folder.
        catalog: folder to look the id up in first.
        stack: where keyframes are made.
        min_dressed: percent of the frames; exit code 1 when fewer are dressed.
    """
    from pipeline.tryon import TryOn
    from stream_server.commands.compiling import telling_when_compiling

    check_job(job)
    worn = find_garment(garment, catalog)
    keyframes = TryOn.load(stack).keyframes()
    with make_progress() as progress, telling_when_compiling(progress):
        tasks: list[TaskID] = []

        def show(done: int, expected: int) -> None:
            if not tasks:
                tasks.append(progress.add_task("Dressing", total=None))
            progress.update(tasks[0], completed=done, total=expected or None)

        numbers = render_video(job, worn, show, keyframes)
    _summarise(job.out, numbers)
    if 100 * numbers.dressed_frames < min_dressed * numbers.frames:
        typer.echo(f"Fewer than {min_dressed:g} % of the frames are dressed.", err=True)
        raise typer.Exit(CHECK_FAILED)


def _summarise(out: Path, numbers: ReportBuilder) -> None:
    made = f", {numbers.keyframes} keyframes" if numbers.keyframes else ""
    whom = ", the nearest of several people" if numbers.several_people else ""
    typer.echo(f"{out}: {numbers.dressed_frames} of {numbers.frames} frames dressed{made}{whom}.")
    for reason, count in numbers.reasons.items():
        typer.echo(f"  {count} left alone, {reason}: {SENTENCES[Reason(reason)]}")
    if numbers.dressed_frames == 0:
        stderr().print(
            f"[bold yellow]Nobody was dressed:[/] all {numbers.frames} frames are the clip's own."
        )
