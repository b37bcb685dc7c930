"""The real command in a process of its own: its start, its end, and what it tells."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.images import decode_image, read_image
from pipeline.samples import ASTRONAUT

COMMAND = [sys.executable, "-m", "stream_server.cli", "serve"]
START_S = 60.0  # about 2 s on an idle machine; tests share theirs
UNSET, LOOPBACK = "00000000", "0100007F"  # as /proc writes IPv4 addresses
HERE = {UNSET, LOOPBACK, UNSET * 4, UNSET * 3 + "01000000", UNSET * 2 + "FFFF0000" + LOOPBACK}
END_S = 20.0
NO_HTTP = (
    b"hello",
    b"GET /hello HTTP/9.9",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1",
    b"GET / HTTP/1.1\r\nHost: a\r\nhello: " + b"y" * 20_000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


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
        for data in NO_HTTP:
            assert_plain_400(port, data)
        process.send_signal(number)
        out, err = process.communicate(timeout=END_S)
        assert process.returncode == 0, err
        assert "Traceback" not in out + err
        assert "ERROR" not in out + err
        assert "hello" not in out + err  # what strangers send is not logged


def assert_plain_400(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=START_S) as line:
        line.sendall(data + b"\r\n\r\n")
        answer = b""
        while part := line.recv(4096):
            answer += part
    assert b" 400 " in answer.split(b"\r\n", 1)[0], answer
    assert b'{"error": {"code": "bad_http"' in answer, answer
    assert b"hello" not in answer


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's /proc")
@pytest.mark.skipif(bool(shutil.which("strace")), reason="test_privacy.py sees more with strace")
def test_the_real_mirror_dresses_a_photo_and_calls_nobody(tmp_path: Path) -> None:
    with serving("--catalog", str(tmp_path / "catalog")) as (process, port):
        address = f"http://127.0.0.1:{port}"
        outside = wait_until_ready(address, process.pid)
        garments = json.loads(get(f"{address}/api/garments"))
        assert garments
        boundary = "wearcast-test"
        body = multipart(
            boundary, garment=garments[0]["id"].encode(), person=ASTRONAUT.read_bytes()
        )
        request = urllib.request.Request(
            f"{address}/api/tryon",
            body,
            {"Content-Type": f"multipart/form-data; boundary={boundary}"},
        )
        with urllib.request.urlopen(request, timeout=START_S) as answer:
            dressed = decode_image(answer.read())
        outside |= peers_outside(process.pid)
    person = read_image(ASTRONAUT)
    assert dressed.shape == person.shape
    changed = (dressed != person).any(axis=2).mean()
    assert 0.05 < changed < 0.9
    assert outside == set()


def wait_until_ready(address: str, pid: int) -> set[str]:
    """Wait for ``/readyz``; gives the addresses outside this machine that were seen meanwhile."""
    outside: set[str] = set()
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        outside |= peers_outside(pid)
        try:
            get(f"{address}/readyz")
        except urllib.error.HTTPError:
            time.sleep(0.02)
        else:
            return outside
    raise AssertionError("never ready")


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=START_S) as answer:
        return bytes(answer.read())


def multipart(boundary: str, **fields: bytes) -> bytes:
    parts = []
    for name, value in fields.items():
        file = '; filename="p.jpg"' if name == "person" else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts.append(head.encode() + value + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def peers_outside(pid: int) -> set[str]:
    """Remote addresses of a process's sockets that are neither loopback nor unset, as in /proc."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[9] in inodes and columns[2].split(":")[0] not in HERE:
                found.add(f"{table} {columns[2]}")
    return found


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
