"""Files over HTTPS, resumed where the connection broke."""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from pipeline.checkpoints.manifest import is_safe_url
from pipeline.errors import WeightsError

Report = Callable[[int, int | None], None]  # bytes that are here, of how many if known

TIMEOUT_S = 30.0
ATTEMPTS = 3  # in a row that bring no new byte
PAUSE_S = 0.5  # before the second of them; doubled each time
BLOCK = 1 << 18
MAX_BYTES = 2_000_000_000  # five times the largest checkpoint; more is not one
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
SERVER_FAULTS = range(500, 600)  # some pass
TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS


class SourceFailed(WeightsError):
    """A source gave nothing; another one may."""


class WrongFile(SourceFailed):
    """A source has another file than the published one."""


class _Interrupted(Exception):
    """The connection broke; trying again may help."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where a manifest may point as well."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage | Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        downgrade = req.full_url.startswith("https:") and not newurl.startswith("https:")
        if downgrade or not is_safe_url(newurl):
            raise SourceFailed(
                f"{urlsplit(req.full_url).hostname} sends on to {newurl}, which is not secure."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class HttpSource:
    """A file on a web server.

    Attributes:
        url: ``https://…``; plain http only from this machine.
        expected: its size in bytes, when known.
    """

    url: str
    expected: int | None = None

    @property
    def host(self) -> str:
        """Whom it is fetched from."""
        return urlsplit(self.url).hostname or self.url

    def receive(self, part: Path, report: Report) -> None:
        """Fetch into ``part``, going on after the bytes that are there already.

        Raises:
            SourceFailed: not reachable, not there, or broken off; ``part`` keeps what came, unless
                it is of another file.
        """
        failures = 0
        while not self.expected or _size(part) != self.expected:
            before = _size(part)
            try:
                self._attempt(part, before, report)
                return
            except WrongFile:
                part.unlink(missing_ok=True)
                raise
            except _Interrupted as error:
                failures = 0 if _size(part) > before else failures + 1
                if failures >= ATTEMPTS:
                    raise SourceFailed(self._broken(part, error)) from error
                time.sleep(PAUSE_S * 2 ** max(failures - 1, 0))

    def _broken(self, part: Path, error: Exception) -> str:
        here = _size(part)
        if not here:
            return f"{self.host} cannot be reached ({error})."
        return (
            f"The connection to {self.host} broke after {here:,} bytes ({error})."
            " They are kept: the same command goes on from there."
        )

    def _attempt(self, part: Path, start: int, report: Report) -> None:
        with self._open(start) as response:
            total = self._total(response, start)
            if response.status != HTTPStatus.PARTIAL_CONTENT:
                start = 0  # the server does not resume: from the beginning
            with part.open("ab" if start else "wb") as file:
                done = _pour(response, file, start, total, report)
        if total is not None and done < total:
            raise _Interrupted(f"{total - done:,} bytes are missing")

    def _open(self, start: int) -> Any:
        headers = {"User-Agent": "wearcast", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        request = urllib.request.Request(self.url, headers=headers)
        try:
            opener = urllib.request.build_opener(_SafeRedirects)
            return opener.open(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
                return self._open(0)  # what is here is not the beginning of what is there
            if error.code in SERVER_FAULTS or error.code == TOO_MANY:
                raise _Interrupted(f"the server answers {error.code} {error.reason}") from error
            raise SourceFailed(f"{self.host} answers {error.code} {error.reason}.") from error
        except urllib.error.URLError as error:
            raise _Interrupted(str(error.reason)) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Interrupted(str(error) or type(error).__name__) from error

    def _total(self, response: Any, start: int) -> int | None:
        """Size of the whole file as the server says, after a look at what it is about to send."""
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        if response.status == HTTPStatus.PARTIAL_CONTENT:
            match = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if match is None or int(match[1]) != start:
                raise WrongFile(f"{self.host} sent another part of the file than asked for.")
            total = int(match[2]) if match[2].isdigit() else None
        if total is not None and total > (self.expected or MAX_BYTES):
            instead = f" instead of {self.expected:,}" if self.expected else ", far too many"
            raise WrongFile(f"{self.host} has another file: {total:,} bytes{instead}.")
        return total


def _pour(response: Any, file: IO[bytes], done: int, total: int | None, report: Report) -> int:
    """Write what comes, and say how much is here then."""
    report(done, total)
    while True:
        try:
            block = response.read(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise _Interrupted(str(error) or type(error).__name__) from error
        if not block:
            return done
        done += file.write(block)
        if done > (MAX_BYTES if total is None else total):
            raise WrongFile("The server sent more than it announced.")
        report(done, total)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
