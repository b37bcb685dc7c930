"""What a shopper sees of a full server, of an empty room, and of a server that is too slow."""

from __future__ import annotations

import json
from typing import Any

from stand_in import Server
from steps import start_mirror, wait_for_colour

from pipeline.structures import Reason
from stream_server.deadlines import Timing
from stream_server.keys import LOBBY
from stream_server.quality import FULL, LADDERS

NOTE_QUALITY = """
window.wishes = [];
const set = RTCRtpSender.prototype.setParameters;
RTCRtpSender.prototype.setParameters = function (parameters) {
  const { scaleResolutionDownBy, maxFramerate } = parameters.encodings[0];
  window.wishes.push([scaleResolutionDownBy, maxFramerate]);
  return set.call(this, parameters);
};"""


def full(position: int) -> dict[str, Any]:
    error = {"code": "full", "message": "All mirrors are in use."}
    body = {"error": error, "queue": {"ticket": "ticket-7", "position": position}}
    return {"status": 503, "headers": {"Retry-After": "1"}, "body": json.dumps(body)}


def test_a_shopper_sees_the_place_in_line_and_is_let_in(open_page: Any) -> None:
    page = open_page(expect="503")
    page.wait_for_selector(".tile")
    tickets: list[str | None] = []

    def answer(route: Any) -> None:
        tickets.append(json.loads(route.request.post_data).get("ticket"))
        if len(tickets) <= 2:
            route.fulfill(**full(3 - len(tickets)))
        else:
            route.continue_()

    page.route("**/api/offer", answer)
    page.get_by_role("button", name="Start mirror").click()
    page.get_by_text("You are number 2 in line").wait_for()
    page.get_by_text("You are next").wait_for()
    page.wait_for_selector("wc-mirror-stage[data-dressed]")
    assert tickets == [None, "ticket-7", "ticket-7"]
    assert not page.get_by_text("All mirrors are taken").is_visible()


def test_when_nobody_is_there_the_mirror_takes_a_break(page: Any, server: Server) -> None:
    server._app[LOBBY]._timing = Timing(idle=1.0, status=0.1)
    server.engine.reason = Reason.NO_PERSON
    page.get_by_role("button", name="Start mirror").click()
    page.get_by_text("The mirror took a break").wait_for()
    page.wait_for_timeout(1500)
    assert server.sessions == 0
    server.engine.reason = None
    page.get_by_role("button", name="Go on").click()
    wait_for_colour(page, "r")


def test_the_page_sends_less_picture_when_the_server_asks(open_page: Any, server: Server) -> None:
    page = open_page(script=NOTE_QUALITY)
    page.wait_for_selector(".tile")
    start_mirror(page)
    (session,) = server._app[LOBBY]._sessions.values()
    server._loop.call_soon_threadsafe(session._wish, LADDERS["line"][2], "line")
    page.wait_for_function("() => window.wishes.length >= 2")
    assert page.evaluate("window.wishes.at(-1)") == [2, 15]
    width = "document.querySelector('.stage-dressed').videoWidth"
    page.wait_for_function(f"() => {width} > 0 && {width} <= 320")
    server._loop.call_soon_threadsafe(session._wish, FULL, "none")
    page.wait_for_function("() => window.wishes.at(-1)[0] === 1 && window.wishes.at(-1)[1] === 30")
    # Not 640: on a full machine the browser itself may hold the picture smaller for minutes.
    page.wait_for_function(f"() => {width} > 320")


def test_a_permission_in_the_address_is_shown_to_the_server(open_page: Any) -> None:
    page = open_page("/#token=abc.def")
    page.wait_for_selector(".tile")
    seen: list[str | None] = []

    def answer(route: Any) -> None:
        seen.append(route.request.headers.get("authorization"))
        route.continue_()

    page.route("**/api/offer", answer)
    start_mirror(page)
    assert seen == ["Bearer abc.def"]
