"""The shopper's page in a real browser: the live mirror."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stand_in import Server
from steps import garment, sideways, small_targets, start_mirror, wait_for_colour

from pipeline.structures import Reason

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
CAMERA_TROUBLE = {
    "NotAllowedError": "Allow the camera for this page",
    "NotFoundError": "Plug in or switch on a camera",
    "NotReadableError": "Another app or tab is using it",
}
ON_ITS_SIDE = {"viewport": {"width": 844, "height": 390}, "has_touch": True, "is_mobile": True}


def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_the_page_loads_without_complaint_and_asks_for_nothing(page: Any) -> None:
    assert page.get_by_role("radio").count() == 3
    assert page.locator("#hero").get_by_text("never stored or sent on").is_visible()
    assert garment(page, "Red tee").get_attribute("aria-checked") == "true"
    assert page.evaluate("window.cameraCalls") == 0


def test_start_shows_a_dressed_picture_that_moves(page: Any, server: Server) -> None:
    start_mirror(page)
    wait_for_colour(page, "r")
    frames = "document.querySelector('wc-mirror-stage').frames"
    before = page.evaluate(frames)
    page.wait_for_function(f"() => {frames} > {before} + 10")
    assert page.evaluate("document.documentElement.dataset.mirror") == "live"
    assert server.sessions == 1


def test_another_garment_changes_the_picture_without_a_new_offer(page: Any) -> None:
    offers = []
    page.on("request", lambda request: request.url.endswith("/api/offer") and offers.append(1))
    start_mirror(page)
    wait_for_colour(page, "r")
    garment(page, "Blue dress").click()
    assert garment(page, "Blue dress").get_attribute("aria-checked") == "true"
    assert garment(page, "Red tee").get_attribute("aria-checked") == "false"
    wait_for_colour(page, "b")
    assert len(offers) == 1


def test_what_cannot_be_worn_is_not_offered(page: Any) -> None:
    names = page.locator(".tile-name").all_text_contents()
    assert sorted(names) == ["Blue dress", "Green shirt", "Red tee"]


@pytest.mark.parametrize("screen", [PHONE, {}], ids=["phone", "desktop"])
def test_the_picture_beside_the_start_button_is_the_ticked_garment(
    open_page: Any, screen: dict[str, Any]
) -> None:
    page = open_page(**screen)
    shown = "wc-garment-show img[data-shown]"
    page.wait_for_selector(f"{shown}[data-id='red-tee']")
    garment(page, "Blue dress").click()
    page.wait_for_selector(f"{shown}[data-id='blue-dress']")
    page.wait_for_timeout(4500)  # it changed by itself once
    assert page.locator(shown).get_attribute("data-id") == "blue-dress"
    assert garment(page, "Blue dress").get_attribute("aria-checked") == "true"


def test_the_details_say_what_is_seen(page: Any) -> None:
    start_mirror(page)
    page.evaluate(
        """() => {
          const panel = document.querySelector('wc-details-panel');
          window.frames_ = 0;
          window.paused_ = false;
          panel.source = () => ({ frames: (window.frames_ += 6), delayMs: 12, camera: null,
            paused: window.paused_,
            status: { state: 'dressed', reason: null, fps: 6 } });
        }"""
    )
    page.get_by_label("Details of the picture").click()
    row = page.locator("wc-details-panel dl > div")
    row.filter(has_text="Picture").get_by_text("Jerky").wait_for()
    page.evaluate("window.paused_ = true")
    row.filter(has_text="Picture").get_by_text("Paused").wait_for()
    row.filter(has_text="Connection").get_by_text("Fast, 12 ms").wait_for()
    assert page.get_by_text("never stored or sent on").last.is_visible()


def test_a_camera_that_fails_says_what_to_do(page: Any) -> None:
    press = page.get_by_role("button", name="Start mirror")
    for error, words in CAMERA_TROUBLE.items():
        page.evaluate(
            """(name) => { navigator.mediaDevices.getUserMedia =
              async () => { throw new DOMException('', name); }; }""",
            error,
        )
        press.click()
        page.get_by_role("alert").get_by_text(words).wait_for()
        press = page.get_by_role("button", name="Try again")
    page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false })")
    press.click()
    page.get_by_role("alert").get_by_text("https://").wait_for()
    page.get_by_role("button", name="Dress a photo instead").click()
    assert page.get_by_role("button", name="Choose a photo").is_visible()
    assert page.get_by_role("tab", name="Photo").evaluate("n => n === document.activeElement")


def test_a_full_server_counts_down_and_lets_in(open_page: Any) -> None:
    page = open_page(expect="503")
    refusals = []

    def refuse_once(route: Any) -> None:
        if refusals:
            route.continue_()
            return
        refusals.append(1)
        body = '{"error": {"code": "full", "message": "All mirrors are in use."}}'
        route.fulfill(status=503, headers={"Retry-After": "2"}, body=body)

    page.route("**/api/offer", refuse_once)
    page.get_by_role("button", name="Start mirror").click()
    page.get_by_text("All mirrors are taken").wait_for()
    assert page.get_by_text("Trying again in").is_visible()
    page.wait_for_selector("wc-mirror-stage[data-dressed]")
    assert not page.get_by_text("All mirrors are taken").is_visible()


def test_a_lost_session_comes_back_with_its_garment(page: Any, server: Server) -> None:
    with page.expect_response("**/api/offer") as answer:
        start_mirror(page)
    garment(page, "Blue dress").click()
    wait_for_colour(page, "b")
    session = answer.value.json()["session"]
    page.context.request.delete(f"{server.url}/api/sessions/{session}")
    page.wait_for_selector("wc-mirror-stage:not([data-dressed])")
    page.wait_for_selector("wc-mirror-stage[data-dressed]")
    wait_for_colour(page, "b")


def test_a_reason_is_said_in_words_once_it_lasts(page: Any, server: Server) -> None:
    start_mirror(page)
    pill = page.locator("wc-status-pill")
    assert pill.get_attribute("aria-live") == "polite"
    server.engine.reason = Reason.NO_PERSON
    pill.get_by_text("Step into view").wait_for()
    server.engine.reason = None
    page.wait_for_selector("wc-status-pill:not([data-shown])", state="attached")


def test_a_server_that_warms_up_says_so(open_page: Any, tmp_path: Path) -> None:
    server = Server(tmp_path / "cold", warm=False)
    try:
        page = open_page(url=server.url)
        page.wait_for_selector(".tile")
        page.get_by_role("button", name="Start mirror").click()
        hint = page.locator("wc-status-pill").get_by_text("The mirror is warming up")
        hint.wait_for()
        server.engine.warm.set()
        wait_for_colour(page, "r")
        hint.wait_for(state="detached")
        page.goto("about:blank")
    finally:
        server.close()


def test_before_and_after(page: Any) -> None:
    start_mirror(page)
    compare = page.locator("wc-mirror-stage wc-compare")
    hold = page.get_by_role("button", name="Hold to see yourself before")
    hold.dispatch_event("pointerdown")
    assert compare.get_attribute("data-mode") == "before"
    hold.dispatch_event("pointerup")
    assert compare.get_attribute("data-mode") == "after"
    page.get_by_role("button", name="Before and after side by side").click()
    handle = page.get_by_role("slider", name="Before and after")
    handle.press("ArrowLeft")
    assert handle.get_attribute("aria-valuenow") == "45"
    box = compare.bounding_box()
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert handle.get_attribute("aria-valuenow") == "80"


def test_a_camera_picture_that_is_covered_is_not_drawn(page: Any) -> None:
    start_mirror(page)
    camera = page.locator(".stage-camera")
    camera.wait_for(state="hidden")
    hold = page.get_by_role("button", name="Hold to see yourself before")
    hold.dispatch_event("pointerdown")
    assert camera.is_visible()  # at once
    hold.dispatch_event("pointerup")
    camera.wait_for(state="hidden")
    page.get_by_role("button", name="Before and after side by side").click()
    assert camera.is_visible()


def test_a_snapshot_is_saved_as_png(page: Any) -> None:
    start_mirror(page)
    page.get_by_role("button", name="Take a picture").click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
    assert download.value.suggested_filename.endswith(".png")
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_everything_works_from_the_keyboard(page: Any) -> None:
    page.get_by_role("button", name="Start mirror").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("wc-mirror-stage[data-dressed]")
    wait_for_colour(page, "r")
    for _ in range(20):  # until the one tab stop of the wardrobe
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "radio":
            break
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent").startswith("Green shirt")
    wait_for_colour(page, "g")
    pause = page.get_by_role("button", name="Pause")
    pause.focus()
    assert pause.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Paused").wait_for()
    page.get_by_role("tab", name="Mirror").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Photo").get_attribute("aria-selected") == "true"


def test_leaving_tells_the_server(
    page: Any, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "stream_server.session")
    start_mirror(page)
    assert server.sessions == 1
    page.goto("about:blank")
    until(lambda: server.sessions == 0)
    assert "asked by the client" in caplog.text  # not merely noticed after a while


@pytest.mark.parametrize("screen", [PHONE, ON_ITS_SIDE], ids=["phone", "phone on its side"])
def test_a_phone_scrolls_only_downwards_and_fingers_hit(
    open_page: Any, screen: dict[str, Any]
) -> None:
    page = open_page(**screen)
    page.wait_for_selector(".tile")
    assert sideways(page) == 0
    start_mirror(page)
    assert (sideways(page), small_targets(page)) == (0, [])
    page.get_by_role("tab", name="Photo").click()
    assert (sideways(page), small_targets(page)) == (0, [])
