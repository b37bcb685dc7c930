"""A server that could not work does not start: one sentence says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import InputError
from stream_server.config import ServerConfig
from stream_server.startup import check_catalogue, check_places

PROC = Path("/proc")  # nobody can make a file there, root neither
needs_proc = pytest.mark.skipif(not PROC.is_dir(), reason="needs Linux's /proc")


def test_good_places_pass_and_nothing_is_left_in_them(tmp_path: Path) -> None:
    check_catalogue(tmp_path)
    check_places(ServerConfig(catalog=tmp_path / "deep" / "catalog"))
    assert list(tmp_path.iterdir()) == []


@needs_proc
@pytest.mark.parametrize(
    ("folder", "sentence"),
    [(PROC / "x" / "catalog", "cannot be made"), (PROC, "catalog_read_only = true")],
)
def test_a_catalogue_that_cannot_be_written_is_refused(folder: Path, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        check_catalogue(folder)


@needs_proc
def test_a_catalogue_that_is_only_read_need_not_be_writable() -> None:
    check_catalogue(PROC, read_only=True)


def test_a_file_is_no_catalogue(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="is a file"):
        check_catalogue(file)
    with pytest.raises(InputError, match="cannot be made"):
        check_catalogue(file / "catalog")


def test_a_folder_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> object:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)  # root may read everything
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        check_catalogue(tmp_path, read_only=True)


def test_a_missing_certificate_and_missing_pages_are_named(tmp_path: Path) -> None:
    good = ServerConfig(catalog=tmp_path)
    key = tmp_path / "key.pem"
    key.write_text("")
    with pytest.raises(InputError, match=r"cert\.pem cannot be read .* --tls-cert"):
        check_places(replace(good, tls_cert=tmp_path / "cert.pem", tls_key=key))
    with pytest.raises(InputError, match=r"none\.pem cannot be read .* --tls-key"):
        check_places(replace(good, tls_cert=key, tls_key=tmp_path / "none.pem"))
    with pytest.raises(InputError, match=r"no index\.html"):
        check_places(replace(good, web=tmp_path))
