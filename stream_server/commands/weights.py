"""``wearcast weights``: published checkpoints: list, fetch, verify, import."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from pipeline.checkpoints.manifest import (
    FOLDER,
    MANIFEST,
    Checkpoint,
    State,
    check_commercial,
    find,
    load_manifest,
)
from pipeline.errors import WeightsError

app = typer.Typer(
    help="Published checkpoints. None is needed: without them a garment's own photo is worn.",
    no_args_is_help=True,
)

CHECK_FAILED = 1
UNKNOWN = "?"

FolderOption = Annotated[Path, typer.Option(help="Folder that keeps the checkpoints.")]
ManifestOption = Annotated[Path, typer.Option(help="TOML file that lists the checkpoints.")]
CommercialOption = Annotated[
    bool, typer.Option("--commercial", help="Refuse what may not be used commercially.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("list")
def list_checkpoints(
    as_json: JsonOption = False,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Only what may be used commercially.")
    ] = False,
    folder: FolderOption = FOLDER,
    manifest: ManifestOption = MANIFEST,
) -> None:
    """What is published, under which licence, and what of it is here."""
    entries = [e for e in load_manifest(manifest).values() if e.commercial or not commercial]
    if as_json:
        typer.echo(json.dumps([_row(entry, folder) for entry in entries], indent=2))
        return
    table = Table("name", "here", "MB", "commercial", "licence")
    for column in table.columns[:-1]:
        column.no_wrap = True
    for entry in entries:
        size = UNKNOWN if entry.size_mb is None else f"{entry.size_mb:.0f}"
        allowed = "yes" if entry.commercial else "no"
        here = entry.state(folder).value
        table.add_row(*map(escape, (entry.name, here, size, allowed, entry.licence)))
    Console().print(table)


def _row(entry: Checkpoint, folder: Path) -> Mapping[str, object]:
    return {
        "name": entry.name,
        "file": entry.file,
        "network": entry.network or None,
        "purpose": entry.purpose,
        "state": entry.state(folder).value,
        "path": str(entry.path(folder)),
        "size_bytes": entry.size_bytes,
        "about_mb": entry.size_mb,
        "sha256": entry.sha256,
        "sources": entry.sources,
        "licence": entry.licence,
        "commercial": entry.commercial,
        "page": entry.page or None,
    }


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="As `list` shows them.")],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licences without being asked.")
    ] = False,
    commercial: CommercialOption = False,
    folder: FolderOption = FOLDER,
    manifest: ManifestOption = MANIFEST,
) -> None:
    """Download checkpoints, resume broken downloads, check every byte."""
    known = load_manifest(manifest)
    entries = [find(name, known) for name in dict.fromkeys(names)]
    for entry in entries if commercial else ():
        check_commercial(entry)
    problems = []
    for entry in entries:
        if _is_here(entry, folder):
            typer.echo(f"{entry.path(folder)}: already here, and good.")
            continue
        try:
            _agree(entry, accept_licence)
            _fetch(entry, folder, manifest.parent)
        except WeightsError as error:  # the others may come all the same
            problems.append(str(error))
    if problems:
        raise WeightsError("\n".join(problems))


def _is_here(entry: Checkpoint, folder: Path) -> bool:
    """Whether the file is here and good; a bad one is replaced once a good one has come."""
    from pipeline.checkpoints.verification import verify

    if entry.state(folder) is not State.PRESENT:
        return False
    try:
        verify(entry.path(folder), entry)
    except WeightsError as error:
        typer.echo(f"{error} It will be replaced.", err=True)
        return False
    return True


def _agree(entry: Checkpoint, accepted: bool) -> None:
    typer.echo(f"{entry.name}: {entry.purpose}", err=True)
    typer.echo(f"  licence: {entry.licence}", err=True)
    if entry.page:
        typer.echo(f"  published at {entry.page}", err=True)
    if accepted:
        return
    refusal = WeightsError(f"{entry.name} was not fetched: its licence was not accepted.")
    if not sys.stdin.isatty():
        raise WeightsError(f"{refusal} Read it above, then add --accept-licence.")
    if not typer.confirm("Do you accept this licence?", err=True):
        raise refusal


def _fetch(entry: Checkpoint, folder: Path, base: Path) -> None:
    from pipeline.checkpoints.fetching import fetch as fetch_checkpoint

    with _progress() as progress:
        task = progress.add_task(entry.file, total=entry.size_bytes)

        def show(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total)

        sha256 = fetch_checkpoint(entry, folder, show, base)
    typer.echo(f"{entry.path(folder)}: {_how_sure(entry, sha256)}")


def _how_sure(entry: Checkpoint, sha256: str) -> str:
    if sha256 in entry.sha256:
        return "as published, SHA-256 agrees."
    return f"fits its network; no SHA-256 is published to compare with, this one is {sha256}."


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Default: all that are here.")
    ] = None,
    as_json: JsonOption = False,
    folder: FolderOption = FOLDER,
    manifest: ManifestOption = MANIFEST,
) -> None:
    """Check hashes and load every tensor. Exit code 0: all good, 1: not all."""
    from pipeline.checkpoints.verification import verify as verify_checkpoint

    known = load_manifest(manifest)
    if names:
        entries = [find(name, known) for name in dict.fromkeys(names)]
    else:
        entries = [entry for entry in known.values() if entry.path(folder).exists()]
    results: list[dict[str, object]] = []
    for entry in entries:
        try:
            sha256 = verify_checkpoint(entry.path(folder), entry)
            results.append({"name": entry.name, "good": True, "says": _how_sure(entry, sha256)})
        except WeightsError as error:
            results.append({"name": entry.name, "good": False, "says": str(error)})
        if not as_json:
            _say(results[-1])
    if as_json:
        typer.echo(json.dumps(results, indent=2))
    elif not entries:
        typer.echo(f"No checkpoint is in {folder}; none is needed to wear a garment's own photo.")
    if not all(result["good"] for result in results):
        raise typer.Exit(CHECK_FAILED)


def _say(result: Mapping[str, object]) -> None:
    mark = "good" if result["good"] else "bad"
    typer.echo(f"{result['name']}: {mark}: {result['says']}", err=not result["good"])


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files you have.")],
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="What it is; default: found out.")
    ] = None,
    unpublished: Annotated[
        bool,
        typer.Option("--unpublished", help="Accept your own weights that fit the network of --as."),
    ] = False,
    commercial: CommercialOption = False,
    folder: FolderOption = FOLDER,
    manifest: ManifestOption = MANIFEST,
) -> None:
    """Check checkpoints you already have and copy them to where they are found."""
    from pipeline.checkpoints.bringing_in import bring_in

    known = load_manifest(manifest)
    problems = []
    for file in files:
        try:
            entry, target = bring_in(
                file, known, folder, name=name, unpublished=unpublished, commercial=commercial
            )
        except WeightsError as error:  # the others may be good all the same
            problems.append(str(error))
            continue
        typer.echo(f"{file}: {entry.name}, now at {target}. Licence: {entry.licence}.")
    if problems:
        raise WeightsError("\n".join(problems))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
    )
