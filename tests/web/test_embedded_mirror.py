"""The mirror in the page of a shop, which is another site, with signed permissions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_in import Server
from steps import start_mirror, wait_for_colour

from pipeline.images import encode_png
from stream_server.keys import CONFIG
from stream_server.tokens import mint

SECRET = "a secret of the shop and its mirror"
PAGE = """<!doctype html><title>A shop</title>
<script type="module" src="{mirror}/embed.js"></script>
<wearcast-mirror server="{mirror}" garment="blue-dress"{token}></wearcast-mirror>
<script>
  window.wanted = 0;
  const mirror = document.querySelector('wearcast-mirror');
  mirror.addEventListener('tokenwanted', async () => {{
    window.wanted += 1;
    mirror.token = await (await fetch('/mirror-token')).text();
  }});
</script>"""


class Shop:
    """Another site: a page with the mirror in it, and permissions for that.

    Attributes:
        origin: at ``localhost``, while the mirror is at ``127.0.0.1``: two sites to a browser.
        first: the token that the page comes with; None for none.
        life_s: of the tokens it makes when asked.
    """

    def __init__(self) -> None:
        self.first: str | None = None
        self.life_s = 600.0
        self.mirror = ""
        handler = partial(_Answer, self)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]
        self.origin = f"http://localhost:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever)
        self._thread.start()

    def token(self, life_s: float) -> str:
        return mint(SECRET, self.mirror, life_s)

    def answer(self, path: str) -> tuple[str, str]:
        if path == "/mirror-token":
            return self.token(self.life_s), "text/plain"
        if path != "/":
            return "", "text/plain"
        token = "" if self.first is None else f' token="{self.first}"'
        return PAGE.format(mirror=self.mirror, token=token), "text/html"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Answer(BaseHTTPRequestHandler):
    def __init__(self, shop: Shop, *args: Any) -> None:
        self._shop = shop
        super().__init__(*args)

    def do_GET(self) -> None:
        body, kind = self._shop.answer(self.path)
        self.send_response(200 if body else 204)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def server(tmp_path: Path, shop: Shop) -> Iterator[Server]:
    """A mirror that asks for permissions and may be embedded by the shop."""
    server = Server(
        tmp_path / "catalog",
        token_secret=SECRET,
        allowed_origins=(shop.origin,),
        tls_self_signed=True,  # browsers keep no cookies of other sites without
    )
    shop.mirror = server.url
    yield server
    server.close()


@pytest.fixture
def visit(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Opens a page, with trust in a certificate that was made for this run."""
    return partial(open_page, ignore_https_errors=True)


def frame_of(page: Any, server: Server) -> Any:
    if len(page.frames) < 2:
        page.wait_for_event("frameattached")
    found = page.frames[1]
    found.wait_for_url(f"{server.url}/**")
    found.wait_for_selector(".tile")
    return found


def test_a_mirror_with_a_permission_runs_in_the_page_of_a_shop(
    visit: Any, server: Server, shop: Shop
) -> None:
    shop.first = shop.token(600)
    page = visit(url=shop.origin)
    mirror = frame_of(page, server)
    start_mirror(mirror)
    wait_for_colour(mirror, "b")
    assert page.evaluate("window.wanted") == 0
    unused = "innerHeight - document.querySelector('.layout').getBoundingClientRect().height"
    assert abs(mirror.evaluate(unused)) <= 1  # the mirror has all of its frame
    page.evaluate("document.querySelector('wearcast-mirror').setAttribute('garment', 'red-tee')")
    wait_for_colour(mirror, "r")
    assert server.sessions == 1


@pytest.mark.parametrize("first", ["none", "expired"])
def test_the_shop_is_asked_for_a_permission_when_there_is_none(
    visit: Any, server: Server, shop: Shop, first: str, tmp_path: Path
) -> None:
    shop.first = shop.token(-5) if first == "expired" else None
    page = visit(url=shop.origin, expect="401")
    mirror = frame_of(page, server)
    before = mirror.evaluate("performance.timeOrigin")
    start_mirror(mirror)
    wait_for_colour(mirror, "b")
    assert page.evaluate("window.wanted") == 1
    photo = tmp_path / "tee.png"
    photo.write_bytes(encode_png(np.full((48, 64, 3), 200, np.uint8)))
    mirror.locator("wc-garment-upload input").set_input_files(photo)
    mirror.get_by_text("Tee is ready to wear.").wait_for()
    assert mirror.evaluate("performance.timeOrigin") == before  # never loaded anew
    assert page.evaluate("window.wanted") == 1


def test_an_upload_asks_for_a_permission_too(
    visit: Any, server: Server, shop: Shop, tmp_path: Path
) -> None:
    page = visit(url=shop.origin, expect="401")
    mirror = frame_of(page, server)
    photo = tmp_path / "tee.png"
    photo.write_bytes(encode_png(np.full((48, 64, 3), 200, np.uint8)))
    mirror.locator("wc-garment-upload input").set_input_files(photo)
    mirror.get_by_text("Tee is ready to wear.").wait_for()
    assert page.evaluate("window.wanted") == 1


def test_a_shop_whose_permissions_are_no_good_gets_a_sentence(
    visit: Any, server: Server, shop: Shop
) -> None:
    shop.life_s = -5
    page = visit(url=shop.origin, expect="401")
    mirror = frame_of(page, server)
    mirror.get_by_role("button", name="Start mirror").click()
    mirror.get_by_role("alert").get_by_text("permission has run out").wait_for()
    assert server.sessions == 0


def test_it_fits_the_window_and_its_container(visit: Any, server: Server, shop: Shop) -> None:
    page = visit(url=shop.origin)
    frame_of(page, server)
    box = "(() => { const b = %s.getBoundingClientRect(); return [b.width, b.height]; })()"
    element = box % "document.querySelector('wearcast-mirror')"
    width, height = page.evaluate(element)
    assert (width, height) == (page.evaluate("document.body.clientWidth"), 800)
    style = "css => { document.querySelector('wearcast-mirror').style.cssText = css; }"
    for css, size in (
        ("max-width: 480px", [480, 640]),
        ("height: 500px; width: auto", [375, 500]),
        ("width: 600px; height: 300px", [600, 300]),
    ):
        page.evaluate(style, css)
        assert page.evaluate(element) == pytest.approx(size, abs=1)
    page.evaluate(style, "")
    page.evaluate("document.body.style.width = '240px'")
    assert page.evaluate(element) == pytest.approx([240, 320], abs=1)


def test_a_site_that_is_not_allowed_shows_a_sentence_until_it_is(
    visit: Any, tmp_path: Path, shop: Shop
) -> None:
    server = Server(tmp_path / "closed", tls_self_signed=True)
    shop.mirror = server.url
    try:
        page = visit(url=shop.origin, expect="frame")
        sentence = page.get_by_text("The mirror cannot be shown here.")
        sentence.wait_for()
        owner = page.get_by_text("If this is your site")
        said = owner.text_content()
        assert shop.origin in said and server.url in said and "allowed_origins" in said
        allowed = replace(server._app[CONFIG], allowed_origins=(shop.origin,))
        server._app._state[CONFIG] = allowed
        page.get_by_role("button", name="Try again").click()
        sentence.wait_for(state="hidden")  # the mirror in the frame has greeted its host
        page.locator("iframe").wait_for()
        page.context.close()  # with its connections, which the server would wait for
    finally:
        server.close()


def test_the_page_alone_has_no_permission(visit: Any, server: Server) -> None:
    page = visit(expect="401")
    page.get_by_role("button", name="Start mirror").click()
    page.get_by_role("alert").get_by_text("permission has run out").wait_for()
