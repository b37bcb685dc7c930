"""Which checkpoints the neural look needs, and whether they are here. Does not import torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from pipeline import own_parser
from pipeline.checkpoints.manifest import FOLDER, MANIFEST, State, find, load_manifest

PARSER = "schp_cihp"
TRY_ON = ("viton_seg", "viton_gmm", "viton_alias")
NEEDED = (PARSER, *TRY_ON)
ABSENT = (State.MISSING, State.PARTIAL)
OWN_PARSER_NEEDS = ("onnxruntime", "mediapipe")  # to run, and to find the person it parses


def missing_weights(
    folder: Path = FOLDER, manifest: Path = MANIFEST, *, own_parser_too: bool = True
) -> tuple[str, ...]:
    """Names of the checkpoints that the neural look needs and that are not in ``folder``.

    Args:
        folder: where checkpoints are.
        manifest: of what is published.
        own_parser_too: our own parser, where it runs, makes the published one's weights needless.
    """
    known = load_manifest(manifest)
    missing = tuple(name for name in NEEDED if find(name, known).state(folder) in ABSENT)
    spared = own_parser_too and own_parser_runs()
    return tuple(name for name in missing if name != PARSER or not spared)


def own_parser_runs() -> bool:
    """Whether our own parser has its weights and its libraries here."""
    return own_parser.WEIGHTS.is_file() and all(find_spec(name) for name in OWN_PARSER_NEEDS)


def forbidden_weights(manifest: Path = MANIFEST) -> tuple[str, ...]:
    """Those of the needed checkpoints whose licence does not allow commercial use."""
    known = load_manifest(manifest)
    return tuple(name for name in NEEDED if not find(name, known).commercial)


def what_to_do(missing: tuple[str, ...], folder: Path = FOLDER) -> str:
    """Two sentences for somebody who wants the neural look."""
    return (
        f"The neural look needs weights that are not in {folder}: {', '.join(missing)}."
        f" Get them with `wearcast weights fetch {' '.join(missing)}`, or, if you have the"
        " files, with `wearcast weights import FILE`."
    )
