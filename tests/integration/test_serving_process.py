"""The real command in a process of its own: its start, its end, and what it tells."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "stream_server.cli", "serve"]
START_S = 60.0  # about 2 s on an idle machine; tests share theirs
END_S = 20.0


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the command on a free port; gives the process and the port it announces."""
    command = [*COMMAND, "--port", "0", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "Wearcast is at http" in line, line
        yield process, int(line.strip().rstrip("/").rsplit(":", 1)[1])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_while_the_models_load_and_ends_when_asked(
    tmp_path: Path, number: signal.Signals
) -> None:
    begin = time.monotonic()
    with serving("--catalog", str(tmp_path / "catalog")) as (process, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        assert time.monotonic() - begin < START_S
        connection.close()
        process.send_signal(number)
        out, err = process.communicate(timeout=END_S)
        assert process.returncode == 0, err
        assert "Traceback" not in out + err


def test_a_port_in_use_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [*COMMAND, "--port", str(port), "--catalog", str(tmp_path / "catalog")],
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
    assert result.returncode == 2
    assert f"127.0.0.1:{port} is in use" in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "catalog").exists()


def test_a_wrong_settings_file_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("prot = 80")
    result = subprocess.run(
        [*COMMAND, "--config", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 2
    assert "Unknown setting 'prot'" in result.stderr
    assert "Traceback" not in result.stderr
