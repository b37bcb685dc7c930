"""Published checkpoints into networks: strictly, and without running a byte of them as code.

A ``.pth`` file is a pickle, and a pickle can be a program. Only numbers are read here; a file with
anything else in it, a damaged one, or one of another network is refused in a sentence, and the
network it was meant for stays as it was.

The layers themselves apply what the published files leave to the reader: the stored spectral norm
(``layers.SpectralConv2d``) and the absolute value of a scale (``layers.AbsScaleNorm``). So a loaded
state dict stays what the file says; ``networks.folding.fold`` makes both permanent.
"""

from __future__ import annotations

import functools
import hashlib
import pickle
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.errors import WeightsError
from pipeline.networks.build import BUILDERS

FOLDER = Path(__file__).parents[1] / "weights"

FILE_NAMES: Mapping[str, str] = {
    "u2net": "u2net.pth",
    "u2netp": "u2netp.pth",
    "u2net_cloth": "cloth_segm_u2net_latest.pth",
    "schp_lip": "exp-schp-201908261155-lip.pth",
    "schp_atr": "exp-schp-201908301523-atr.pth",
    "schp_pascal": "exp-schp-201908270938-pascal-person-part.pth",
    "schp_cihp": "exp_schp_multi_cihp_global.pth",
    "viton_seg": "seg_final.pth",
    "viton_gmm": "gmm_final.pth",
    "viton_alias": "alias_final.pth",
}
"""Name of each network's checkpoint as published."""

WRAPPER = "state_dict"  # some files keep the state dict under this key
PREFIX = "module."  # of every key, when it was saved from a parallel wrapper
COUNTER = ".num_batches_tracked"  # says nothing about inference; old files do not have it
NAMES_SHOWN = 4  # of the keys that do not fit, in an error message
HASH_BLOCK = 1 << 20
ZIP_MAGIC = b"PK\x03\x04"

Network = TypeVar("Network", bound=nn.Module)
StateDict = dict[str, Tensor]


def load_state_dict(
    source: Path | str, network: Network, sha256: str | None = None, folder: Path = FOLDER
) -> Network:
    """Load a published checkpoint into its network, all of it or nothing.

    Args:
        source: a file, or the name of a network (``networks.NAMES``), whose file is then looked
            for in ``folder`` under its published name.
        network: what ``build_network`` gave.
        sha256: what the file's bytes must hash to, in hexadecimal, when that is known.
        folder: where named checkpoints are.

    Returns:
        ``network``, in evaluation mode.

    Raises:
        WeightsError: the file is missing, damaged, not the one ``sha256`` names, holds anything
            but numbers, or does not fit; the message names the missing or misshaped keys.
    """
    path = _path_of(source, folder)
    state = read_state_dict(path, sha256)
    network.load_state_dict(_fitted(state, network, path))
    return network.eval()


def _path_of(source: Path | str, folder: Path) -> Path:
    if str(source) in FILE_NAMES:
        return folder / FILE_NAMES[str(source)]
    return Path(source)


def read_state_dict(path: Path, sha256: str | None = None) -> StateDict:
    """Read a checkpoint's tensors, unwrapped and without prefix, on the CPU.

    Raises:
        WeightsError: as ``load_state_dict``, except that no network is known to compare with.
    """
    _check_file(path, sha256)
    content = _load_numbers(path)
    if isinstance(content, Mapping) and isinstance(content.get(WRAPPER), Mapping):
        content = content[WRAPPER]
    if not (isinstance(content, Mapping) and content and all(map(_is_entry, content.items()))):
        raise WeightsError(f"{path} is no state dict: names with tensors were expected.")
    for key, value in content.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise WeightsError(
                f"{path} is damaged: {key} has values that are not finite. Download it again."
            )
    prefixed = all(key.startswith(PREFIX) for key in content)
    return {key.removeprefix(PREFIX) if prefixed else key: value for key, value in content.items()}


def _is_entry(item: tuple[object, object]) -> bool:
    key, value = item
    return (
        isinstance(key, str)
        and isinstance(value, Tensor)
        and value.layout is torch.strided
        and not (value.is_quantized or value.is_meta or value.is_complex())
    )


def _check_file(path: Path, sha256: str | None) -> None:
    """Everything that can be said before the first tensor is read."""
    try:
        with path.open("rb") as file:
            start = file.read(len(ZIP_MAGIC))
        if not start:
            raise WeightsError(f"{path} is empty (0 bytes). Download it again.")
        if sha256 is not None and file_sha256(path) != sha256.lower():
            raise WeightsError(
                f"{path} is not the file that was published: its SHA-256 is another one."
                " Download it again."
            )
        if start == ZIP_MAGIC:
            _check_archive(path)
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read ({error.strerror or error}). Check the path."
        ) from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _check_archive(path: Path) -> None:
    """Checkpoints of today are zip archives with checksums, which torch does not compare."""
    try:
        with zipfile.ZipFile(path) as archive:
            stored = all(m.compress_type == zipfile.ZIP_STORED for m in archive.infolist())
            damaged = archive.testzip() if stored else None
    except Exception as error:  # whatever the reader stumbles over, the file is at fault
        raise WeightsError(f"{path} is damaged or cut off. Download it again.") from error
    if not stored:
        raise WeightsError(f"{path} is a compressed archive, not a checkpoint.")
    if damaged is not None:
        raise WeightsError(f"{path} is damaged (in {damaged}). Download it again.")


def _load_numbers(path: Path) -> object:
    try:
        with warnings.catch_warnings():  # about formats that are refused below in our own words
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} holds more than numbers{_code_in(path)}, or is no checkpoint at all."
            " It was not opened, because such a file can run programs."
        ) from error
    except Exception as error:  # whatever the reader stumbles over, the file is at fault
        raise WeightsError(
            f"{path} is damaged, cut off, or no checkpoint. Download it again."
        ) from error


def _code_in(path: Path) -> str:
    """What a file would call, for the message, when torch can tell."""
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(str(path))
    except Exception:  # the file is hostile or broken anyway; this is only a courtesy
        return ""
    return f" ({', '.join(names[:NAMES_SHOWN])})" if names else ""


def _fitted(state: StateDict, network: nn.Module, path: Path) -> StateDict:
    """The entries that ``network`` expects, in its order."""
    wanted = network.state_dict()
    given = {key: value for key, value in state.items() if not key.endswith(COUNTER)}
    given |= _right_singular_vectors(given, wanted)
    needed = {key: value for key, value in wanted.items() if not key.endswith(COUNTER)}
    problems = [
        _named("missing", needed.keys() - given.keys(), needed),
        _named("not expected", given.keys() - needed.keys(), given),
        _named(
            "of another shape or type",
            (key for key in needed.keys() & given.keys() if not _alike(given[key], needed[key])),
            given,
            needed,
        ),
    ]
    if any(problems):
        found = "; ".join(problem for problem in problems if problem)
        raise WeightsError(
            f"{path} does not fit the network {type(network).__name__}: {found}."
            f"{_looks_like(state)}"
        )
    return {key: given.get(key, value) for key, value in wanted.items()}


def _alike(given: Tensor, wanted: Tensor) -> bool:
    same_kind = given.is_floating_point() == wanted.is_floating_point()
    return same_kind and given.shape == wanted.shape


def _right_singular_vectors(given: StateDict, wanted: Mapping[str, Tensor]) -> StateDict:
    """Very old files have no ``weight_v``; one step from ``weight_u`` gives it."""
    made = {}
    for key in wanted.keys() - given.keys():
        stem = key.removesuffix("weight_v")
        weight, u = given.get(f"{stem}weight_orig"), given.get(f"{stem}weight_u")
        if stem != key and weight is not None and u is not None and len(weight) == len(u):
            made[key] = F.normalize(weight.flatten(1).T.float() @ u.float(), dim=0)
    return made


def _named(what: str, keys: Iterable[str], *states: Mapping[str, Tensor]) -> str:
    """``what: first.key (64, 3), second.key … and 5 more``; two states show two shapes."""
    names = sorted(keys)
    if not names:
        return ""
    shown = [
        f"{key} {' instead of '.join(str(tuple(state[key].shape)) for state in states)}"
        for key in names[:NAMES_SHOWN]
    ]
    rest = len(names) - len(shown)
    return f"{what}: {', '.join(shown)}{f' and {rest} more' if rest else ''}"


def _looks_like(state: StateDict) -> str:
    names = identify(state)
    return f" It looks like a checkpoint of {' or '.join(names)}." if names else ""


def identify(state: StateDict) -> tuple[str, ...]:
    """Names of the networks that a state dict fits. Two parsers share their names and shapes."""
    given = _shapes(state)
    return tuple(name for name, shapes in _published_shapes().items() if shapes == given)


def _shapes(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in state.items() if not key.endswith(COUNTER)}


@functools.cache
def _published_shapes() -> Mapping[str, Mapping[str, torch.Size]]:
    with torch.device("meta"):  # names and shapes only: nothing is allocated
        return {name: _shapes(build().state_dict()) for name, build in BUILDERS.items()}
