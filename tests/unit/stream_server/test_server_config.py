from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError, NotSupported
from stream_server.config import FIELDS, ServerConfig, load_config
from stream_server.ice import IceServer


def test_without_a_file_the_defaults_hold() -> None:
    config = load_config()
    assert config == ServerConfig()
    assert (config.host, config.port, config.ice_servers) == ("127.0.0.1", 8080, ())


def test_the_command_line_beats_the_file_beats_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(
        """
        host = "0.0.0.0"
        port = 9000
        max-sessions = 2
        catalog = "garments"
        allowed_origins = ["https://shop.example/"]
        [[ice_servers]]
        urls = "turn:turn.example:3478"
        username = "u"
        credential = "c"
        """
    )
    config = load_config(file, port=9001, host=None, catalog=None)
    assert (config.host, config.port, config.max_sessions) == ("0.0.0.0", 9001, 2)
    assert config.catalog == tmp_path / "garments"
    assert config.allowed_origins == ("https://shop.example",)
    assert config.ice_servers == (IceServer(("turn:turn.example:3478",), "u", "c"),)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("prot = 80", "'prot'"),
        ("port = '80'", "port must be int"),
        ("port = true", "port must be int"),
        ("port = 70000", "0 to 65535"),
        ("max_sessions = 0", "at least 1"),
        ("stack = 'gpu'", "auto, off, cpu, cuda, got"),
        ("tls_cert = 'a.pem'", "belong together"),
        ("allowed_origins = 'https://a.example'", "must be a list"),
        ("allowed_origins = ['shop.example']", "https://shop.example"),
        ("ice_servers = [{urls = 'http://a'}]", "stun:"),
        ("ice_servers = [{url = 'stun:a'}]", "urls"),
        ("port = ", "not valid TOML"),
        ("network = 'wifi'", "auto, internet, lan"),
        ("log_format = 'xml'", "text, json"),
        ("max_load = 2", "0 to 1"),
        ("max_load = 'high'", "max_load must be float"),
        ("max_waiting = -1", "must not be negative"),
        ("idle_s = -1", "must not be negative"),
        ("relay_only = true", "needs a turn"),
        ("token_secret = 'short'", "at least 16"),
        ("trusted_proxies = ['proxy.example']", "IP addresses"),
        (
            "ice_servers = [{urls = 'turn:a', secret = 'sssssssss', username = 'u'}]",
            "secret or a username",
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, names: str) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=names):
        load_config(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml cannot be read"):
        load_config(tmp_path / "nowhere.toml")


def test_a_stack_of_a_later_version_is_refused_with_what_works() -> None:
    with pytest.raises(NotSupported, match="Use one of auto, off, cpu, cuda"):
        load_config(stack="ray")


def test_every_setting_is_in_the_manual() -> None:
    manual = Path(__file__).parents[3] / "docs" / "operations.md"
    text = manual.read_text(encoding="utf-8")
    assert [name for name in FIELDS if f"`{name}`" not in text] == []


def test_secrets_are_not_told_in_errors_or_in_print(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("token_secret = 12345678901234567890")
    with pytest.raises(InputError, match="token_secret must be str") as refusal:
        load_config(file)
    assert "1234567890" not in str(refusal.value)
    assert "sesame" not in repr(ServerConfig(token_secret="open sesame, please"))
