"""The ``wearcast`` command. Each command reads its options, calls the pipeline, and speaks plainly.

Exit codes: 0 good, 1 a check failed, 2 the input is at fault. Heavy modules are imported inside
the commands, so that ``wearcast --help`` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from pipeline import __version__
from pipeline.errors import InputError, WearcastError
from stream_server.commands import bench, regress, weights
from stream_server.commands.doctor import doctor
from stream_server.commands.parse import parse
from stream_server.commands.stopping import stopping_cleanly
from stream_server.config import STACKS

EXIT_BAD_INPUT = 2

app = typer.Typer(
    name="wearcast",
    help="A live mirror for clothes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(bench.app, name="bench")
app.add_typer(regress.app, name="regress")
app.add_typer(weights.app, name="weights")


CHOICES = "|".join(STACKS)  # checked where they are used, so that files hear the same sentence
StackOption = Annotated[
    str,
    typer.Option(
        metavar=CHOICES,
        help="Where networks dress the person: cuda, cpu (minutes), off (a garment's own photo,"
        " bent to the body), or auto: cuda if its weights and a GPU are here.",
    ),
]
GarmentOption = Annotated[
    str, typer.Option("--garment", help="Id of a garment, or a picture or folder of one.")
]
CatalogOption = Annotated[
    Path | None,
    typer.Option(help="Catalogue folder to look the id up in, before the built-in ones."),
]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """A live mirror for clothes."""
    if version:
        typer.echo(f"wearcast {__version__}")
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with any of these.")] = None,
    catalog: Annotated[Path | None, typer.Option(help="Folder of garments.")] = None,
    stack: Annotated[
        str | None, typer.Option(metavar=CHOICES, help="Where network keyframes are made.")
    ] = None,
    commercial: Annotated[
        bool | None,
        typer.Option("--commercial", help="Leave weights alone that forbid commercial use."),
    ] = None,
    max_sessions: Annotated[int | None, typer.Option(min=1, help="Shoppers at once.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Private key, PEM.")] = None,
    tls_self_signed: Annotated[
        bool | None,
        typer.Option("--tls-self-signed", help="HTTPS for phones on this network, without a CA."),
    ] = None,
) -> None:
    """Run the live mirror and print its address."""
    from stream_server.app import run
    from stream_server.config import load_config
    from stream_server.startup import check_places

    settings = load_config(
        config,
        host=host,
        port=port,
        catalog=catalog,
        stack=stack,
        commercial=commercial,
        max_sessions=max_sessions,
        tls_cert=tls_cert,
        tls_key=tls_key,
        tls_self_signed=tls_self_signed,
    )
    check_places(settings)
    run(settings)


@app.command()
def render(
    video: Annotated[Path, typer.Argument(help="The recorded clip.")],
    garment: GarmentOption,
    out: Annotated[
        str, typer.Option("-o", "--out", help="x.mp4, or a folder ending in / for lossless PNGs.")
    ],
    masks: Annotated[Path | None, typer.Option(help="Folder for the edit masks.")] = None,
    report: Annotated[Path | None, typer.Option(help="File for the JSON report.")] = None,
    stack: StackOption = "auto",
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Camera on the left, result on the right.")
    ] = False,
    start: Annotated[int, typer.Option(min=0, help="First frame.")] = 0,
    frames: Annotated[int | None, typer.Option(min=1, help="How many frames.")] = None,
    min_dressed: Annotated[
        float,
        typer.Option(
            min=0,
            max=100,
            metavar="PERCENT",
            help="Exit code 1 when fewer of the frames are dressed; the clip is written all the"
            " same.",
        ),
    ] = 0.0,
    catalog: CatalogOption = None,
) -> None:
    """Dress the person of a recorded clip in every frame.

    Frames without anybody to dress stay as they are, which is no error: the summary counts them.
    """
    from stream_server.commands import rendering

    rendering.render(
        rendering.RenderJob(
            video=video,
            out=Path(out),
            out_is_folder=out.endswith(("/", "\\")),
            masks=masks,
            report=report,
            side_by_side=side_by_side,
            start=start,
            frames=frames,
        ),
        garment,
        catalog,
        stack,
        min_dressed,
    )


@app.command()
def photo(
    person: Annotated[Path, typer.Argument(help="A picture of a person from the front.")],
    garment: GarmentOption,
    out: Annotated[Path, typer.Option("-o", "--out", help="PNG to write.")],
    mask: Annotated[Path | None, typer.Option(help="PNG for the edit mask.")] = None,
    stack: StackOption = "auto",
    catalog: CatalogOption = None,
) -> None:
    """Dress the person of a photo."""
    from stream_server.commands import export

    export.photo(person, garment, out, mask, catalog, stack)


@app.command()
def garment(
    image: Annotated[Path, typer.Argument(help="A photo of one garment.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder to write to.")] = None,
    add_to: Annotated[
        Path | None, typer.Option(help="Catalogue folder of a server that is to offer it.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What shoppers read.")] = None,
) -> None:
    """Cut a garment out of its photo: to look at what was measured, or for a server's shoppers."""
    if (out is None) == (add_to is None):
        raise InputError("Say where to: --out FOLDER to look at it, or --add-to CATALOG.")
    if add_to is not None:
        from stream_server.commands.stock import add_garment

        add_garment(image, add_to, name)
    elif out is not None:
        from stream_server.commands import export

        export.garment(image, out)


@app.command()
def pose(
    source: Annotated[Path, typer.Argument(help="A picture, or a folder of pictures.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write to.")],
) -> None:
    """Find the body in pictures: OpenPose key points, landmarks, two pictures each."""
    from stream_server.commands import export

    export.pose(source, out)


app.command()(parse)
app.command()(doctor)


def main() -> None:
    """Run the command line; errors meant for a user become one sentence on standard error."""
    try:
        with stopping_cleanly():
            app()
    except WearcastError as error:
        _fail(str(error))
    except OSError as error:
        if error.filename is None:  # no file or folder that a user could do something about
            raise
        _fail(f"{error.filename} cannot be read or written ({error.strerror}).")


def _fail(sentence: str) -> NoReturn:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]wearcast:[/] {escape(sentence)}")
    sys.exit(EXIT_BAD_INPUT)


if __name__ == "__main__":
    main()
