"""How much of the line a camera may use, as the browser sees it."""

from __future__ import annotations

from typing import Any

from steps import start_mirror

KEEP_PEERS = """
window.peers = [];
const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(...options) { super(...options); window.peers.push(this); }
};"""
ALLOWED = """async () => {
  const stats = await window.peers.at(-1).getStats();
  return [...stats.values()].find((entry) => entry.availableOutgoingBitrate)
    ?.availableOutgoingBitrate ?? 0;
}"""
SOON_MS = 3000
ENOUGH_BITS_PER_S = 1_200_000  # for a sharp 640×480 at 30 frames a second


def test_on_this_network_the_camera_soon_may_send_enough(open_page: Any) -> None:
    page = open_page(script=KEEP_PEERS)
    page.wait_for_selector(".tile")
    start_mirror(page)
    page.wait_for_timeout(SOON_MS)
    assert page.evaluate(ALLOWED) >= ENOUGH_BITS_PER_S
