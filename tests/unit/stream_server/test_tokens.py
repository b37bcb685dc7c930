from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random

import pytest

from stream_server.tokens import MAX_LIFE_S, is_valid, mint

SECRET = "a secret that nobody guesses"
SHOP = "https://shop.example"
NOW = 1_800_000_000.0


def test_a_token_is_good_for_its_site_until_it_expires() -> None:
    token = mint(SECRET, SHOP, 60, NOW)
    assert is_valid(token, SECRET, SHOP, NOW)
    assert is_valid(token, SECRET, SHOP, NOW + 59)
    assert not is_valid(token, SECRET, SHOP, NOW + 60)
    assert not is_valid(token, SECRET, "https://other.example", NOW)
    assert not is_valid(token, SECRET, None, NOW)
    assert not is_valid(token, "another secret, also long", SHOP, NOW)


def test_a_token_that_lives_too_long_is_refused() -> None:
    assert not is_valid(mint(SECRET, SHOP, 2 * MAX_LIFE_S, NOW), SECRET, SHOP, NOW)


def test_no_changed_token_is_good() -> None:
    token = mint(SECRET, SHOP, 60, NOW)
    dice = random.Random(3)
    for _ in range(2000):
        place = dice.randrange(len(token) - 1)  # the last character also holds unused bits
        other = dice.choice([c for c in "AZaz09-_." if c != token[place]])
        assert not is_valid(token[:place] + other + token[place + 1 :], SECRET, SHOP, NOW)


def signed(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    digest = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).digest()
    return f"{payload}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "a.b", "é.é", "x" * 100_000,
        signed([]), signed({}), signed({"origin": SHOP}), signed({"origin": SHOP, "expires": None}),
        signed({"origin": SHOP, "expires": "nan"}), signed({"origin": None, "expires": NOW + 9}),
    ],
)  # fmt: skip
def test_odd_tokens_are_refused(token: str) -> None:
    assert not is_valid(token, SECRET, SHOP, NOW)


def test_a_shop_can_make_one_without_us() -> None:
    assert is_valid(signed({"origin": SHOP, "expires": int(NOW) + 60}), SECRET, SHOP, NOW)
