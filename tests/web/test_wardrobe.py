"""One's own garments, and the photo tab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_in import NOTICE, REFUSAL, Server
from steps import garment, start_mirror

from pipeline.images import decode_image, encode_jpeg, encode_png

CONTRAST = """() => {
  const luminance = (text) => {
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d');
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    const linear = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((v) => (v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4));
    return .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2];
  };
  const style = getComputedStyle(document.documentElement);
  return (ink, ground) => {
    const [a, b] = [ink, ground].map((name) => luminance(style.getPropertyValue(`--${name}`)));
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  };
}"""
LONG_REFUSAL = (
    "The garment cannot be told from what is behind it, or it fills the photo. Lay it flat on a"
    " plain ground of another colour, with some room on all sides, and take the photo from above."
)
SEEN_WHOLE = """(line) => {
  const on = (node, x, y) => node.contains(document.elementFromPoint(x, y));
  const button = line.querySelector('.upload-close');
  const text = line.querySelector('.upload-message').getBoundingClientRect();
  const close = button.getBoundingClientRect();
  return text.left >= 0 && text.right <= innerWidth
    && on(line, text.left + 4, text.top + 4) && on(line, text.right - 4, text.bottom - 4)
    && on(button, close.x + close.width / 2, close.y + close.height / 2);
}"""
READABLE = 4.5
WORDS = (
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink-soft", "paper"),
    ("ink-soft", "surface"),
    ("ink-soft", "track"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("bad", "paper"),
    ("bad", "surface"),
)


def picture(folder: Path, name: str, value: int) -> Path:
    """A plain picture file, 64 × 48."""
    file = folder / name
    file.write_bytes(encode_png(np.full((48, 64, 3), value, np.uint8)))
    return file


def test_what_is_wrong_with_a_photo_that_was_taken_is_said(page: Any, tmp_path: Path) -> None:
    upload = page.locator("wc-garment-upload input")
    upload.set_input_files(picture(tmp_path, "small_tee.png", 200))
    page.get_by_text(f"Small tee is ready to wear. {NOTICE}").wait_for()


def test_an_own_garment_appears_picked_and_can_be_removed(page: Any, tmp_path: Path) -> None:
    upload = page.locator("wc-garment-upload input")
    upload.set_input_files(picture(tmp_path, "silk_scarf.png", 200))
    page.get_by_text("Silk scarf is ready to wear.").wait_for()
    assert garment(page, "Silk scarf").get_attribute("aria-checked") == "true"
    page.get_by_role("button", name="Rename or remove Silk scarf").click()
    assert garment(page, "Silk scarf").count() == 1  # the first press only asks
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    garment(page, "Silk scarf").wait_for(state="detached")
    assert garment(page, "Red tee").get_attribute("aria-checked") == "true"
    assert garment(page, "Red tee").evaluate("node => node === document.activeElement")


def test_an_own_garment_is_renamed_from_the_keyboard(page: Any, tmp_path: Path) -> None:
    page.locator("wc-garment-upload input").set_input_files(picture(tmp_path, "IMG_2031.png", 200))
    page.get_by_text("My garment is ready to wear.").wait_for()
    page.get_by_role("button", name="Rename or remove My garment").press("Enter")
    page.get_by_label("Name of the garment").fill("  Silk scarf ")
    page.keyboard.press("Enter")
    garment(page, "Silk scarf").wait_for()
    assert garment(page, "Silk scarf").get_attribute("aria-checked") == "true"
    edit = page.get_by_role("button", name="Rename or remove Silk scarf")
    assert edit.evaluate("node => node === document.activeElement")
    page.reload()
    garment(page, "Silk scarf").wait_for()


def test_trousers_that_were_added_say_so_and_leave_nothing(
    page: Any, server: Server, tmp_path: Path
) -> None:
    page.locator("wc-garment-upload input").set_input_files(picture(tmp_path, "trousers.png", 90))
    page.get_by_role("status").get_by_text("Only tops and dresses can be tried on").wait_for()
    assert garment(page, "Trousers").count() == 0
    listed = page.evaluate("async () => (await (await fetch('/api/garments')).json())")
    assert [entry["id"] for entry in listed if entry["own"]] == []


def test_a_refused_garment_says_why(open_page: Any, tmp_path: Path) -> None:
    page = open_page(expect="422")
    page.wait_for_selector(".tile")
    upload = page.locator("wc-garment-upload input")
    upload.set_input_files(picture(tmp_path, "black.png", 0))
    page.get_by_role("status").get_by_text(REFUSAL).wait_for()
    assert page.get_by_role("radio").count() == 3


def test_a_refused_file_that_is_no_picture_is_told_by_its_name(
    open_page: Any, tmp_path: Path
) -> None:
    page = open_page(expect="422")
    page.route("**/api/garments", lambda route: _refuse_at_length(route))
    page.wait_for_selector(".tile")
    notes = tmp_path / "notes.jpg"
    notes.write_text("no picture at all")
    photo = picture(tmp_path, "black.png", 0)
    page.locator("wc-garment-upload input").set_input_files([notes, photo])
    lines = page.locator('wc-upload-line[data-tone="bad"] .upload-message')
    lines.nth(1).wait_for()
    lines.nth(0).filter(has_text="notes.jpg: ").wait_for()
    assert "black.png" not in lines.nth(1).inner_text()


@pytest.mark.parametrize("size", [(360, 740), (1280, 800), (740, 360)])
def test_long_refusals_can_be_read_and_move_no_garment(
    open_page: Any, tmp_path: Path, size: tuple[int, int]
) -> None:
    page = open_page(expect="422", viewport={"width": size[0], "height": size[1]})
    page.route("**/api/garments", lambda route: _refuse_at_length(route))
    page.wait_for_selector(".tile")
    places = "nodes => nodes.map((node) => JSON.stringify(node.getBoundingClientRect()))"
    before = page.locator(".tile").evaluate_all(places)
    photos = [picture(tmp_path, name, 0) for name in ("one.png", "two.png")]
    page.locator("wc-garment-upload input").set_input_files(photos)
    lines = page.locator('wc-upload-line[data-tone="bad"]')
    lines.nth(1).wait_for()
    assert page.locator(".tile").evaluate_all(places) == before
    for line in lines.all():
        line.scroll_into_view_if_needed()
        assert line.evaluate(SEEN_WHOLE), "the message or its button is cut off or covered"
    last = page.locator(".tile-pick").last
    last.evaluate("node => node.scrollIntoView({block: 'end'})")
    last.click()  # a finger reaches it beside the messages
    lines.first.wait_for(state="detached")


def _refuse_at_length(route: Any) -> None:
    if route.request.method != "POST":
        route.continue_()
        return
    error = {"code": "garment_refused", "message": LONG_REFUSAL}
    route.fulfill(status=422, json={"error": error})


def test_what_an_upload_said_goes_with_the_next_pick(open_page: Any, tmp_path: Path) -> None:
    page = open_page(expect="422")
    page.wait_for_selector(".tile")
    upload = page.locator("wc-garment-upload input")
    refusal = page.get_by_role("status").get_by_text(REFUSAL)
    upload.set_input_files(picture(tmp_path, "black.png", 0))
    refusal.wait_for()
    garment(page, "Blue dress").click()
    refusal.wait_for(state="detached")
    upload.set_input_files(picture(tmp_path, "black.png", 0))
    refusal.wait_for()
    page.get_by_role("button", name="Close this message").click()
    refusal.wait_for(state="detached")
    upload.set_input_files(picture(tmp_path, "black.png", 0))
    refusal.wait_for()
    upload.set_input_files(picture(tmp_path, "scarf.png", 200))
    refusal.wait_for(state="detached")
    page.get_by_text("Scarf is ready to wear.").wait_for()


def test_uploads_wait_for_each_other_and_each_can_be_removed(
    open_page: Any, server: Server, tmp_path: Path
) -> None:
    page = open_page(expect="422")
    page.wait_for_selector(".tile")
    server.engine.cutting.clear()
    upload = page.locator("wc-garment-upload input")
    upload.set_input_files(picture(tmp_path, "first.png", 90))
    page.get_by_text("Cutting the garment out").wait_for()
    names = [("black", 0), ("second", 150), ("unwanted", 200)]
    upload.set_input_files([picture(tmp_path, f"{name}.png", value) for name, value in names])
    assert page.get_by_text("Waiting for the photo before it").count() == 3
    page.get_by_role("button", name="Cancel this upload").last.click()
    server.engine.cutting.set()
    page.get_by_text("Second is ready to wear.").wait_for()
    assert page.get_by_text(REFUSAL).is_visible()  # the pick of an upload has not read it
    assert garment(page, "Second").get_attribute("aria-checked") == "true"
    for name in ("First", "Second"):
        assert page.get_by_role("button", name=f"Rename or remove {name}").is_visible()
    assert garment(page, "Unwanted").count() == 0
    page.reload()
    page.wait_for_selector(".tile")
    page.get_by_role("button", name="Rename or remove First").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    garment(page, "First").wait_for(state="detached")


def test_an_upload_does_not_take_off_what_was_picked_meanwhile(
    page: Any, server: Server, tmp_path: Path
) -> None:
    server.engine.cutting.clear()
    upload = page.locator("wc-garment-upload input")
    upload.set_input_files(picture(tmp_path, "first.png", 90))
    page.get_by_text("Cutting the garment out").wait_for()
    garment(page, "Blue dress").click()
    server.engine.cutting.set()
    page.get_by_text("First is ready to wear.").wait_for()
    assert garment(page, "Blue dress").get_attribute("aria-checked") == "true"


@pytest.mark.parametrize("photos", [1, 2])
def test_on_a_phone_pictures_can_be_taken_beside_uploads(
    open_page: Any, server: Server, tmp_path: Path, photos: int
) -> None:
    page = open_page(viewport={"width": 360, "height": 740})
    start_mirror(page)
    server.engine.cutting.clear()
    chosen = [picture(tmp_path, f"{number}.png", 90 + number) for number in range(photos)]
    page.locator("wc-garment-upload input").set_input_files(chosen)
    page.locator("wc-upload-line").nth(photos - 1).wait_for()
    page.get_by_role("button", name="Take a picture").click(timeout=5000)
    page.get_by_role("dialog").wait_for()
    server.engine.cutting.set()


def test_another_visitor_does_not_see_it(open_page: Any, page: Any, tmp_path: Path) -> None:
    upload = page.locator("wc-garment-upload input")
    upload.set_input_files(picture(tmp_path, "mine.png", 90))
    page.get_by_text("Mine is ready to wear.").wait_for()
    thumbnail = garment(page, "Mine").locator("img")
    assert thumbnail.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    other = open_page()
    other.wait_for_selector(".tile")
    assert garment(other, "Mine").count() == 0


def test_a_photo_of_a_phone_is_made_smaller_and_forgets_where_it_was_taken(
    page: Any, tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2000, 3000, 3), np.uint8)
    data = encode_jpeg(noise, 90)
    exif = b"Exif\0\0" + b"taken at home"
    block = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    photo = tmp_path / "tee.jpg"
    photo.write_bytes(data[:2] + block + data[2:])
    page.evaluate(
        """() => {
          const send = XMLHttpRequest.prototype.send;
          XMLHttpRequest.prototype.send = function (form) {
            form.get('image').arrayBuffer()
              .then((sent) => { window.sent = [...new Uint8Array(sent)]; });
            send.call(this, form);
          };
        }"""
    )
    page.locator("wc-garment-upload input").set_input_files(photo)
    page.wait_for_function("() => window.sent")
    sent = bytes(page.evaluate("window.sent"))
    assert decode_image(sent).shape == (1600, 2400, 3)
    assert b"home" in photo.read_bytes() and b"home" not in sent


def test_a_catalogue_that_is_read_only_offers_no_upload(open_page: Any, tmp_path: Path) -> None:
    server = Server(tmp_path / "fixed", catalog_read_only=True)
    try:
        page = open_page(url=server.url)
        page.wait_for_selector(".tile")
        page.get_by_role("button", name="Add your own").wait_for(state="hidden")
        page.goto("about:blank")
    finally:
        server.close()


def test_a_file_that_is_too_large_is_not_even_sent(page: Any, tmp_path: Path) -> None:
    posts = []
    page.on("request", lambda request: request.method == "POST" and posts.append(request.url))
    page.evaluate("document.querySelector('wc-garment-upload').limitBytes = 10")
    page.locator("wc-garment-upload input").set_input_files(picture(tmp_path, "big.png", 9))
    page.get_by_role("status").get_by_text("too large").wait_for()
    assert posts == []


def test_a_pasted_picture_becomes_a_garment(page: Any) -> None:
    page.evaluate(
        """async () => {
          const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
          const context = canvas.getContext('2d');
          context.fillStyle = 'white';
          context.fillRect(0, 0, 8, 8);
          const blob = await new Promise((done) => canvas.toBlob(done));
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([blob], 'image.png', { type: 'image/png' }));
          document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
        }"""
    )
    page.get_by_text("My garment is ready to wear.").wait_for()


def test_a_photo_goes_round(page: Any, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Photo").click()
    assert page.get_by_text("is not kept").is_visible()
    photo = page.locator("wc-photo-tab input:not([capture])")
    photo.set_input_files(picture(tmp_path, "me.png", 120))
    page.get_by_role("button", name="Try it on").click()
    result = page.get_by_role("img", name="You, wearing Red tee")
    result.wait_for()
    size = "node => [node.width, node.height]"
    assert result.evaluate(size) == [64, 48]
    pixel = """(node, y) => {
      const context = document.createElement('canvas').getContext('2d');
      context.drawImage(node, 32, y, 1, 1, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    }"""
    assert result.evaluate(pixel, 40) == [220, 20, 20]
    assert result.evaluate(pixel, 4) == pytest.approx([120, 120, 120], abs=3)  # sent as JPEG
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    garment(page, "Blue dress").click()
    page.get_by_role("img", name="You, wearing Blue dress").wait_for()


def test_the_photo_follows_whatever_is_picked(
    open_page: Any, server: Server, tmp_path: Path
) -> None:
    page = open_page(expect="422")
    page.wait_for_selector(".tile")
    page.get_by_role("tab", name="Photo").click()
    photo = page.locator("wc-photo-tab input:not([capture])")
    photo.set_input_files(picture(tmp_path, "dark.png", 0))
    page.get_by_text("Try on Red tee, or pick another").wait_for()
    garment(page, "Green shirt").click()
    page.get_by_text("Try on Green shirt, or pick another").wait_for()
    page.get_by_role("button", name="Try it on").click()
    trouble = page.get_by_text("We cannot find a person in this photo")
    trouble.wait_for()
    garment(page, "Red tee").click()
    trouble.wait_for(state="detached")
    photo.set_input_files(picture(tmp_path, "me.png", 120))
    server.engine.cutting.clear()
    page.get_by_role("button", name="Try it on").click()
    page.get_by_text("Putting on Red tee").wait_for()
    garment(page, "Blue dress").click()  # a change of mind before it is there
    page.get_by_text("Putting on Blue dress").wait_for()
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    photo.set_input_files(broken)  # stops nothing
    page.get_by_text("not a picture").wait_for()
    server.engine.cutting.set()
    page.get_by_role("img", name="You, wearing Blue dress").wait_for()
    page.get_by_role("tab", name="Mirror").click()
    garment(page, "Green shirt").click()
    page.get_by_role("tab", name="Photo").click()
    page.get_by_role("img", name="You, wearing Green shirt").wait_for()
    assert page.get_by_role("img", name="You, wearing Blue dress").count() == 0


def test_a_photo_without_a_person_says_so(open_page: Any, tmp_path: Path) -> None:
    page = open_page(expect="422")
    page.wait_for_selector(".tile")
    page.get_by_role("tab", name="Photo").click()
    photo = page.locator("wc-photo-tab input:not([capture])")
    photo.set_input_files(picture(tmp_path, "dark.png", 0))
    page.get_by_role("button", name="Try it on").click()
    page.get_by_role("status").get_by_text("Choose one that shows you").wait_for()
    assert not page.get_by_role("button", name="Try it on").is_visible()  # the same again
    another = page.get_by_role("button", name="Another photo")
    assert another.evaluate("node => node === document.activeElement")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    photo.set_input_files(broken)
    page.get_by_role("status").get_by_text("not a picture").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(open_page: Any, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    measured = {
        pair: page.evaluate(f"(pair) => ({CONTRAST})()(...pair)", list(pair)) for pair in WORDS
    }
    assert {pair: ratio for pair, ratio in measured.items() if ratio < READABLE} == {}
