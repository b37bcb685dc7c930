from __future__ import annotations

import hashlib
import socket
import ssl
import tempfile
import threading
from pathlib import Path

import pytest
from cryptography import x509

from pipeline.errors import InputError
from stream_server.app import greeting
from stream_server.config import ServerConfig
from stream_server.tls import secure, self_signed


def test_a_self_signed_certificate_serves_its_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = self_signed(["192.0.2.7"])
    assert list(tmp_path.iterdir()) == []  # nothing of the key stays behind
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with made.context.wrap_socket(ours, server_side=True) as tls:
            tls.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    with client.wrap_socket(theirs) as tls:
        der = tls.getpeercert(binary_form=True)
        tls.send(b"x")
    thread.join(5)
    assert der is not None
    digest = hashlib.sha256(der).hexdigest().upper()
    assert made.fingerprint == ":".join(digest[i : i + 2] for i in range(0, 64, 2))
    certificate = x509.load_der_x509_certificate(der)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = [str(ip) for ip in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "::1", "192.0.2.7"]


def test_a_certificate_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "cert.pem"
    bad.write_text("no certificate")
    for cert in (bad, tmp_path / "missing.pem"):
        with pytest.raises(InputError, match="must be PEM files that belong together"):
            secure(ServerConfig(tls_cert=cert, tls_key=bad))


def test_plain_http_needs_nothing() -> None:
    assert secure(ServerConfig()) is None


def test_the_greeting_tells_where_to_go() -> None:
    assert greeting(ServerConfig(), 8080, None) == ["Wearcast is at http://localhost:8080/"]
    tls = self_signed([])
    lines = greeting(ServerConfig(host="0.0.0.0", tls_self_signed=True), 8443, tls)
    assert lines[0] == "Wearcast is at https://localhost:8443/"
    assert tls.fingerprint is not None
    assert any(tls.fingerprint in line for line in lines)
