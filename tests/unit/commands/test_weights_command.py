"""``wearcast weights``: what a user sees, and with which exit code."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from pipeline.checkpoints import http
from pipeline.networks import build
from stream_server.cli import main
from tests.file_server import FileServer, serving
from tests.networks import small

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def narrow_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(build.BUILDERS, "viton_seg", small.NETWORKS["viton_seg"])  # type: ignore[arg-type]
    monkeypatch.setattr(http, "PAUSE_S", 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def good() -> bytes:
    buffer = io.BytesIO()
    torch.save(small.small("viton_seg").state_dict(), buffer)
    return buffer.getvalue()


@pytest.fixture
def server(good: bytes) -> Iterator[FileServer]:
    with serving() as served:
        served.files["/w"] = good
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "weights"


@pytest.fixture
def run(
    good: bytes,
    server: FileServer,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a subcommand on a manifest of one checkpoint: exit code, output, messages."""
    manifest = tmp_path / "manifest.toml"
    manifest.write_text(
        f"""
        [tiny]
        file = "tiny.pth"
        network = "viton_seg"
        purpose = "a test"
        sources = ["{server.url}/w"]
        size_bytes = {len(good)}
        sha256 = ["{hashlib.sha256(good).hexdigest()}"]
        licence = "none stated"
        commercial = false
        """
    )

    def run(*arguments: str) -> tuple[int, str, str]:
        places = ["--folder", str(folder), "--manifest", str(manifest)]
        monkeypatch.setattr(sys, "argv", ["wearcast", "weights", *arguments, *places])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, " ".join(said.err.split())

    return run


def test_list_tells_what_is_here(run: Run, good: bytes, folder: Path) -> None:
    code, out, _ = run("list", "--json")
    (row,) = json.loads(out)
    assert code == 0
    assert (row["name"], row["state"], row["commercial"]) == ("tiny", "missing", False)
    assert row["size_bytes"] == len(good) and row["licence"] == "none stated"
    folder.mkdir()
    (folder / "tiny.pth").write_bytes(good)
    assert json.loads(run("list", "--json")[1])[0]["state"] == "present"
    code, out, _ = run("list")
    assert code == 0 and "tiny" in out and "none stated" in out
    assert json.loads(run("list", "--json", "--commercial")[1]) == []


def test_list_of_everything_published(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["wearcast", "weights", "list", "--json", "--folder", str(tmp_path / "none")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as stopped:
        main()
    rows = json.loads(capsys.readouterr().out)
    assert not stopped.value.code
    assert len(rows) > 10 and {row["state"] for row in rows} == {"missing"}


def test_fetch_shows_the_licence_and_needs_consent(
    run: Run, server: FileServer, folder: Path
) -> None:
    code, _, err = run("fetch", "tiny")
    assert code == 2
    assert "licence: none stated" in err and "--accept-licence" in err
    assert not server.asked and not folder.exists()


@pytest.mark.parametrize("consent", [True, False])
def test_fetch_asks_at_a_terminal(
    consent: bool, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("y\n" if consent else "n\n"))
    code, _, err = run("fetch", "tiny")
    assert "Do you accept this licence?" in err
    assert code == (0 if consent else 2)
    assert (folder / "tiny.pth").exists() is consent


def test_fetch_brings_the_file_once(
    run: Run, good: bytes, server: FileServer, folder: Path
) -> None:
    code, out, _ = run("fetch", "tiny", "--accept-licence")
    assert code == 0 and "SHA-256 agrees" in out
    assert (folder / "tiny.pth").read_bytes() == good
    code, out, _ = run("fetch", "tiny")
    assert code == 0 and "already here" in out
    assert len(server.asked) == 1


def test_fetch_replaces_a_damaged_file(run: Run, good: bytes, folder: Path) -> None:
    folder.mkdir()
    (folder / "tiny.pth").write_bytes(good[:-1] + b"!")
    code, _, err = run("fetch", "tiny", "--accept-licence")
    assert code == 0 and "will be replaced" in err
    assert (folder / "tiny.pth").read_bytes() == good


def test_fetch_of_another_file_is_refused_in_a_sentence(
    run: Run, server: FileServer, folder: Path
) -> None:
    server.files["/w"] = b"<html>quota</html>"
    code, _, err = run("fetch", "tiny", "--accept-licence")
    assert code == 2
    assert "refused and deleted" in err and "Traceback" not in err
    assert not list(folder.iterdir())


def test_fetch_goes_on_after_an_interrupted_run(
    run: Run, good: bytes, server: FileServer, folder: Path
) -> None:
    server.cuts = [500] + [0] * http.ATTEMPTS
    code, _, err = run("fetch", "tiny", "--accept-licence")
    assert code == 2 and "goes on from there" in err
    assert json.loads(run("list", "--json")[1])[0]["state"] == "partial"
    server.cuts = []
    assert run("fetch", "tiny", "--accept-licence")[0] == 0
    assert server.asked[-1] == "bytes=500-"
    assert (folder / "tiny.pth").read_bytes() == good


def test_commercial_refuses_before_anything_is_asked(
    run: Run, server: FileServer, folder: Path
) -> None:
    code, _, err = run("fetch", "tiny", "--commercial", "--accept-licence")
    assert code == 2 and "may not be used commercially" in err
    assert not server.asked and not folder.exists()


def test_an_unknown_name_is_bad_input(run: Run) -> None:
    code, _, err = run("fetch", "tinny", "--accept-licence")
    assert code == 2 and "Did you mean tiny?" in err


def test_verify_judges_every_file(run: Run, good: bytes, folder: Path) -> None:
    code, out, _ = run("verify")
    assert code == 0 and "No checkpoint" in out
    folder.mkdir()
    (folder / "tiny.pth").write_bytes(good)
    code, out, _ = run("verify", "--json")
    assert code == 0 and json.loads(out)[0]["good"] is True
    (folder / "tiny.pth").write_bytes(good[:-1])
    code, _, err = run("verify", "tiny")
    assert code == 1 and "tiny: bad" in err and "cut off" in err


def test_verify_of_what_is_not_here_fails(run: Run) -> None:
    code, _, err = run("verify", "tiny")
    assert code == 1 and "cannot be read" in err


def test_import_takes_a_file_by_its_hash(
    run: Run, good: bytes, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "from a friend").write_bytes(good)
    code, out, _ = run("import", str(tmp_path / "from a friend"))
    assert code == 0 and "tiny" in out and "Licence: none stated" in out
    assert (folder / "tiny.pth").read_bytes() == good


def test_import_refuses_in_a_sentence(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"nothing of the kind")
    for file in ("x", "missing"):
        code, _, err = run("import", str(tmp_path / file))
        assert code == 2 and err.startswith("wearcast: ") and "Traceback" not in err
    assert not folder.exists()


def test_import_goes_on_to_the_next_file(
    run: Run, good: bytes, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad").write_bytes(b"nothing of the kind")
    (tmp_path / "good").write_bytes(good)
    code, out, err = run("import", str(tmp_path / "bad"), str(tmp_path / "good"))
    assert code == 2 and "bad holds more than numbers" in err
    assert "tiny, now at" in out
    assert (folder / "tiny.pth").read_bytes() == good


def test_fetch_goes_on_to_the_next_checkpoint(
    run: Run, server: FileServer, folder: Path, tmp_path: Path
) -> None:
    entry = (tmp_path / "manifest.toml").read_text()
    gone = entry.replace("tiny", "gone").replace("/w", "/nothing")
    (tmp_path / "manifest.toml").write_text(gone + entry)
    code, _, err = run("fetch", "gone", "tiny", "--accept-licence")
    assert code == 2 and "gone was not fetched" in err
    assert [path.name for path in folder.iterdir()] == ["tiny.pth"]
