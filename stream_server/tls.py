"""HTTPS: an operator's certificate, or one made for this run so that phones get a camera."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pipeline.errors import InputError
from stream_server.config import ServerConfig

VALID_DAYS = 397  # browsers take none that lasts longer; a kiosk runs for months
CLOCK_SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Secure:
    """A TLS context and what to tell the operator about it.

    Attributes:
        context: for the listening socket.
        fingerprint: SHA-256 of a self-signed certificate, as browsers show it; None otherwise.
    """

    context: ssl.SSLContext
    fingerprint: str | None = None


def lan_addresses() -> list[str]:
    """IPv4 addresses of this machine that other devices may reach."""
    addresses = (
        ipaddress.IPv4Address(ip.ip)
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if isinstance(ip.ip, str)
    )
    return sorted(str(a) for a in addresses if not a.is_loopback and not a.is_link_local)


def secure(config: ServerConfig) -> Secure | None:
    """TLS as the settings ask for; None for plain HTTP.

    Raises:
        InputError: the certificate or key cannot be used.
    """
    if config.tls_self_signed:
        return self_signed(lan_addresses())
    if config.tls_cert is None or config.tls_key is None:
        return None
    context = _context()
    try:
        context.load_cert_chain(config.tls_cert, config.tls_key, password=_no_password)
    except (OSError, ValueError, ssl.SSLError) as error:
        raise InputError(
            f"The certificate {config.tls_cert} and key {config.tls_key} cannot be used:"
            " both must be PEM files that belong together, the key without a password."
        ) from error
    return Secure(context)


def _no_password() -> str:
    raise ValueError("the key has a password")  # instead of asking on the terminal


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def self_signed(addresses: list[str]) -> Secure:
    """Make a certificate for localhost and ``addresses`` that lives as long as the process."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, addresses)
    context = _context()
    with _pem_files(key, certificate) as (cert_file, key_file):
        context.load_cert_chain(cert_file, key_file)
    digest = certificate.fingerprint(hashes.SHA256())
    return Secure(context, ":".join(f"{byte:02X}" for byte in digest))


def _certificate(key: ec.EllipticCurvePrivateKey, addresses: list[str]) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Wearcast")])
    hosts: list[x509.GeneralName] = [x509.DNSName("localhost")]
    ips = dict.fromkeys(["127.0.0.1", "::1", *addresses])
    hosts += [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


@contextmanager
def _pem_files(
    key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> Iterator[tuple[Path, Path]]:
    """Files only the user may read, gone as soon as OpenSSL has read them."""
    with tempfile.TemporaryDirectory(prefix="wearcast-") as folder:
        cert_file, key_file = Path(folder, "cert.pem"), Path(folder, "key.pem")
        _write_private(cert_file, certificate.public_bytes(serialization.Encoding.PEM))
        _write_private(
            key_file,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        yield cert_file, key_file


def _write_private(path: Path, data: bytes) -> None:
    path.touch(0o600, exist_ok=False)
    path.write_bytes(data)
