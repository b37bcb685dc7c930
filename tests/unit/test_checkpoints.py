"""Checkpoints come in whole, as published, and without running anything, or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipeline import weights
from pipeline.checkpoints import http
from pipeline.checkpoints.bringing_in import bring_in, locate
from pipeline.checkpoints.fetching import fetch
from pipeline.checkpoints.manifest import (
    FOLDER,
    Checkpoint,
    State,
    check_commercial,
    find,
    is_safe_url,
    load_manifest,
)
from pipeline.checkpoints.verification import verify
from pipeline.errors import WeightsError
from pipeline.networks import NAMES, build
from tests.file_server import FileServer, serving
from tests.networks import small


def silent(done: int, total: int | None) -> None:
    pass


def saved(state: object, legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def entry_of(data: bytes, *sources: str, **changes: object) -> Checkpoint:
    known = Checkpoint(
        name="viton_seg",
        file="seg_final.pth",
        purpose="a test",
        sources=sources,
        licence="none stated",
        commercial=False,
        network="viton_seg",
        size_bytes=len(data),
        sha256=(hashlib.sha256(data).hexdigest(),),
    )
    return replace(known, **changes)


@pytest.fixture(autouse=True)
def narrow_networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Networks in their narrow version; two whose making is slow are left out."""
    for name in NAMES:
        key = "schp" if name.startswith("schp") else name.removesuffix("p")
        monkeypatch.setitem(build.BUILDERS, name, small.NETWORKS[key])  # type: ignore[arg-type]
    for name in ("viton_gmm", "viton_alias"):
        monkeypatch.delitem(build.BUILDERS, name)  # type: ignore[arg-type]
    monkeypatch.setattr(http, "PAUSE_S", 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    weights._published_shapes.cache_clear()
    yield
    weights._published_shapes.cache_clear()


@pytest.fixture(scope="module")
def good() -> bytes:
    """A narrow network as it could be published."""
    return saved(small.small("viton_seg").state_dict())


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as served:
        yield served


class Bomb:
    """Pickles into a command."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., int], tuple[str]]:
        return os.system, (f"touch {self.target}",)


# The manifest


def test_manifest_names_every_network_as_the_loader_does() -> None:
    entries = load_manifest()
    for network, file in weights.FILE_NAMES.items():
        assert (entries[network].network, entries[network].file) == (network, file)
    assert weights.FOLDER == FOLDER
    assert {entry.network for entry in entries.values()} - {""} == set(NAMES)


def test_weights_of_viton_and_unstated_licences_are_not_commercial() -> None:
    for name, entry in load_manifest().items():
        assert entry.commercial is name.startswith("pose_landmarker")
    with pytest.raises(WeightsError, match=r"viton_alias may not be used commercially.*BY-NC"):
        check_commercial(load_manifest()["viton_alias"])


ENTRY = 'file = "a.pth"\npurpose = ""\nlicence = ""\ncommercial = false\nsources = [{}]\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a]\n" + ENTRY.format('"http://example.org/a"'), "no https://"),
        ("[a]\n" + ENTRY.format('"ftp://127.0.0.1/a"'), "no https://"),
        ("[a]\n" + ENTRY.format("").replace("a.pth", "../a.pth"), "no plain file name"),
        ("[a]\n" + ENTRY.format("") + 'sha256 = ["abc"]\n', "no SHA-256"),
        ("[a]\n" + ENTRY.format("") + "colour = 3\n", "colour is not known"),
        (
            "[a]\n" + ENTRY.format("").replace("false", '"no"'),
            "commercial has a value of the wrong",
        ),
        ("[a]\nfile = 'a.pth'\n", "commercial, licence, purpose, sources missing"),
        ("[a]\n" + ENTRY.format("") + "[b]\n" + ENTRY.format(""), "two checkpoints are called"),
        ("a = 1\n", "a table was expected"),
        ("[a\n", "no TOML"),
    ],
)
def test_a_wrong_manifest_is_refused(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(WeightsError, match=says):
        load_manifest(tmp_path / "m.toml")


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(WeightsError, match=r"Did you mean schp_lip\?"):
        find("schp-lip", load_manifest())


def test_only_protected_addresses_are_safe() -> None:
    assert is_safe_url("https://example.org/x") and is_safe_url("http://127.0.0.1:8/x")
    for url in ("http://example.org", "file:///etc/passwd", "https:///x", "http://[", ""):
        assert not is_safe_url(url)


# Fetching


def test_a_published_file_arrives_and_loads(
    good: bytes, server: FileServer, tmp_path: Path
) -> None:
    server.files["/w"] = good
    entry = entry_of(good, f"{server.url}/w")
    assert entry.state(tmp_path) is State.MISSING
    seen: list[tuple[int, int | None]] = []
    fetch(entry, tmp_path, lambda done, total: seen.append((done, total)))
    assert entry.path(tmp_path).read_bytes() == good
    assert entry.state(tmp_path) is State.PRESENT
    assert [p.name for p in tmp_path.iterdir()] == ["seg_final.pth"]
    assert seen[0] == (0, len(good)) and seen[-1] == (len(good), len(good))


def test_a_broken_connection_is_resumed_where_it_broke(
    good: bytes, server: FileServer, tmp_path: Path
) -> None:
    server.files["/w"] = good
    server.cuts = [1000, 500]
    fetch(entry_of(good, f"{server.url}/w"), tmp_path, silent)
    assert server.asked == ["", "bytes=1000-", "bytes=1500-"]
    assert (tmp_path / "seg_final.pth").read_bytes() == good


def test_a_later_run_goes_on_after_an_interrupted_one(
    good: bytes, server: FileServer, tmp_path: Path
) -> None:
    server.files["/w"] = good
    entry = entry_of(good, f"{server.url}/w")
    server.cuts = [700] + [0] * http.ATTEMPTS
    with pytest.raises(WeightsError, match=r"broke after 700 bytes.*kept.*photo look is used"):
        fetch(entry, tmp_path, silent)
    assert entry.state(tmp_path) is State.PARTIAL
    server.cuts = []
    fetch(entry, tmp_path, silent)
    assert server.asked[-1] == "bytes=700-"
    assert (tmp_path / "seg_final.pth").read_bytes() == good


def test_a_server_without_ranges_starts_anew(
    good: bytes, server: FileServer, tmp_path: Path
) -> None:
    server.files["/w"], server.ranges = good, False
    (tmp_path / "seg_final.pth.part").write_bytes(good[:900])
    fetch(entry_of(good, f"{server.url}/w"), tmp_path, silent)
    assert (tmp_path / "seg_final.pth").read_bytes() == good


@pytest.mark.parametrize("known_size", [True, False])
def test_a_part_that_is_already_whole_is_only_checked(
    known_size: bool, good: bytes, server: FileServer, tmp_path: Path
) -> None:
    server.files["/w"] = good
    (tmp_path / "seg_final.pth.part").write_bytes(good)
    entry = entry_of(good, f"{server.url}/w")
    if not known_size:
        entry = replace(entry, size_bytes=None)
    fetch(entry, tmp_path, silent)
    assert len(server.asked) == (0 if known_size else 2)
    assert (tmp_path / "seg_final.pth").read_bytes() == good


def test_a_redirect_is_followed_and_an_unprotected_one_is_not(
    good: bytes, server: FileServer, tmp_path: Path
) -> None:
    server.files["/w"] = good
    server.redirects = {"/here": "/w", "/there": "http://example.invalid/w"}
    fetch(entry_of(good, f"{server.url}/here"), tmp_path, silent)
    (tmp_path / "seg_final.pth").unlink()
    with pytest.raises(WeightsError, match=r"example\.invalid/w, which is not secure"):
        fetch(entry_of(good, f"{server.url}/there"), tmp_path, silent)
    assert not list(tmp_path.iterdir())


def test_a_tired_server_is_asked_again_and_an_absent_file_is_not(
    good: bytes, server: FileServer, tmp_path: Path
) -> None:
    server.files["/w"], server.statuses = good, [503, 429]
    fetch(entry_of(good, f"{server.url}/w"), tmp_path, silent)
    server.asked.clear()
    with pytest.raises(WeightsError, match="answers 404 Not Found"):
        fetch(entry_of(good, f"{server.url}/gone"), tmp_path / "other", silent)
    assert len(server.asked) == 1


def test_the_next_source_is_tried(good: bytes, server: FileServer, tmp_path: Path) -> None:
    server.files = {"/wrong": good[:-1] + b"!", "/w": good}
    sources = [f"{server.url}/{path}" for path in ("gone", "wrong", "w")]
    fetch(entry_of(good, *sources), tmp_path, silent)
    assert (tmp_path / "seg_final.pth").read_bytes() == good


def test_without_a_network_a_sentence_says_what_still_works(good: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot be reached.*photo look is used.*import FILE"):
        fetch(entry_of(good, "http://127.0.0.1:9/w"), tmp_path, silent)
    assert not list(tmp_path.iterdir())


def refused_bodies(good: bytes, target: Path) -> dict[str, tuple[bytes, str]]:
    tampered = bytearray(good)
    tampered[len(good) // 2] ^= 1
    other = saved(small.small("u2net_cloth").state_dict())
    return {
        "truncated": (good[:-100], "cut off|damaged"),
        "tampered": (bytes(tampered), "SHA-256 is another|damaged"),
        "longer": (good + b"x", "has another file|damaged|SHA-256"),
        "a page": (b"<html>Sign in</html>", "no checkpoint|cut off|SHA-256"),
        "another network": (other, "another|does not fit|cut off"),
        "malicious": (saved({"a": Bomb(target)}), "more than numbers|cut off"),
        "empty": (b"", "empty|cut off|cannot be reached|SHA-256"),
    }


KINDS = ["truncated", "tampered", "longer", "a page", "another network", "malicious", "empty"]


@pytest.mark.parametrize(
    ("kind", "known"),
    [(kind, True) for kind in KINDS]
    # bytes after the end of an archive: only a size or a hash can tell
    + [(kind, False) for kind in KINDS if kind != "longer"],
)
def test_what_is_not_the_published_file_leaves_nothing(
    kind: str, known: bool, good: bytes, server: FileServer, tmp_path: Path
) -> None:
    folder, ran = tmp_path / "weights", tmp_path / "ran"
    body, says = refused_bodies(good, ran)[kind]
    server.files["/w"] = body
    entry = entry_of(good, f"{server.url}/w")
    if not known:
        entry = replace(entry, size_bytes=None, sha256=())
    with pytest.raises(WeightsError, match=says):
        fetch(entry, folder, silent)
    assert not list(folder.iterdir()) and not ran.exists()


def test_a_good_file_stays_when_its_replacement_is_refused(
    good: bytes, server: FileServer, tmp_path: Path
) -> None:
    server.files["/w"] = b"wrong"
    (tmp_path / "seg_final.pth").write_bytes(good)
    with pytest.raises(WeightsError):
        fetch(entry_of(good, f"{server.url}/w"), tmp_path, silent)
    assert (tmp_path / "seg_final.pth").read_bytes() == good


def test_a_local_source_is_copied(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "w.pth").write_bytes(good)
    fetch(entry_of(good, "file:share/w.pth"), tmp_path / "weights", silent, tmp_path)
    assert (tmp_path / "weights" / "seg_final.pth").read_bytes() == good
    with pytest.raises(WeightsError, match=r"none.pth cannot be read"):
        fetch(entry_of(good, "file:none.pth"), tmp_path / "weights", silent, tmp_path)


def test_a_full_disk_is_noticed_before_the_download(
    good: bytes, server: FileServer, tmp_path: Path
) -> None:
    entry = entry_of(good, f"{server.url}/w", size_bytes=10**18)
    with pytest.raises(WeightsError, match="has room for"):
        fetch(entry, tmp_path, silent)
    assert not server.asked


# Google Drive

DRIVE = "drive:0123456789abc"


def fake_gdown(monkeypatch: pytest.MonkeyPatch, download: Callable[..., None]) -> None:
    module = types.ModuleType("gdown")
    module.download = download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gdown", module)


def test_drive_goes_through_the_library(
    good: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def download(*, id: str, output: str, progress: Callable[..., None], **_: object) -> None:
        assert id == "0123456789abc"
        Path(output).write_bytes(good)
        progress(len(good), None)

    fake_gdown(monkeypatch, download)
    fetch(entry_of(good, DRIVE), tmp_path, silent)
    assert [p.name for p in tmp_path.iterdir()] == ["seg_final.pth"]


def test_drive_without_the_library_says_how_to_get_it(
    good: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(WeightsError, match=r"library gdown.*pip install.*weights import"):
        fetch(entry_of(good, DRIVE), tmp_path, silent)


def test_drive_refusing_keeps_what_came_and_a_larger_file_is_stopped(
    good: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def quota(*, output: str, **_: object) -> None:
        Path(f"{output}abc.part").write_bytes(good[:10])
        raise RuntimeError("too many accesses")

    def endless(*, output: str, progress: Callable[..., None], **_: object) -> None:
        Path(f"{output}abc.part").write_bytes(good * 2)
        progress(len(good) * 2, None)

    def offline(**_: object) -> None:
        raise OSError("no such host")  # as the library's own library does, without a number

    entry = entry_of(good, DRIVE)
    fake_gdown(monkeypatch, offline)
    with pytest.raises(WeightsError, match=r"Google Drive cannot be reached.*photo look is used"):
        fetch(entry, tmp_path, silent)
    fake_gdown(monkeypatch, quota)
    with pytest.raises(WeightsError, match=r"too many accesses.*drive.google.com/file/d/0123"):
        fetch(entry, tmp_path, silent)
    assert entry.state(tmp_path) is State.PARTIAL
    fake_gdown(monkeypatch, endless)
    with pytest.raises(WeightsError, match="it is larger"):
        fetch(entry, tmp_path, silent)
    assert not list(tmp_path.iterdir())


# Importing


def test_a_file_is_recognised_by_its_hash(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "download (1).bin").write_bytes(good)
    manifest = {"viton_seg": entry_of(good)}
    entry, target = bring_in(tmp_path / "download (1).bin", manifest, tmp_path / "weights")
    assert (entry.name, target.name, target.read_bytes()) == ("viton_seg", "seg_final.pth", good)


def test_a_file_is_recognised_by_its_tensors(tmp_path: Path) -> None:
    data = saved(small.small("viton_seg").state_dict(), legacy=True)
    (tmp_path / "x").write_bytes(data)
    entry, target = bring_in(tmp_path / "x", load_manifest(), tmp_path / "weights")
    assert (entry.name, target.read_bytes()) == ("viton_seg", data)


def test_a_file_that_could_be_several_needs_a_name(tmp_path: Path) -> None:
    data = saved(small.small("schp").state_dict())
    manifest = load_manifest()
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(WeightsError, match="could be schp_cihp or schp_cihp_local"):
        bring_in(tmp_path / "x", manifest, tmp_path / "weights")
    entry, _ = bring_in(tmp_path / "x", manifest, tmp_path / "weights", name="schp_cihp")
    assert entry.name == "schp_cihp"
    (tmp_path / "exp_schp_multi_cihp_local.pth").write_bytes(data)
    entry, _ = bring_in(tmp_path / "exp_schp_multi_cihp_local.pth", manifest, tmp_path / "weights")
    assert entry.name == "schp_cihp_local"


def test_a_published_file_does_not_come_in_as_another(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(good)
    twin = entry_of(good, name="twin", file="twin.pth", sha256=(), size_bytes=None)
    manifest = {"viton_seg": entry_of(good), "twin": twin}
    with pytest.raises(WeightsError, match="is the published viton_seg, not twin"):
        bring_in(tmp_path / "x", manifest, tmp_path / "w", name="twin")
    assert not (tmp_path / "w").exists()


def test_ones_own_weights_come_in_only_on_request(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(good)
    manifest = {"viton_seg": entry_of(b"published", size_bytes=9)}
    with pytest.raises(WeightsError, match=r"fits viton_seg but is not the file.*--unpublished"):
        bring_in(tmp_path / "x", manifest, tmp_path / "w")
    with pytest.raises(WeightsError, match="needs --as"):
        bring_in(tmp_path / "x", manifest, tmp_path / "w", unpublished=True)
    _, target = bring_in(
        tmp_path / "x", manifest, tmp_path / "w", name="viton_seg", unpublished=True
    )
    assert locate("viton_seg", manifest, tmp_path / "w") == target
    with pytest.raises(WeightsError, match="not the file that was published"):
        verify(target, manifest["viton_seg"])


def test_a_file_that_is_in_place_already_stays(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "seg_final.pth").write_bytes(good)
    bring_in(tmp_path / "seg_final.pth", {"viton_seg": entry_of(good)}, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["seg_final.pth"]


@pytest.mark.parametrize("kind", ["truncated", "tampered", "a page", "malicious", "empty"])
def test_an_import_that_is_refused_leaves_nothing(kind: str, good: bytes, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "x").write_bytes(refused_bodies(good, ran)[kind][0])
    with pytest.raises(WeightsError):
        bring_in(tmp_path / "x", {"viton_seg": entry_of(good)}, tmp_path / "weights")
    assert not (tmp_path / "weights").exists() and not ran.exists()


def test_commercial_mode_takes_and_gives_no_other_weights(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "seg_final.pth").write_bytes(good)
    manifest = {"viton_seg": entry_of(good)}
    with pytest.raises(WeightsError, match="may not be used commercially"):
        bring_in(tmp_path / "seg_final.pth", manifest, tmp_path / "w", commercial=True)
    with pytest.raises(WeightsError, match="may not be used commercially"):
        locate("viton_seg", manifest, tmp_path, commercial=True)


def test_missing_weights_name_the_commands(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"fetch viton_seg`.*weights import FILE"):
        locate("viton_seg", load_manifest(), tmp_path)
