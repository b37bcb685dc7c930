from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stream_server import doctor
from stream_server.cli import app
from stream_server.config import ServerConfig
from stream_server.doctor import Finding
from stream_server.ice import IceServer


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the check that loads the pose model."""
    good = Finding("packages", "ok", "Fine.")
    monkeypatch.setattr(doctor, "check_packages", lambda _: good)


def outcomes(**settings: object) -> dict[str, Finding]:
    config = ServerConfig(port=0, **settings)  # type: ignore[arg-type]
    return {finding.check: finding for finding in doctor.examine(config)}


@pytest.mark.usefixtures("quick")
def test_a_good_machine_has_no_failed_check(tmp_path: Path) -> None:
    found = outcomes(catalog=tmp_path / "none")
    assert [f for f in found.values() if f.outcome == "failed"] == []
    assert found["catalogue"].outcome == "note"
    assert found["stream"].outcome == "ok"


@pytest.mark.usefixtures("quick")
def test_a_taken_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finding = doctor.check_port(ServerConfig(port=taken.getsockname()[1]))
    assert finding.outcome == "failed"


@pytest.mark.usefixtures("quick")
def test_a_page_without_https_gets_no_camera_elsewhere() -> None:
    assert outcomes(host="0.0.0.0")["camera"].outcome == "failed"
    assert "--tls-self-signed" in outcomes(host="0.0.0.0")["camera"].message
    assert outcomes(host="0.0.0.0", tls_self_signed=True)["camera"].outcome == "ok"
    assert outcomes()["camera"].outcome == "ok"


@pytest.mark.usefixtures("quick")
def test_a_certificate_that_cannot_be_used_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("nonsense")
    found = outcomes(tls_cert=tmp_path / "a.pem", tls_key=tmp_path / "a.pem")
    assert found["tls"].outcome == "failed"


@pytest.mark.usefixtures("quick")
def test_a_turn_server_that_does_not_answer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "TURN_S", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"turn:127.0.0.1:{silent.getsockname()[1]}"
        found = outcomes(ice_servers=(IceServer((url,), secret="a long enough secret"),))
    assert found["turn"].outcome == "failed"
    assert url in found["turn"].message


@pytest.mark.usefixtures("quick")
def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: ServerConfig) -> Finding:
        raise OSError("odd")

    monkeypatch.setattr(doctor, "check_graphics", broken)
    found = outcomes()
    assert found["graphics"].outcome == "failed"
    assert found["turn"].outcome == "note"


@pytest.mark.usefixtures("quick")
def test_the_command_prints_json_and_fails_with_1(tmp_path: Path) -> None:
    good = CliRunner().invoke(app, ["doctor", "--json", "--port", "0"])
    assert good.exit_code == 0
    assert {f["outcome"] for f in json.loads(good.output)} <= {"ok", "note"}
    bad = CliRunner().invoke(app, ["doctor", "--host", "0.0.0.0", "--port", "0"])
    assert bad.exit_code == 1
    assert "camera" in bad.output
