"""A suite: which clips to dress in which garments, and how exactly the result must be met."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.regression.tolerances import Tolerances, read_tolerances

SAMPLE = "sample:"
STACKS = ("photo",)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SUITE_KEYS = frozenset(
    {"name", "baselines", "catalog", "garments", "stacks", "frames", "tolerances", "budget", "clip"}
)
_CLIP_KEYS = frozenset({"name", "source", "garments", "stacks", "start", "frames", "tolerances"})
_BUDGET_KEYS = frozenset({"case_kb", "pictures", "height_px"})


@dataclass(frozen=True, slots=True)
class Budget:
    """How large a baseline may become.

    Attributes:
        case_kb: files of one case together, KB.
        pictures: reference pictures of one case, at most.
        height_px: of a frame, in the reference pictures.
    """

    case_kb: int = 256
    pictures: int = 12
    height_px: int = 160


@dataclass(frozen=True, slots=True)
class Case:
    """One clip in one garment.

    Attributes:
        id: unique in the suite, and a folder name.
        source: ``sample:NAME``, or a path.
        garment: id, or a path.
        stack: which look draws; only "photo" so far.
        start: first frame.
        frames: how many; None = to the end.
        catalog: where a garment's id is looked up first.
        tolerances: of this case.
        budget: of this case.
    """

    id: str
    source: str
    garment: str
    stack: str
    start: int
    frames: int | None
    catalog: Path | None
    tolerances: Tolerances
    budget: Budget


@dataclass(frozen=True, slots=True)
class Suite:
    """What ``record`` and ``check`` work on.

    Attributes:
        path: the suite's file.
        name: for headlines.
        baselines: folder with one folder per case.
        cases: in the order of the file.
    """

    path: Path
    name: str
    baselines: Path
    cases: tuple[Case, ...]


def load_suite(path: Path) -> Suite:
    """Read a suite from a TOML file.

    Paths in it are relative to the file; ``${NAME}`` stands for an environment variable.

    Raises:
        InputError: no such file, not TOML, an unknown key, a missing or wrong value.
    """
    table = _read(path)
    _only(table, _SUITE_KEYS, str(path))
    tolerances = read_tolerances(_table(table, "tolerances", path), Tolerances(), f"{path}")
    budget = _budget(_table(table, "budget", path), path)
    clips = table.get("clip", [])
    if not isinstance(clips, list) or not clips:
        raise InputError(f"{path} names no clip. Add a [[clip]] with a name and a source.")
    cases: list[Case] = []
    for number, clip in enumerate(clips, 1):
        cases += _cases(clip, number, table, path, tolerances, budget)
    ids = [case.id for case in cases]
    for id in ids:
        if ids.count(id) > 1:
            raise InputError(f"{path} names the case {id} twice. Give each clip its own name.")
    baselines = _text(table, "baselines", f"{path.stem}.baselines", f"{path}")
    return Suite(
        path=path,
        name=_text(table, "name", path.stem, f"{path}"),
        baselines=_resolve(baselines, path),
        cases=tuple(cases),
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened ({error.strerror or error}). Check the path of the suite."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from error


def _cases(
    clip: Any,
    number: int,
    suite: Mapping[str, Any],
    path: Path,
    tolerances: Tolerances,
    budget: Budget,
) -> list[Case]:
    where = f"Clip {number} of {path}"
    if not isinstance(clip, dict):
        raise InputError(f"{where} is no table. Write it as [[clip]].")
    _only(clip, _CLIP_KEYS, where)
    source = _text(clip, "source", "", where)
    if not source:
        raise InputError(f"{where} has no source. Give a video file, or sample:sway.")
    name = _text(clip, "name", _default_name(source), where)
    if not _NAME.fullmatch(name):
        raise InputError(f"{where} is named {name!r}; use letters, digits, dots, - and _ only.")
    where = f"Clip {name} of {path}"
    garments = _texts(clip, "garments", suite.get("garments", []), where)
    stacks = _texts(clip, "stacks", suite.get("stacks", list(STACKS)), where)
    if not garments:
        raise InputError(f'{where} names no garment. Add garments = ["white-tee"].')
    for stack in stacks:
        if stack not in STACKS:
            raise InputError(f"{where} asks for the stack {stack}; there is: {', '.join(STACKS)}.")
    catalog = _text(suite, "catalog", "", f"{path}")
    frames = clip.get("frames", suite.get("frames"))
    return [
        Case(
            id=f"{name}-{_default_name(garment)}-{stack}",
            source=source if source.startswith(SAMPLE) else str(_resolve(source, path)),
            garment=str(_resolve(garment, path)) if _is_path(garment) else garment,
            stack=stack,
            start=_count(clip.get("start", 0), "start", 0, where),
            frames=None if frames is None else _count(frames, "frames", 1, where),
            catalog=_resolve(catalog, path) if catalog else None,
            tolerances=read_tolerances(_table(clip, "tolerances", where), tolerances, where),
            budget=budget,
        )
        for garment in garments
        for stack in stacks
    ]


def _budget(table: Mapping[str, Any], path: Path) -> Budget:
    _only(table, _BUDGET_KEYS, f"[budget] of {path}")
    return Budget(**{name: _count(value, name, 1, f"{path}") for name, value in table.items()})


def _default_name(source: str) -> str:
    stem = source.removeprefix(SAMPLE) if source.startswith(SAMPLE) else Path(source).stem
    return re.sub(r"[^A-Za-z0-9._]+", "-", stem).strip("-.") or "clip"


def _is_path(garment: str) -> bool:
    return "/" in garment or "\\" in garment or bool(Path(garment).suffix)


def _resolve(text: str, suite: Path) -> Path:
    """A path of a suite: variables filled in, relative to the suite's folder."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            raise InputError(
                f"{suite} needs the environment variable {match[1]}, which is not set."
                f" Set it to the folder that {text} lies in."
            )
        return found

    return suite.parent / Path(_VARIABLE.sub(value, text)).expanduser()


def _only(table: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise InputError(
                f"{where} has the unknown key {key}. Known: {', '.join(sorted(known))}."
            )


def _table(table: Mapping[str, Any], key: str, where: object) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise InputError(f"{key} of {where} must be a table.")
    return value


def _text(table: Mapping[str, Any], key: str, default: str, where: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise InputError(f"{key} of {where} must be a text, got {value!r}.")
    return value


def _texts(table: Mapping[str, Any], key: str, default: object, where: str) -> list[str]:
    value = table.get(key, default)
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise InputError(f"{key} of {where} must be a list of texts, got {value!r}.")
    return list(value)


def _count(value: object, key: str, least: int, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{key} of {where} must be a whole number of {least} or more.")
    return value
