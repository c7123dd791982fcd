"""The online debugger: mock mode touches nothing, live mode runs with a key that leaves no trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Page, Request

from rivya.keys.secret import new_secret
from tests.browser.accessible import axe
from tests.browser.faults import Faults
from tests.browser.media import duration_s
from tests.browser.site import Site
from tests.files.samples import picture

PATH = "/developers/debugger"
STORED = """async () => JSON.stringify({
  local: {...localStorage}, session: {...sessionStorage}, cookies: document.cookie, url: location.href,
  state: history.state, name: window.name, databases: await indexedDB.databases(), caches: await caches.keys(),
  fields: Array.from(document.querySelectorAll("input, textarea, select"), (one) => one.value),
  page: document.documentElement.outerHTML,
})"""


def opened(page: Page) -> None:
    page.goto(PATH)
    page.wait_for_selector("#debugger[data-ready]")


def shown(page: Page, id: str) -> Any:
    """Return the JSON that a pane shows."""
    return json.loads(page.inner_text(f"#{id}"))


def live(page: Page, key: str, *, model: str = "rivya-sketch") -> None:
    """Open the debugger in live mode with a key and a model."""
    opened(page)
    page.get_by_role("radio", name="Live").check()
    page.get_by_label("API key").fill(key)
    page.get_by_label("Model", exact=True).select_option(model)


def secret(site: Site) -> str:
    key = site.client(site.person()).key
    assert key is not None
    return key


def test_mock_mode_sends_nothing_and_answers_in_the_contracts_shapes(page: Page) -> None:
    opened(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.get_by_role("button", name="Send in mock mode").click()

    task = shown(page, "response-json")
    assert (task["id"], task["status"], task["model"]) == ("mock_task_001", "queued", "rivya-sketch")
    assert (task["reserved_credits"], task["final_credits"], task["result"], task["error"]) == (1, 0, None, None)
    assert page.inner_text("#task-status") == "queued"
    assert page.inner_text("#task-estimate") == "1 credit"

    page.get_by_role("button", name="Upload in mock mode").click()
    file = shown(page, "file-json")
    assert (file["id"], file["file_name"], file["size_bytes"]) == ("file_mock_001", "reference.png", 245760)
    assert file["url"].startswith("https://media.example/")
    page.get_by_role("button", name="Use in the request").click()
    assert shown(page, "request-json")["params"]["referenceMediaItems"][0]["url"] == file["url"]
    page.get_by_label("prompt").fill("Another prompt")
    page.get_by_role("button", name="Send in mock mode").click()
    assert sent == []


def test_mock_answers_have_the_fields_of_real_ones(page: Page, site: Site) -> None:
    client = site.client(site.person())
    real = client.generate({"model": "rivya-sketch", "prompt": "a hill", "params": {}}).json
    opened(page)
    page.get_by_role("button", name="Send in mock mode").click()
    assert shown(page, "response-json").keys() == real.keys()
    live(page, client.key or "")
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": picture(size=(64, 64))})
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_selector("#file-answer:not([hidden])")
    uploaded = shown(page, "file-json").keys()
    page.get_by_role("radio", name="Mock").check()
    page.get_by_role("button", name="Upload in mock mode").click()
    assert shown(page, "file-json").keys() == uploaded


def test_a_live_generation_is_shown_and_its_key_leaves_no_trace(page: Page, site: Site) -> None:
    key = secret(site)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    live(page, key)
    assert site.rivya.processes  # the logs below are theirs
    page.get_by_role("button", name="Send, and spend credits").click()
    image = page.locator("#result img")
    image.wait_for()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 512
    assert page.inner_text("#task-status") == "succeeded"
    assert page.inner_text("#task-final") == "1 credit"

    carried = [one for one in sent if key in json.dumps([one.url, one.all_headers(), one.post_data])]
    assert carried
    assert all("/api/v1/" in one.url and one.url.startswith(site.base_url) for one in carried)
    for one in carried:
        headers = dict(one.all_headers())
        assert headers.pop("authorization") == f"Bearer {key}"
        assert "cookie" not in headers
        assert key not in json.dumps([one.url, headers, one.post_data])

    def trace() -> str:
        logs = "".join(file.read_text(errors="replace") for file in site.rivya.folder.glob("*.log"))
        return page.evaluate(STORED) + json.dumps(page.context.storage_state(indexed_db=True)) + logs

    assert "http.request" in trace()
    assert key not in trace()

    page.reload()
    page.wait_for_selector("#debugger[data-ready]")
    assert page.get_by_role("radio", name="Mock").is_checked()
    assert key not in trace()
    page.get_by_role("radio", name="Live").check()
    assert page.inner_text("#key-status") == "No key yet."
    assert page.get_by_label("API key").get_attribute("type") == "password"
    assert page.get_by_label("API key").get_attribute("autocomplete") == "off"


def test_going_back_to_the_page_finds_mock_mode_and_no_key(page: Page, site: Site) -> None:
    live(page, secret(site))
    page.goto("/developers")
    page.go_back()
    page.wait_for_selector("#debugger[data-ready]")
    assert page.get_by_role("radio", name="Mock").is_checked()
    page.get_by_role("radio", name="Live").check()
    assert page.inner_text("#key-status") == "No key yet."


def test_mock_mode_forgets_the_key(page: Page, site: Site) -> None:
    live(page, secret(site))
    assert "is ready" in page.inner_text("#key-status")
    page.get_by_role("radio", name="Mock").check()
    page.get_by_role("radio", name="Live").check()
    page.get_by_role("button", name="Send, and spend credits").click()
    assert "Paste an API key first" in page.inner_text("#debugger-error")


@pytest.mark.parametrize(("model", "element"), [("rivya-voice", "audio"), ("rivya-motion", "video")])
def test_sound_and_video_are_played(page: Page, site: Site, model: str, element: str) -> None:
    live(page, secret(site), model=model)
    page.get_by_role("button", name="Send, and spend credits").click()
    player = page.locator(f"#result {element}")
    player.wait_for(timeout=120_000)
    assert duration_s(player) > 0


def test_what_the_api_refuses_is_told_with_its_code_param_and_request(page: Page, site: Site, faults: Faults) -> None:
    live(page, secret(site))
    page.locator("#param-seed").fill("-5")
    with faults.expected("status of 400"):
        page.get_by_role("button", name="Send, and spend credits").click()
        page.wait_for_selector("#debugger-error:not([hidden])")
    assert page.inner_text("#error-code") == "validation_failed"
    assert page.inner_text("#error-param") == "params.seed"
    assert page.inner_text("#error-request").startswith("req_")
    assert axe(page) == []

    with faults.expected("status of 401"):
        live(page, new_secret())
        page.get_by_role("button", name="Send, and spend credits").click()
        page.wait_for_selector("#debugger-error:not([hidden])")
    assert page.inner_text("#error-code") == "api_key_invalid"


def test_what_is_no_key_is_said_at_once_and_not_sent(page: Page) -> None:
    opened(page)
    page.get_by_role("radio", name="Live").check()
    page.get_by_label("API key").fill("sk-something-else")
    assert "That is not a Rivya API key" in page.inner_text("#key-status")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.get_by_role("button", name="Send, and spend credits").click()
    assert "Paste an API key first" in page.inner_text("#debugger-error")
    assert sent == []


def test_an_upload_is_used_as_a_reference(page: Page, site: Site) -> None:
    live(page, secret(site))
    content = picture(size=(320, 240), colour="teal")
    page.set_input_files("#file", {"name": "teal.png", "mimeType": "image/png", "buffer": content})
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_role("button", name="Use in the request").click()
    file = shown(page, "file-json")
    assert (file["file_name"], file["size_bytes"]) == ("teal.png", len(content))
    expected = [{"url": file["url"], "kind": "image", "name": "teal.png", "mimeType": "image/png"}]
    assert shown(page, "file-reference-json")["params"]["referenceMediaItems"] == expected
    assert shown(page, "request-json")["params"]["referenceMediaItems"] == expected
    page.get_by_role("button", name="Send, and spend credits").click()
    page.locator("#result img").wait_for()


def test_copied_samples_hold_no_key_and_run(page: Page, site: Site) -> None:
    key = secret(site)
    live(page, key)
    page.get_by_label("prompt").fill('a "quoted" hill, it\'s näive\nsecond line')
    samples: dict[str, str] = {}
    for name in ("JSON", "curl", "Python"):
        page.get_by_role("button", name=f"Copy {name}").click()
        page.get_by_role("button", name="Copied").wait_for()
        samples[name] = page.evaluate("navigator.clipboard.readText()")
        page.get_by_role("button", name=f"Copy {name}").wait_for()
    assert key not in json.dumps(samples)
    assert json.loads(samples["JSON"]) == shown(page, "request-json")

    environment = {**os.environ, "RIVYA_API_KEY": key}
    command = samples["curl"].replace("curl ", "curl -s ", 1)
    answered = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(answered.stdout)["status"] == "queued"
    printed = subprocess.run(
        [sys.executable, "-c", samples["Python"]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "/media/results/" in printed.stdout


def test_each_model_has_a_form_whose_request_is_its_own(page: Page) -> None:
    opened(page)
    offered = json.loads(page.text_content("#debugger-models") or "")
    assert len(offered) > 10
    for one in offered:
        model = one["model"]
        assert model["category"] != "chat"
        assert not model["requires_files_api"]
        page.get_by_label("Model", exact=True).select_option(model["id"])
        request = shown(page, "request-json")
        assert request["model"] == model["id"]
        defaults = {param["key"]: param["default"] for param in model["params"] if param["default"] is not None}
        assert defaults.items() <= request["params"].items()
        assert page.locator("#params .field").count() == len(model["params"])


def test_the_mode_is_changed_with_the_keyboard(page: Page) -> None:
    opened(page)
    page.get_by_role("radio", name="Mock").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("API key").is_visible()
    page.keyboard.press("ArrowLeft")
    assert not page.get_by_label("API key").is_visible()


def test_the_account_panel_tells_who_is_signed_in(page: Page, site: Site) -> None:
    opened(page)
    assert "You are not signed in" in page.inner_text("main")
    who = site.person(credits=321)
    key = site.client(who).key or ""
    site.sign_in(page.context, who)
    opened(page)
    account = page.get_by_role("region", name="Account").inner_text()
    assert who.email in account
    assert "321" in account
    assert key[:12] in account
    assert key not in page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_it_fits_and_is_accessible(page: Page, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    opened(page)
    page.get_by_role("button", name="Send in mock mode").click()
    page.get_by_role("button", name="Upload in mock mode").click()
    page.get_by_role("button", name="Use in the request").click()
    assert axe(page) == []
    page.get_by_role("radio", name="Live").check()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
