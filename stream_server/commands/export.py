"""Commands that turn pictures into files: photo, garment, pose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer

from pipeline.errors import ImageUnreadable, InputError
from pipeline.images import read_image, write_png
from pipeline.places import check_apart, check_file, check_folder, writing
from pipeline.reasons import ADVICE
from pipeline.structures import Category, Frame, Image
from stream_server.commands.display import make_progress
from stream_server.commands.pictures import (
    each_picture,
    find_pictures,
    raise_if_any,
    result_names,
)

if TYPE_CHECKING:
    from pipeline.pose import PoseEstimator

SEVERAL = ", the nearest of several people"
NOT_WORN = "It cannot be worn yet: only tops and dresses can."
VIDEOS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")


def photo(
    person: Path,
    garment: str,
    out: Path,
    mask: Path | None,
    catalog: Path | None,
    stack: str = "auto",
) -> None:
    """Dress a photo; a person who cannot be dressed is bad input."""
    from pipeline.tryon import TryOn
    from stream_server.commands.compiling import telling_when_compiling
    from stream_server.commands.stock import find_garment

    for path in (out, mask):
        _check_png(path)
    check_apart(person, out, mask)
    picture = _read_person(person)
    worn = find_garment(garment, catalog)
    with telling_when_compiling(make_progress(transient=True)):
        composite = TryOn.load(stack).photo(picture, worn)
    if composite.reason is not None:
        raise InputError(f"{person} was not dressed. {ADVICE[composite.reason]}")
    _write(out, composite.image)
    if mask is not None:
        _write(mask, composite.mask)
    whom = SEVERAL if composite.several_people else ""
    typer.echo(f"{out}: dressed{whom}.")


def _read_person(path: Path) -> Image:
    try:
        return read_image(path)
    except ImageUnreadable as error:
        if path.suffix.lower() in VIDEOS and path.is_file() and path.stat().st_size:
            raise ImageUnreadable(
                f"{path} is not a picture. A clip is dressed with: wearcast render"
            ) from error
        raise


def garment(image: Path, out: Path) -> None:
    """Inspect one garment photo."""
    from pipeline.garments import load_garment
    from pipeline.garments.inspection import write_inspection

    picture = read_image(image)
    check_folder(out)
    found = load_garment(image)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        write_inspection(found, picture, out)
    notice = NOT_WORN if found.category is Category.LOWER else found.notice
    typer.echo(f"{out}: {found.category.value}, {found.sleeves.value}. {notice}".rstrip())


def pose(source: Path, out: Path) -> None:
    """Write key points and pictures for one picture or a folder of them."""
    from pipeline.pose import PoseEstimator

    names = result_names(find_pictures(source))
    check_folder(out)
    with PoseEstimator() as estimator:

        def export(picture: Path) -> None:
            _export_pose(picture, out / names[picture], estimator)

        unreadable = each_picture(names, export, "Pose")
    typer.echo(f"{out}: key points of {len(names) - len(unreadable)} of {len(names)} pictures.")
    raise_if_any(unreadable, len(names))


def _export_pose(picture: Path, target: Path, estimator: PoseEstimator) -> None:
    from pipeline.openpose import (
        draw_annotated,
        draw_skeleton,
        landmarks_json,
        to_body25,
        to_openpose_json,
    )

    image = read_image(picture)
    found = estimator.estimate(Frame(image))
    height, width = image.shape[:2]
    if found is None:
        typer.echo(f"{picture}: nobody found; its files say so.", err=True)
        landmarks = {"width": width, "height": height, "landmarks": []}
        annotated, skeleton = image, np.zeros_like(image)
    else:
        landmarks = landmarks_json(found)
        annotated = draw_annotated(image, found)
        skeleton = draw_skeleton(to_body25(found), size_hw=(height, width))
    with writing(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_json(target.with_name(f"{target.name}_keypoints.json"), to_openpose_json(found))
        _write_json(target.with_name(f"{target.name}_landmarks.json"), landmarks)
        write_png(target.with_name(f"{target.name}_annotated.png"), annotated)
        write_png(target.with_name(f"{target.name}_rendered.png"), skeleton)


def _check_png(path: Path | None) -> None:
    """Refuse an output that cannot be written before any work is done."""
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise InputError(f"{path} would be a PNG under another name. End the name in .png.")
    check_file(path)


def _write(path: Path, array: Image) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, array)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")
