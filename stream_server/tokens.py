"""Signed permissions for public deployments: short-lived, bound to one site.

A token is ``payload.signature``, both base64url without padding: the payload is the JSON
``{"origin": …, "expires": …}`` (seconds since 1970), the signature its HMAC-SHA256. A shop's own
server makes one for each page it sends, with the secret it shares with this server.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time

MAX_LIFE_S = 3600  # a token that claims to live longer is no short-lived one
MAX_CHARS = 1024


def mint(secret: str, origin: str, life_s: float, now_s: float | None = None) -> str:
    """Make a token.

    Args:
        secret: shared with the server that checks it.
        origin: of the page that may use it, such as ``https://shop.example``.
        life_s: seconds until it expires, at most ``MAX_LIFE_S``.
        now_s: seconds since 1970; the clock's time unless given.
    """
    now_s = time.time() if now_s is None else now_s
    claims = {"origin": origin, "expires": int(now_s + life_s)}
    payload = _pack(json.dumps(claims, separators=(",", ":")).encode())
    return f"{payload}.{_pack(_sign(secret, payload))}"


def is_valid(token: str, secret: str, origin: str | None, now_s: float | None = None) -> bool:
    """Whether a token was made with this secret, for this origin, and has not expired."""
    now_s = time.time() if now_s is None else now_s
    payload, dot, signature = token.partition(".")
    if not dot or len(token) > MAX_CHARS or origin is None:
        return False
    try:
        if not hmac.compare_digest(_unpack(signature), _sign(secret, payload)):
            return False
        claims = json.loads(_unpack(payload))
        expires = float(claims["expires"])
        return claims["origin"] == origin and now_s < expires <= now_s + MAX_LIFE_S
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        return False


def _sign(secret: str, payload: str) -> bytes:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpack(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
