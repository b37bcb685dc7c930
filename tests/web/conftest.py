"""A real Chromium with a fake camera in front of the real server.

Playwright keeps an event loop running in the thread that uses it, which would break the tests
that run loops of their own. So everything that touches the browser, test bodies included, runs in
one thread apart.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from stand_in import Server

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ACTION_MS = 30_000  # for one step in the page: .5 s on a free machine, far more on a full one
FLAGS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--disable-dev-shm-usage",
    "--disable-gpu",
)
WATCH = """
window.cameraCalls = 0;
const media = navigator.mediaDevices;
const real = media?.getUserMedia.bind(media);
if (media) media.getUserMedia = (wishes) => { window.cameraCalls += 1; return real(wishes); };
window.violations = [];
document.addEventListener('securitypolicyviolation',
  (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""

In = Callable[..., Any]


def find_chromium() -> str | None:
    """Path of a Chromium or Chrome, or None."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run the body of a browser test in the browser's thread."""
    run = pyfuncitem.funcargs.get("in_thread")
    if run is None:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    run(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def in_thread() -> Iterator[In]:
    """Calls a function in the browser's thread and waits for it."""
    with ThreadPoolExecutor(1, "browser") as thread:
        yield lambda function, *args, **names: thread.submit(function, *args, **names).result()


@pytest.fixture(scope="session")
def chromium(in_thread: In) -> Iterator[Any]:
    """One browser for all tests."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: install chromium or set CHROMIUM")
    driver = in_thread(playwright.sync_playwright().start)
    browser = in_thread(driver.chromium.launch, executable_path=path, args=FLAGS)
    yield browser
    in_thread(browser.close)
    in_thread(driver.stop)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The server with the stand-in pipeline, fresh for every test."""
    server = Server(tmp_path / "catalog")
    yield server
    server.close()


@pytest.fixture
def open_page(chromium: Any, server: Server, in_thread: In) -> Iterator[In]:
    """Opens pages as visitors would; their complaints fail the test."""
    contexts = []
    complaints: list[str] = []

    def open_(
        path: str = "/", script: str = "", expect: str = "", url: str = "", **settings: Any
    ) -> Any:
        settings.setdefault("viewport", {"width": 1280, "height": 800})
        context = chromium.new_context(**settings)
        contexts.append(context)
        context.set_default_timeout(ACTION_MS)
        page = context.new_page()
        page.add_init_script(WATCH + script)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type in ("error", "warning") and not (expect and expect in message.text)
                else None
            ),
        )
        page.goto((url or server.url) + path)
        return page

    yield open_
    for context in contexts:
        pages = context.pages
        violations = in_thread(lambda pages=pages: [p.evaluate("window.violations") for p in pages])
        complaints += [line for lines in violations for line in lines or []]
        in_thread(context.close)
    assert complaints == []


@pytest.fixture
def page(open_page: In, in_thread: In) -> Any:
    """The shopper's page on a desktop, with its garments loaded."""
    page = in_thread(open_page)
    in_thread(page.wait_for_selector, ".tile")
    return page
