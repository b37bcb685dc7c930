"""Commands that turn files into files: render, photo, garment, pose."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.errors import ImageUnreadable, InputError
from pipeline.images import read_image, write_png
from pipeline.reasons import ADVICE
from pipeline.structures import Frame, Reason
from pipeline.video import RenderJob, render_video

if TYPE_CHECKING:
    from pipeline.pose import PoseEstimator
    from pipeline.tryon import TryOn

__all__ = ["RenderJob", "garment", "photo", "pose", "render"]

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def render(job: RenderJob, garment: str, catalog: Path | None, stack: str = "auto") -> None:
    """Dress a clip, with a progress bar, and say how it went."""
    from pipeline.garments import load_garment

    worn = load_garment(garment, catalog)
    try_on = _try_on(stack)
    with _progress() as progress:

        def show(done: int, expected: int) -> None:
            if not progress.task_ids:
                progress.add_task("Dressing")
            progress.update(progress.task_ids[0], completed=done, total=expected or None)

        numbers = render_video(job, worn, show, try_on.keyframes())
    made = f", {numbers.keyframes} keyframes" if numbers.keyframes else ""
    typer.echo(f"{job.out}: {numbers.frames} frames, {numbers.dressed_frames} dressed{made}.")
    for reason, count in numbers.reasons.items():
        typer.echo(f"  {count} left alone, {reason}: {ADVICE[Reason(reason)]}")


def photo(
    person: Path,
    garment: str,
    out: Path,
    mask: Path | None,
    catalog: Path | None,
    stack: str = "auto",
) -> None:
    """Dress a photo; a person who cannot be dressed is bad input."""
    from pipeline.garments import load_garment

    for path in (out, mask):
        _check_png(path)
    picture = read_image(person)
    composite = _try_on(stack).photo(picture, load_garment(garment, catalog))
    if composite.reason is not None:
        raise InputError(f"{person} was not dressed. {ADVICE[composite.reason]}")
    _write(out, composite.image)
    if mask is not None:
        _write(mask, composite.mask)
    typer.echo(f"{out}: dressed.")


def _try_on(stack: str) -> TryOn:
    """What dresses; when that is not what may be expected, a note says so."""
    from pipeline.tryon import TryOn

    try_on = TryOn.load(stack)
    if try_on.notice:
        typer.echo(try_on.notice, err=True)
    return try_on


def garment(image: Path, out: Path) -> None:
    """Inspect one garment photo."""
    from pipeline.garments import load_garment
    from pipeline.garments.inspection import write_inspection

    picture = read_image(image)
    found = load_garment(image)
    write_inspection(found, picture, _folder(out))
    typer.echo(f"{out}: {found.category.value}, {found.sleeves.value}.")


def pose(source: Path, out: Path) -> None:
    """Write key points and pictures for one picture or a folder of them."""
    from pipeline.pose import PoseEstimator

    folder = _folder(out)
    with PoseEstimator() as estimator, _progress() as progress:
        for path in progress.track(_pictures(source), description="Pose"):
            _export_pose(path, folder, estimator)


def _export_pose(path: Path, folder: Path, estimator: PoseEstimator) -> None:
    from pipeline.openpose import (
        draw_annotated,
        draw_skeleton,
        landmarks_json,
        to_body25,
        to_openpose_json,
    )

    image = read_image(path)
    found = estimator.estimate(Frame(image))
    height, width = image.shape[:2]
    _write_json(folder / f"{path.stem}_keypoints.json", to_openpose_json(found))
    if found is None:
        typer.echo(f"{path}: nobody found; its files say so.", err=True)
        landmarks = {"width": width, "height": height, "landmarks": []}
        annotated, skeleton = image, np.zeros_like(image)
    else:
        landmarks = landmarks_json(found)
        annotated = draw_annotated(image, found)
        skeleton = draw_skeleton(to_body25(found), size_hw=(height, width))
    _write_json(folder / f"{path.stem}_landmarks.json", landmarks)
    write_png(folder / f"{path.stem}_annotated.png", annotated)
    write_png(folder / f"{path.stem}_rendered.png", skeleton)


def _pictures(source: Path) -> list[Path]:
    if source.is_dir():
        found = sorted(p for p in source.iterdir() if p.suffix.lower() in PICTURES)
        if not found:
            raise ImageUnreadable(f"{source} holds no picture ({', '.join(PICTURES)}).")
        return found
    return [source]


def _check_png(path: Path | None) -> None:
    """Refuse an output that cannot be written before any work is done."""
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise InputError(f"{path} would be a PNG under another name. End the name in .png.")
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        raise InputError(f"{path} cannot be written. Choose another place.")


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{path} cannot be used as a folder ({error.strerror or error}). Choose another."
        ) from error
    return path


def _write(path: Path, array: NDArray[np.uint8]) -> None:
    _folder(path.parent)
    try:
        write_png(path, array)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}). Choose another place."
        ) from error


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")
