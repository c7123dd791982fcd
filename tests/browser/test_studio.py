"""The Studio as people use it: with the built-in models, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import axe
from tests.browser.faults import Faults
from tests.browser.media import duration_s
from tests.browser.site import Person, Site
from tests.files.samples import picture

LONG_MS = 180_000
"""What an engine may take on a machine that is busy with other things."""


@pytest.fixture
def signed_in(page: Page, site: Site) -> Callable[..., Person]:
    def sign_in(*, credits: int = 100) -> Person:
        who = site.person(credits=credits)
        site.sign_in(page.context, who)
        return who

    return sign_in


def generate(page: Page) -> None:
    page.locator("[data-part=submit]").click()
    expect(page.locator("[data-task]").first).to_have_attribute("data-status", "succeeded", timeout=LONG_MS)


def test_a_picture_is_made_shown_and_used_for_the_next(
    page: Page, site: Site, signed_in: Callable[..., Person]
) -> None:
    who = signed_in()
    page.goto("/studio")
    assert page.url.endswith("/studio/image")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    page.get_by_label("Prompt").fill("a lighthouse at sunset")
    expect(page.locator("[data-part=price]")).to_have_text("1 credit")
    generate(page)
    expect(page.locator("[data-part=balance]")).to_have_text("99 credits")
    shown = page.locator("[data-task] img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1024
    assert axe(page) == []

    page.get_by_role("button", name="Details", exact=True).click()
    dialog = page.get_by_role("dialog", name="Details")
    expect(dialog.get_by_text("1 spent of 1 set aside")).to_be_visible()
    assert axe(page) == []
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")

    dialog.get_by_role("button", name="Use as reference").click()
    expect(page.locator(".studio-reference")).to_have_count(1)
    page.get_by_label("Prompt").fill("the same in a storm at night")
    page.locator("[data-part=submit]").click()
    expect(page.locator("[data-task]")).to_have_count(2)
    expect(page.locator("[data-task]").first).to_have_attribute("data-status", "succeeded", timeout=LONG_MS)
    task = page.locator("[data-task]").first.get_attribute("data-task")
    assert site.client(who).task(task or "")["status"] == "succeeded", "the API shows it too"

    page.locator("[data-task]").first.get_by_role("button", name="Details", exact=True).click()
    dialog.get_by_role("link", name="Make a video of it").click()
    page.wait_for_url("**/studio/video?reference=*")
    expect(page.locator(".studio-reference")).to_have_count(1)


def test_settings_are_run_again(page: Page, signed_in: Callable[..., Person]) -> None:
    signed_in()
    page.goto("/studio/image")
    page.get_by_label("Prompt").fill("a red kite")
    page.get_by_label("Aspect ratio").select_option("16:9")
    page.get_by_label("Seed").fill("7")
    generate(page)
    page.get_by_label("Prompt").fill("")
    page.get_by_label("Aspect ratio").select_option("auto")
    page.get_by_role("link", name="Run again").click()
    expect(page.get_by_label("Prompt")).to_have_value("a red kite")
    expect(page.get_by_label("Aspect ratio")).to_have_value("16:9")
    expect(page.get_by_label("Seed")).to_have_value("7")


def test_a_video_is_made_and_its_price_follows_the_form(page: Page, signed_in: Callable[..., Person]) -> None:
    signed_in()
    page.goto("/studio/video")
    page.get_by_label("Prompt").fill("waves on a beach")
    expect(page.locator("[data-part=price]")).to_have_text("4 credits")
    page.get_by_label("Duration").select_option("2")
    expect(page.locator("[data-part=price]")).to_have_text("2 credits")
    generate(page)
    expect(page.locator("[data-part=balance]")).to_have_text("98 credits")
    page.locator("[data-task]").get_by_role("button", name="Details", exact=True).click()
    video = page.locator("dialog video")
    assert 1.5 < duration_s(video) < 2.5
    assert axe(page) == []


def test_a_sound_is_made(page: Page, signed_in: Callable[..., Person]) -> None:
    signed_in()
    page.goto("/studio/audio?model=rivya-voice")
    page.get_by_label("Prompt").fill("Good morning to everybody.")
    page.get_by_label("Speed").fill("1.2")
    expect(page.locator("output")).to_have_text("1.2")
    generate(page)
    audio = page.locator("[data-task] audio")
    assert duration_s(audio) > 0.5
    assert axe(page) == []


def test_a_chat_is_answered_stopped_and_deleted(page: Page, signed_in: Callable[..., Person]) -> None:
    signed_in()
    page.goto("/studio/chat")
    assert axe(page) == []
    message = page.get_by_role("textbox", name="Message")
    message.fill("Say hello.")
    message.press("Enter")
    answers = page.locator(".studio-message.is-assistant:not(.is-streaming)")
    expect(answers).to_have_count(1, timeout=LONG_MS)
    expect(answers.locator(".studio-message-facts")).to_contain_text("1 credit")
    page.wait_for_url("**/studio/chat/chat_*")
    expect(message).to_be_focused()

    message.fill("Tell me a very long story about the sea, with many chapters.")
    message.press("Enter")
    expect(page.locator(".is-streaming .studio-prose")).not_to_be_empty(timeout=LONG_MS)
    page.get_by_role("button", name="Stop").click()
    expect(answers).to_have_count(2, timeout=LONG_MS)
    said = answers.nth(1).locator(".studio-prose").inner_text()
    assert said
    page.reload()
    expect(answers.nth(1).locator(".studio-prose")).to_have_text(said)
    assert axe(page) == []

    page.get_by_role("button", name="Delete Say hello.").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url(re.compile("/studio/chat$"))
    expect(page.get_by_text("No chats yet.")).to_be_visible()


def test_a_short_balance_is_told_before_anything_is_sent(page: Page, signed_in: Callable[..., Person]) -> None:
    signed_in(credits=3)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    page.goto("/studio/video")
    page.get_by_label("Prompt").fill("waves")
    expect(page.get_by_text("This needs 4 credits, and your wallet holds 3 credits.")).to_be_visible()
    submit = page.locator("[data-part=submit]")
    expect(submit).to_have_attribute("aria-disabled", "true")
    submit.click(force=True)
    page.get_by_label("Prompt").press("Control+Enter")
    expect(page.locator("[data-part=short]")).to_be_focused()
    assert not [one for one in sent if one.endswith("/studio/generations")]
    assert axe(page) == []
    page.get_by_label("Duration").select_option("2")
    expect(page.locator("[data-part=short]")).to_be_hidden()


def test_what_is_missing_is_said_at_its_field(page: Page, signed_in: Callable[..., Person]) -> None:
    signed_in()
    page.goto("/studio/image")
    page.locator("[data-part=submit]").click()
    prompt = page.get_by_label("Prompt")
    expect(prompt).to_be_focused()
    expect(prompt).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Write a prompt first.")).to_be_visible()
    page.get_by_label("Seed").fill("-4")
    expect(page.get_by_label("Seed")).to_have_attribute("aria-invalid", "true")
    assert axe(page) == []


def test_a_reference_is_uploaded_checked_and_removed(page: Page, signed_in: Callable[..., Person]) -> None:
    signed_in()
    page.goto("/studio/image?model=rivya-upscale")
    field = page.locator("[data-part=file]")
    field.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(page.get_by_text("notes.txt cannot be used")).to_be_visible()
    field.set_input_files({"name": "huge.png", "mimeType": "image/png", "buffer": b"0" * (11 * 1024 * 1024)})
    expect(page.get_by_text("this model takes at most 10 MB")).to_be_visible()
    field.set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": picture(size=(64, 48))})
    expect(page.locator(".studio-reference img")).to_be_visible()
    page.get_by_label("Scale", exact=True).select_option("2")
    expect(page.locator("[data-part=price]")).to_have_text("1 credit")
    assert axe(page) == []
    page.get_by_role("button", name="Remove red.png").click()
    expect(page.locator(".studio-reference")).to_have_count(0)


def test_a_model_is_found_and_chosen_with_the_keyboard(page: Page, signed_in: Callable[..., Person]) -> None:
    signed_in()
    page.goto("/studio/image")
    page.get_by_label("Prompt").fill("a hill")
    page.locator("[data-part=model]").press("Enter")
    search = page.get_by_label("Search models")
    expect(search).to_be_focused()
    search.fill("upsc")
    search.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#studio-model-name")).to_have_text("Rivya Upscale")
    assert page.url.endswith("?model=rivya-upscale")
    page.locator("[data-part=model]").press("Enter")
    page.get_by_label("Search models").fill("no such model")
    expect(page.get_by_text("No model has these words")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=model]")).to_be_focused()


def test_a_lost_connection_is_told_and_made_up_for(
    page: Page, signed_in: Callable[..., Person], faults: Faults
) -> None:
    signed_in()
    page.goto("/studio/video")
    page.get_by_label("Prompt").fill("clouds over a city")
    page.get_by_label("Duration").select_option("8")
    with faults.expected("ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_NETWORK"):
        page.context.route("**/events", lambda route: route.abort("internetdisconnected"))
        page.locator("[data-part=submit]").click()
        expect(page.get_by_text("The connection was lost.")).to_be_visible()
        page.context.unroute("**/events")
        expect(page.get_by_text("The connection was lost.")).to_be_hidden(timeout=LONG_MS)
    expect(page.locator("[data-task]").first).to_have_attribute("data-status", "succeeded", timeout=LONG_MS)


@pytest.mark.parametrize("path", ["/studio/image", "/studio/video", "/studio/audio", "/studio/chat"])
@pytest.mark.parametrize("width", [390, 1600])
def test_a_page_fits_its_screen_in_the_dark_too(
    page: Page, signed_in: Callable[..., Person], path: str, width: int
) -> None:
    signed_in()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.goto(path)
    expect(page.locator("[data-part=price]")).to_contain_text("credit")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert axe(page) == []


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(page: Page) -> None:
    page.goto("/studio/image")
    assert "/sign-in?next=/studio/image" in page.url
