"""The kiosk page: starts by itself, and an embedded mirror in another site."""

from __future__ import annotations

from typing import Any

from stand_in import Server
from steps import sideways, wait_for_colour

from pipeline.structures import Reason

PORTRAIT = {"viewport": {"width": 540, "height": 960}}
IDLE = ":root[data-attract]"
AWAKE = ":root:not([data-attract])"
HOST = """<!doctype html><title>A shop</title>
<script type="module" src="{server}/embed.js"></script>
<wearcast-mirror server="{server}" garment="blue-dress"></wearcast-mirror>"""


def test_the_kiosk_starts_by_itself_and_rests_when_nobody_is_there(
    open_page: Any, server: Server
) -> None:
    page = open_page("/kiosk?idle=1", **PORTRAIT)
    page.wait_for_selector("wc-mirror-stage[data-dressed]")
    wait_for_colour(page, "r")
    page.wait_for_selector(AWAKE)
    server.engine.reason = Reason.NO_PERSON
    page.wait_for_selector(IDLE)
    page.get_by_text("Step in front of the mirror.").wait_for()
    server.engine.reason = None
    page.wait_for_selector(AWAKE)
    assert sideways(page) == 0
    assert not page.get_by_role("radio", name="Grey trousers").is_visible()


def test_the_kiosk_changes_garments_by_itself(open_page: Any) -> None:
    page = open_page("/kiosk?rotate=1", **PORTRAIT)
    page.wait_for_selector("wc-mirror-stage[data-dressed]")
    wait_for_colour(page, "g")
    wait_for_colour(page, "b")


def test_a_kiosk_without_permission_shows_a_large_hint_and_recovers(open_page: Any) -> None:
    script = """
      window.blocked = true;
      const ask = navigator.mediaDevices.getUserMedia;
      navigator.mediaDevices.getUserMedia = async (wishes) => {
        if (window.blocked) throw new DOMException('', 'NotAllowedError');
        return ask(wishes);
      };"""
    page = open_page("/kiosk", script=script, **PORTRAIT)
    page.get_by_text("The camera is blocked").wait_for()
    assert page.get_by_role("button", name="Switch the camera on").is_visible()
    page.evaluate("window.blocked = false")  # the fake permission reads as granted: no click
    page.wait_for_selector("wc-mirror-stage[data-dressed]")


def test_an_embedded_mirror_takes_the_garment_of_its_host(open_page: Any, server: Server) -> None:
    page = open_page()
    body = HOST.format(server=server.url)
    page.route("**/shop.html", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{server.url}/shop.html")
    page.wait_for_selector("wearcast-mirror")
    mirror = page.wait_for_event("frameattached") if len(page.frames) < 2 else page.frames[1]
    mirror.wait_for_selector(".tile[data-selected][data-id='blue-dress']")
    assert not mirror.get_by_role("tab", name="Photo").is_visible()
    page.evaluate("document.querySelector('wearcast-mirror').setAttribute('garment', 'red-tee')")
    mirror.wait_for_selector(".tile[data-selected][data-id='red-tee']")
