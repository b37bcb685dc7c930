"""What several browser tests do and read."""

from __future__ import annotations

from typing import Any

DRESSED_COLOUR = """() => {
  const video = document.querySelector('.stage-dressed');
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 8;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 8, 8);
  const [r, g, b] = context.getImageData(4, 6, 1, 1).data;
  return { r, g, b };
}"""
TOUCH_PX = 44


def start_mirror(page: Any) -> None:
    """Press the button and wait for the dressed picture."""
    page.get_by_role("button", name="Start mirror").click()
    page.wait_for_selector("wc-mirror-stage[data-dressed]")


def wait_for_colour(page: Any, colour: str) -> None:
    """Wait until the dressed picture is mostly red ("r"), green ("g") or blue ("b")."""
    others = [name for name in "rgb" if name != colour]
    mostly = " && ".join(f"c.{colour} > 1.6 * c.{name}" for name in others)
    page.wait_for_function(f"() => {{ const c = ({DRESSED_COLOUR})(); return {mostly}; }}")


def garment(page: Any, name: str) -> Any:
    """The radio button of a garment."""
    return page.get_by_role("radio", name=name)


def sideways(page: Any) -> int:
    """How many pixels wider than the screen the page is.

    Not measured against ``innerWidth``: a phone zooms out until a page that is too wide fits.
    """
    width = page.evaluate("document.documentElement.scrollWidth")
    return max(0, int(width - page.viewport_size["width"]))


def small_targets(page: Any) -> list[str]:
    """Visible buttons that a finger would miss."""
    return list(
        page.evaluate(
            """(least) => [...document.querySelectorAll('button, summary, [role=slider]')]
              .filter((node) => node.checkVisibility())
              .map((node) => [node, node.getBoundingClientRect()])
              .filter(([, box]) => box.width && (box.width < least - .5 || box.height < least - .5))
              .map(([node, box]) => `${node.className} ${box.width}x${box.height}`)""",
            TOUCH_PX,
        )
    )
