"""``wearcast doctor``: says what would keep shoppers out, before they come."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

EXIT_FAILED = 1
SIGNS = {"ok": "[green]✓[/]", "note": "[yellow]•[/]", "failed": "[bold red]✗[/]"}


def doctor(
    config: Annotated[Path | None, typer.Option(help="TOML file of the server.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    catalog: Annotated[Path | None, typer.Option(help="Folder of garments.")] = None,
    tls_self_signed: Annotated[
        bool | None, typer.Option("--tls-self-signed", help="As for serve.")
    ] = None,
    commercial: Annotated[bool | None, typer.Option("--commercial", help="As for serve.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check this machine and the settings; exit code 1 when shoppers would be kept out."""
    from stream_server.config import load_config
    from stream_server.doctor import examine

    settings = load_config(
        config,
        host=host,
        port=port,
        catalog=catalog,
        tls_self_signed=tls_self_signed,
        commercial=commercial,
    )
    findings = examine(settings)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            sign = SIGNS[finding.outcome]
            console.print(f"{sign} {finding.check:<10} {escape(finding.message)}")
    if any(finding.outcome == "failed" for finding in findings):
        raise typer.Exit(EXIT_FAILED)
